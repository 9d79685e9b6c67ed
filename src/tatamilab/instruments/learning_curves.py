"""Learning curves: accuracy on the left, loss on the right, epoch by epoch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tatamilab.analysis import best_epoch, n_epochs
from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.words import sentences

if TYPE_CHECKING:
    from matplotlib.axes import Axes

History = Mapping[str, Sequence[float]]

_LABEL_GAP = 13.0  # points between the middles of two direct labels


@dataclass(frozen=True)
class _Panel:
    """One of the two panels: its series (training, validation) and how to read them."""

    title: str
    training: NDArray[np.float64] | None
    validation: NDArray[np.float64] | None
    is_accuracy: bool

    @property
    def best(self) -> int | None:
        if self.validation is None:
            return None
        return best_epoch(list(self.validation), largest=self.is_accuracy)

    def value(self, number: float) -> str:
        if not np.isfinite(number):
            return "NaN" if np.isnan(number) else "∞"
        return f"{number:.1%}" if self.is_accuracy else f"{number:.3f}"


def plot_learning_curves(history: History, *, fig: "style.FigureLike | None" = None) -> "style.FigureLike":
    """Draw accuracy (left) and loss (right) over the epochs, counted from 1.

    The best validation epoch of each panel is ringed: the highest accuracy, the lowest loss. Validation is
    optional; values that are not finite leave a gap and are told in words.

    Args:
        history: name → one value an epoch, as in `keras.callbacks.History.history`: `loss`, and if there
            are, `accuracy`, `val_loss`, `val_accuracy`.
        fig: where to draw; a new figure if None.

    Returns:
        The figure.

    Raises:
        BadInput: no `loss`, no epoch, or series of different lengths.
    """
    panels = _panels(history)
    epochs = np.arange(1, n_epochs(history) + 1)
    fig = fig or style.new_figure(11, 3.9)
    grid = fig.add_gridspec(1, 2, left=0.065, right=0.875, bottom=0.15, top=0.8, wspace=0.52)
    for column, panel in enumerate(panels):
        ax = fig.add_subplot(grid[column])
        _draw(ax, epochs, panel)
    return fig


def describe_learning_curves(history: History) -> str:
    """What the learning curves show, in words, for readers who cannot see the figure.

    Raises:
        BadInput: as `plot_learning_curves`.
    """
    parts = [_("Learning curves of epochs 1 to {n}.", n=n_epochs(history))]
    for panel in _panels(history):
        for name, values in ((_("training"), panel.training), (_("validation"), panel.validation)):
            if values is not None:
                parts.append(
                    _(
                        "{title}, {name}: {first} in the first epoch, {last} in the last.",
                        title=panel.title,
                        name=name,
                        first=panel.value(values[0]),
                        last=panel.value(values[-1]),
                    )
                )
        if panel.best is not None and panel.validation is not None:
            parts.append(
                _(
                    "Best validation epoch: {epoch} ({value}).",
                    epoch=panel.best,
                    value=panel.value(panel.validation[panel.best - 1]),
                )
            )
    return sentences(parts)


def _panels(history: History) -> tuple[_Panel, _Panel]:
    if "loss" not in history:
        raise BadInput(
            _(
                "Learning curves need a history with 'loss'; received the names {names}.",
                names=", ".join(history) or "–",
            )
        )
    n_epochs(history)
    series = {name: np.asarray(values, dtype=np.float64) for name, values in history.items()}
    return (
        _Panel(_("Accuracy"), series.get("accuracy"), series.get("val_accuracy"), is_accuracy=True),
        _Panel(_("Loss"), series["loss"], series.get("val_loss"), is_accuracy=False),
    )


def _draw(ax: "Axes", epochs: NDArray[np.int64], panel: _Panel) -> None:
    style.quiet(ax)
    ax.set_title(panel.title, loc="left", color=style.INK, fontproperties=style.font(12), pad=22)
    ax.set_xlabel(_("Epoch"), color=style.INK, fontproperties=style.font(9))
    ax.grid(axis="y", color=style.FAINT, linewidth=0.6)
    ax.set_axisbelow(True)
    last = int(epochs[-1])
    ax.set_xlim(*((1 - 0.03 * (last - 1), last) if last > 1 else (0.5, 1.5)))
    ax.set_xticks(epoch_ticks(last))
    if panel.is_accuracy:
        ax.yaxis.set_major_formatter(lambda value, _position: f"{100 * value:g}%")
    looks = (
        (_("training"), panel.training, style.MUTED, (0, (4, 2))),
        (_("validation"), panel.validation, style.ACCENT, "-"),
    )
    ends = []
    for name, values, colour, dashes in looks:
        if values is None:
            continue
        shown = np.where(np.isfinite(values), values, np.nan)
        ax.plot(
            epochs, shown, color=colour, linestyle=dashes, linewidth=1.8, marker="o", markersize=3.5,
            clip_on=False, label=name,
        )  # fmt: skip
        finite = np.flatnonzero(np.isfinite(values))
        if finite.size:
            ends.append((float(values[finite[-1]]), f"{name} {panel.value(values[-1])}", colour))
    _mark_best(ax, panel)
    _label_ends(ax, ends)
    _tell_gaps(ax, panel)


def epoch_ticks(last: int) -> list[int]:
    """Whole epochs to put on the axis: 1, then round numbers, at most about ten.

    Example:
        >>> epoch_ticks(4), epoch_ticks(50)
        ([1, 2, 3, 4], [1, 5, 10, 15, 20, 25, 30, 35, 40, 45, 50])
    """
    step = next(s * 10**p for p in range(9) for s in (1, 2, 5) if last <= 10 * s * 10**p)
    return sorted({1, *range(step, last + 1, step)})


def _mark_best(ax: "Axes", panel: _Panel) -> None:
    """Ring the best validation epoch and say it above the axes, where no line can hide it."""
    if panel.best is None or panel.validation is None:
        return
    value = float(panel.validation[panel.best - 1])
    ax.plot(
        [panel.best], [value], marker="o", markersize=10, markerfacecolor="none", color=style.ACCENT,
        markeredgewidth=1.4, linestyle="none", clip_on=False, label="_best",
    )  # fmt: skip
    ax.axvline(panel.best, color=style.ACCENT, linewidth=0.8, linestyle=(0, (1, 2)), label="_best epoch")
    left, right = ax.get_xlim()
    place = (panel.best - left) / (right - left)
    ax.annotate(
        _("best validation: epoch {epoch}, {value}", epoch=panel.best, value=panel.value(value)),
        (place, 1.0), xycoords="axes fraction", xytext=(0, 5), textcoords="offset points",
        ha="left" if place < 0.35 else "right" if place > 0.65 else "center", va="bottom",
        color=style.ACCENT, fontproperties=style.font(8.5), annotation_clip=False,
    )  # fmt: skip


def _label_ends(ax: "Axes", ends: list[tuple[float, str, str]]) -> None:
    """Write each line's name and last value at its end, moved apart where two would touch."""
    low, high = ax.get_ylim()
    height = ax.bbox.height / style.root(ax).dpi * 72
    ends = sorted(ends)
    places = [(value - low) / (high - low) * height for value, _text, _colour in ends]
    if len(places) == 2 and (lack := _LABEL_GAP - (places[1] - places[0])) > 0:
        places = [places[0] - lack / 2, places[1] + lack / 2]
    for place, (_value, text, colour) in zip(places, ends, strict=True):
        ax.annotate(
            text, (1.0, 0.0), xycoords="axes fraction", xytext=(9, place), textcoords="offset points",
            va="center", color=colour, fontproperties=style.font(9), annotation_clip=False,
        )  # fmt: skip


def _tell_gaps(ax: "Axes", panel: _Panel) -> None:
    for values in (panel.training, panel.validation):
        if values is not None and not np.isfinite(values).all():
            epoch = int(np.flatnonzero(~np.isfinite(values))[0]) + 1
            ax.text(
                0.97, 0.92, _("not finite for the first time: epoch {epoch}", epoch=epoch), ha="right",
                va="center", transform=ax.transAxes, color=style.ACCENT, fontproperties=style.font(9),
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 2},
            )  # fmt: skip
            return
    if panel.training is None and panel.validation is None:
        ax.text(
            0.5, 0.5, _("not recorded"), transform=ax.transAxes, ha="center", va="center",
            color=style.MUTED, fontproperties=style.font(9),
        )  # fmt: skip
