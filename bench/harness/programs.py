"""A program that is measured, and how it is started."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Program:
    """A Python module that speaks the protocol, and the environment it runs in.

    Args:
        label: its name in the report.
        module: importable from `bench/`.
        arguments: its command line.
        packages: requirements of an environment of its own, made by `uv`; without any it runs in ours.
        variables: environment variables.
    """

    label: str
    module: str
    arguments: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)

    def command(self) -> list[str]:
        """What starts it.

        Example:
            >>> Program("x", "peers.x", ("lab",), ("x==1",)).command()[:2]
            ['uv', 'run']
        """
        run = ["python"] if self.packages else [sys.executable]
        if self.packages:
            wanted = [f"--with={package}" for package in self.packages]
            python = f"--python={sys.version_info.major}.{sys.version_info.minor}"
            run = ["uv", "run", "--quiet", "--no-project", python, *wanted, *run]
        return [*run, "-m", self.module, *self.arguments]

    def given(self, *arguments: str) -> "Program":
        """The same program with these arguments."""
        return replace(self, arguments=arguments)

    def as_whole_process(self, *arguments: str) -> "Program":
        """The same program, run anew from `python` to its end for each measurement."""
        return replace(self, module="harness.whole_process", arguments=(self.module, *arguments))
