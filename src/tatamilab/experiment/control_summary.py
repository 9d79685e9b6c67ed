"""What the controls in a folder come to, ready to be shown."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tatamilab import data
from tatamilab.analysis import PairedDifference, PatchComponents, energy_in_components, holm, patch_components
from tatamilab.analysis.contrasts import (
    Contrast,
    Mean,
    ScoreTest,
    Series,
    contrasts,
    leading,
    mean_over_networks,
    patch_axis,
    score_tests,
    turning,
)
from tatamilab.analysis.paired import paired_difference
from tatamilab.errors import BadInput
from tatamilab.experiment.control_arms import ARMS, BASELINE
from tatamilab.experiment.control_recipe import Recipe
from tatamilab.experiment.control_store import Store, Trained, recipe_in
from tatamilab.i18n import _

FEWEST_SEEDS = 2
"""An interval over networks needs at least so many."""


@dataclass(frozen=True, eq=False)
class ControlSummary:
    """The controls over all seeds that are complete.

    Attributes:
        folder: where they are kept.
        recipe: of every training.
        seeds: of which every arm is there.
        rows: one an arm, the baseline first.
        tests: scores of the learned filters against their nulls.
        upright: how far the change of filters varies along the images' axis, trained on images as they are.
        turned: the same, trained on images turned by 90°.
        turning: turned - upright, paired.
        energy_over_labels: share of the change in the leading components, learned - shuffled labels, paired.
        p_turning: its p-value, corrected for the two.
        p_energy: likewise.
        steps: int64 (t,), steps after which filters were kept, from 1.
        courses: by arm, the change's share in its leading components, (seeds, t).
        filters: by arm, the final filters of the first seed.
        untrained_after_permuting: accuracy of the arm "permuted" before it is trained again.
    """

    folder: Path
    recipe: Recipe
    seeds: tuple[int, ...]
    rows: list[Contrast]
    tests: list[ScoreTest]
    upright: Mean
    turned: Mean
    turning: PairedDifference
    energy_over_labels: PairedDifference
    p_turning: float
    p_energy: float
    steps: NDArray[np.int64]
    courses: Mapping[str, NDArray[np.float64]]
    filters: Mapping[str, NDArray[np.float32]]
    untrained_after_permuting: Mean

    @property
    def peak(self) -> float:
        """The largest mean share of the baseline's change in the leading components, over the steps."""
        return float(self.courses[BASELINE].mean(axis=0).max())

    def row(self, arm: str) -> Contrast:
        """The row of an arm."""
        return next(row for row in self.rows if row.arm == arm)

    def test(self, score: str, null: str) -> ScoreTest:
        """The test of a score against a null."""
        return next(test for test in self.tests if (test.score, test.null) == (score, null))


def summarise(folder: Path) -> ControlSummary:
    """Read the controls in `folder`, and compare.

    Raises:
        BadInput: it is no folder of controls, a file in it is damaged, or fewer than two seeds are complete.
    """
    recipe = recipe_in(folder)
    store = Store(folder, recipe)
    seeds = store.complete_seeds(list(ARMS))
    if len(seeds) < FEWEST_SEEDS:
        raise BadInput(
            _(
                "The controls in {folder} are complete for {n} seeds, and {least} are the fewest that can be "
                "compared; go on with tatami controls.",
                folder=folder,
                n=len(seeds),
                least=FEWEST_SEEDS,
            )
        )
    trained = {arm: [store.load(arm, seed) for seed in seeds] for arm in ARMS}
    series = {arm: _series(networks) for arm, networks in trained.items()}
    steps = trained[BASELINE][0].steps
    courses = {arm: np.array([_course(one) for one in trained[arm]]) for arm in (BASELINE, "labels")}
    upright, turned, difference = turning(series[BASELINE], series["rotated"], _axis(recipe, series))
    energy = paired_difference(courses[BASELINE][:, -1], courses["labels"][:, -1])
    p_turning, p_energy = holm([difference.p, energy.p])
    return ControlSummary(
        folder=folder,
        recipe=recipe,
        seeds=tuple(seeds),
        rows=contrasts(series, BASELINE),
        tests=score_tests(series[BASELINE], series["labels"]),
        upright=upright,
        turned=turned,
        turning=difference,
        energy_over_labels=energy,
        p_turning=float(p_turning),
        p_energy=float(p_energy),
        steps=steps[1:],
        courses=courses,
        filters={arm: networks[0].kernels[-1] for arm, networks in trained.items()},
        untrained_after_permuting=mean_over_networks(
            [one.correct_before / one.n_test for one in trained["permuted"]]
        ),
    )


def _series(networks: list[Trained]) -> Series:
    return Series(
        accuracy=np.array([one.accuracy for one in networks]),
        before=np.stack([one.kernels[0] for one in networks]),
        after=np.stack([one.kernels[-1] for one in networks]),
        components=np.stack([one.components for one in networks]),
    )


def _course(one: Trained) -> list[float]:
    """The share of the change in the leading components after each number of steps but 0."""
    patches = PatchComponents(one.components, np.zeros(len(one.components)), 0)
    first = leading(len(one.components))
    return [
        float(energy_in_components(kernel - one.kernels[0], patches)[first]) for kernel in one.kernels[1:]
    ]


def _axis(recipe: Recipe, series: Mapping[str, Series]) -> complex:
    """The axis along which the upright training images' patches vary."""
    images = data.load(recipe.data, data_size=recipe.data_size).x_train
    size = series[BASELINE].after.shape[1:3]
    return patch_axis(patch_components(images.astype(np.float32) / 255, (size[0], size[1])))
