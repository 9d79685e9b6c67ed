"""A worksheet's source: jupytext percent cells, both languages side by side.

A text stands twice, once for each language, under one key:

    # %% [markdown] key="fit" lang="ja"
    # %% [markdown] key="fit" lang="en"

Code stands once. What is said in it stands twice, line by line, and each language gets its own:

    # ja: 学習する                 a comment of one language
    print("正解率", accuracy)  # ja      a line of one language
"""

import difflib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tatamilab.errors import BadInput, MissingExtra
from tatamilab.i18n import LANGUAGES, _

WORKSHEETS = ("b1-2", "b2-1", "b2-2")
"""What `tatami worksheet` knows, in the order in which they are taught."""

COMMENT = re.compile(r"^(\s*# )(ja|en): (.*)$")
LINE = re.compile(r"^(.*?)  # (ja|en)$")
MARKS = ("answer", "free")


@dataclass(frozen=True)
class Cell:
    """A cell of a worksheet, in one language.

    Attributes:
        key: its name, the same in both languages.
        kind: "markdown" or "code".
        text: what stands in it.
        marks: `answer` (the task that is answered here), `free` (an experiment of the student's own).
    """

    key: str
    kind: str
    text: str
    marks: dict[str, str]


def worksheet_source(name: str) -> str:
    """The text of a worksheet's source.

    Raises:
        BadInput: there is no such worksheet.
    """
    if name not in WORKSHEETS:
        nearest = difflib.get_close_matches(name.lower(), WORKSHEETS, n=1, cutoff=0.3)
        raise BadInput(
            _(
                "There is no worksheet {name!r}; there are {known}. Did you mean {nearest}?",
                name=name,
                known=", ".join(WORKSHEETS),
                nearest=nearest[0],
            )
            if nearest
            else _(
                "There is no worksheet {name!r}; there are {known}.", name=name, known=", ".join(WORKSHEETS)
            )
        )
    return files(__package__).joinpath("sources", f"{name}.py").read_text(encoding="utf-8")


@cache
def cells(name: str, lang: str) -> tuple[Cell, ...]:
    """The cells of a worksheet in one language.

    Raises:
        BadInput: there is no such worksheet.
        MissingExtra: jupytext isn't installed.
    """
    return parse(worksheet_source(name), lang)


def parse(source: str, lang: str) -> tuple[Cell, ...]:
    """The cells of a source in one language.

    Raises:
        ValueError: a cell has no key, or a text lacks a language.
        MissingExtra: jupytext isn't installed.
    """
    try:
        import jupytext
    except ImportError as missing:
        raise MissingExtra("notebook", "jupytext") from missing
    found: list[Cell] = []
    languages: dict[str, set[str]] = {}
    for cell in jupytext.reads(source, fmt="py:percent").cells:
        key, spoken = cell.metadata.get("key"), cell.metadata.get("lang")
        if key is None or (cell.cell_type == "markdown") != (spoken in LANGUAGES):
            raise ValueError(f"a cell lacks its key or its language: {cell.source[:60]!r}")
        if spoken is not None:
            languages.setdefault(key, set()).add(spoken)
        if spoken in (None, lang):
            text = cell.source if spoken else _in_language(cell.source, lang)
            found.append(
                Cell(key, cell.cell_type, text, {m: cell.metadata[m] for m in MARKS if m in cell.metadata})
            )
    if lacking := [key for key, spoken in languages.items() if spoken != set(LANGUAGES)]:
        raise ValueError(f"cells that lack a language: {', '.join(lacking)}")
    return tuple(found)


def _in_language(code: str, lang: str) -> str:
    lines = []
    for line in code.splitlines():
        if comment := COMMENT.match(line):
            if comment[2] == lang:
                lines.append(comment[1] + comment[3])
        elif spoken := LINE.match(line):
            if spoken[2] == lang:
                lines.append(spoken[1])
        else:
            lines.append(line)
    return "\n".join(lines)
