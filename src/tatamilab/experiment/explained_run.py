"""A finished run as it lies in its folder, ready to be looked into."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tatamilab import data
from tatamilab.errors import BadInput
from tatamilab.experiment import folder, saving
from tatamilab.experiment.explained import Explained
from tatamilab.experiment.options import RunOptions
from tatamilab.experiment.record import RunRecord, read
from tatamilab.i18n import _
from tatamilab.instruments.model_facts import conv_layer, kernel_of
from tatamilab.models.keras_file import read_keras_file


@dataclass(frozen=True, eq=False)
class ExplainedRun(Explained):
    """A run that is over, with its folder.

    Attributes:
        folder: where it lies.
        record: what it was.
    """

    folder: Path
    record: RunRecord

    @property
    def options(self) -> RunOptions:
        """What the run was asked for."""
        return RunOptions(**{**self.record.options, "out": None})

    @cached_property
    def probabilities(self) -> NDArray[np.float32]:
        """Of the test images, (n, classes).

        Raises:
            BadInput: the run's file of them is damaged or missing.
        """
        return saving.read_predictions(self.folder / folder.PREDICTIONS)


def read_explained(path: Path, layer: int | str = 0) -> ExplainedRun:
    """Read the run in a folder.

    Args:
        path: the run's folder.
        layer: index among the convolution layers, or a layer's name.

    Raises:
        BadInput: no run, a run without a convolution, another layer, or weights that are not finite.
        DataFileError: a model's file is missing or damaged.
    """
    record = read(path)
    model = read_keras_file(path / folder.MODEL)
    options = record.options
    target = conv_layer(model, layer)
    before = read_keras_file(path / folder.INITIAL_MODEL)
    for one in (before, model):
        if not np.isfinite(kernel_of(conv_layer(one, target.name))).all():
            raise BadInput(
                _(
                    "The filters of {layer!r} hold NaN or infinite weights, so there is nothing to explain; train "
                    "again with a smaller learning rate.",
                    layer=target.name,
                )
            )
    dataset = data.load(
        options["data"],
        data_size=options["data_size"],
        draw=options["draw"],
        balanced=options["balanced"],
        mirror=options["data_mirror"],
        skip_bad=options["skip_bad"],
    )
    return ExplainedRun(dataset, record.data.n_train, before, model, target.name, path, record)
