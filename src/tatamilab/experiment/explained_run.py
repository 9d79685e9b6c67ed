"""A finished run as it lies in its folder, ready to be looked into."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tatamilab import data
from tatamilab.analysis import PatchComponents, patch_components
from tatamilab.errors import BadInput
from tatamilab.experiment import folder, saving
from tatamilab.experiment.options import RunOptions
from tatamilab.experiment.record import RunRecord, read
from tatamilab.i18n import _
from tatamilab.instruments.activity import layer_values
from tatamilab.instruments.model_facts import conv_layer, kernel_of
from tatamilab.models.keras_file import read_keras_file

if TYPE_CHECKING:
    import keras

_N_IMAGES = 4096  # images that a deeper layer's patches come from


@dataclass(frozen=True, eq=False)
class ExplainedRun:
    """A run, its data and its two models.

    Attributes:
        folder: where it lies.
        record: what it was.
        dataset: what it learned from.
        before_model: its network as it started.
        model: the same at the end.
        layer: the name of the convolution layer that is looked at.
    """

    folder: Path
    record: RunRecord
    dataset: data.Dataset
    before_model: "keras.Model"
    model: "keras.Model"
    layer: str

    @property
    def before(self) -> NDArray[np.float32]:
        """The layer's filters at the start, (h, w, c, o)."""
        return kernel_of(conv_layer(self.before_model, self.layer))

    @property
    def after(self) -> NDArray[np.float32]:
        """The layer's filters at the end, (h, w, c, o)."""
        return kernel_of(conv_layer(self.model, self.layer))

    @property
    def options(self) -> RunOptions:
        """What the run was asked for."""
        return RunOptions(**{**self.record.options, "out": None})

    @cached_property
    def x_test(self) -> NDArray[np.float32]:
        """The test images as the network reads them, 0-1."""
        return data.normalised(self.dataset.x_test)

    @cached_property
    def x_train(self) -> NDArray[np.float32]:
        """The images that it was trained on, without those that validated, likewise."""
        return data.normalised(self.dataset.x_train[: self.record.data.n_train])

    @cached_property
    def probabilities(self) -> NDArray[np.float32]:
        """Of the test images, (n, classes).

        Raises:
            BadInput: the run's file of them is damaged or missing.
        """
        return saving.read_predictions(self.folder / folder.PREDICTIONS)

    @cached_property
    def patches(self) -> PatchComponents:
        """Components of what the layer reads: training images, or the layer before's maps of some of them."""
        images = self.dataset.x_train[: self.record.data.n_train]
        target = conv_layer(self.model, self.layer)
        size = self.after.shape[:2]
        if conv_layer(self.model, 0) is not target:
            some = data.normalised(images[:_N_IMAGES])
            (read_by_layer,) = layer_values(self.model, [target], some, inputs=True)
            return patch_components(read_by_layer, (size[0], size[1]))
        of_bytes = patch_components(images, (size[0], size[1]))
        return PatchComponents(of_bytes.components, of_bytes.variances / 255**2, of_bytes.n_patches)


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
    return ExplainedRun(path, record, dataset, before, model, target.name)
