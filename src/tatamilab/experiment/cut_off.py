"""A run that is cut off from outside, by `kill -9` or a power failure, and goes on."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tatamilab.errors import BadInput
from tatamilab.experiment import folder
from tatamilab.experiment.checkpoint import Checkpoint, Saved
from tatamilab.experiment.preparation import Prepared
from tatamilab.experiment.recording import versions_and_facts
from tatamilab.i18n import _

WHERE = ("out", "force")
"""Options that say where a run goes, not what it is."""


def description(prepared: Prepared) -> dict[str, Any]:
    """All that decides a run's numbers, as plain values: its options, data, plan, and the versions of packages."""
    versions, _facts = versions_and_facts()
    return {
        "options": {k: v for k, v in prepared.options.as_dict().items() if k not in WHERE},
        "data": dict(prepared.dataset.provenance.hashes),
        "plan": prepared.trainer.plan,
        "trainer": prepared.trainer.name,
        "versions": versions,
    }


def checkpoint_of(prepared: Prepared) -> Checkpoint:
    """What keeps the run's training; its file stays until the whole run is over."""
    return Checkpoint(prepared.path / folder.CHECKPOINT, of=description(prepared), keep=True)


@contextmanager
def kept_if_worth_it(prepared: Prepared) -> Iterator[None]:
    """From here on there is a checkpoint. If the disk ends the run, it stays, unless no epoch is over."""
    path = prepared.path / folder.CHECKPOINT
    saved = Saved.read(path) if path.exists() else None
    if saved is None or saved.of != description(prepared):
        Saved(of=description(prepared)).write(path)
    try:
        yield
    except BaseException as error:
        if not isinstance(error, OSError) or not Saved.read(path).epoch:
            path.unlink(missing_ok=True)
        raise


def cut_off(path: Path) -> Saved:
    """The checkpoint of the run in `path`.

    Raises:
        BadInput: there is none, or it is damaged.
    """
    if not (path / folder.CHECKPOINT).is_file():
        raise BadInput(
            _(
                "{path} holds no run that was cut off: `tatami run` begins one, and --resume goes on with it.",
                path=path,
            )
        )
    return Saved.read(path / folder.CHECKPOINT)


def check_same(path: Path, then: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Refuse to go on where other numbers would follow.

    Raises:
        BadInput: the data, the model, a version or the machine's vector unit has changed.
    """
    for name, value in then.items():
        if now[name] != value:
            raise BadInput(
                _(
                    "The run in {path} can't go on to the same numbers, because its {name} changed; begin it anew with "
                    "`tatami run`.",
                    path=path,
                    name=name,
                )
            )
