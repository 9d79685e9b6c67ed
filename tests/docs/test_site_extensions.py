"""What our Sphinx extensions and the tools of the pages say of themselves."""

import doctest
import importlib
import sys
from pathlib import Path

import pytest

EXTENSIONS = Path(__file__).resolve().parents[2] / "docs" / "_extensions"
sys.path.insert(0, str(EXTENSIONS))

MODULES = ["blocks", *sorted(path.stem for path in EXTENSIONS.glob("*.py"))]


@pytest.mark.parametrize("module", MODULES)
def test_examples(module: str) -> None:
    failed, _tried = doctest.testmod(importlib.import_module(module))
    assert failed == 0


def test_the_search_cuts_a_question_as_it_cuts_a_page() -> None:
    """Where Python and JavaScript have their own words for it, the characters are the same."""
    from japanese_search import PIECE, Pairs

    in_python = PIECE.pattern.encode().decode("unicode_escape")
    assert in_python.encode("ascii", "backslashreplace").decode().replace("/", "") in Pairs.js_splitter_code
