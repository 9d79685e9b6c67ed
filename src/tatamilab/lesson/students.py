"""Who hands in, and the sample of images that is theirs."""

import hashlib
import re
import sys
import unicodedata
from dataclasses import dataclass

from tatamilab.errors import BadInput
from tatamilab.i18n import _

SEPARATORS = re.compile(r"[,、，;；\n]+")
DASHES = re.compile(r"[\u2010-\u2015\u2212]")
NO_ID = set('/\\:*?"<>|')
"""What no name of a file may have in it, and no student ID has."""
ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
N_DRAWS = 2**31


@dataclass(frozen=True)
class Student:
    """One who hands in; what isn't known is empty.

    Attributes:
        id: student ID as it was written.
        name: likewise.
        email: likewise.
    """

    id: str = ""
    name: str = ""
    email: str = ""


def normalised_id(written: str) -> str:
    """A student ID without what differs between two ways of writing it: width, case, spaces, kinds of dashes.

    Example:
        >>> normalised_id("　２２ｘ１２３４ ") == normalised_id("22X 1234") == "22X1234"
        True
    """
    text = DASHES.sub("-", unicodedata.normalize("NFKC", written))
    return "".join(letter for letter in text.upper() if not letter.isspace() and letter.isprintable())


def draw_of(student_id: str) -> int:
    """The seed of the random 600 images that are this student's; the same however the ID is written.

    Of several IDs, the first counts. Without one, 0 is given, and it is said.

    Example:
        >>> draw_of("22x1234") == draw_of("２２Ｘ１２３４、22X9999")
        True
    """
    ids = [one for one in map(normalised_id, SEPARATORS.split(student_id)) if one]
    if not ids:
        print(_("student_id is empty, so draw 0 is used: fill it in at the top."), file=sys.stderr)
        return 0
    return int.from_bytes(hashlib.sha256(ids[0].encode()).digest()[:8]) % N_DRAWS


def students(ids: str, names: str, emails: str) -> tuple[Student, ...]:
    """Students from what they wrote into the three lines of a worksheet, several with commas between.

    Example:
        >>> [one.name for one in students("1、2", "Hanako, Taro", "")]
        ['Hanako', 'Taro']
    """
    columns = [parts(text) for text in (ids, names, emails)]
    n = max(len(column) for column in columns)
    rows = zip(*(column + [""] * (n - len(column)) for column in columns), strict=True)
    return tuple(Student(*row) for row in rows if any(row))


def parts(written: str) -> list[str]:
    """What stands between the commas of one line of a worksheet.

    Example:
        >>> parts("22X1234、 22X9999")
        ['22X1234', '22X9999']
    """
    return [part.strip() for part in SEPARATORS.split(written)]


def check_id(written: str) -> None:
    """Refuse what can be no student ID; one that isn't known is empty.

    Raises:
        BadInput: it has no letter or digit, or one of the letters that no name of a file may have.
    """
    plain = normalised_id(written)
    if written and (not any(letter.isalnum() for letter in plain) or NO_ID & set(plain)):
        raise BadInput(
            _(
                'A student ID has letters or digits, and none of / \\ : * ? " < > |; received {value!r}.',
                value=written,
            )
        )


def check_address(written: str) -> None:
    """Refuse what can be no e-mail address; one that isn't known is empty.

    Raises:
        BadInput: there is no @ with something before and behind it.
    """
    if written and not ADDRESS.fullmatch(written):
        raise BadInput(
            _(
                "An e-mail address has an @ with something before and behind it, as in hanako@example.org; received "
                "{value!r}.",
                value=written,
            )
        )
