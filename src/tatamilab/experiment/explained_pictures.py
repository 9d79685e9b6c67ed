"""The pictures of the explain page on the filters and the controls, each with what it shows in words."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tatamilab import instruments
from tatamilab.experiment.control_arms import ARMS, BASELINE, title_of
from tatamilab.experiment.control_summary import ControlSummary
from tatamilab.experiment.explained import Explained
from tatamilab.i18n import _
from tatamilab.instruments.model_facts import conv_layer

if TYPE_CHECKING:
    from tatamilab.instruments.style import FigureLike


@dataclass(frozen=True)
class Picture:
    """A figure of the page.

    Attributes:
        title: what it is.
        description: what it shows, in words.
        svg: the drawing.
    """

    title: str
    description: str
    svg: bytes


def picture(title: str, description: str, figure: "FigureLike") -> Picture:
    """A figure as the page holds it."""
    from matplotlib.figure import Figure

    assert isinstance(figure, Figure)
    written = io.BytesIO()
    instruments.write_svg(figure, written)
    return Picture(title, description, written.getvalue())


def filter_makers(run: Explained, summary: ControlSummary | None = None) -> dict[str, Callable[[], Picture]]:
    """What draws the filters, what they do to an image, where their change lies, their form, and the controls, by name.

    Those that this network, and these controls, allow.
    """
    model, layer, image = run.model, run.layer, run.dataset.x_test[0]
    makers = {
        "filters": lambda: picture(
            _("Filters before and after training, and the change"),
            instruments.describe_filters(model, layer, before=run.before),
            instruments.plot_filters(model, layer, before=run.before),
        ),
        "where": lambda: picture(
            _("Where the change of the filters lies"),
            instruments.describe_where_change_lies(run.before, run.after, run.patches),
            instruments.plot_where_change_lies(run.before, run.after, run.patches, courses=_courses(summary)),
        ),
        "scores": lambda: picture(
            _("What form the filters have"),
            instruments.describe_filter_scores(run.after, run.before),
            instruments.plot_filter_scores(run.after, run.before),
        ),
        "maps": lambda: picture(
            _("One test image on its way through the network"),
            instruments.describe_activation_maps(model, image),
            instruments.plot_activation_maps(model, image),
        ),
    }
    if type(conv_layer(model, layer)).__name__ == "Conv2D":
        makers["pixel"] = lambda: picture(
            _("The arithmetic of one pixel"),
            instruments.describe_pixel(model, image, layer),
            instruments.plot_pixel(model, image, layer),
        )
    if summary:
        makers["controls"] = lambda: _controls(summary)
    return makers


def _controls(summary: ControlSummary) -> Picture:
    titles = {arm: title_of(arm) for arm in ARMS}
    return picture(
        _("The controlled experiments"),
        instruments.describe_controls(summary.rows, titles),
        instruments.plot_controls(summary.rows, titles, summary.filters),
    )


def _courses(summary: ControlSummary | None) -> dict[str, Any] | None:
    if summary is None:
        return None
    return {
        _("labels true"): (summary.steps, summary.courses[BASELINE]),
        _("labels shuffled"): (summary.steps, summary.courses["labels"]),
    }
