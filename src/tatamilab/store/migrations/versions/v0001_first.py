"""The first store."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create all tables."""
    op.create_table(
        "studies",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("specification", sa.Text, nullable=False),
        sa.Column("created", sa.String(32), nullable=False),
    )
    op.create_table(
        "runs",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("specification", sa.Text, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("error", sa.Text),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("test_accuracy", sa.Float),
        sa.Column("validation_accuracy", sa.Float),
        sa.Column("best_epoch", sa.Integer),
        sa.Column("best_epoch_accuracy", sa.Float),
        sa.Column("loss", sa.Float),
        sa.Column("elapsed_s", sa.Float),
    )
    op.create_table(
        "predictions",
        sa.Column("key", sa.String(64), sa.ForeignKey("runs.key", ondelete="CASCADE"), primary_key=True),
        sa.Column("test_labels", sa.LargeBinary, nullable=False),
        sa.Column("validation_labels", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "study_runs",
        sa.Column("study", sa.String(16), sa.ForeignKey("studies.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("arm", sa.String(200), primary_key=True),
        sa.Column("size", sa.Integer, primary_key=True),
        sa.Column("draw", sa.Integer, primary_key=True),
        sa.Column("initialisation", sa.Integer, primary_key=True),
        sa.Column("ordering", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
    )
    op.create_index("study_runs_key", "study_runs", ["key"])
    op.create_table(
        "claims",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("owner", sa.String(64), nullable=False),
        sa.Column("until", sa.Float, nullable=False),
    )
    op.create_table(
        "folders",
        sa.Column("path", sa.String(1000), primary_key=True),
        sa.Column("started", sa.String(40), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("data", sa.String(200), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("test_accuracy", sa.Float),
    )
    op.create_index("folders_started", "folders", ["started"])
