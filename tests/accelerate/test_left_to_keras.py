"""What Keras does whole, and the reason that is given; nothing has changed when the engine says no."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from twins import run, same

import tatamilab
from tatamilab import i18n
from tatamilab.acceleration import programs
from tatamilab.engine.graph import Unsupported

X = np.linspace(-1, 1, 40, dtype=np.float32).reshape(10, 4)
Y = np.arange(10) % 3


def small(*, first: list[Any] | None = None, **options: Any) -> keras.Model:
    model = keras.Sequential([keras.Input((4,)), *(first or []), layers.Dense(3, activation="softmax")])
    model.compile(**{"optimizer": "sgd", "loss": "sparse_categorical_crossentropy", **options})
    return model


def rate() -> float:
    return 0.1


def with_own_step() -> keras.Model:
    model = small()
    model.train_step = lambda state, data: ({}, state)
    return model


def frozen_since() -> keras.Model:
    model = small(first=[layers.Dense(4)])
    model.fit(X, Y, verbose=0)
    model.layers[0].trainable = False
    return model


def frozen_whole() -> keras.Model:
    model = small()
    model.layers[0].trainable = False
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


def compiled_again() -> keras.Model:
    """Without metrics, of which Keras keeps the ones it has."""
    model = small(metrics=["accuracy"])
    model.compile("sgd", "sparse_categorical_crossentropy")
    return model


REASONS: dict[str, tuple[Callable[[], keras.Model], dict[str, Any], str, str]] = {
    "compiled again": (
        compiled_again,
        {},
        "the compiled model still has the metrics that it was compiled with before",
        "コンパイル済みのモデルには、前にコンパイルしたときの評価指標が残っています",
    ),
    "labels": (
        small,
        {"y": Y + 1},
        "y holds labels that are no class of 0 to 2",
        "y に、0 から 2 のクラスでない正解ラベルがあります",
    ),
    "images": (
        small,
        {"x": X[:, :3]},
        "x has images of shape (3,), not (4,)",
        "x の画像の形状が (4,) でなく (3,) です",
    ),
    "as many": (small, {"y": Y[:7]}, "y has 7 entries", "y の要素は 7 個です"),
    "eager": (
        lambda: small(run_eagerly=True),
        {},
        "the compiled model has run_eagerly, which isn't lowered",
        "コンパイル済みのモデルの run_eagerly はエンジンの対応外です",
    ),
    "own step": (
        with_own_step,
        {},
        "the model has a train_step of its own",
        "モデルには独自の train_step があります",
    ),
    "own function of the rate": (
        lambda: small(optimizer=keras.optimizers.SGD(rate)),
        {},
        "optimizer SGD asks a function for its learning rate",
        "オプティマイザ SGD は学習率を関数から得ます",
    ),
    "frozen since": (
        frozen_since,
        {},
        "optimizer SGD was built for other weights",
        "オプティマイザ SGD は別の重みのために作られています",
    ),
    "frozen whole": (
        frozen_whole,
        {},
        "the model has no trainable weights",
        "モデルには学習可能な重みがありません",
    ),
    "layer": (
        lambda: small(first=[layers.LayerNormalization(name="norm")]),
        {},
        "layer 'norm' (LayerNormalization) isn't lowered",
        "層 'norm'（LayerNormalization）はエンジンの対応外です",
    ),
}


@pytest.mark.parametrize("case", REASONS)
def test_reason(case: str, refused: Callable[..., None]) -> None:
    build, given, en, ja = REASONS[case]
    model = build()
    arguments = {"x": X, "y": Y, "verbose": 0, **given}
    weights, draws = model.get_weights(), np.random.get_state()[1:3]
    with tatamilab.accelerated(strict=True):
        refused(lambda: model.fit(**arguments), en=en, ja=ja, error=Unsupported)
    same(model.get_weights(), weights)
    np.testing.assert_array_equal(draws[0], np.random.get_state()[1])


def test_keras_trains_what_the_engine_cannot() -> None:
    def eager() -> keras.Model:
        return small(run_eagerly=True)

    def act(model: keras.Model) -> Any:
        with tatamilab.accelerated():
            log = model.fit(X, Y, epochs=2, verbose=0)
        return log, tatamilab.status(model)

    def fit(model: keras.Model) -> Any:
        return model.fit(X, Y, epochs=2, verbose=0), None

    ours, plain = run(eager, act, native=False), run(eager, fit, native=False)
    assert ours.returned[0].history == plain.returned[0].history
    same(ours.weights, plain.weights, rtol=0, atol=0)
    with tatamilab.accelerated():
        said = "Keras: the compiled model has run_eagerly, which isn't lowered"
        assert tatamilab.status(ours.model) == said


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda m: m.fit(X, Y[:7]), ValueError),
        (lambda m: m.fit(X, Y, foo=1), TypeError),
        (lambda m: m.evaluate(X, Y, foo=1), ValueError),
        (lambda m: m.fit(X[:, :3], Y), ValueError),
        (lambda m: m.fit(X, Y, validation_split=1.0), ValueError),
        (lambda m: m.fit(X, Y, sample_weight=np.ones(10), class_weight={0: 1}), ValueError),
        (lambda m: keras.Sequential([keras.Input((4,)), layers.Dense(3)]).fit(X, Y), ValueError),
    ],
)
def test_wrong_calls_raise_what_keras_raises(call: Callable[[keras.Model], Any], error: type) -> None:
    said = []
    for turn_on in (False, True):
        keras.utils.clear_session(free_memory=False)
        model = small()
        if turn_on:
            tatamilab.accelerate()
        with pytest.raises(error) as caught:
            call(model)
        said.append((type(caught.value), str(caught.value)))
        assert not model.optimizer.built or int(model.optimizer.iterations.value) == 0
    assert said[0] == said[1]


def test_a_failing_engine_leaves_it_to_keras(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any, **_options: Any) -> None:
        raise RuntimeError("no such CPU")

    monkeypatch.setattr(programs, "Program", broken)
    model = small()
    with tatamilab.accelerated():
        assert model.predict(X, verbose=0).shape == (10, 3)
        said = "Keras: the engine can't compile it (RuntimeError: no such CPU)"
        assert tatamilab.status(model) == said


def test_the_variable_that_turns_all_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TATAMI_DISABLE", "1")
    model = small()
    with tatamilab.accelerated():
        model.predict(X, verbose=0)
        assert tatamilab.status(model) == "Keras: The native engine is turned off by TATAMI_DISABLE=1."


def test_status() -> None:
    model = small()
    off = "Keras: acceleration is off; tatamilab.accelerate() turns it on"
    assert tatamilab.status(model) == off
    tatamilab.accelerate()
    assert tatamilab.status(model) == "native"
    lstm = keras.Sequential([keras.Input((4, 2)), layers.LSTM(3, name="lstm")])
    assert tatamilab.status(lstm) == "Keras: layer 'lstm' (LSTM) isn't lowered"
    with i18n.using("ja"):
        assert tatamilab.status(lstm) == "Keras：層 'lstm'（LSTM）はエンジンの対応外です"
        assert tatamilab.status(model) == "ネイティブ"
