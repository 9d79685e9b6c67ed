"""The tables of a store as they are today; `migrations` leads to them from any earlier version."""

from sqlalchemy import (
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

VERSION_TABLE = "tatamilab_version"
"""Where Alembic notes which migration a store has come to; no other program's table has this name."""

metadata = MetaData()

studies = Table(
    "studies",
    metadata,
    Column("id", String(16), primary_key=True, doc="hash of the specification"),
    Column("name", String(200), nullable=False),
    Column("specification", Text, nullable=False, doc="JSON"),
    Column("created", String(32), nullable=False, doc="ISO 8601, UTC"),
)

runs = Table(
    "runs",
    metadata,
    Column("key", String(64), primary_key=True, doc="SHA-256 of the specification"),
    Column("specification", Text, nullable=False, doc="JSON: all that decides the numbers"),
    Column("status", String(16), nullable=False, doc="finished, non-finite or failed"),
    Column("error", Text, doc="of a failed run"),
    Column("attempts", Integer, nullable=False),
    Column("test_accuracy", Float, doc="0-1, after the last epoch"),
    Column("validation_accuracy", Float, doc="0-1, after the last epoch"),
    Column("best_epoch", Integer, doc="by validation, from 1"),
    Column("best_epoch_accuracy", Float, doc="0-1, on the test images"),
    Column("loss", Float, doc="of the last epoch of training"),
    Column("elapsed_s", Float),
)
"""One row a run. What is long stands in `predictions`, so that a list needs to read no more than is shown."""

predictions = Table(
    "predictions",
    metadata,
    Column("key", String(64), ForeignKey("runs.key", ondelete="CASCADE"), primary_key=True),
    Column("test_labels", LargeBinary, nullable=False, doc="uint8, one predicted label a test image"),
    Column("validation_labels", LargeBinary, nullable=False, doc="uint8, likewise"),
)

study_runs = Table(
    "study_runs",
    metadata,
    Column("study", String(16), ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True),
    Column("arm", String(200), primary_key=True),
    Column("size", Integer, primary_key=True, doc="images, validation included"),
    Column("draw", Integer, primary_key=True, doc="-1 for the first images"),
    Column("initialisation", Integer, primary_key=True),
    Column("ordering", Integer, primary_key=True),
    Column("key", String(64), nullable=False, doc="of a run, whether it is done or not"),
    Index("study_runs_key", "key"),
)
"""Where each run stands in a study; two places may share a run."""

claims = Table(
    "claims",
    metadata,
    Column("key", String(64), primary_key=True, doc="of a run that is under way"),
    Column("owner", String(64), nullable=False, doc="of the process that does it"),
    Column("until", Float, nullable=False, doc="seconds since 1970; it holds no longer than this"),
)

folders = Table(
    "folders",
    metadata,
    Column("path", String(1000), primary_key=True),
    Column("started", String(40), nullable=False, doc="ISO 8601"),
    Column("model", String(200), nullable=False),
    Column("data", String(200), nullable=False),
    Column("status", String(16), nullable=False),
    Column("test_accuracy", Float, doc="0-1"),
    Index("folders_started", "started"),
)
"""An index of run folders. The folder is the truth; this can be thrown away and rebuilt."""
