"""Links every page to the same page in the other language, and Japanese pages to those in English only.

The headings of the list of pages get the level that the theme leaves out.
"""

import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parents[1]
OTHER = {"en": ("ja", "日本語"), "ja": ("en", "English")}
GENERATED = ("search", "genindex", "py-modindex")
"""Pages without a source, which both sites have."""


def counterpart(page: str, language: str) -> str:
    """The address of a page in the other language, seen from the page; its front page if it has no such page.

    Example:
        >>> counterpart("howto/colab", "en")
        '../../ja/howto/colab.html'
    """
    other, _name = OTHER[language]
    sources = DOCS / "ja" if other == "ja" else DOCS
    known = page in GENERATED or (sources / f"{page}.md").is_file()
    return "../" * (page.count("/") + 1) + f"{other}/{page if known else 'index'}.html"


ENGLISH_ONLY = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+)(decisions/[\w-]+|idioms)\.md\)")
"""A link out of the Japanese pages, to a page that is there in English only."""


def to_english(text: str) -> str:
    """The text of a Japanese page whose links to English pages lead to the English site.

    Example:
        >>> to_english("[理由](../decisions/0002-lanes-are-images.md)")
        '<a href="../en/decisions/0002-lanes-are-images.html" hreflang="en">理由</a>'
    """
    return ENGLISH_ONLY.sub(r'<a href="\2en/\3.html" hreflang="en">\1</a>', text)


def _read(app: Sphinx, page: str, source: list[str]) -> None:
    if app.config.language == "ja":
        source[0] = to_english(source[0])


def _add(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    language = app.config.language
    context["other_language"], context["other_language_name"] = OTHER[language]
    context["other_language_url"] = counterpart(page, language)
    tree = context.get("furo_navigation_tree", "")
    context["furo_navigation_tree"] = tree.replace('role="heading"', 'role="heading" aria-level="2"')


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.connect("source-read", _read)
    app.connect("html-page-context", _add, priority=900)  # after the theme
    return {"parallel_read_safe": True, "parallel_write_safe": True}
