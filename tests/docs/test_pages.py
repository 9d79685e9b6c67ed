"""The pages as they are written: the same in both languages, every block, link, number and figure accounted for."""

import ast
import json
import re
from pathlib import Path

import blocks
import pytest
import refresh
from markdown_it import MarkdownIt
from mdit_py_plugins.deflist import deflist_plugin
from shown import FACTS, FIGURES, LANGUAGES, pages

ENGLISH, JAPANESE = pages("en"), pages("ja")
ENGLISH_ONLY = re.compile(r"decisions/|idioms$|reliability$")
"""Pages for those who work on the project; the Japanese index says that they are in English."""
EVERY = [
    pytest.param(page, id=f"{language}/{name}")
    for language in LANGUAGES
    for name, page in pages(language).items()
]
BOTH = sorted(set(ENGLISH) & set(JAPANESE))
GUIDES = [name for name in BOTH if name == "tutorial" or name.startswith(("howto/", "explain/"))]


def test_both_languages_have_the_same_pages() -> None:
    assert set(JAPANESE) == {name for name in ENGLISH if not ENGLISH_ONLY.match(name)}


@pytest.mark.parametrize("name", BOTH)
def test_a_page_has_the_same_sections_in_both_languages(name: str) -> None:
    assert _levels(ENGLISH[name]) == _levels(JAPANESE[name])


@pytest.mark.parametrize("name", BOTH)
def test_a_page_runs_the_same_code_in_both_languages(name: str) -> None:
    english, japanese = blocks.blocks(ENGLISH[name]), blocks.blocks(JAPANESE[name])
    assert [(one.language, one.words) for one in english] == [(one.language, one.words) for one in japanese]
    for ours, theirs in zip(english, japanese, strict=True):
        if ours.language == "python" and "illustration" not in ours.words:
            assert _shape(ours.code) == _shape(theirs.code), f"{ours.page}:{ours.line}"
        elif ours.language == "sh":
            assert _commands(ours.code) == _commands(theirs.code), f"{ours.page}:{ours.line}"


@pytest.mark.parametrize("name", BOTH)
def test_a_page_shows_the_same_numbers_and_figures_in_both_languages(name: str) -> None:
    assert _marks(ENGLISH[name]) == _marks(JAPANESE[name])


@pytest.mark.parametrize("page", EVERY)
def test_every_block_says_what_becomes_of_it(page: Path) -> None:
    assert [one.complaint for one in blocks.blocks(page) if one.complaint] == []


@pytest.mark.parametrize("page", EVERY)
def test_every_link_leads_to_a_file(page: Path) -> None:
    """What a reader of the sources follows; the places within a page are checked on the site."""
    tokens = MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8"))
    inline = [child for token in tokens for child in token.children or ()]
    addresses = [
        str(one.attrs.get("href") or one.attrs.get("src"))
        for one in inline
        if one.type in ("link_open", "image")
    ]
    local = [
        address.partition("#")[0]
        for address in addresses
        if "://" not in address and not address.startswith("#")
    ]
    assert [address for address in local if not (page.parent / address).exists()] == []


@pytest.mark.parametrize("name", GUIDES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_no_measured_number_is_typed_by_hand(language: str, name: str) -> None:
    text = refresh.MARK.sub("", pages(language)[name].read_text(encoding="utf-8"))
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.DOTALL)
    typed = re.findall(
        r"(?<!95)(?<!\d)\d+\.\d+ ?%|(?<![\d.])(?!95 ?%|10 ?%|100 ?%)\d+ ?%|\d+\.\d+ ?(?:s\b|seconds|秒)",
        prose,
    )
    assert typed == []


@pytest.mark.parametrize("page", EVERY)
def test_no_line_begins_with_a_number(page: Path) -> None:
    """Such a line would be taken for HTML, and its Markdown for text."""
    assert re.findall(r"^\s*<!--=.*", page.read_text(encoding="utf-8"), re.MULTILINE) == []


@pytest.mark.parametrize("page", JAPANESE.values(), ids=JAPANESE)
def test_a_japanese_paragraph_is_one_line(page: Path) -> None:
    """A break within it would be shown as a space, which Japanese has none of."""
    tokens = (
        MarkdownIt("commonmark").enable("table").use(deflist_plugin).parse(page.read_text(encoding="utf-8"))
    )
    broken = [one.map for one in tokens if any(child.type == "softbreak" for child in one.children or ())]
    assert broken == []


def test_pages_and_figures_show_what_was_measured() -> None:
    facts = json.loads(FACTS.read_text(encoding="utf-8"))
    for language in LANGUAGES:
        for name, page in pages(language).items():
            text = page.read_text(encoding="utf-8")
            assert refresh.filled(text, page, language, facts) == text, (
                f"{language}/{name}: run tools/docs/refresh.py"
            )
    drawn = {
        f"{name}.{lang}.png" for part in facts.values() for name in part["figures"] for lang in LANGUAGES
    }
    assert {path.name for path in FIGURES.iterdir()} == drawn


def test_a_block_that_is_not_accounted_for_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```python\n1\n```\n\n```\nx\n```\n\n```toml\na = 1\n```\n\n    indented\n", encoding="utf-8"
    )
    assert [one.line for one in blocks.blocks(page) if one.complaint] == [6, 10, 13]


@pytest.mark.parametrize(
    ("said", "printed", "agree"),
    [
        ("a 0.9731", "a 0.9744", True),
        ("a 0.9731", "a 0.5", False),
        ("60 images", "61 images", False),
        ("first\n…\nlast", "first\nx\ny\nlast", True),
        ("first\n…\nlast", "first\nx", False),
        ("words", "other words", False),
    ],
)
def test_output_is_compared(said: str, printed: str, agree: bool) -> None:
    assert blocks.alike(said, printed) == agree


def _levels(page: Path) -> list[str]:
    return [
        token.tag
        for token in MarkdownIt().parse(page.read_text(encoding="utf-8"))
        if token.type == "heading_open"
    ]


def _shape(code: str) -> str:
    """Code without its comments and the words of its strings."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not node.value.isascii():
            node.value = "…"
    return ast.dump(_without_docstrings(tree))


def _without_docstrings(tree: ast.AST) -> ast.AST:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node) is not None:
            node.body = node.body[1:]
    return tree


def _commands(code: str) -> list[str]:
    return [line.partition("#")[0].strip() for line in code.splitlines() if line.partition("#")[0].strip()]


def _marks(page: Path) -> list[str]:
    found = refresh.MARK.finditer(page.read_text(encoding="utf-8"))
    return sorted(str(match["fact"] or match["figure"]) for match in found)
