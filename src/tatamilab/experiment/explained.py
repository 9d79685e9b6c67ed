"""What is to be explained: a network before and after its training, and the images that it learned from."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tatamilab import data
from tatamilab.analysis import PatchComponents, patch_components
from tatamilab.instruments.activity import layer_values, outputs_for_many
from tatamilab.instruments.model_facts import conv_layer, kernel_of

if TYPE_CHECKING:
    import keras

_N_IMAGES = 4096  # images that a deeper layer's patches come from


@dataclass(frozen=True, eq=False)
class Explained:
    """A network before and after its training, and what it learned from.

    Attributes:
        dataset: what it learned from.
        n_train: how many of the first training images.
        before_model: the network as it started.
        model: the same now.
        layer: the name of the convolution layer that is looked at.
    """

    dataset: data.Dataset
    n_train: int
    before_model: "keras.Model"
    model: "keras.Model"
    layer: str

    @property
    def before(self) -> NDArray[np.float32]:
        """The layer's filters at the start, (h, w, c, o)."""
        return kernel_of(conv_layer(self.before_model, self.layer))

    @property
    def after(self) -> NDArray[np.float32]:
        """The layer's filters now, (h, w, c, o)."""
        return kernel_of(conv_layer(self.model, self.layer))

    @cached_property
    def x_test(self) -> NDArray[np.float32]:
        """The test images as the network reads them, 0-1."""
        return data.normalised(self.dataset.x_test)

    @cached_property
    def x_train(self) -> NDArray[np.float32]:
        """The images that it was trained on, without those that validated, likewise."""
        return data.normalised(self.dataset.x_train[: self.n_train])

    @cached_property
    def probabilities(self) -> NDArray[np.float32]:
        """Of the test images, (n, classes)."""
        return outputs_for_many(self.model, self.x_test)

    @cached_property
    def patches(self) -> PatchComponents:
        """Components of what the layer reads: training images, or the layer before's maps of some of them."""
        images = self.dataset.x_train[: self.n_train]
        target = conv_layer(self.model, self.layer)
        size = self.after.shape[:2]
        if conv_layer(self.model, 0) is not target:
            some = data.normalised(images[:_N_IMAGES])
            (read_by_layer,) = layer_values(self.model, [target], some, inputs=True)
            return patch_components(read_by_layer, (size[0], size[1]))
        of_bytes = patch_components(images, (size[0], size[1]))
        return PatchComponents(of_bytes.components, of_bytes.variances / 255**2, of_bytes.n_patches)
