"""What a measured program and the bench say to each other: lines on stdin, lines of JSON on stdout.

    program → {"ready": {"tensorflow": "2.21.0"}}         once, with everything loaded and built
    bench   → go
    program → {"value": 2.43, "val_accuracy": 0.974}      one measurement, and what shows that it did the work
    bench   → go
    …                                                     until the bench closes stdin

A program that cannot run here says {"skip": "no C++ compiler was found"} in place of "ready".
Only the standard library is used, since the peers' environments hold nothing of ours.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import NoReturn

Checks = Mapping[str, float]


class Bench:
    """The bench as a measured program sees it.

    Whatever else the program or its libraries print goes to stderr.
    """

    def __init__(self) -> None:
        self._answers = os.fdopen(os.dup(1), "w")
        os.dup2(2, 1)

    def ready(self, **versions: str) -> None:
        """Everything is loaded; `versions` are those of what is being measured."""
        self._say({"ready": versions})

    def skip(self, reason: str) -> NoReturn:
        """Ends the program: it cannot run here."""
        self._say({"skip": reason})
        raise SystemExit(0)

    def wait(self) -> None:
        """Returns when the next measurement is asked for; ends the program when there will be none."""
        if sys.stdin.readline() != "go\n":
            raise SystemExit(0)

    def report(self, value: float, **checks: float) -> None:
        """One measurement."""
        self._say({"value": value, **checks})

    def serve(self, work: Callable[[], Checks]) -> NoReturn:
        """Times `work` whenever asked, until the end."""
        while True:
            self.wait()
            start = time.perf_counter()
            checks = work()
            self.report(time.perf_counter() - start, **checks)

    def _say(self, message: Mapping[str, object]) -> None:
        print(json.dumps(message), file=self._answers, flush=True)
