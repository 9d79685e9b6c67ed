"""Sessions drawn at random: a network, how it is compiled, and what is called on it, one call after the other.

A session is plain data, so that one that fails is printed whole. All of its calls cut their data into batches of two
sizes, `batch` and `rest`, so that Keras compiles few steps for many calls.
"""

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from hypothesis import strategies as st
from keras import layers

Data = dict[str, Any]

FIT, OTHERS = "fit", ("evaluate", "predict", "single batches")
SETTINGS = ("rate", "weights", "rate", "weights", "compile", "freeze")
"""What is called, and what is set between calls, some more often."""

N_CALLS = {FIT: 1, "evaluate": 1, "predict": 1, "single batches": 3}
"""Calls of Keras that each makes."""

OPTIMIZERS: dict[str, Any] = {
    "sgd": lambda rate, **kw: keras.optimizers.SGD(rate, **kw),
    "momentum": lambda rate, **kw: keras.optimizers.SGD(rate, momentum=0.8, **kw),
    "nesterov": lambda rate, **kw: keras.optimizers.SGD(rate, momentum=0.8, nesterov=True, **kw),
    "adam": lambda rate, **kw: keras.optimizers.Adam(rate, **kw),
    "amsgrad": lambda rate, **kw: keras.optimizers.Adam(rate, amsgrad=True, **kw),
    "adamw": lambda rate, **kw: keras.optimizers.AdamW(rate, weight_decay=0.02, **kw),
    "nadam": lambda rate, **kw: keras.optimizers.Nadam(rate, **kw),
    "rmsprop": lambda rate, **kw: keras.optimizers.RMSprop(rate, epsilon=1e-3, **kw),
    "centered": lambda rate, **kw: keras.optimizers.RMSprop(
        rate, epsilon=1e-3, centered=True, momentum=0.5, **kw
    ),
    "adagrad": lambda rate, **kw: keras.optimizers.Adagrad(rate, **kw),
}
SCHEDULES: dict[str, Any] = {
    "constant": lambda: 0.01,
    "exponential": lambda: keras.optimizers.schedules.ExponentialDecay(0.01, 5, 0.7),
    "cosine": lambda: keras.optimizers.schedules.CosineDecay(0.01, 30),
    "piecewise": lambda: keras.optimizers.schedules.PiecewiseConstantDecay([4, 9], [0.01, 0.005, 0.002]),
}
LOSSES: dict[str, Any] = {
    "sparse": lambda: "sparse_categorical_crossentropy",
    "sparse logits": lambda: keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    "categorical": lambda: "categorical_crossentropy",
    "smoothed": lambda: keras.losses.CategoricalCrossentropy(label_smoothing=0.1),
    "binary": lambda: "binary_crossentropy",
    "mse": lambda: "mse",
    "mae": lambda: "mean_absolute_error",
}
HEADS = {"sparse logits": None, "binary": "sigmoid", "mse": None, "mae": None}
"""The last activation by loss; softmax for all others."""

STEPS_OF_SIZE_RATE = ("adam", "amsgrad", "adamw", "nadam")
"""Optimizers that make whole steps of a gradient that is rounding alone."""


