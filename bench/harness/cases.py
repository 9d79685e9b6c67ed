"""What a case is: the programs that are measured side by side, and what is wanted of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from harness.programs import Program


@dataclass(frozen=True)
class Ratio:
    """Program `of` is to be so many times faster than program `than`."""

    of: str
    than: str
    at_least: float
    aim: float

    @property
    def programs(self) -> set[str]:
        """Whom the goal is about."""
        return {self.of, self.than}

    def value(self, minima: Mapping[str, float]) -> float:
        """From the smallest value of each program.

        Example:
            >>> Ratio("ours", "theirs", at_least=9, aim=14).value({"ours": 0.2, "theirs": 2.0})
            10.0
        """
        return minima[self.than] / minima[self.of]

    def reaches(self, value: float, goal: float) -> bool:
        """Whether a measured ratio is as good as the goal."""
        return value >= goal


@dataclass(frozen=True)
class Bound:
    """What program `of` needs is to stay below `at_least`, better below `aim` (in the case's unit)."""

    of: str
    at_least: float
    aim: float

    @property
    def programs(self) -> set[str]:
        """Whom the goal is about."""
        return {self.of}

    def value(self, minima: Mapping[str, float]) -> float:
        """From the smallest value of each program."""
        return minima[self.of]

    def reaches(self, value: float, goal: float) -> bool:
        """Whether a measured value is as good as the goal."""
        return value < goal


@dataclass(frozen=True)
class Case:
    """One row, or some rows, of the table of what the engine must reach.

    Args:
        name: on the command line.
        title: what is measured, in words.
        unit: of the values; smaller is better.
        rounds: how many times every program is measured.
        programs: by name; they take turns in this order.
        goals: what is compared.
    """

    name: str
    title: str
    unit: Literal["s", "MB"]
    rounds: int
    programs: Mapping[str, Program]
    goals: tuple[Ratio | Bound, ...]

    def without(self, missing: set[str]) -> "Case":
        """The same case without some programs, and without the goals that need them."""
        programs = {name: program for name, program in self.programs.items() if name not in missing}
        goals = tuple(goal for goal in self.goals if goal.programs.isdisjoint(missing))
        return replace(self, programs=programs, goals=goals)

    def given(self, name: str, *arguments: str) -> "Case":
        """The same case with arguments for one program, if it has that."""
        programs = {
            key: program.given(*arguments) if key == name else program
            for key, program in self.programs.items()
        }
        return replace(self, programs=programs)
