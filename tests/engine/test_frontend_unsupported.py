"""What the front end refuses, word for word; nothing of it may be computed wrongly instead."""

from collections.abc import Callable
from typing import Any

import keras
import pytest
from keras import layers

from tatamilab import i18n
from tatamilab.engine.frontend import lower, lower_training
from tatamilab.engine.graph import Unsupported


class Doubled(layers.Dense):
    """A layer of the user's: it isn't what it inherits from."""

    def call(self, inputs: Any) -> Any:
        return 2 * super().call(inputs)


class OwnModel(keras.Model):
    """A model of the user's."""

    def call(self, inputs: Any) -> Any:
        return inputs


class OwnTraining(keras.Sequential):
    """A Sequential model with a training step of its own."""


def steep(x: Any) -> Any:
    return 3 * x


def sequential(*stack: keras.Layer, shape: tuple[int | None, ...] = (8, 8, 3)) -> keras.Model:
    return keras.Sequential([keras.Input(shape), *stack], name="model")


def functional(build: Callable[[Any], Any], shape: tuple[int, ...] = (8, 8, 3)) -> keras.Model:
    images = keras.Input(shape)
    return keras.Model(images, build(images), name="model")


def shared(images: Any) -> Any:
    layer = layers.Dense(3, name="shared")
    return layer(layer(images))


def lora() -> keras.Model:
    model = sequential(layers.Dense(4, name="d"), shape=(4,))
    model.layers[0].enable_lora(2)
    return model


def two_outputs() -> keras.Model:
    images = keras.Input((3,))
    return keras.Model(images, [layers.Dense(1)(images), layers.Dense(2)(images)], name="model")


