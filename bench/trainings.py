"""The trainings that are measured, in Keras's words: used by our side and by Keras's alike.

Adam (0.001), sparse categorical cross-entropy, accuracy, batches of 128, the last tenth kept for validation.
`keras` is handed in by whoever has chosen its backend.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

BATCH_SIZE = 128
VALIDATION_SPLIT = 0.1


@dataclass(frozen=True)
class Training:
    """One training.

    Args:
        data: a folder of the workload.
        data_size: the first so many images, validation included.
        image_shape: rows, columns, channels.
        layers: from `keras` to the network's layers.
        epochs: how many make one measurement.
    """

    data: str
    data_size: int
    image_shape: tuple[int, int, int]
    layers: Callable[[Any], list]
    epochs: int = 1

    def model(self, keras: Any) -> Any:
        """A new compiled model."""
        model = keras.Sequential([keras.Input(self.image_shape), *self.layers(keras)])
        model.compile(
            loss="sparse_categorical_crossentropy",
            optimizer=keras.optimizers.Adam(learning_rate=0.001),
            metrics=["accuracy"],
        )
        return model


def worksheet(units: int) -> Callable[[Any], list]:
    """Conv2D(32, 5×5) → MaxPooling2D → Dense(units) → Dense(10)."""

    def layers(keras: Any) -> list:
        k = keras.layers
        return [
            k.Conv2D(32, 5, activation="relu"),
            k.MaxPooling2D(2),
            k.Flatten(),
            k.Dense(units, activation="relu"),
            k.Dense(10, activation="softmax"),
        ]

    return layers


def two_convolutions(keras: Any) -> list:
    """32@3×3 → pool → 64@3×3 → pool → Dense(128) → Dense(10)."""
    k = keras.layers
    return [
        k.Conv2D(32, 3, activation="relu"),
        k.MaxPooling2D(2),
        k.Conv2D(64, 3, activation="relu"),
        k.MaxPooling2D(2),
        k.Flatten(),
        k.Dense(128, activation="relu"),
        k.Dense(10, activation="softmax"),
    ]


def three_convolutions(keras: Any) -> list:
    """32, 64 and 128@3×3, each with batch normalisation, ReLU, pool and dropout → Dense(128) → Dense(10)."""
    k = keras.layers
    layers: list = []
    for filters in (32, 64, 128):
        layers += [
            k.Conv2D(filters, 3, padding="same"),
            k.BatchNormalization(),
            k.Activation("relu"),
            k.MaxPooling2D(2),
            k.Dropout(0.25),
        ]
    return [
        *layers,
        k.Flatten(),
        k.Dense(128, activation="relu"),
        k.Dropout(0.5),
        k.Dense(10, activation="softmax"),
    ]


TRAININGS = {
    "lab": Training("mnist", 60_000, (28, 28, 1), worksheet(units=20)),
    "small": Training("mnist", 600, (28, 28, 1), worksheet(units=128), epochs=50),
    "twoconv": Training("mnist", 60_000, (28, 28, 1), two_convolutions),
    "cifar": Training("cifar-shaped", 10_000, (32, 32, 3), three_convolutions),
}
