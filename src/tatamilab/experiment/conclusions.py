"""Conclusions generated from numbers: a sentence is said only if its own test says so, beside what it rests on."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from tatamilab.analysis import PatchComponents, change_energy, energy_in_components, filter_change
from tatamilab.analysis.contrasts import leading
from tatamilab.i18n import _

ALPHA = 0.05
"""A p-value below it, after Holm, counts as shown."""


class Standing(StrEnum):
    """How a conclusion stands."""

    SHOWN = "shown"
    NOT_SHOWN = "not shown"
    DESCRIBED = "described"

    @property
    def words(self) -> str:
        """The same in the language in force."""
        return {
            Standing.SHOWN: _("shown"),
            Standing.NOT_SHOWN: _("not shown"),
            Standing.DESCRIBED: _("describes this run"),
        }[self]


@dataclass(frozen=True)
class Conclusion:
    """One sentence, how it stands, and what it rests on."""

    standing: Standing
    sentence: str
    basis: str


def of_run(
    before: NDArray[np.floating], after: NDArray[np.floating], patches: PatchComponents
) -> list[Conclusion]:
    """What this one run's filters say; one network is no sample, so nothing of it is a test.

    Args:
        before: kernel (h, w, c, o).
        after: after training.
        patches: components of the patches that the layer reads.
    """
    return [_contrast(before, after), _where(before, after, patches)]


def _contrast(before: NDArray[np.floating], after: NDArray[np.floating]) -> Conclusion:
    change = filter_change(before, after)
    old, new = float(np.mean(change.norm_before)), float(np.mean(change.norm_after))
    values = {
        "old": old,
        "new": new,
        "least": float(np.min(change.norm_after / np.maximum(change.norm_before, 1e-12))),
        "most": float(np.max(change.norm_after / np.maximum(change.norm_before, 1e-12))),
    }
    if new > 1.05 * old:
        sentence = _(
            "Light and dark became clearer: the filters' mean norm grew from {old:.2f} to {new:.2f}, by filter "
            "{least:.1f} to {most:.1f} times. A picture that stretches each filter's grey by itself hides that.",
            **values,
        )
    else:
        sentence = _(
            "Light and dark did not become clearer: the filters' mean norm was {old:.2f} before and {new:.2f} "
            "after.",
            **values,
        )
    return Conclusion(Standing.DESCRIBED, sentence, _("Norms of the filters of this run."))


def _where(before: NDArray[np.floating], after: NDArray[np.floating], patches: PatchComponents) -> Conclusion:
    basis = _("Energy in principal components, this run.")
    if np.array_equal(before, after):
        unchanged = _("The filters are exactly as they were before training, so there is no change to place.")
        return Conclusion(Standing.DESCRIBED, unchanged, basis)
    d = len(patches.components)
    k = leading(d)
    return Conclusion(
        Standing.DESCRIBED,
        _(
            "Of the change of the filters, {change:.0%} lies in the first {k} of {d} components of the patches; "
            "of the "
            "random start it was {start:.0%}, and {none:.0%} is what weights without preference have.",
            change=float(change_energy(before, after, patches)[k]),
            start=float(energy_in_components(before, patches)[k]),
            none=k / d,
            k=k,
            d=d,
        ),
        basis,
    )


def answer(conclusions: list[Conclusion]) -> str:
    """The worksheet's question B2-1-1 in two sentences, as far as it was shown."""
    if any(one.standing is Standing.SHOWN for one in conclusions):
        return _(
            "A gradient adds weighted sums of image patches to the filters, so they come to look like what patches "
            "of strokes have in common: smooth light and dark sides, at some orientation. Which sums are added "
            "is decided "
            "by the task, through the labels; how much of the recognition hangs on it is stated below."
        )
    return _(
        "A gradient adds weighted sums of image patches to the filters, so their change lies where patches vary. "
        "More than that one run cannot show; the controls can: tatami controls."
    )


def limits() -> list[str]:
    """What none of this shows."""
    return [
        _(
            "What a single filter is for: p-values are of networks; a filter's scores describe it and no more."
        ),
        _(
            "That other data, other networks or longer training would give the same; every pair shares its recipe."
        ),
        _("That the brain's cells, which Gabor functions describe, and these filters have a common cause."),
        _("Which test images make the difference between two ways of training."),
    ]
