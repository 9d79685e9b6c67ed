"""The list of a class, as Excel in Japan or anything else saves it."""

import csv
import io
import unicodedata
from pathlib import Path

from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.lesson.students import Student

ENCODINGS = ("utf-8-sig", "cp932")
BREAKS = "\t\r\n"
CONTROL = "Cc"


def read_roster(path: Path) -> tuple[Student, ...]:
    """Everyone in a list: student ID, name and address, a row each; rows whose first cell has no digit are headings.

    Args:
        path: a CSV file in UTF-8 or cp932.

    Raises:
        BadInput: there is none, it is no table, or it names nobody.
    """
    if path.is_dir():
        raise BadInput(_("{path} is a folder; name the list of the class itself (.csv).", path=path))
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise BadInput(_("There is no list {path}.", path=path)) from problem
    cells = _cells(content)
    if cells is None:
        raise BadInput(
            _("{path} is no list of a class: it must be a table (.csv) in UTF-8, or as Excel in Japan saves it.",
              path=path)
        )  # fmt: skip
    everyone = tuple(
        Student(*(cell.strip() for cell in row[:3]))
        for row in cells
        if row and any(letter.isdigit() for letter in row[0])
    )
    if not everyone:
        raise BadInput(_("{path} names nobody: its first column must hold the student IDs.", path=path))
    return everyone


def _cells(content: bytes) -> list[list[str]] | None:
    """The rows of a table; None if the bytes are something else."""
    for encoding in ENCODINGS:
        try:
            text = content.decode(encoding)
            if all(letter in BREAKS or unicodedata.category(letter) != CONTROL for letter in text):
                return list(csv.reader(io.StringIO(text, newline="")))
        except (UnicodeDecodeError, csv.Error):
            continue
    return None
