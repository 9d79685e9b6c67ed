"""The CNN's run of a study through Keras on TensorFlow: trained as the worksheet does, scored on the test images.

python -m peers.keras_study DATA.npz N       prints the seconds of each of N runs, one after the other
"""

import sys
import time

import numpy as np


def main() -> None:
    import keras

    data, n_runs = np.load(sys.argv[1]), int(sys.argv[2])
    for seed in range(n_runs):
        began = time.perf_counter()
        keras.utils.set_random_seed(seed)
        model = keras.Sequential(
            [
                keras.Input((28, 28, 1)),
                keras.layers.Conv2D(32, 5, activation="relu"),
                keras.layers.MaxPooling2D(2),
                keras.layers.Flatten(),
                keras.layers.Dense(128, activation="relu"),
                keras.layers.Dense(10, activation="softmax"),
            ]
        )
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(data["x"], data["y"], batch_size=128, epochs=50, validation_split=0.1, verbose=0)
        model.predict(data["x_test"], batch_size=1000, verbose=0)
        print(time.perf_counter() - began, flush=True)


if __name__ == "__main__":
    main()
