"""A training that goes on where it was cut off: after `kill -9`, a crash, or a power failure, with the same bits.

    model.fit(x, y, epochs=50, callbacks=[Checkpoint("my-training.checkpoint")])

Started again in another process, the same lines go on with the first epoch that the file does not hold. What a
training depends on beside its model and its data is put into the file, after an epoch and whole or not at all: the
weights and the states of their random generators, the optimizer's slots, NumPy's and Python's global generators, and
the history so far. Callbacks with a memory of their own (`EarlyStopping`, `ReduceLROnPlateau`) begin anew, as they do
with Keras's `BackupAndRestore`, which restores no random generator.
"""

import io
import json
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from tatamilab import acceleration, backend
from tatamilab.errors import BadInput
from tatamilab.files import read_arrays, read_json, read_sealed, write_sealed
from tatamilab.i18n import _

backend.choose()  # before Keras is first imported
import keras  # noqa: E402

FORMAT = 1

EVERY_S = 2.0
"""Seconds of training between two checkpoints: more than that is never lost."""


@dataclass(frozen=True, eq=False)
class Saved:
    """What a checkpoint holds.

    Attributes:
        of: what the training is of, as its owner has described it.
        epoch: epochs that are over.
        history: Keras's, of these epochs.
        variables: of the model, then of the optimizer.
        generators: the states of NumPy's and Python's global generators.
    """

    of: Mapping[str, Any]
    epoch: int = 0
    history: Mapping[str, list[float]] = field(default_factory=dict)
    variables: Sequence[np.ndarray] = ()
    generators: Sequence[Any] = ()

    def write(self, path: Path) -> None:
        """Put it on disk, whole or not at all."""
        content = io.BytesIO()
        told = {"format": FORMAT, "of": self.of, "epoch": self.epoch, "history": self.history}
        np.savez(
            content,
            allow_pickle=False,
            told=json.dumps({**told, "generators": self.generators}),
            **{f"variable{i}": value for i, value in enumerate(self.variables)},
        )
        write_sealed(path, content.getvalue())

    @classmethod
    def read(cls, path: Path) -> "Saved":
        """What `write` has put there.

        Raises:
            BadInput: there is no such file, it is damaged, or a newer version has written it.
        """
        try:
            kept = read_arrays(read_sealed(path))
            told = read_json(str(kept.pop("told")))
            version = told.pop("format")
            variables = [kept[f"variable{i}"] for i in range(len(kept))]
            saved = cls(variables=variables, **told) if version == FORMAT else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as problem:
            raise BadInput(
                _("{path} holds no checkpoint that can be read: begin the training anew.", path=path)
            ) from problem
        if saved is None:
            raise BadInput(
                _("{path} was written by another version of tatamilab: begin the training anew.", path=path)
            )
        return saved


class Checkpoint(acceleration.Sampled, keras.callbacks.Callback):
    """Keeps a training in a file, and takes it up again from there.

    At the end of a training the file goes.

    Args:
        path: the file; its folder exists or can be made.
        of: plain values that describe the training; one of another description is not gone on with.
        every_s: seconds between two checkpoints.
        keep: leave the file when the training ends.

    Raises:
        BadInput: at the start of `fit`, if the file is damaged or belongs to another training.
        OSError: it cannot be written.
    """

    looks_at_model = True

    def __init__(
        self,
        path: str | Path,
        *,
        of: Mapping[str, Any] | None = None,
        every_s: float = EVERY_S,
        keep: bool = False,
    ) -> None:
        super().__init__()
        self._path, self._of, self._every_s, self._keep = Path(path), dict(of or {}), every_s, keep
        self._before: Saved | None = None
        self._last = 0.0

    def on_train_begin(self, logs: Mapping[str, float] | None = None) -> None:
        """Go on from the file, if there is one."""
        self._last = time.perf_counter()
        self._before = Saved.read(self._path) if self._path.exists() else None
        if self._before is None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
        elif self._before.of != self._of:
            raise BadInput(
                _("{path} belongs to another training; give this one a file of its own.", path=self._path)
            )
        elif self._before.epoch:
            self._restore(self._before)

    def _restore(self, before: Saved) -> None:
        variables = _variables(self.model)
        if [v.shape for v in variables] != [v.shape for v in before.variables]:
            raise BadInput(_("{path} is of a training of another network.", path=self._path))
        for variable, value in zip(variables, before.variables, strict=True):
            variable.assign(value)
        (kind, keys, *rest), (version, state, gauss) = before.generators
        np.random.set_state((kind, np.array(keys, np.uint32), *rest))
        random.setstate((version, tuple(state), gauss))
        self.model._initial_epoch = before.epoch

    def on_epoch_begin(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Put the epochs of the time before into the model's history."""
        self._continue_history()

    def on_epoch_end(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        """Write down where the training is, if it is time; an epoch that is cut short does not count."""
        now = time.perf_counter()
        if now - self._last >= self._every_s and not self.model.stop_training:
            self._save(epoch + 1, logs or {})
            self._last = time.perf_counter()

    def on_train_end(self, logs: Mapping[str, float] | None = None) -> None:
        """Leave no checkpoint of a training that is over."""
        self._continue_history()
        if not self._keep:
            self._path.unlink(missing_ok=True)

    def _continue_history(self) -> None:
        before, self._before = self._before, None
        if before is not None and before.epoch:
            self.model._initial_epoch = None
            self.model.history.epoch = [*range(before.epoch), *self.model.history.epoch]
            for name, values in before.history.items():
                self.model.history.history[name] = [*values, *self.model.history.history.get(name, ())]

    def _save(self, epoch: int, logs: Mapping[str, float]) -> None:
        history = self.model.history.history
        seen = {
            name: [float(v) for v in [*history.get(name, ()), value]][:epoch] for name, value in logs.items()
        }
        kind, keys, *rest = np.random.get_state()
        Saved(
            of=self._of,
            epoch=epoch,
            history=seen,
            variables=[np.asarray(variable) for variable in _variables(self.model)],
            generators=[[kind, np.asarray(keys).tolist(), *rest], random.getstate()],
        ).write(self._path)


def _variables(model: keras.Model) -> list[Any]:
    """All that training changes: of the model, its random generators included, and of its optimizer."""
    return [*model.variables, *model.optimizer.variables]
