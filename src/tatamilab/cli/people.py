"""Whose work it is: the options of every command whose file bears a name."""

from typing import TYPE_CHECKING, Annotated

from tatamilab.cli.command import option
from tatamilab.errors import BadInput
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
    """Who is named by the options that say so.

    Raises:
        BadInput: an option is empty, or what it names is no student ID or no address.
    """
    from tatamilab.lesson.students import check_address, check_id, parts, students

    for flag, values in (("--student-id", ids), ("--name", names), ("--email", emails)):
        if not all(any(parts(value)) for value in values or []):
            raise BadInput(_("The option {option} is empty; give it a value, or leave it out.", option=flag))
    who = students(*("、".join(values or []) for values in (ids, names, emails)))
    for one in who:
        check_id(one.id)
        check_address(one.email)
    return who
