"""Any small Sequential model computes what its lowered graph computes."""

from typing import Any, NamedTuple

import keras
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers
from reference import forward

from tatamilab.engine.frontend import lower, weights_of


class Recipe(NamedTuple):
    """A layer that is yet to be made: making it draws Python's random numbers, which strategies may not."""

    layer: type[keras.Layer]
    options: dict[str, Any]

    def make(self) -> keras.Layer:
        return self.layer(**self.options)


def recipes(layer: type[keras.Layer], **options: Any) -> st.SearchStrategy[Recipe]:
    drawn = {
        name: value if isinstance(value, st.SearchStrategy) else st.just(value)
        for name, value in options.items()
    }
    return st.builds(Recipe, st.just(layer), st.fixed_dictionaries(drawn))


sizes = st.integers(1, 3)
pairs = st.tuples(sizes, sizes)
paddings = st.sampled_from(["same", "valid"])
activations = st.sampled_from([None, "relu", "softmax", "gelu", "sigmoid", "leaky_relu", "mish"])
kernel = {
    "kernel_size": pairs,
    "padding": paddings,
    "activation": activations,
    "use_bias": st.booleans(),
    "bias_initializer": "random_normal",
}
pool = {"pool_size": pairs, "strides": st.none() | pairs, "padding": paddings}

layer_recipes = st.one_of(
    recipes(layers.Conv2D, filters=sizes, strides=pairs, **kernel),
    recipes(layers.Conv2D, filters=sizes, dilation_rate=pairs, **kernel),
    recipes(layers.SeparableConv2D, filters=sizes, depth_multiplier=sizes, strides=pairs, **kernel),
    recipes(layers.MaxPooling2D, **pool),
    recipes(layers.AveragePooling2D, **pool),
    recipes(layers.ZeroPadding2D, padding=st.tuples(pairs, pairs)),
    recipes(layers.BatchNormalization, beta_initializer="random_normal"),
    recipes(layers.Rescaling, scale=0.5, offset=1.0),
    recipes(layers.Dropout, rate=0.5),
    recipes(layers.Activation, activation=activations),
    recipes(layers.Dense, units=sizes, activation=activations),
)
head_recipes = st.one_of(
    recipes(layers.Flatten), recipes(layers.GlobalMaxPooling2D), recipes(layers.GlobalAveragePooling2D)
)


def model_of(shape: tuple[int, int, int], stack: list[Recipe], head: Recipe) -> keras.Model:
    """The layers of `stack` as far as they fit on what is before them, then `head`, then a dense layer."""
    model = keras.Sequential([keras.Input(shape), layers.Identity()])
    for recipe in stack:
        layer = recipe.make()
        try:
            fits = min(layer.compute_output_shape(model.output_shape)[1:]) >= 1
        except ValueError:
            fits = False
        if fits:
            model.add(layer)
    model.add(head.make())
    model.add(layers.Dense(2, activation="softmax"))
    return model


@pytest.mark.filterwarnings("ignore:You are using a softmax over axis")  # of one channel
@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9), sizes),
    stack=st.lists(layer_recipes, min_size=1, max_size=3),
    head=head_recipes,
    n=st.sampled_from([1, 3]),
)
def test_forward_is_that_of_keras(
    shape: tuple[int, int, int], stack: list[Recipe], head: Recipe, n: int
) -> None:
    model = model_of(shape, stack, head)
    graph = lower(model)
    x = np.random.default_rng(0).random((n, *shape), np.float32)
    ours = forward(graph, weights_of(model, graph), x)[graph.output.name]
    np.testing.assert_allclose(ours, model.predict(x, verbose=0), rtol=1e-5, atol=1e-5)
