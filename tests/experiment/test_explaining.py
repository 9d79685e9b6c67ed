"""The page that explains a run: self-contained, in both languages, its sentences from its numbers."""

import errno
import os
import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from shared_run import Finished

from tatamilab import i18n
from tatamilab.errors import BadInput, OutputError
from tatamilab.experiment import (
    RunOptions,
    Watcher,
    conclusions,
    explained_behaviour,
    explaining,
    memorising,
)
from tatamilab.experiment import run as run_
from tatamilab.experiment.explained_behaviour import all_behaviour_makers, draw
from tatamilab.experiment.explained_pictures import Picture
from tatamilab.experiment.explained_run import read_explained
from tatamilab.experiment.explaining import explain
from tatamilab.experiment.record import read
from tatamilab.instruments.model_facts import conv_layer, kernel_of
from tatamilab.models.keras_file import read_keras_file


class _Text(HTMLParser):
    def __init__(self, page: str) -> None:
        super().__init__()
        self.text, self.images, self.outside = "", [], []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "img":
            self.images.append(dict(attrs))
        self.outside += [value for name, value in attrs if name in ("src", "href") and "//" in (value or "")]
        assert tag != "script"

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture(scope="module")
def folder(finished: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the run, alone in its folder."""
    return Path(shutil.copytree(finished.folder, tmp_path_factory.mktemp("explained") / "run"))


@pytest.fixture(scope="module")
def page_in(folder: Path) -> Callable[[str], str]:
    """The page in a language, which is made when it is first asked for."""

    @cache
    def made(lang: str) -> str:
        with i18n.using(lang):
            return explain(folder).read_text(encoding="utf-8")

    return made


@pytest.mark.parametrize("lang", ["ja", pytest.param("en", marks=pytest.mark.slow)])
def test_without_controls_nothing_is_claimed_to_be_shown(page_in: Callable[[str], str], lang: str) -> None:
    page = _Text(page_in(lang))
    assert len(page.images) == 10
    assert "nan" not in page.text.lower().split()
    assert all(image["src"].startswith("data:image/svg+xml;base64,") for image in page.images)
    assert all(len(image["alt"]) > 20 for image in page.images)
    assert page.outside == []
    words = {
        "en": ("describes this run", "tatami controls"),
        "ja": ("この学習についての記述", "tatami controls"),
    }
    for word in words[lang]:
        assert word in page.text
    japanese = re.search(r"[ぁ-んァ-ヶ一-龠]", page.text)
    assert bool(japanese) is (lang == "ja")


def test_the_sentence_on_norms_holds_the_run_s_norms(folder: Path, page_in: Callable[[str], str]) -> None:
    norms = [
        np.sqrt(
            (kernel_of(conv_layer(read_keras_file(folder / name), 0)).astype(float) ** 2).sum((0, 1, 2))
        ).mean()
        for name in ("initial.keras", "model.keras")
    ]
    text = _Text(page_in("ja")).text
    assert f"{norms[0]:.2f}" in text
    assert f"{norms[1]:.2f}" in text


def test_of_filters_that_did_not_change_no_place_of_the_change_is_named(folder: Path) -> None:
    run = read_explained(folder)
    with i18n.using("en"):
        _contrast, where = conclusions.of_run(run.before, run.before, run.patches)
    assert where.sentence == (
        "The filters are exactly as they were before training, so there is no change to place."
    )


def test_the_run_s_own_files_are_left_alone(
    folder: Path, finished: Finished, page_in: Callable[[str], str]
) -> None:
    assert page_in("ja")
    for path in finished.folder.rglob("*"):
        if path.is_file():
            assert (folder / path.relative_to(finished.folder)).read_bytes() == path.read_bytes()
    assert read(folder).status == "finished"


def test_every_word_that_is_linked_is_explained(page_in: Callable[[str], str]) -> None:
    linked, explained = (
        set(re.findall(rf'{how}="#?term-([a-z0-9-]+)"', page_in("ja"))) for how in ("href", "id")
    )
    assert linked <= explained
    assert {"noise", "integrated", "by-heart", "components"} <= linked


def test_the_network_that_knows_shuffled_labels_is_trained_once(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = read_explained(folder)
    first = memorising.memorised(run)
    assert first.share >= memorising.ENOUGH
    assert first.n_images == 540
    shapes = [weight.shape for weight in first.weights]
    assert shapes == [weight.shape for weight in run.model.get_weights()]
    with monkeypatch.context() as patch:
        patch.setattr(memorising, "_train", lambda run: pytest.fail("trained again"))
        kept = memorising.memorised(run)
    assert all(np.array_equal(a, b) for a, b in zip(first.weights, kept.weights, strict=True))
    for content in (b"PK damaged", b""):
        (folder / "explained" / memorising.FILE).write_bytes(content)
        again = memorising.memorised(run)
        assert all(np.array_equal(a, b) for a, b in zip(first.weights, again.weights, strict=True))


def test_what_a_model_does_not_allow_is_left_out_with_the_reason(folder: Path) -> None:
    run = read_explained(folder)
    with i18n.using("en"):
        shown = draw(all_behaviour_makers(replace(run, folder=folder / "elsewhere")))
    assert sorted(shown.pictures) == ["likes", "plane"]
    path = folder / "elsewhere" / "predictions.npz"
    reason = f"{path} is damaged or missing; run the experiment again."
    assert shown.left_out == dict.fromkeys(("accuracy", "mistakes", "attribution"), reason)


def test_each_figure_is_told_of(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = {name: Picture(f"the {name}", "", b"") for name in ("filters", "plane")}
    left_out = {"likes": lambda: (_ for _ in ()).throw(BadInput("no image"))}
    monkeypatch.setattr(explaining, "filter_makers", lambda *_args: {"filters": lambda: made["filters"]})
    monkeypatch.setattr(
        explaining, "all_behaviour_makers", lambda *_args: {**left_out, "plane": lambda: made["plane"]}
    )
    told: list[str] = []
    moved: list[tuple[str, int, int]] = []
    with i18n.using("en"):
        explain(folder, told=told.append, far=lambda *far: moved.append(far))
    assert told[1:-1] == [
        "Figure drawn: the filters",
        "Figure drawn: the plane",
        "This part is left out: no image",
    ]
    assert moved == [("Figures", n, 3) for n in (1, 2, 3)]


def test_what_is_left_out_is_said_once(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Path(shutil.copytree(folder, tmp_path / "run"))
    path = run / "predictions.npz"
    path.write_bytes(path.read_bytes()[:3000])
    monkeypatch.setattr(explaining, "filter_makers", lambda *_args: {})
    makers = explained_behaviour.behaviour_makers
    monkeypatch.setattr(
        explained_behaviour, "behaviour_makers", lambda run: {"mistakes": makers(run)["mistakes"]}
    )
    for lang, sentence in (
        ("en", f"This part is left out: {path} is damaged or missing; run the experiment again."),
        ("ja", f"この部分は省略しました。{path} が壊れているか、ありません。もう一度実験してください。"),
    ):
        told: list[str] = []
        with i18n.using(lang):
            explain(run, told=told.append)
        assert told[1:-1] == [sentence]


def test_refuses_a_model_without_convolution(
    few_images: str, tmp_path: Path, refused: Callable[..., None]
) -> None:
    run_(RunOptions(data=few_images, model="bpnn", epochs=1, out=tmp_path / "flat"), Watcher())
    refused(
        lambda: explain(tmp_path / "flat"),
        en="Filters can be drawn of convolution layers only; the model 'bpnn' has none.",
        ja="フィルタを描けるのは畳み込み層だけですが、モデル 'bpnn' には畳み込み層がありません。",
    )


def test_refuses_a_folder_without_a_run(tmp_path: Path, refused: Callable[..., None]) -> None:
    refused(
        lambda: explain(tmp_path),
        en=f"{tmp_path} is not the folder of a run: it holds no readable run.json.",
        ja=f"{tmp_path} は実験結果のフォルダではありません。読み取れる run.json がありません。",
    )


def test_refuses_a_page_that_cannot_be_written_before_anything_is_drawn(
    folder: Path, tmp_path: Path, refused: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explaining, "filter_makers", lambda *_: pytest.fail("drawn"))
    run = Path(shutil.copytree(folder, tmp_path / "run", ignore=shutil.ignore_patterns("explain.html")))
    page, reason = run / "explain.html", os.strerror(errno.EISDIR)
    page.mkdir()
    refused(
        lambda: explain(run),
        en=f"{page} could not be written: {reason}.",
        ja=f"{page} に書き込めませんでした: {reason}。",
        error=OutputError,
    )


def test_refuses_a_layer_that_is_not_there(folder: Path, refused: Callable[..., None]) -> None:
    model = read_keras_file(folder / "model.keras")
    name, layer = model.name, conv_layer(model, 0).name
    refused(
        lambda: explain(folder, layer=3),
        en=f"The model {name!r} has no convolution layer 3; choose one of 0 ({layer!r}).",
        ja=f"モデル {name!r} に畳み込み層 3 はないため、次から選んでください：0 ({layer!r})。",
    )


def test_refuses_filters_that_are_not_finite(
    folder: Path, tmp_path: Path, refused: Callable[..., None]
) -> None:
    run = Path(shutil.copytree(folder, tmp_path / "nan"))
    model = read_keras_file(run / "model.keras")
    layer = conv_layer(model, 0)
    layer.kernel.assign(np.full(layer.kernel.shape, np.nan))
    model.save(run / "model.keras")
    refused(
        lambda: explain(run),
        en=f"The filters of {layer.name!r} hold NaN or infinite weights, so there is nothing to explain; train again "
        "with a smaller learning rate.",
        ja=f"{layer.name!r} のフィルタに NaN または無限大の重みがあり、説明できることがありません。"
        "学習率を小さくして学習し直してください。",
    )
