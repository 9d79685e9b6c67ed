"""Which figures a study's answer has."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from tatamilab.i18n import _
from tatamilab.instruments.study_controls import plot_contrasts
from tatamilab.instruments.study_pairs import plot_differences, plot_pairs
from tatamilab.instruments.study_sizes import Curve, plot_sizes
from tatamilab.instruments.study_variance import plot_variances
from tatamilab.study.answer import Answer
from tatamilab.study.words import arm_title, contrast_title, measure_title

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def figures(found: Answer) -> "Iterator[tuple[str, Figure]]":
    """Name and figure, for all that the answer has numbers for."""
    from tatamilab.instruments import style

    study = found.results.study
    main = next(iter(found.contrasts), None)
    measure = measure_title(study.measure)
    if len(study.sizes) > 1:
        curves = [Curve(arm_title(a.name), a.draws, a.means, a.first) for a in found.arms]
        yield "sizes", style.root(plot_sizes(study.sizes, curves, measure=measure))
    if main is not None and main.contrast.is_simple and main.largest is not None:
        first, second = (next(a for a in found.arms if a.name == name) for name in main.contrast.arms)
        titles = (arm_title(first.name), arm_title(second.name))
        pair, firsts = (first.draws[-1], second.draws[-1]), (first.first[-1], second.first[-1])
        yield "pairs", style.root(plot_pairs(*pair, titles, firsts, measure=measure, size=study.sizes[-1]))
    if main is not None and main.largest is not None:
        title = _("{contrast}, {size:,} images", contrast=contrast_title(main.contrast), size=study.sizes[-1])
        yield (
            "differences",
            style.root(plot_differences(main.differences[-1], main.largest, main.new_images, title)),
        )
    if len(found.contrasts) > 1:
        rows = [
            (contrast_title(one.contrast), one.largest, one.is_sure) for one in found.contrasts if one.largest
        ]
        yield "contrasts", style.root(plot_contrasts(rows, size=study.sizes[-1]))
    splits = [(arm_title(arm.name), arm.variance) for arm in found.arms if arm.variance is not None]
    if splits:
        yield "variance", style.root(plot_variances(splits))
