"""Networks, compilations and calls of `fit` drawn at random, each beside plain Keras.

`TATAMI_CASES=5000 pytest -m campaign tests/accelerate/test_differential.py` runs that many.
"""

import os
from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from keras import layers
from twins import Trace, compare

CASES = int(os.environ.get("TATAMI_CASES", "5000"))

ACTIVATIONS = st.sampled_from(["relu", "tanh", "sigmoid", "elu", "gelu", "linear"])
OPTIMIZERS = {
    "sgd": lambda rate, **kw: keras.optimizers.SGD(rate, **kw),
    "momentum": lambda rate, **kw: keras.optimizers.SGD(rate, momentum=0.8, nesterov=True, **kw),
    "adam": lambda rate, **kw: keras.optimizers.Adam(rate, **kw),
    "adamw": lambda rate, **kw: keras.optimizers.AdamW(rate, weight_decay=0.02, **kw),
    "nadam": lambda rate, **kw: keras.optimizers.Nadam(rate, **kw),
    "rmsprop": lambda rate, **kw: keras.optimizers.RMSprop(rate, epsilon=1e-3, **kw),
    "adagrad": lambda rate, **kw: keras.optimizers.Adagrad(rate, **kw),
}
CLIPPING = st.sampled_from([{}, {"clipnorm": 0.5}, {"clipvalue": 0.1}, {"global_clipnorm": 0.7}])

Case = dict[str, Any]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A network, how it is compiled, and how it is fitted."""
    images = draw(st.booleans())
    n = draw(st.integers(1, 70))
    validates = n > 4 and draw(st.booleans())
    return {
        "side": draw(st.integers(4, 9)) if images else 0,
        "channels": draw(st.integers(1, 2)),
        "filters": draw(st.integers(1, 5)),
        "kernel": draw(st.integers(1, 3)),
        "padding": draw(st.sampled_from(["valid", "same"])),
        "pool": draw(st.sampled_from(["", "max", "average", "global"])),
        "normalised": draw(st.booleans()),
        "units": draw(st.lists(st.integers(1, 9), max_size=2)),
        "activation": draw(ACTIVATIONS),
        "penalty": draw(st.sampled_from([None, "l1", "l2"])),
        "classes": draw(st.integers(2, 5)),
        "loss": draw(st.sampled_from(["sparse_categorical_crossentropy", "categorical_crossentropy", "mse"])),
        "optimizer": draw(st.sampled_from(sorted(OPTIMIZERS))),
        "clipping": draw(CLIPPING),
        "n": n,
        "weighted": draw(st.booleans()),
        "by_steps": draw(st.booleans()),
        "looks": draw(st.booleans()),
        "fit": {
            "batch_size": draw(st.integers(1, 40)),
            "epochs": draw(st.integers(1, 3)),
            "shuffle": draw(st.sampled_from([True, False, "batch"])),
            "validation_split": 0.3 if validates else 0.0,
        },
    }


def network(case: Case) -> keras.Model:
    body: list[Any] = [keras.Input((7,))]
    if case["side"]:
        body = [keras.Input((case["side"], case["side"], case["channels"]))]
        # normalisation takes a bias away: its gradient is rounding alone, of which these make whole steps
        bias = not (case["normalised"] and case["optimizer"] in ("adam", "adamw", "nadam"))
        body.append(layers.Conv2D(case["filters"], case["kernel"], padding=case["padding"], use_bias=bias))
        body += [layers.BatchNormalization()] if case["normalised"] else []
        body.append(layers.Activation(case["activation"]))
        pools = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}
        if case["pool"] in pools:
            body.append(pools[case["pool"]](2))
        flat = layers.GlobalAveragePooling2D() if case["pool"] == "global" else layers.Flatten()
        body.append(flat)
    penalty = case["penalty"]
    body += [layers.Dense(units, case["activation"], kernel_regularizer=penalty) for units in case["units"]]
    body.append(layers.Dense(case["classes"], None if case["loss"] == "mse" else "softmax"))
    model = keras.Sequential(body)
    metrics = None if case["loss"] == "mse" else ["accuracy"]
    optimizer = OPTIMIZERS[case["optimizer"]](0.01, **case["clipping"])
    model.compile(optimizer, case["loss"], metrics=metrics)
    return model


def check(case: Case) -> None:
    generator = np.random.default_rng(case["n"])
    shape = (case["side"], case["side"], case["channels"]) if case["side"] else (7,)
    x = generator.normal(size=(case["n"], *shape)).astype(np.float32)
    y: Any = generator.integers(0, case["classes"], case["n"])
    if not case["loss"].startswith("sparse"):
        y = np.eye(case["classes"], dtype=np.float32)[y]
    weights = generator.uniform(0, 2, case["n"]) if case["weighted"] else None

    def act(model: keras.Model) -> Any:
        trace = Trace()
        callbacks: list[Any] = [trace.callback()] if case["looks"] else []
        if case["by_steps"]:
            callbacks.append(keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: None))
        options = {**case["fit"], "sample_weight": weights, "callbacks": callbacks, "verbose": 0}
        logs = [model.fit(x, y, **options) for _ in range(2)]
        return logs, trace.events, model.evaluate(x, y, verbose=0), model.predict(x, verbose=0)

    keras.backend.clear_session()
    compare(lambda: network(case), act, rtol=5e-3, atol=5e-4)


def runs(n: int) -> Any:
    return settings(
        max_examples=n,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),  # shrinking would train for an hour
        database=None,
    )


@runs(1)
@given(cases())
def test_one(case: Case) -> None:
    check(case)


@pytest.mark.slow
@runs(40)
@given(cases())
def test_some(case: Case) -> None:
    check(case)


@pytest.mark.campaign
@runs(CASES)
@given(cases())
def test_many(case: Case) -> None:
    check(case)
