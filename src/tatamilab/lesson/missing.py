"""What a hand-in lacks: names, answers, results; and which of its results were trained on somebody else's sample.

One rule for the report, for `verify` and for the page of a class.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tatamilab.i18n import _
from tatamilab.lesson.results import Result
from tatamilab.lesson.students import Student, draw_of, normalised_id
from tatamilab.lesson.tasks import Need, Task, tasks_of


@dataclass(frozen=True)
class Missing:
    """What is asked for and isn't there.

    Attributes:
        who: of the student's particulars, in words.
        answers: tasks without an answer.
        results: by task, the results that are asked for; tasks that lack none are left out.
    """

    who: tuple[str, ...]
    answers: tuple[Task, ...]
    results: tuple[tuple[Task, tuple[Need, ...]], ...]

    def in_full(self) -> list[str]:
        """Everything in words, for the student."""
        return [
            *self.who,
            *_answers(self.answers),
            *(need.request() for _task, needs in self.results for need in needs),
        ]

    def in_short(self) -> list[str]:
        """Everything in words, for a table of forty students."""
        return [
            *self.who,
            *_answers(self.answers),
            *(
                _("{n} of {all} results of {task}", n=len(needs), all=len(task.needs), task=task.name)
                for task, needs in self.results
            ),
        ]


def missing(
    worksheet: str, who: Sequence[Student], answers: Mapping[str, str], results: Sequence[Result]
) -> Missing:
    """What a worksheet asks for and isn't there; a result on somebody else's sample is not what was asked for.

    Args:
        worksheet: its name, or "".
        who: hands it in.
        answers: text by task.
        results: what was kept.
    """
    particulars = [] if any(normalised_id(one.id) for one in who) else [_("student ID")]
    if not any(one.name.strip() for one in who):
        particulars.append(_("name"))
    tasks = tasks_of(worksheet)
    others = foreign(worksheet, who, results)
    usable = [result for result in results if result not in others]
    unmet = [(task, tuple(task.unmet(usable))) for task in tasks]
    return Missing(
        who=tuple(particulars),
        answers=tuple(task for task in tasks if not answers.get(task.name, "").strip()),
        results=tuple((task, needs) for task, needs in unmet if needs),
    )


def own_draws(who: Sequence[Student]) -> set[int]:
    """The seeds of the samples that belong to the IDs; none where no ID is known."""
    return {draw_of(one.id) for one in who if normalised_id(one.id)}


def foreign(worksheet: str, who: Sequence[Student], results: Sequence[Result]) -> list[Result]:
    """Results on a random sample that belongs to none of the IDs, in the place of one that does.

    A network that was trained on the student's own sample may have been trained on any other as well: that is an
    experiment. Without an ID nobody can say.

    Args:
        worksheet: its name, or ""; only its tasks ask for samples of one's own.
        who: hands it in.
        results: what was kept.
    """
    own = own_draws(who)
    tasks = {task.name for task in tasks_of(worksheet)}
    drawn = [one for one in results if one.recipe.draw is not None and one.task in tasks]
    done = {(one.task, one.architecture) for one in drawn if one.recipe.draw in own}
    return [
        one
        for one in drawn
        if own and one.recipe.draw not in own and (one.task, one.architecture) not in done
    ]


def _answers(tasks: Sequence[Task]) -> list[str]:
    return [_("answer {task}", task=task.name) for task in tasks]
