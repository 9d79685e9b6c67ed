"""A study as a table that other programs read: one line a run, the same bytes whatever the store."""

import csv
import io
from collections.abc import Mapping, Sequence

from tatamilab.store import RunRow
from tatamilab.study import streams
from tatamilab.study.design import Placed

COLUMNS = (
    "arm", "size", "draw", "initialisation", "order", "status", "test_accuracy", "validation_accuracy",
    "best_epoch", "best_epoch_accuracy", "loss", "key",
)  # fmt: skip


def to_csv(runs: Sequence[Placed], rows: Mapping[str, RunRow]) -> str:
    """The runs that are there, in the order of the design; times are left out, as they are no result.

    Args:
        runs: of the study.
        rows: by key.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for run in sorted(runs, key=lambda one: one.place):
        row = rows.get(run.key)
        if row is None:
            continue
        place = run.place
        writer.writerow(
            [
                place.arm,
                place.size,
                "first" if place.draw == streams.FIRST else place.draw,
                place.initialisation,
                place.order,
                row.status,
                *(
                    "" if value is None else repr(value)
                    for value in (
                        row.test_accuracy,
                        row.validation_accuracy,
                        row.best_epoch,
                        row.best_epoch_accuracy,
                        row.loss,
                    )
                ),
                run.key,
            ]
        )
    return out.getvalue()
