"""Small models that between them hold every kind of node, by name; each takes about a second to check."""

from collections.abc import Callable

import keras
from keras import layers

from tatamilab import models

Build = Callable[[], keras.Model]


def lenet() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((16, 16, 1)),
            layers.Conv2D(6, 5, padding="same", activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Conv2D(8, 5, activation="tanh"),
            layers.AveragePooling2D(2),
            layers.Flatten(),
            layers.Dense(12, activation="tanh"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def vgg(dropout: float = 0.25) -> keras.Model:
    """Blocks of convolution, normalisation and pooling, as in many a CIFAR-10 notebook."""
    model = keras.Sequential([keras.Input((8, 8, 3)), layers.Rescaling(1 / 255, offset=-0.5)])
    for filters in (4, 6):
        model.add(layers.Conv2D(filters, 3, padding="same", use_bias=False, kernel_regularizer="l2"))
        model.add(layers.BatchNormalization())
        model.add(layers.ReLU())
        model.add(layers.MaxPooling2D())
        model.add(layers.SpatialDropout2D(dropout))
    model.add(layers.Flatten())
    model.add(layers.Dropout(2 * dropout))
    model.add(layers.Dense(5))
    return model


def separable() -> keras.Model:
    return keras.Sequential(
        [
            keras.Input((9, 7, 3)),
            layers.ZeroPadding2D(((1, 0), (2, 1))),
            layers.DepthwiseConv2D(3, depth_multiplier=2, strides=2, padding="same", activation="relu6"),
            layers.SeparableConv2D(5, 3, depth_multiplier=2, activation="hard_silu"),
            layers.GlobalAveragePooling2D(keepdims=True),
            layers.Dense(4, activation="gelu"),
            layers.Flatten(),
            layers.Dense(3, activation="softmax"),
        ]
    )


def residual() -> keras.Model:
    images = keras.Input((6, 6, 4))
    x = layers.Conv2D(4, 3, padding="same")(images)
    x = layers.BatchNormalization(center=False)(x)
    x = layers.Activation("relu")(x)
    x = layers.BatchNormalization(scale=False)(layers.Conv2D(4, 3, padding="same")(x))
    x = layers.Add()([images, x])
    y = layers.Conv2D(2, 1, activation="sigmoid")(x)
    x = layers.Concatenate()([x, y, images])
    return keras.Model(images, layers.Dense(3)(layers.GlobalMaxPooling2D()(x)))


def strided() -> keras.Model:
    """Uneven strides, dilation, groups, and a window that overlaps and is padded."""
    return keras.Sequential(
        [
            keras.Input((11, 9, 4)),
            layers.Conv2D(6, (3, 2), strides=(2, 3), padding="same", groups=2, activation="elu"),
            layers.ZeroPadding2D(2),
            layers.Conv2D(4, (2, 3), dilation_rate=(2, 1), activation="softplus"),
            layers.MaxPooling2D((3, 2), strides=(2, 1), padding="same"),
            layers.AveragePooling2D((2, 3), strides=(1, 2), padding="same"),
            layers.Reshape((-1,)),
            layers.Dense(3, activation="log_softmax"),
        ]
    )


def frozen(dropout: float = 0.0) -> keras.Model:
    """Transfer learning: a base that stays as it is, under a head that learns."""
    base = keras.Sequential(
        [keras.Input((6, 6, 2)), layers.Conv2D(3, 3), layers.BatchNormalization(), layers.Dropout(dropout)],
        name="base",
    )
    base.trainable = False
    images = keras.Input((6, 6, 2))
    x = layers.Flatten()(base(images, training=False))
    return keras.Model(images, layers.Dense(4, activation="softmax")(x))


def nested() -> keras.Model:
    """The tutorial's probability model: a model, then a Softmax layer."""
    logits = keras.Sequential(
        [keras.Input((5, 5)), layers.Flatten(), layers.Dense(6, activation="relu"), layers.Dense(3)]
    )
    return keras.Sequential([logits, layers.Softmax()])


def penalized() -> keras.Model:
    """Every kind of regularization."""
    return keras.Sequential(
        [
            keras.Input((7,)),
            layers.Dense(5, kernel_regularizer="l1", bias_regularizer="l2", activity_regularizer="l1"),
            layers.LeakyReLU(),
            layers.ActivityRegularization(l1=0.01, l2=0.02),
            layers.Dense(4, activation="sigmoid", kernel_regularizer=keras.regularizers.L1L2(0.1, 0.2)),
        ]
    )


def normalized_features() -> keras.Model:
    """Normalisation between dense layers."""
    return keras.Sequential(
        [
            keras.Input((6,)),
            layers.Dense(5),
            layers.BatchNormalization(momentum=0.9, epsilon=1e-2),
            layers.Activation("silu"),
            layers.Dense(1, activation="sigmoid"),
        ]
    )


ZOO: dict[str, Build] = {
    "worksheet": lambda: models.worksheet_cnn((12, 12, 1), filters=4, units=6),
    "bpnn": lambda: models.bpnn((6, 6, 1), units=8),
    "lenet": lenet,
    "vgg": vgg,
    "vgg without dropout": lambda: vgg(0),
    "separable": separable,
    "residual": residual,
    "strided": strided,
    "frozen": frozen,
    "nested": nested,
    "penalized": penalized,
    "normalized features": normalized_features,
}
