"""What a program is given: refused in one sentence, or copied, before a pointer leaves Python."""

import os
import threading
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from lab_graph import TRAINING, dense_graph

from tatamilab import i18n
from tatamilab.engine import threads
from tatamilab.engine.program import Program
from tatamilab.engine.target import choose
from tatamilab.errors import BadInput

X = np.random.default_rng(0).random((50, 8), np.float32)
Y = np.arange(50) % 3


@pytest.fixture(scope="module")
def program() -> Program:
    return fresh()


def fresh(**how: Any) -> Program:
    given: dict[str, Any] = {"training": TRAINING, "batch_size": 32, "n_threads": 2, **how}
    return Program(dense_graph(), **given)


def changed(array: np.ndarray, value: object) -> np.ndarray:
    out = array.copy()
    out[7] = value
    return out


REFUSED: list[tuple[Callable[[Any], object], str, str]] = [
    (
        lambda p: p.train(X, Y, [3, 50]),
        "Entry 1 of the order is 50, but there are 50 images, counted from 0.",
        "順序の 1 番目の値は 50 ですが、画像は 50 枚です（番号は 0 から数えます）。",
    ),
    (
        lambda p: p.train(X, Y, np.array([2**63], np.uint64)),
        "Entry 0 of the order is 9223372036854775808, but there are 50 images, counted from 0.",
        "順序の 0 番目の値は 9223372036854775808 ですが、画像は 50 枚です（番号は 0 から数えます）。",
    ),
    (
        lambda p: p.train(X, Y, [-1]),
        "Entry 0 of the order is -1, but there are 50 images, counted from 0.",
        "順序の 0 番目の値は -1 ですが、画像は 50 枚です（番号は 0 から数えます）。",
    ),
    (
        lambda p: p.train(X, Y, [1.7]),
        "The order must be a list of row numbers, got shape (1,) and dtype float64.",
        "順序は行番号の 1 次元配列でなければなりません。渡された配列の形は (1,)、型は float64 です。",
    ),
    (
        lambda p: p.train(X, Y, learning_rate=[0.1] * 3),
        "The learning rate must be one number, or one for each of 2 steps, got shape (3,) and dtype float64.",
        "学習率は 1 つの数か、2 ステップそれぞれの値でなければなりません。"
        "渡された配列の形は (3,)、型は float64 です。",
    ),
    (
        lambda p: p.train(X, changed(Y, 2**32)),
        "Label 7 is 4294967296, but the network has 3 classes, 0 to 2.",
        "7 番目の正解ラベルは 4294967296 ですが、ネットワークのクラスは 3 個（0 から 2）です。",
    ),
    (
        lambda p: p.evaluate(X, changed(Y.astype(float), np.nan)),
        "Label 7 is nan, but the network has 3 classes, 0 to 2.",
        "7 番目の正解ラベルは nan ですが、ネットワークのクラスは 3 個（0 から 2）です。",
    ),
    (
        lambda p: p.train(X, Y.astype(complex)),
        "The labels must be numbers, got dtype complex128.",
        "正解ラベルは数でなければなりません。渡された配列の型は complex128 です。",
    ),
    (
        lambda p: p.train(X, 3),
        "There are 50 images but 1 labels.",
        "画像は 50 枚ですが、正解ラベルは 1 個です。",
    ),
    (
        lambda p: p.train(X, Y, sample_weight=np.ones(50, complex)),
        "The weights must be numbers, got dtype complex128.",
        "重みは数でなければなりません。渡された配列の型は complex128 です。",
    ),
    (
        lambda p: p.predict([[1.0], [1.0, 2.0]]),
        "x must be an array, but its rows differ in length.",
        "x は配列でなければなりませんが、行の長さがそろっていません。",
    ),
    (
        lambda p: p.set_weights({"bias": np.zeros(4)}),
        "bias must be numbers of shape (3,), got shape (4,) and dtype float64.",
        "bias は形が (3,) の数の配列でなければなりません。渡された配列の形は (4,)、型は float64 です。",
    ),
    (
        lambda _: fresh(input_dtype="u8").predict(X),
        "The images must be bytes (uint8), got dtype float32.",
        "画像の型は uint8 でなければなりません。渡された配列の型は float32 です。",
    ),
    (
        lambda _: fresh(batch_size=0),
        "batch_size must be a whole number from 1 to 1048576, got 0.",
        "batch_size は 1 から 1048576 までの整数でなければなりません。指定された値は 0 です。",
    ),
    (
        lambda _: fresh(n_threads=-1),
        "n_threads must be a whole number from 1 to 1024, got -1.",
        "n_threads は 1 から 1024 までの整数でなければなりません。指定された値は -1 です。",
    ),
]


