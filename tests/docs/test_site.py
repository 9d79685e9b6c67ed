"""The site, built: complete, found by its search, and open to everybody."""

from pathlib import Path
from typing import Any

import build
import links
import pytest
from shown import LANGUAGES, pages

from browser import check_pages


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    assert build.build(out) == []
    return out


@pytest.mark.slow
def test_every_page_is_built(site: Path) -> None:
    for language in LANGUAGES:
        assert [name for name in pages(language) if not (site / language / f"{name}.html").is_file()] == []


@pytest.mark.slow
@pytest.mark.parametrize(
    ("language", "asked", "found"),
    [
        ("ja", "畳み込み層", "tutorial.html"),
        ("ja", "信頼区間", "explain/intervals.html"),
        ("ja", "積和", "explain/engine-speed.html"),
        ("ja", "wilson_interval", "explain/intervals.html"),
        ("en", "backpropagation", "explain/backpropagation.html"),
    ],
)
def test_search_finds_without_a_server(
    site: Path, chromium: Any, language: str, asked: str, found: str
) -> None:
    page = chromium.new_page()
    page.goto((site / language / "search.html").as_uri() + f"?q={asked}")
    page.locator("#search-results h2:not(:has(span))").wait_for()  # its dots go when all pages are listed
    addresses = page.locator("#search-results li a").evaluate_all(
        "all => all.map(one => one.getAttribute('href'))"
    )
    assert any(found in address for address in addresses), addresses
    page.close()


@pytest.mark.slow
def test_search_finds_nothing_where_nothing_is(site: Path, chromium: Any) -> None:
    page = chromium.new_page()
    page.goto((site / "ja" / "search.html").as_uri() + "?q=縄文土器")
    page.locator("#search-results p.search-summary").wait_for()
    assert page.locator("#search-results li").count() == 0
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_wrong_with_any_page(site: Path, chromium: Any, language: str) -> None:
    check_pages(chromium, [site / "index.html", *sorted((site / language).rglob("*.html"))])


@pytest.mark.slow
@pytest.mark.parametrize("width", [390, 768, 1024, 1100, 1300, 1440])
def test_no_page_is_wider_than_the_window(site: Path, chromium: Any, width: int) -> None:
    page = chromium.new_page(viewport={"width": width, "height": 900})
    for name in ("lab", "reliability", "howto/add-a-layer"):
        page.goto((site / "en" / f"{name}.html").as_uri())
        assert page.evaluate("document.documentElement.scrollWidth") == width, name
    page.close()


def test_a_broken_link_is_found(tmp_path: Path) -> None:
    (tmp_path / "page.html").write_text(
        '<p id="here"><a href="#here"><a href="#there"><a href="gone.html"><script src="//elsewhere.example/x.js">',
        encoding="utf-8",
    )
    assert links.complaints(tmp_path) == [
        "page.html loads //elsewhere.example/x.js from outside",
        "page.html links to #there, which isn't there",
        "page.html links to gone.html, which isn't there",
    ]
