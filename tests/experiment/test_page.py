"""The page: self-contained, without script, in the run's language, readable by everyone."""

from html.parser import HTMLParser

import pytest
from shared_run import Finished

VOID = {"meta", "img"}


class _Page(HTMLParser):
    """What the tests ask of a page; fails where tags do not match."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.text += data

    def all(self, name: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag == name]


@pytest.fixture(scope="module")
def page(finished: Finished) -> _Page:
    return _Page((finished.folder / "index.html").read_text(encoding="utf-8"))


def test_language_and_title(page: _Page) -> None:
    assert page.all("html") == [{"lang": "ja"}]
    assert "worksheet_cnn による mnist の学習" in page.text


def test_nothing_is_loaded_from_anywhere(page: _Page) -> None:
    assert page.all("script") == []
    assert page.all("link") == []
    assert all(image["src"].startswith("data:image/svg+xml;base64,") for image in page.all("img"))


def test_every_picture_is_said_in_words(page: _Page, finished: Finished) -> None:
    assert [image["alt"] for image in page.all("img")] == [f.description for f in _in_page_order(finished)]
    assert all(len(image["alt"]) > 20 for image in page.all("img"))


def _in_page_order(finished: Finished) -> list:
    order = ["network", "filters-before", "learning-curves", "filters", "confusion-matrix", "mistakes"]
    return sorted(finished.notes.figures, key=lambda figure: order.index(figure.name))


def test_links_lead_to_files_that_are_there(page: _Page, finished: Finished) -> None:
    links = [link["href"] for link in page.all("a")]
    assert len(links) == 17
    assert all((finished.folder / link).is_file() for link in links)


def test_numbers_stand_side_by_side(page: _Page, finished: Finished) -> None:
    for score in (finished.record.untrained, finished.record.trained):
        assert f"{score.accuracy:.2%}" in page.text
        assert f"{score.loss:.4f}" in page.text
        assert f"{100 * score.low:.2f}–{100 * score.high:.2f}%" in page.text
    assert "テスト画像の選び方によるばらつきだけを表します" in page.text


def test_the_run_is_described(page: _Page, finished: Finished) -> None:
    for words in ("28×28×1", "540", "93,222", "12×12×32", finished.record.command, "1エポックのステップ数"):
        assert words in page.text


def test_what_is_wider_than_a_phone_scrolls_and_says_so(page: _Page) -> None:
    regions = [one for one in page.all("div") if one.get("role") == "region"]
    labels = [one["aria-label"] for one in regions]
    assert {one["tabindex"] for one in regions} == {"0"}
    assert len(regions) == len(page.all("img")) + len(page.all("table"))
    assert len(set(labels)) == len(labels)
    assert page.text.count("← 横にスクロールできます →") == len(page.all("img"))


def test_light_dark_and_print_are_styled(finished: Finished) -> None:
    text = (finished.folder / "index.html").read_text(encoding="utf-8")
    assert "prefers-color-scheme: dark" in text
    assert "@media print" in text