@pytest.mark.parametrize(("call", "english", "japanese"), REFUSED, ids=[english for _, english, _ in REFUSED])
def test_refused_in_one_sentence(
    program: Program, call: Callable[[Any], object], english: str, japanese: str
) -> None:
    before = program.get_weights()
    for language, expected in (("en", english), ("ja", japanese)):
        with i18n.using(language), pytest.raises(BadInput) as refusal:
            call(program)
        assert str(refusal.value) == expected
    for name, value in program.get_weights().items():
        np.testing.assert_array_equal(value, before[name])


@pytest.mark.parametrize("given", ["abc", "0", "-1", "", "1025", "9" * 5000])
def test_number_of_threads_from_the_environment(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("TATAMI_THREADS", given)
    with i18n.using("en"), pytest.raises(BadInput) as refusal:
        threads.default()
    assert str(refusal.value) == f"TATAMI_THREADS must be a whole number from 1 to 1024, got {given!r}."


def test_a_target_that_cannot_run() -> None:
    with (
        i18n.using("en"),
        pytest.raises(BadInput, match=r"^The target 'foo' cannot run here; this CPU can run "),
    ):
        choose("foo")
    with i18n.using("ja"), pytest.raises(BadInput, match=r"^ターゲット 'foo' はこの CPU では使えません。"):
        choose("foo")


@pytest.mark.parametrize(
    "same",
    [
        np.asfortranarray(X),
        np.repeat(X, 2, axis=1)[:, ::2],
        X[::-1][::-1],
        X.astype(">f4"),
        X.astype(np.float64),
        X.tolist(),
    ],
    ids=["Fortran order", "strided", "reversed", "big-endian", "float64", "list"],
)
def test_copied_where_that_is_safe(program: Program, same: Any) -> None:
    np.testing.assert_array_equal(program.predict(same), program.predict(X))


@pytest.mark.parametrize("n", [0, 1, 15, 16, 17, 50])
def test_any_number_of_images(program: Program, n: int) -> None:
    np.testing.assert_array_equal(program.predict(X[:n]), program.predict(X)[:n])


def test_threads_take_turns() -> None:
    program = fresh()
    found: list[np.ndarray] = []
    work = [
        threading.Thread(target=lambda: found.extend(program.predict(X) for _ in range(50))) for _ in range(4)
    ]
    for thread in work:
        thread.start()
    for thread in work:
        thread.join(timeout=60)
    assert len(found) == 200
    for each in found:
        np.testing.assert_array_equal(each, found[0])


def test_a_watch_cannot_use_the_program_it_watches() -> None:
    program = fresh(batch_size=1)
    x, y = np.tile(X, (2000, 1)), np.tile(Y, 2000)
    with i18n.using("en"), pytest.raises(BadInput) as refusal:
        program.train(x, y, watch=lambda _: program.predict(X))
    assert str(refusal.value) == "A program that is training cannot be used from its own watch function."
    assert program.predict(X).shape == (50, 3)
    assert 0 < program.iterations < len(x)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:.*fork:RuntimeWarning", "ignore:.*fork:DeprecationWarning")
def test_a_forked_process_trains_on_with_a_team_of_its_own() -> None:
    program, other = fresh(), fresh()
    x, y = np.tile(X, (100, 1)), np.tile(Y, 100)
    other.set_weights(program.get_weights())
    for one in (program, other):
        one.train(x, y)
    other.train(x, y)
    child = os.fork()
    if child == 0:
        program.train(x, y)
        same = [np.array_equal(v, other.get_weights()[name]) for name, v in program.get_weights().items()]
        os._exit(0 if all(same) and program.iterations == other.iterations else 1)
    assert os.waitpid(child, 0)[1] == 0
