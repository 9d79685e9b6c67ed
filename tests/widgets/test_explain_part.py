"""The instruments on the network of the moment: every question is answered, or refused in a sentence."""

from base64 import b64decode
from collections.abc import Callable
from threading import active_count
from typing import Any

import pytest

from tatamilab import i18n
from tatamilab.data import load
from tatamilab.models import worksheet_cnn
from tatamilab.session import Blueprint, LiveRun, Sample
from tatamilab.widgets import Explain
from tatamilab.widgets.explain import DRAWING


@pytest.fixture(scope="module")
def run() -> Any:
    """A live run, an epoch old, on a data set of its own."""
    data = load("mnist", data_size=600)
    made = LiveRun(lambda: worksheet_cnn(filters=4), Sample.of(data), epochs=2)
    made.step("epoch")
    made.wait()
    yield made
    made.close()


def answered(part: Explain, question: str) -> dict[str, Any]:
    part.asked = {"sequence": 1, "question": question}
    part.wait(600)
    return dict(part.explained)


def test_the_filters_before_and_now(run: LiveRun) -> None:
    shown = answered(Explain(run), "filters")
    assert (shown["state"], shown["moment"]) == ("drawn", "with the weights after 5 steps")
    assert b64decode(shown["svg"]).lstrip().startswith(b"<?xml")
    assert "4 filters" in shown["description"]


@pytest.mark.slow
@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_every_question_has_an_answer(run: LiveRun, lang: str) -> None:
    with i18n.using(lang):
        part = Explain(run)
    for question, _title in part.texts["questions"]:
        shown = answered(part, question)
        assert shown["state"] == "drawn", shown
        assert len(shown["description"]) > 20
        assert part.in_words() == shown["description"]


def test_what_is_no_question_is_not_asked(run: LiveRun) -> None:
    part = Explain(run)
    part.asked = {"sequence": 1, "question": "<script>"}
    part.asked = {"sequence": 2}
    assert part.explained == {"state": "ready"}


def test_the_newest_wish_wins(run: LiveRun) -> None:
    part, seen, n_threads = Explain(run), [], active_count()
    part.observe(lambda change: seen.append((change["new"]["state"], change["new"]["question"])), "explained")
    with DRAWING:  # by another part
        for sequence, question in enumerate(("scores", "where", "maps")):
            part.asked = {"sequence": sequence, "question": question}
        part.asked = {"sequence": 3, "question": "<script>"}
        assert active_count() <= n_threads + 1
    part.wait(600)
    assert part.explained["question"] == "maps"
    assert [question for state, question in seen if state == "drawn"] == ["maps"]


def test_a_network_without_convolution_is_told_so(refused: Callable[..., None]) -> None:
    model = Blueprint.parse("d8").build()
    run = LiveRun(Blueprint.parse("d8").build, Sample.of(load("mnist", data_size=600)))
    refused(
        lambda: Explain(run),
        en="The network has no convolution, and so no filters to explain.",
        ja="このネットワークには畳み込みがないので、調べるフィルタもありません。",
    )
    refused(
        lambda: Explain(model),
        en="Filters can be drawn of convolution layers only; the model 'lab' has none.",
        ja="フィルタを描けるのは畳み込み層だけですが、モデル 'lab' には畳み込み層がありません。",
    )


def test_images_of_another_shape_are_told_so(refused: Callable[..., None]) -> None:
    model = worksheet_cnn((32, 32, 3), filters=2)
    refused(
        lambda: Explain(model),
        en="The network reads images of shape (32, 32, 3); the images given have the shape (28, 28, 1).",
        ja="このネットワークの入力は形 (32, 32, 3) の画像ですが、与えられた画像の形は (28, 28, 1) です。",
    )
