"""A small study that takes a second; as a program, a process that runs it: ADDRESS DRAWS [NETWORKS]."""

import pickle
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tatamilab.store import StudyStore
from tatamilab.study import running, streams
from tatamilab.study.asking import ask
from tatamilab.study.design import Network
from tatamilab.study.networks import Networks, Weights
from tatamilab.study.specification import Study, make_study

SMALL: dict[str, Any] = {
    "name": "small",
    "sizes": [60, 100],
    "draws": 3,
    "recipe": {"epochs": 3, "batch_size": 32},
    "arms": {"wide": {"model": "bpnn", "units": 16}, "narrow": {"model": "bpnn", "units": 4}},
    "contrasts": ["wide - narrow"],
}


@dataclass
class Stored:
    """Networks and initial weights that were made before: a process that has them starts without Keras."""

    by_arm: dict[str, Network]
    weights: dict[tuple[str, int], Weights]

    def start(self, arm: str, seed: int) -> Weights:
        return self.weights[arm, seed]

    def close(self) -> None:
        pass


def stored(study: Study, networks: Networks) -> Stored:
    seeds = [streams.initialisation_seed(study.seed, draw, 0) for draw in range(streams.FIRST, study.draws)]
    return Stored(
        networks.by_arm, {(arm, seed): networks.start(arm, seed) for arm in networks.by_arm for seed in seeds}
    )


def main() -> None:
    address, draws, *made = sys.argv[1:]
    if made:
        networks = pickle.loads(Path(made[0]).read_bytes())
        running.Networks = lambda *_study: networks  # type: ignore[misc, assignment]
    with StudyStore(address) as store:
        ask(make_study("small", {**SMALL, "draws": int(draws)}), store, on="local:1" if made else "local:2")


if __name__ == "__main__":
    main()