MODELS: dict[str, tuple[Callable[[], keras.Model], str]] = {
    "lstm": (
        lambda: sequential(layers.LSTM(4, name="lstm"), shape=(5, 3)),
        "layer 'lstm' (LSTM) isn't lowered",
    ),
    "lambda": (
        lambda: sequential(layers.Lambda(steep, name="steep")),
        "layer 'steep' (Lambda) isn't lowered",
    ),
    "lambda in a functional model": (
        lambda: functional(layers.Lambda(steep, name="steep")),
        "layer 'steep' (Lambda) isn't lowered",
    ),
    "a layer of the user's": (
        lambda: sequential(Doubled(3, name="own")),
        "layer 'own' (Doubled) isn't lowered",
    ),
    "augmentation": (
        lambda: sequential(layers.RandomFlip(name="flip")),
        "layer 'flip' (RandomFlip) isn't lowered",
    ),
    "an operation": (
        lambda: functional(lambda x: keras.ops.add(x, x)),
        "operation 'add' (Add) isn't lowered",
    ),
    "a model of the user's": (
        lambda: OwnModel(name="own"),
        "model 'own' (OwnModel) computes what its own class says, which isn't lowered",
    ),
    "training of the user's": (
        lambda: OwnTraining([keras.Input((3,)), layers.Dense(2)], name="own"),
        "model 'own' (OwnTraining) computes what its own class says, which isn't lowered",
    ),
    "no input shape": (
        lambda: keras.Sequential([layers.Dense(2)], name="model"),
        "model 'model' (Sequential) has no input shape yet; begin it with keras.Input(shape)",
    ),
    "two outputs": (
        two_outputs,
        "model 'model' (Functional) has 1 inputs and 2 outputs; only one of each is lowered",
    ),
    "unknown size": (
        lambda: sequential(layers.Conv2D(2, 3), shape=(None, None, 3)),
        "model 'model' (Sequential) reads values of shape (None, None, 3); every size must be known",
    ),
    "integers": (
        lambda: keras.Sequential([keras.Input((3,), dtype="uint8"), layers.Rescaling(1 / 255)], name="model"),
        "model 'model' (Sequential) reads uint8 values; only float32 is lowered",
    ),
    "half precision": (
        lambda: sequential(layers.Dense(2, dtype="mixed_bfloat16", name="d")),
        "layer 'd' (Dense) has the dtype policy 'mixed_bfloat16'; only 'float32' is lowered",
    ),
    "channels first": (
        lambda: sequential(layers.MaxPooling2D(2, data_format="channels_first", name="p")),
        "layer 'p' (MaxPooling2D) has data_format='channels_first'; only 'channels_last' is lowered",
    ),
    "dense on a sequence": (
        lambda: sequential(layers.Dense(2, name="d"), shape=(5, 3)),
        "layer 'd' (Dense) gets values of shape (5, 3); put a Flatten layer before it",
    ),
    "shared weights": (
        lambda: functional(shared, (3,)),
        "layer 'shared' (Dense) is used more than once; weights at several places aren't lowered",
    ),
    "lora": (lora, "layer 'd' (Dense) computes its weights from others"),
    "a function as activation": (
        lambda: sequential(layers.Dense(2, activation=steep, name="d"), shape=(3,)),
        "layer 'd' (Dense) has the activation 'steep', which isn't lowered",
    ),
    "glu": (
        lambda: sequential(layers.Activation("glu", name="a"), shape=(4,)),
        "layer 'a' (Activation) has the activation 'glu', which isn't lowered",
    ),
    "relu with everything": (
        lambda: sequential(layers.ReLU(max_value=2, negative_slope=0.1, name="r")),
        "layer 'r' (ReLU) combines max_value, negative_slope and threshold in a way that isn't lowered",
    ),
    "softmax over columns": (
        lambda: sequential(layers.Softmax(axis=1, name="s")),
        "layer 's' (Softmax) normalizes axis 1; only the last one is lowered",
    ),
    "normalization over rows": (
        lambda: sequential(layers.BatchNormalization(axis=1, name="n")),
        "layer 'n' (BatchNormalization) normalizes axis 1; only the last one is lowered",
    ),
    "renormalization": (
        lambda: sequential(layers.BatchNormalization(renorm=True, name="n")),
        "layer 'n' (BatchNormalization) has renorm=True, which isn't lowered",
    ),
    "rescaling by channel": (
        lambda: sequential(layers.Rescaling([1.0, 2.0, 3.0], name="r")),
        "layer 'r' (Rescaling) has one scale or offset for each channel; only a single one is lowered",
    ),
    "noise shape": (
        lambda: sequential(layers.Dropout(0.5, noise_shape=(None, 1, 1, 3), name="d")),
        "layer 'd' (Dropout) has noise_shape, which isn't lowered",
    ),
    "rate 1": (
        lambda: sequential(layers.Dropout(1.0, name="d")),
        "layer 'd' (Dropout) drops everything (rate=1)",
    ),
    "add with broadcasting": (
        lambda: functional(lambda x: layers.Add(name="a")([x, layers.GlobalMaxPooling2D(keepdims=True)(x)])),
        "layer 'a' (Add) adds values of different shapes, which isn't lowered",
    ),
    "concatenate rows": (
        lambda: functional(lambda x: layers.Concatenate(axis=1, name="c")([x, x])),
        "layer 'c' (Concatenate) joins along axis 1; only the last one is lowered",
    ),
    "a mask": (
        lambda: functional(lambda x: layers.Softmax(name="s")(x, mask=x), (3,)),
        "layer 's' (Softmax) is called with mask, which isn't lowered",
    ),
    "constraint": (
        lambda: sequential(layers.Dense(2, kernel_constraint="max_norm", name="d"), shape=(3,)),
        "weight 'model/d/kernel' has the constraint MaxNorm, which isn't lowered",
    ),
    "regularizer": (
        lambda: sequential(
            layers.Dense(2, kernel_regularizer="orthogonal_regularizer", name="d"), shape=(3,)
        ),
        "weight 'model/d/kernel' has the regularizer OrthogonalRegularizer, which isn't lowered",
    ),
    "activity regularizer": (
        lambda: sequential(layers.Dense(2, activity_regularizer=steep, name="d"), shape=(3,)),
        "layer 'd' (Dense) has the regularizer steep, which isn't lowered",
    ),
}


@pytest.mark.parametrize("name", MODELS)
def test_models(name: str) -> None:
    build, sentence = MODELS[name]
    with pytest.raises(Unsupported) as caught:
        lower(build())
    assert str(caught.value) == sentence


def own_loss(y: Any, output: Any) -> Any:
    return keras.ops.mean(y - output)


class OwnAdam(keras.optimizers.Adam):
    """An optimizer of the user's."""


class OwnAccuracy(keras.metrics.SparseCategoricalAccuracy):
    """A metric of the user's."""


def without_decay_of_biases() -> keras.Optimizer:
    optimizer = keras.optimizers.AdamW()
    optimizer.exclude_from_weight_decay(var_names=["bias"])
    return optimizer


