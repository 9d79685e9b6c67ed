"""What the front end makes of models that it can lower."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers
from zoo import ZOO, frozen, residual, vgg

from tatamilab.engine import graph as g
from tatamilab.engine.frontend import lower, seed_states, set_weights_of, weights_of
from tatamilab.models import worksheet_cnn


def kinds(graph: g.Graph) -> list[str]:
    return [type(node).__name__ for node in graph.nodes]


def test_the_worksheets_network() -> None:
    graph = lower(worksheet_cnn(name="cnn"))
    assert graph.nodes == (
        g.Input(name="input", inputs=(), shape=(28, 28, 1)),
        g.Conv2D(
            name="conv2d",
            inputs=("input",),
            shape=(24, 24, 32),
            kernel="cnn/conv2d/kernel",
            bias="cnn/conv2d/bias",
        ),
        g.Activation(name="conv2d/relu", inputs=("conv2d",), shape=(24, 24, 32), kind="relu"),
        g.Pool2D(
            name="max_pooling2d",
            inputs=("conv2d/relu",),
            shape=(12, 12, 32),
            kind="max",
            window=(2, 2),
            strides=(2, 2),
        ),
        g.Reshape(name="flatten", inputs=("max_pooling2d",), shape=(4608,)),
        g.Dense(
            name="dense", inputs=("flatten",), shape=(20,), kernel="cnn/dense/kernel", bias="cnn/dense/bias"
        ),
        g.Activation(name="dense/relu", inputs=("dense",), shape=(20,), kind="relu"),
        g.Dense(
            name="dense_1",
            inputs=("dense/relu",),
            shape=(10,),
            kernel="cnn/dense_1/kernel",
            bias="cnn/dense_1/bias",
        ),
        g.Softmax(name="dense_1/softmax", inputs=("dense_1",), shape=(10,)),
    )
    assert sum(parameter.size for parameter in graph.parameters) == 93_222


@pytest.mark.parametrize("name", ["frozen", "residual", "vgg"])
def test_parameters_are_the_models_weights_in_their_order(name: str) -> None:
    model = ZOO[name]()
    parameters = lower(model).parameters
    assert [p.name for p in parameters] == [v.path for v in model.weights]
    assert [p.size for p in parameters] == [v.value.size for v in model.weights]
    assert [p.name for p in parameters if p.trainable] == [v.path for v in model.trainable_variables]


def test_a_vgg_like_network_with_dropout() -> None:
    block = ["Conv2D", "BatchNormalization", "Activation", "Pool2D", "Dropout"]
    graph = lower(vgg())
    assert kinds(graph) == ["Input", "Rescaling", *block, *block, "Reshape", "Dropout", "Dense"]
    drops = [node for node in graph.nodes if isinstance(node, g.Dropout)]
    assert [(drop.rate, drop.whole_channels) for drop in drops] == [(0.25, True), (0.25, True), (0.5, False)]
    assert graph.parameters[0].l2 == pytest.approx(0.01)
    assert graph.nodes[2].padding == ((1, 1), (1, 1))  # type: ignore[attr-defined]


def test_a_residual_block_reads_its_input_twice() -> None:
    graph = lower(residual())
    add = next(node for node in graph.nodes if isinstance(node, g.Add))
    assert add.inputs == ("input", "batch_normalization_1")
    join = next(node for node in graph.nodes if isinstance(node, g.Concatenate))
    assert join.inputs == ("add", "conv2d_2/sigmoid", "input")
    assert join.shape == (6, 6, 10)


def test_separable_convolution_is_two_nodes() -> None:
    layer = layers.SeparableConv2D(5, 3, strides=2, padding="same", depth_multiplier=2, name="s")
    graph = lower(keras.Sequential([keras.Input((8, 7, 3)), layer], name="m"))
    _, depthwise, pointwise = graph.nodes
    assert (depthwise.name, depthwise.shape) == ("s/depthwise", (4, 4, 6))
    assert isinstance(depthwise, g.DepthwiseConv2D)
    assert depthwise.padding == ((0, 1), (1, 1))
    assert isinstance(pointwise, g.Conv2D)
    assert (pointwise.name, pointwise.shape) == ("s", (4, 4, 5))
    assert (pointwise.kernel, pointwise.bias) == ("m/s/pointwise_kernel", "m/s/bias")


def test_dense_on_images_is_a_convolution_of_one_pixel() -> None:
    model = keras.Sequential([keras.Input((4, 3, 2)), layers.Dense(5)])
    graph = lower(model)
    assert kinds(graph) == ["Input", "Conv2D"]
    assert graph.parameters[0].shape == (1, 1, 2, 5)
    assert weights_of(model, graph)[graph.parameters[0].name].shape == (1, 1, 2, 5)


def test_a_frozen_layer_keeps_its_statistics_and_its_weights() -> None:
    graph = lower(frozen(dropout=0.5))
    (norm,) = (node for node in graph.nodes if isinstance(node, g.BatchNormalization))
    assert norm.name == "base/batch_normalization"
    assert norm.frozen
    assert [p.name for p in graph.parameters if p.trainable] == ["dense/kernel", "dense/bias"]


def test_keras_overrides_training_false_of_a_call() -> None:
    """Why the front end may overlook it: where Keras changes that, this test must go red."""
    images = keras.Input((50,))
    model = keras.Model(images, layers.Dropout(0.5)(images, training=False))
    x = np.ones((1, 50), np.float32)
    assert np.any(np.asarray(model(x, training=True)) == 0)
    assert kinds(lower(model)) == ["Input", "Dropout"]


def test_a_layer_without_weights_may_be_used_twice() -> None:
    images = keras.Input((4,))
    relu = layers.ReLU(name="relu")
    model = keras.Model(images, relu(layers.Dense(3)(relu(images))))
    assert [node.name for node in lower(model).nodes] == ["input", "relu", "dense", "relu_2"]


def test_names_never_clash() -> None:
    model = keras.Sequential([keras.Input((2, 2)), layers.Flatten(name="input"), layers.Dense(1)])
    assert [node.name for node in lower(model).nodes] == ["input", "input_2", "dense"]

    built = [layers.Dense(2, name="d"), layers.Dense(2, name="d")]
    for layer in built:
        layer.build((None, 2))
    parts = [keras.Sequential([keras.Input((2,)), layer]) for layer in built]
    graph = lower(keras.Sequential(parts))
    assert [node.name for node in graph.nodes] == ["input", "sequential_1/d", "sequential_2/d"]
    assert [p.name for p in graph.parameters] == ["d/kernel", "d/bias", "d/kernel_2", "d/bias_2"]


def test_what_does_nothing_makes_no_node() -> None:
    idle = [
        layers.Identity(),
        layers.Dropout(0.0),
        layers.Activation("linear"),
        layers.ActivityRegularization(),
    ]
    assert kinds(lower(keras.Sequential([keras.Input((3,)), *idle, layers.Dense(2)]))) == ["Input", "Dense"]


@pytest.mark.parametrize(
    ("layer", "kind", "alpha"),
    [
        (layers.ReLU(), "relu", 0),
        (layers.ReLU(max_value=6), "relu6", 0),
        (layers.ReLU(negative_slope=0.1), "leaky_relu", 0.1),
        (layers.ReLU(threshold=0.5), "threshold", 0.5),
        (layers.LeakyReLU(0.4), "leaky_relu", 0.4),
        (layers.ELU(0.7), "elu", 0.7),
        (layers.Activation("swish"), "silu", 0),
        (layers.Activation("squareplus"), "squareplus", 4),
        (layers.Activation(keras.activations.tanh), "tanh", 0),
    ],
)
def test_activation_layers(layer: keras.Layer, kind: str, alpha: float) -> None:
    node = lower(keras.Sequential([keras.Input((3,)), layer])).output
    assert isinstance(node, g.Activation)
    assert (node.kind, node.alpha) == (kind, pytest.approx(alpha))


def test_penalties_on_weights_and_activities() -> None:
    graph = lower(ZOO["penalized"]())
    penalties = [(p.l1, p.l2) for p in graph.parameters]
    assert penalties == [pytest.approx(pair) for pair in [(0.01, 0), (0, 0.01), (0.1, 0.2), (0, 0)]]
    activities = [(n.name, n.l1, n.l2) for n in graph.nodes if isinstance(n, g.ActivityRegularization)]
    assert activities == [
        ("dense/activity_regularizer", pytest.approx(0.01), 0),
        ("activity_regularization/activity_regularizer", pytest.approx(0.01), pytest.approx(0.02)),
    ]


def test_only_what_trains_is_regularized() -> None:
    layer = layers.Dense(2, kernel_regularizer="l2", trainable=False)
    graph = lower(keras.Sequential([keras.Input((3,)), layer]))
    assert [(p.trainable, p.l2) for p in graph.parameters] == [(False, 0), (False, 0)]


def test_weights_go_out_and_in_again() -> None:
    model = ZOO["separable"]()
    graph = lower(model)
    weights = weights_of(model, graph)
    set_weights_of(model, graph, {name: value + 1 for name, value in weights.items()})
    for name, value in weights_of(model, graph).items():
        np.testing.assert_array_equal(value, weights[name] + 1)


def test_seed_states_are_of_the_dropout_layers() -> None:
    states = seed_states(vgg())
    assert [(state.shape, str(state.dtype)) for state in states] == [((2,), "uint32")] * 3


def test_importing_the_front_end_imports_no_keras() -> None:
    code = "import sys, tatamilab.engine.frontend; sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
