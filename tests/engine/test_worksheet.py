"""The worksheet's model beside Keras for twenty steps on real images, from the same weights in the same order."""

import numpy as np
import oracle
import pytest

from tatamilab import models
from tatamilab.data import load

EPOCHS = 4
"""Of five steps each: 600 images in batches of 128, the last one of 88."""


@pytest.mark.slow
def test_twenty_steps_of_adam() -> None:
    data = load("mnist", data_size=600).normalised()
    model = models.worksheet_cnn((28, 28, 1))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    theirs = oracle.train_keras(model, data.x_train, data.y_train, epochs=EPOCHS, batch_size=128)
    program = oracle.program_of(model, theirs.start, (), batch_size=128, checked=False)
    np.testing.assert_allclose(program.predict(data.x_train), theirs.predicted, rtol=1e-5, atol=1e-6)
    for epoch in range(EPOCHS):
        totals = program.train(data.x_train, data.y_train, learning_rate=0.001)
        this = {name: values[epoch] for name, values in theirs.history.items()}
        oracle.assert_same_numbers(totals, ["accuracy"], this, rtol=1e-5)
    assert program.iterations == 20
    oracle.assert_same_weights(program, theirs.weights, rtol=0, atol=1e-5)
    totals = program.evaluate(data.x_train, data.y_train)
    oracle.assert_same_numbers(totals, ["accuracy"], theirs.evaluated, rtol=1e-5)
