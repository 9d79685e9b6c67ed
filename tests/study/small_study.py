"""A small study that takes a second; as a program, a process that runs it: `small_study.py ADDRESS DRAWS`."""

import sys
from typing import Any

from tatamilab.store import StudyStore
from tatamilab.study.asking import ask
from tatamilab.study.specification import make_study

SMALL: dict[str, Any] = {
    "name": "small",
    "sizes": [60, 100],
    "draws": 3,
    "recipe": {"epochs": 3, "batch_size": 32},
    "arms": {"wide": {"model": "bpnn", "units": 16}, "narrow": {"model": "bpnn", "units": 4}},
    "contrasts": ["wide - narrow"],
}


def main() -> None:
    address, draws = sys.argv[1:]
    with StudyStore(address) as store:
        ask(make_study("small", {**SMALL, "draws": int(draws)}), store, on="local:2")


if __name__ == "__main__":
    main()