SPARSE = keras.losses.SparseCategoricalCrossentropy
TRAININGS: dict[str, tuple[Callable[[], dict[str, Any]], str]] = {
    "loss": (lambda: {"loss": "hinge"}, "loss 'hinge' isn't lowered"),
    "loss function": (lambda: {"loss": own_loss}, "loss 'own_loss' isn't lowered"),
    "loss object": (lambda: {"loss": keras.losses.Huber()}, "loss 'Huber' isn't lowered"),
    "no loss": (lambda: {"loss": None}, "the compiled model has 0 losses, not one"),
    "ignored class": (
        lambda: {"loss": SPARSE(ignore_class=0)},
        "loss 'SparseCategoricalCrossentropy' has ignore_class, which isn't lowered",
    ),
    "reduction": (
        lambda: {"loss": SPARSE(reduction="sum")},
        "loss 'SparseCategoricalCrossentropy' has reduction, which isn't lowered",
    ),
    "crossentropy": (
        lambda: {"loss": "ce"},
        "loss 'ce' depends on the labels' shape, which isn't known here",
    ),
    "loss weights": (
        lambda: {"loss_weights": [0.5]},
        "the compiled model has loss_weights, which isn't lowered",
    ),
    "eager": (lambda: {"run_eagerly": True}, "the compiled model has run_eagerly, which isn't lowered"),
    "weighted metrics": (
        lambda: {"weighted_metrics": ["accuracy"]},
        "the compiled model has weighted_metrics, which isn't lowered",
    ),
    "metric": (lambda: {"metrics": ["accuracy", "mse"]}, "metric 'mse' isn't lowered"),
    "metric object": (lambda: {"metrics": [keras.metrics.AUC(name="auc")]}, "metric 'auc' isn't lowered"),
    "metric of the user's": (lambda: {"metrics": [OwnAccuracy()]}, "metric 'OwnAccuracy' isn't lowered"),
    "metric function": (
        lambda: {"metrics": [own_loss]},
        "metric 'own_loss' is given as a function; give its name or its class instead",
    ),
    "sorted top-k": (
        lambda: {"metrics": [keras.metrics.SparseTopKCategoricalAccuracy(2, "top", from_sorted_ids=True)]},
        "metric 'top' has from_sorted_ids, which isn't lowered",
    ),
    "optimizer": (lambda: {"optimizer": "lion"}, "optimizer Lion isn't lowered"),
    "optimizer of the user's": (lambda: {"optimizer": OwnAdam()}, "optimizer OwnAdam isn't lowered"),
    "accumulation": (
        lambda: {"optimizer": keras.optimizers.Adam(gradient_accumulation_steps=2)},
        "optimizer Adam has gradient_accumulation_steps, which isn't lowered",
    ),
    "loss scale": (
        lambda: {"optimizer": keras.optimizers.SGD(loss_scale_factor=2.0)},
        "optimizer SGD has loss_scale_factor, which isn't lowered",
    ),
    "decay of some": (
        lambda: {"optimizer": without_decay_of_biases()},
        "optimizer AdamW leaves some weights out of weight decay, which isn't lowered",
    ),
}


@pytest.mark.parametrize("name", TRAININGS)
def test_trainings(name: str) -> None:
    arguments, sentence = TRAININGS[name]
    model = sequential(layers.Dense(10), shape=(4,))
    model.compile(**{"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", **arguments()})
    with pytest.raises(Unsupported) as caught:
        lower_training(model)
    assert str(caught.value) == sentence


def test_a_model_that_is_not_compiled() -> None:
    with pytest.raises(Unsupported, match=r"^model 'model' \(Sequential\) isn't compiled$"):
        lower_training(sequential(layers.Dense(10), shape=(4,)))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (
            {"loss": "categorical_crossentropy"},
            "loss 'categorical_crossentropy' needs an output of shape (classes,), not (8, 8, 2)",
        ),
        (
            {"loss": "mse", "metrics": ["sparse_categorical_accuracy"]},
            "metric 'sparse_categorical_accuracy' needs an output of shape (classes,), not (8, 8, 2)",
        ),
    ],
)
def test_what_needs_classes(arguments: dict[str, Any], sentence: str) -> None:
    model = sequential(layers.Conv2D(2, 1))
    model.compile("sgd", **arguments)
    with pytest.raises(Unsupported) as caught:
        lower_training(model)
    assert str(caught.value) == sentence


def test_the_sentence_in_japanese() -> None:
    with i18n.using("ja"), pytest.raises(Unsupported) as caught:
        lower(MODELS["lstm"][0]())
    assert str(caught.value) == "層 'lstm'（LSTM）はエンジンの対応外です"
    assert caught.value.layer == "層 'lstm'（LSTM）"
