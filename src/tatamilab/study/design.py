"""A specification becomes runs: arms × sizes × draws × initialisations × orders, paired and nested.

Every arm sees the same sample, the same initialisation seed and the same order. A run is known by the hash of all
that decides its numbers; what an arm is called is no part of it, so studies share runs.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tatamilab import __version__
from tatamilab.data import Dataset, split_sizes
from tatamilab.engine.graph import Graph, Training
from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.study import streams
from tatamilab.study.specification import Recipe, Study

CODE = 2
"""Raised whenever this package changes what a run computes."""


@dataclass(frozen=True)
class Traits:
    """What of a network is part of a run's key.

    Attributes:
        plan: the hash that a worker's plan must have: same hash, same bits.
        start: hash of the initial weights of one seed, which tells initializers apart.
    """

    plan: str
    start: str


@dataclass(frozen=True)
class Network:
    """What an arm trains, with no Keras in it; can be pickled.

    Attributes:
        graph: the network.
        training: loss, optimizer and metrics.
        plan: see `Traits`.
        target: the vector unit to write for, which all workers have.
        start: see `Traits`.
        macs: multiply-adds of one image forward.
    """

    graph: Graph
    training: Training
    plan: str
    target: str
    start: str
    macs: int

    @property
    def traits(self) -> Traits:
        """What of it is part of a run's key."""
        return Traits(self.plan, self.start)


@dataclass(frozen=True, order=True)
class Place:
    """Where a run stands in the design.

    Attributes:
        arm: name of the arm.
        size: images, validation included.
        draw: number of the random sample; `streams.FIRST` for the first images.
        initialisation: number of the initial weights in the draw.
        order: number of the order of images in the draw.
    """

    arm: str
    size: int
    draw: int
    initialisation: int
    order: int


@dataclass(frozen=True)
class Placed:
    """A run of which no more is known than where it stands.

    Attributes:
        key: of the run.
        place: where it stands in the study.
    """

    key: str
    place: Place


@dataclass(frozen=True)
class Run(Placed):
    """One run of a study.

    Attributes:
        key: SHA-256 of `specification`.
        place: where it stands in the study.
        specification: all that decides its numbers, as JSON has it.
        recipe: how it is trained.
        network: what is trained.
        cost: multiply-adds of the training, roughly: longer runs begin first.
    """

    specification: Mapping[str, Any]
    recipe: Recipe
    network: Network
    cost: float


def check_sizes(study: Study, data: Dataset) -> None:
    """Refuse sizes beyond the data, or such that leave no image to train or to validate on.

    Raises:
        BadInput: which, and what is allowed.
    """
    available = len(data.x_train)
    for size in study.sizes:
        if size > available:
            raise BadInput(
                _(
                    "sizes: {size:,} is more than the {available:,} training images of {data}.",
                    size=size,
                    available=available,
                    data=data.name,
                )
            )
        split_sizes(size, study.validation_split)


def design(study: Study, data: Dataset, networks: Mapping[str, Network]) -> list[Run]:
    """All runs of a study, in the order of draws: what is begun first makes whole pairs first.

    Args:
        study: checked by `check_sizes`.
        data: its data set.
        networks: of every arm.
    """
    recipes = study.recipes()
    made = []
    for place, specification in _specifications(
        study, data, {arm: one.traits for arm, one in networks.items()}
    ):
        recipe, network = recipes[place.arm], networks[place.arm]
        cost = float(network.macs) * specification["updates"]
        made.append(Run(_hash(specification), place, specification, recipe, network, cost))
    return made


def placed(study: Study, data: Dataset, traits: Mapping[str, Traits]) -> list[Placed]:
    """The same runs in the same order, where no more is known of the networks than their traits."""
    return [Placed(_hash(one), place) for place, one in _specifications(study, data, traits)]


def data_hash(data: Dataset) -> str:
    """The hash of a data set's files.

    Raises:
        BadInput: the data set has none, as when its images were left out.
    """
    return _hash({"name": data.name, "files": dict(data.provenance.hashes)})


def study_id(study: Study) -> str:
    """What a study is kept under: a hash of its specification, the order of the arms included."""
    return _hash({**study.model_dump(mode="json"), "order": list(study.recipes())})[:12]


def longest_first(runs: list[Run]) -> list[Run]:
    """The order of work: by draws in the first half, so that there soon are pairs to look at; then the longest first.

    Without the second half's order, one long run begun last would leave all other workers idle.
    """
    half = len(runs) // 2
    return [*runs[:half], *sorted(runs[half:], key=lambda run: -run.cost)]


def _specifications(
    study: Study, data: Dataset, traits: Mapping[str, Traits]
) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Each run's place, and all that decides its numbers."""
    recipes = study.recipes()
    common = {
        "code": f"{__version__}/{CODE}",
        "data": data_hash(data),
        "data_name": study.data,
        "seed": study.seed,
        "validation_split": study.validation_split,
        "seeks_best_epoch": study.seeks_best_epoch,
    }
    of_arms = {
        arm: {
            **recipe.model_dump(mode="json", exclude={"epochs", "updates"}),
            "plan": traits[arm].plan,
            "start": traits[arm].start,
        }
        for arm, recipe in recipes.items()
    }
    for place in _places(study):
        split = split_sizes(place.size, study.validation_split)
        recipe = recipes[place.arm]
        yield (
            place,
            {
                **common,
                **of_arms[place.arm],
                "size": place.size,
                "draw": place.draw,
                "initialisation": place.initialisation,
                "order": place.order,
                "updates": recipe.updates or recipe.epochs * -(-split.n_train // recipe.batch_size),
            },
        )


def _places(study: Study) -> Iterator[Place]:
    arms = tuple(study.recipes())
    for draw in [*([streams.FIRST] if study.first else []), *range(study.draws)]:
        for size in reversed(study.sizes):
            for initialisation in range(study.initialisations):
                for order in range(study.orders):
                    for arm in arms:
                        yield Place(arm, size, draw, initialisation, order)


def _hash(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
