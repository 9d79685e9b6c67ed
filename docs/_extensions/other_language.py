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


LINK = re.compile(r"\[([^\]]+)\]\(((?:\.\./)+[\w./-]+)\.md\)")
"""A link to a page in another folder."""


def leaving(text: str, page: Path, site: Path) -> str:
    """The text of a page whose links out of its site lead on, from Japanese pages to English ones.

    What is on neither site, such as a file of the repository, is only named.

    Args:
        text: Markdown.
        page: its file.
        site: the folder of the site's pages.

    Example:
        >>> leaving("[理由](../idioms.md)", DOCS / "ja" / "engine.md", DOCS / "ja")
        '<a href="../en/idioms.html" hreflang="en">理由</a>'
        >>> leaving("[how](../CONTRIBUTING.md)", DOCS / "lab.md", DOCS)
        'how'
    """

    def lead_on(match: re.Match[str]) -> str:
        words, address = match[1], match[2]
        target = (page.parent / address).resolve()
        if target.is_relative_to(site):
            return match[0]
        if not target.is_relative_to(DOCS):
            return words
        up = "../" * (len(page.relative_to(site).parts))
        return f'<a href="{up}en/{target.relative_to(DOCS).as_posix()}.html" hreflang="en">{words}</a>'

    return LINK.sub(lead_on, text)


def _read(app: Sphinx, page: str, source: list[str]) -> None:
    source[0] = leaving(source[0], Path(app.env.doc2path(page)), Path(app.srcdir))


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