def one_of(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


@st.composite
def convolutions(draw: st.DrawFn) -> list[Data]:
    """Up to two, each with what stands around it."""
    one = st.fixed_dictionaries(
        {
            "kind": one_of("conv", "conv", "depthwise", "separable"),
            "filters": st.integers(1, 5),
            "kernel": st.integers(1, 3),
            "strides": one_of(1, 1, 2),
            "padding": one_of("valid", "same"),
            "around": st.booleans(),
            "normalised": st.booleans(),
            "pool": one_of("", "max", "average"),
        }
    )
    return draw(st.lists(one, min_size=1, max_size=2))


def calls(sizes: list[int]) -> st.SearchStrategy[Data]:
    """One call, or one setting; `together` brings both models to the same numbers after it."""
    size = st.sampled_from(sizes)
    fit = {
        "what": st.just(FIT),
        "n": size,
        "epochs": st.integers(1, 3),
        "first_epoch": one_of(0, 0, 0, 1),
        "shuffle": one_of(True, False, "batch"),
        "feed": one_of("arrays", "arrays", "arrays", "generator", "dataset", "steps"),
        "callback": one_of("none", "none", "looks", "batches", "looks at batches", "meddles", "stops"),
        "validation": one_of("none", "split", "data"),
        "n_validation": size,
        "validation_freq": one_of(1, 1, 2),
        "together": st.booleans(),
    }
    other = {"what": one_of(*OTHERS), "n": size, "together": st.booleans()}
    setting = {"what": one_of(*SETTINGS), "together": st.just(True)}
    one = [st.fixed_dictionaries(entries) for entries in (fit, other, setting)]
    return st.one_of(one[0], one[0], one[0], one[1], one[1], one[2])


@st.composite
def sessions(draw: st.DrawFn, n_calls: int) -> Data:
    """A network, how it is compiled, and calls."""
    batch = draw(st.integers(1, 40))
    rest = draw(st.integers(0, batch - 1))
    sizes = sorted({k * batch + extra for k in range(4) for extra in (0, rest)} - {0})
    images = draw(st.booleans())
    return {
        "side": draw(st.integers(5, 9)) if images else 0,
        "channels": draw(st.integers(1, 2)),
        "convolutions": draw(convolutions()) if images else [],
        "flat": draw(one_of("flatten", "average", "max")),
        "units": draw(st.lists(st.integers(1, 9), max_size=2)),
        "activation": draw(one_of("relu", "tanh", "sigmoid", "elu", "gelu", "silu", "softplus", "linear")),
        "penalty": draw(one_of(None, None, "l1", "l2")),
        "classes": draw(st.integers(2, 5)),
        "loss": draw(st.sampled_from(sorted(LOSSES))),
        "optimizer": draw(st.sampled_from(sorted(OPTIMIZERS))),
        "clipping": draw(one_of({}, {}, {"clipnorm": 0.5}, {"clipvalue": 0.1}, {"global_clipnorm": 0.7})),
        "schedule": draw(one_of("constant", "constant", *SCHEDULES)),
        "execution": draw(one_of(1, 1, 1, 2)),
        "batch": batch,
        "rest": rest,
        "images": draw(one_of("float32", "float32", "float64", "float16", "uint8")),
        "labels": draw(one_of("int64", "uint8", "float32")),
        "column": draw(st.booleans()),
        "weights": draw(one_of("none", "none", "sample", "class")),
        "calls": draw(st.lists(calls(sizes), min_size=n_calls, max_size=n_calls)),
    }


# -- the network -----------------------------------------------------------------------------------------------


def network(session: Data) -> keras.Model:
    """The session's network, compiled."""
    side = session["side"]
    body: list[Any] = [keras.Input((side, side, session["channels"]) if side else (7,))]
    for one in session["convolutions"]:
        added, side = _convolution(session, one, side)
        body += added
    if side:
        flats = {
            "flatten": layers.Flatten,
            "average": layers.GlobalAveragePooling2D,
            "max": layers.GlobalMaxPooling2D,
        }
        body.append(flats[session["flat"]]())
    activation, penalty = session["activation"], session["penalty"]
    body += [layers.Dense(units, activation, kernel_regularizer=penalty) for units in session["units"]]
    body.append(layers.Dense(session["classes"], HEADS.get(session["loss"], "softmax")))
    model = keras.Sequential(body)
    compiled(model, session)
    return model


def _convolution(session: Data, one: Data, side: int) -> tuple[list[Any], int]:
    """Its layers, and how long a side is behind them."""
    added: list[Any] = []
    if one["around"]:
        added.append(layers.ZeroPadding2D(1))
        side += 2
    padding = one["padding"] if side > one["kernel"] else "same"
    # normalisation takes a bias away, also one from afar if all between is linear; its gradient is rounding alone
    afar = session["activation"] == "linear" and any(other["normalised"] for other in session["convolutions"])
    bias = not ((one["normalised"] or afar) and session["optimizer"] in STEPS_OF_SIZE_RATE)
    options = {"strides": one["strides"], "padding": padding, "use_bias": bias}
    kinds = {
        "conv": lambda: layers.Conv2D(one["filters"], one["kernel"], **options),
        "depthwise": lambda: layers.DepthwiseConv2D(one["kernel"], **options),
        "separable": lambda: layers.SeparableConv2D(one["filters"], one["kernel"], **options),
    }
    added.append(kinds[one["kind"]]())
    side = -(-(side if padding == "same" else side - one["kernel"] + 1) // one["strides"])
    if one["normalised"]:
        added.append(layers.BatchNormalization())
    added.append(layers.Activation(session["activation"]))
    pools = {"max": layers.MaxPooling2D, "average": layers.AveragePooling2D}
    if one["pool"] and side > 1:
        added.append(pools[one["pool"]](2))
        side //= 2
    return added, side


def compiled(model: keras.Model, session: Data) -> None:
    """Compile it with an optimizer that has seen nothing."""
    loss = session["loss"]
    optimizer = OPTIMIZERS[session["optimizer"]](SCHEDULES[session["schedule"]](), **session["clipping"])
    metrics = None if loss in ("mse", "mae") else ["accuracy"]
    model.compile(optimizer, LOSSES[loss](), metrics=metrics, steps_per_execution=session["execution"])


# -- its data --------------------------------------------------------------------------------------------------


def arrays(session: Data, n: int) -> tuple[Any, ...]:
    """(x, y) or (x, y, sample_weight), the same for the same n."""
    generator = np.random.default_rng(n)
    side = session["side"]
    shape = (n, side, side, session["channels"]) if side else (n, 7)
    x = generator.normal(size=shape)
    if session["images"] == "uint8":
        x = np.abs(4 * x)
    classes, loss = session["classes"], session["loss"]
    y: Any = generator.integers(0, classes, n)
    if loss.startswith("sparse"):
        y = y.astype(session["labels"])
        y = y[:, None] if session["column"] else y
    else:
        y = np.eye(classes, dtype=np.float32)[y]
    weights = generator.uniform(0, 2, n)
    x = x.astype(session["images"])
    return (x, y, weights) if session["weights"] == "sample" else (x, y)


def class_weight(session: Data) -> dict[int, float] | None:
    return {0: 2.0, 1: 0.5} if session["weights"] == "class" else None


def batches(session: Data, n: int) -> Iterator[tuple[Any, ...]]:
    """Of `arrays`, over and over."""
    every, batch = arrays(session, n), session["batch"]
    while True:
        yield from (tuple(one[at : at + batch] for one in every) for at in range(0, n, batch))


class Batches(keras.utils.PyDataset):
    """The same once."""

    def __init__(self, session: Data, n: int) -> None:
        super().__init__()
        self._arrays, self._batch = arrays(session, n), session["batch"]

    def __len__(self) -> int:
        return -(-len(self._arrays[0]) // self._batch)

    def __getitem__(self, index: int) -> Any:
        at = index * self._batch
        return tuple(one[at : at + self._batch] for one in self._arrays)


# -- its calls -------------------------------------------------------------------------------------------------


class Watcher(keras.callbacks.Callback):
    """Writes down every batch, and, if it is to look, the count of steps and the weights."""

    def __init__(self, *, looks: bool = False, meddles: bool = False, stops: bool = False) -> None:
        super().__init__()
        self.looks, self.meddles, self.stops = looks, meddles, stops
        self.seen: list[Any] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        entry: list[Any] = [batch, dict(logs or {})]
        if self.looks:
            entry += [int(self.model.optimizer.iterations.value), *self.model.get_weights()]
        self.seen.append(entry)
        if self.meddles and batch == 1:
            self.model.set_weights([weight * 0.9 for weight in self.model.get_weights()])
        if self.stops and batch == 1:
            self.model.stop_training = True


class Looker(keras.callbacks.Callback):
    """Looks at the model at every epoch's end, and evaluates it."""

    def __init__(self, session: Data) -> None:
        super().__init__()
        self._arrays = arrays(session, session["batch"])
        self.seen: list[Any] = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        x, y, *_ = self._arrays
        self.seen += [epoch, dict(logs or {}), *self.model.get_weights()]
        self.seen.append(self.model.evaluate(x, y, batch_size=len(x), verbose=0))


CALLBACKS: dict[str, Any] = {
    "none": lambda session: None,
    "looks": Looker,
    "batches": lambda session: Watcher(),
    "looks at batches": lambda session: Watcher(looks=True),
    "meddles": lambda session: Watcher(meddles=True),
    "stops": lambda session: Watcher(stops=True),
}


def act(model: keras.Model, session: Data, call: Data) -> Any:
    """Do one call, and return all that came of it."""
    what, batch = call["what"], session["batch"]
    if what == FIT:
        return _fit(model, session, call)
    if what == "evaluate":
        x, y, *weights = arrays(session, call["n"])
        given = {"sample_weight": weights[0]} if weights else {}
        return model.evaluate(x, y, batch_size=batch, verbose=0, return_dict=call["together"], **given)
    if what == "predict":
        return model.predict(arrays(session, call["n"])[0], batch_size=batch, verbose=0)
    if what == "single batches":
        one = next(batches(session, call["n"]))
        return model.train_on_batch(*one), model.test_on_batch(*one), model.predict_on_batch(one[0])
    return _set(model, session, what)


def _set(model: keras.Model, session: Data, what: str) -> None:
    if what == "rate" and session["schedule"] == "constant":
        model.optimizer.learning_rate = 0.5 * float(model.optimizer.learning_rate)
    if what == "weights":
        model.set_weights([0.9 * weight for weight in model.get_weights()])
    if what == "freeze":
        model.layers[0].trainable = not model.layers[0].trainable
        if not model.trainable_variables:  # which is left to Keras
            model.layers[0].trainable = True
    if what in ("compile", "freeze"):
        compiled(model, session)


def _fit(model: keras.Model, session: Data, call: Data) -> Any:
    n, batch = call["n"], session["batch"]
    callback = CALLBACKS[call["callback"]](session)
    options: Data = {
        "epochs": call["epochs"],
        "initial_epoch": min(call["first_epoch"], call["epochs"] - 1),
        "callbacks": [callback] if callback else None,
        "class_weight": class_weight(session),
        "verbose": 0,
    }
    if call["validation"] == "data" or (call["validation"] == "split" and call["feed"] != "arrays"):
        options |= {
            "validation_data": arrays(session, call["n_validation"]),
            "validation_batch_size": batch,
            "validation_freq": call["validation_freq"],
        }
    if call["feed"] == "generator":
        options["class_weight"] = None  # which Keras refuses here
        log = model.fit(batches(session, n), steps_per_epoch=-(-n // batch), **options)
    elif call["feed"] == "dataset":
        log = model.fit(Batches(session, n), shuffle=False, **options)
    else:
        if call["validation"] == "split" and call["feed"] == "arrays":
            n += call["n_validation"]
            options["validation_split"] = (call["n_validation"] - 0.5) / n  # Keras rounds it up
        x, y, *weights = arrays(session, n)
        options |= {"sample_weight": weights[0]} if weights else {}
        options |= {"steps_per_epoch": 2} if call["feed"] == "steps" else {}
        log = model.fit(x, y, batch_size=batch, shuffle=call["shuffle"], **options)
    return log, callback.seen if callback else None
