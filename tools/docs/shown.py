"""What the pages show that was measured: where it is kept, and what a part of it looks like."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = {"en": DOCS, "ja": DOCS / "ja"}
"""The pages of each language; those of `ja` are not English ones."""
LANGUAGES = tuple(PAGES)
FACTS = DOCS / "facts.json"
FIGURES = DOCS / "figures"


@dataclass(frozen=True)
class Measured:
    """One part of what is measured.

    Attributes:
        values: numbers by name, plain Python ones.
        figures: by name a function that draws in the language in force; it returns the figure and what it shows, in
            words.
    """

    values: Mapping[str, float | int | str]
    figures: Mapping[str, Callable[[], tuple[Any, str]]] = field(default_factory=dict)


def pages(language: str) -> dict[str, Path]:
    """The pages of a language by their names, such as "howto/colab"."""
    folder = PAGES[language]
    found = sorted(folder.rglob("*.md"))
    if language == "en":
        found = [path for path in found if PAGES["ja"] not in path.parents]
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in found}
