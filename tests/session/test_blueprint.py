"""What a blueprint says beforehand is what Keras builds and the engine counts."""

from collections.abc import Callable

import pytest

from tatamilab.engine import frontend
from tatamilab.engine.graph import multiply_adds
from tatamilab.session import Blueprint, Setup
from tatamilab.session.blueprint import PRESETS

TEXTS = [*PRESETS.values(), "", "c8k3s2z_n_o25_p3_d10-tanh", "c4k3-linear_a2_n_d7-sigmoid", "p2_d5", "o10_n"]


@pytest.mark.parametrize(
    "text", [*TEXTS[-4:], *(pytest.param(text, marks=pytest.mark.slow) for text in TEXTS[:-4])]
)
def test_shapes_and_numbers_are_keras_s(text: str) -> None:
    blueprint = Blueprint.parse(text)
    model = blueprint.build()
    assert [row.shape for row in blueprint.rows()] == [layer.output.shape[1:] for layer in model.layers]
    assert [row.parameters for row in blueprint.rows()] == [layer.count_params() for layer in model.layers]
    assert blueprint.macs == multiply_adds(frontend.lower(model))
    assert blueprint.text() == text
    for row in blueprint.rows():
        if row.parameters:
            assert row.arithmetic.endswith(f"= {row.parameters:,}")


def test_layers_are_named_as_if_it_were_the_only_network() -> None:
    for _time in range(2):
        names = [layer.name for layer in Blueprint.parse(PRESETS["two-conv"]).build().layers]
        assert names[:3] == ["conv2d", "max_pooling2d", "conv2d_1"]


def test_what_does_not_fit_is_said(refused: Callable[..., None]) -> None:
    refused(
        Blueprint.parse("p7_c4k5").checked,
        en="This network cannot be built: layer 2: kernel 5 is larger than its input 4×4.",
        ja="このネットワークは作れません：2 番目の層：カーネル 5 が入力 4×4 より大きい。",
    )
    assert (
        Blueprint.parse("d4_c4k5").rows()[2].problem
        == "a convolution needs maps, and a dense layer makes none"
    )
    assert Blueprint.parse("d4_p2").rows()[2].problem == "a pool needs maps, and a dense layer makes none"
    assert "more than the 5,000,000" in Blueprint.parse("c128k3_d1024").problem


@pytest.mark.parametrize(
    "text", ["x", "c900k3", "c3k3-foo", "d0", "_".join(["n"] * 13), "c" + "9" * 99, "<script>"]
)
def test_a_text_that_is_none(text: str) -> None:
    _setup, wrong = Setup.read({"net": text})
    assert len(wrong) == 1
    assert wrong[0].startswith("net: ")
    assert _setup == Setup()


def test_an_address_holds_the_setup() -> None:
    setup = Setup(Blueprint.parse("c8k3_p2"), images=600, epochs=3, batch_size=32, learning_rate=0.01, seed=9)
    assert setup.query() == "net=c8k3_p2&images=600&epochs=3&batch=32&rate=0.01&seed=9"
    query = dict(part.split("=") for part in setup.query().split("&"))
    assert Setup.read(query) == (setup, [])
    assert Setup().query() == ""


@pytest.mark.parametrize(
    ("key", "value"),
    [("images", "1e3"), ("images", "-1"), ("images", "²"), ("epochs", "0"), ("rate", "nan"), ("rate", "-1"),
     ("batch", "99999"), ("seed", "9" * 40)],
)  # fmt: skip
def test_a_number_that_is_none_is_as_usual(key: str, value: str) -> None:
    setup, wrong = Setup.read({key: value, "lang": "ja"})
    assert setup == Setup()
    assert len(wrong) == 1
