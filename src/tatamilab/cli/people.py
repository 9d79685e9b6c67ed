"""Whose work it is: the options of every command whose file bears a name."""

from typing import TYPE_CHECKING, Annotated

from tatamilab.cli.command import option
from tatamilab.i18n import _

if TYPE_CHECKING:
    from tatamilab.lesson.students import Student

StudentIds = Annotated[
    list[str] | None,
    option("--student-id", metavar="ID", help=_("Your student ID; again for a second one")),
]
Names = Annotated[
    list[str] | None, option("--name", metavar="NAME", help=_("Your name; again for a second one"))
]
Emails = Annotated[
    list[str] | None, option("--email", metavar="ADDRESS", help=_("Your address; again for a second one"))
]


def people(ids: list[str] | None, names: list[str] | None, emails: list[str] | None) -> "tuple[Student, ...]":
    """Who is named by the options that say so."""
    from tatamilab.lesson.students import students

    return students(*("、".join(values or []) for values in (ids, names, emails)))
