"""A film of the filters while they are learned, with the curves beside."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tatamilab.analysis import filter_norms, strongest_channels, symmetric_limit
from tatamilab.errors import BadInput
from tatamilab.files import whole_file
from tatamilab.i18n import _
from tatamilab.instruments import style

if TYPE_CHECKING:
    from matplotlib.animation import AbstractMovieWriter, FuncAnimation
    from matplotlib.axes import Axes

FORMATS = (".gif", ".mp4", ".html")
"""What a film can be written as, by the file's suffix."""

_PER_S = 6  # frames
_DPI = 110
_HELD = 2.0  # seconds that the last frame stays

_ICONS = """<style>.fa{font-style:normal}.fa-minus::before{content:"−"}.fa-fast-backward::before{content:"|◀◀"}
.fa-step-backward::before{content:"◀|"}.fa-play{display:inline-block}.fa-play::before{content:"▶"}
.fa-pause::before{content:"||"}.fa-step-forward::before{content:"|▶"}.fa-fast-forward::before{content:"▶▶|"}
.fa-plus::before{content:"+"}.fa-flip-horizontal{transform:scaleX(-1)}</style>
"""
"""In place of the icon font that matplotlib's page would load from the network."""


@dataclass(frozen=True, eq=False)
class Film:
    """The filters of a layer at some steps of a training.

    Attributes:
        steps: int64 (t,), steps done, from 0, rising.
        kernels: float32 (t, h, w, c, o), the filters then.
        steps_per_epoch: steps of a whole epoch.
        history: Keras's history, one value an epoch, by name.
    """

    steps: NDArray[np.int64]
    kernels: NDArray[np.float32]
    steps_per_epoch: int
    history: Mapping[str, Sequence[float]]


def animate_filters(film: Film, *, fig: "style.FigureLike | None" = None) -> "FuncAnimation":
    """Animate a film: the filters, all frames on one scale; the mean norm; accuracy, with a line at the moment.

    Of several input channels each filter shows the one in which it is strongest at the end, in all frames.

    What it can't tell: how fast the filters move. Frames lie closer together at the start, where most happens.

    Args:
        film: what to show.
        fig: where to draw; a new figure if None.

    Returns:
        matplotlib's animation; `save_film` writes it.
    """
    from matplotlib.animation import FuncAnimation
    from matplotlib.figure import Figure

    figure = fig or style.new_figure(8.4, 4.5)
    assert isinstance(figure, Figure)
    grid = figure.add_gridspec(
        2, 2, width_ratios=(1.15, 1), left=0.02, right=0.975, bottom=0.13, top=0.88, hspace=0.62, wspace=0.2
    )
    frames = _mosaics(film.kernels)
    limit = symmetric_limit(frames)
    ax = figure.add_subplot(grid[:, 0])
    style.quiet(ax, frame=False)
    ax.set_xticks([])
    ax.set_yticks([])
    image = ax.imshow(
        frames[0], cmap=style.signed_colours(), vmin=-limit, vmax=limit, interpolation="nearest"
    )
    title = ax.set_title("", loc="left", color=style.INK, fontproperties=style.font(11), pad=6)
    lines = [
        _draw_norms(figure.add_subplot(grid[0, 1]), film),
        _draw_curves(figure.add_subplot(grid[1, 1]), film),
    ]

    def show(number: int) -> list[Any]:
        step = int(film.steps[number])
        image.set_data(frames[number])
        title.set_text(_title(step, film.steps_per_epoch))
        for line, place in zip(lines, (step, step / film.steps_per_epoch), strict=True):
            line.set_xdata([place, place])
        return [image, title, *lines]

    held = [len(film.steps) - 1] * round(_HELD * _PER_S)
    return FuncAnimation(figure, show, frames=[*range(len(film.steps)), *held], interval=1000 / _PER_S)


def save_film(
    animation: "FuncAnimation", path: Path, drawn: Callable[[int, int], object] | None = None
) -> None:
    """Write an animation as GIF, MP4 or a page with buttons, by the suffix of `path`; whole or not at all.

    The page needs no network. MP4 needs the program ffmpeg.

    Args:
        animation: from `animate_filters`.
        path: ends with .gif, .mp4 or .html.
        drawn: called with the number of each frame, from 0, and how many there are.

    Raises:
        BadInput: another suffix, or MP4 without ffmpeg.
        OSError: it cannot be written.
    """
    writer = _writer(path)
    with whole_file(path) as beside:
        animation.save(beside, writer=writer, dpi=_DPI, progress_callback=drawn)
        if path.suffix.lower() == ".html":
            beside.write_text(_without_network(beside.read_text(encoding="utf-8")), encoding="utf-8")


def check_film_path(path: Path) -> None:
    """Refuse what `save_film` would refuse, before anything is computed.

    Raises:
        BadInput: as `save_film`.
    """
    _writer(path)


def _writer(path: Path) -> "AbstractMovieWriter":
    from matplotlib.animation import FFMpegWriter, HTMLWriter, PillowWriter

    suffix = path.suffix.lower()
    if suffix not in FORMATS:
        raise BadInput(
            _(
                "A film is written as {known}; received {path}.",
                known=_(", ").join(FORMATS),
                path=path,
            )
        )
    if suffix == ".gif":
        return PillowWriter(fps=_PER_S)
    if suffix == ".html":
        return HTMLWriter(fps=_PER_S, embed_frames=True, default_mode="loop")
    if not FFMpegWriter.isAvailable():
        raise BadInput(
            _(
                "MP4 needs the program ffmpeg, which is not installed; {path} can be written instead.",
                path=path.with_suffix(".gif"),
            )
        )
    return FFMpegWriter(fps=_PER_S)


def _without_network(page: str) -> str:
    """matplotlib's page with our own icons in place of those from the network."""
    return '<!doctype html><meta charset="utf-8">' + re.sub(r'<link rel="stylesheet"[^>]*>', _ICONS, page)


def _title(step: int, steps_per_epoch: int) -> str:
    if step == 0:
        return _("Before training")
    return _("After step {step:,} (epoch {epoch:.2g})", step=step, epoch=round(step / steps_per_epoch, 2))


def _mosaics(kernels: NDArray[np.float32]) -> "np.ma.MaskedArray[Any, Any]":
    """Every frame's filters side by side, (t, rows, columns), masked between them."""
    t, h, w, _c, o = kernels.shape
    channel = strongest_channels(kernels[-1])
    widest = range(int(np.ceil(np.sqrt(o))), 2 * int(np.ceil(np.sqrt(o))) + 1)
    across = next((n for n in widest if o % n == 0), widest[0])  # full rows, if there are such
    lines = -(-o // across)
    shape = (t, lines * (h + 1) - 1, across * (w + 1) - 1)
    mosaic = np.ma.array(np.zeros(shape, np.float32), mask=np.ones(shape, bool))
    for number in range(o):
        top, left = number // across * (h + 1), number % across * (w + 1)
        mosaic[:, top : top + h, left : left + w] = kernels[:, :, :, channel[number], number]
    return mosaic


def _draw_norms(ax: "Axes", film: Film) -> Any:
    style.quiet(ax)
    norms = [float(filter_norms(kernel).mean()) for kernel in film.kernels]
    ax.plot(film.steps, norms, color=style.INDIGO, linewidth=1.8)
    ax.set_xscale("symlog", base=10, linthresh=1, linscale=0.4)
    ax.set_xlim(0, 1.05 * film.steps[-1])
    ax.set_ylim(0, 1.1 * max(norms))
    return _finish(ax, _("Mean norm of the filters"), _("steps (logarithmic)"))


def _draw_curves(ax: "Axes", film: Film) -> Any:
    style.quiet(ax)
    looks = (
        ("accuracy", _("training"), style.MUTED, (0, (4, 2))),
        ("val_accuracy", _("validation"), style.ACCENT, "-"),
    )
    n_epochs = max(1, len(next(iter(film.history.values()), [])))
    for name, label, colour, dashes in looks:
        if name in film.history:
            epochs = np.arange(1, len(film.history[name]) + 1)
            ax.plot(
                epochs, film.history[name], color=colour, linestyle=dashes, linewidth=1.8, label=label, marker="o",
                markersize=2.5,
            )  # fmt: skip
    ax.legend(loc="lower right", frameon=False, prop=style.font(7.5), labelcolor=style.INK)
    ax.set_xlim(0, 1.01 * n_epochs)
    ax.yaxis.set_major_formatter(lambda value, _position: f"{100 * value:g}%")
    return _finish(ax, _("Accuracy"), _("Epoch"))


def _finish(ax: "Axes", title: str, unit: str) -> Any:
    """Title, unit, and the line that stands at the moment."""
    ax.tick_params(labelsize=7.5)
    ax.grid(axis="y", color=style.FAINT, linewidth=0.6)
    ax.set_title(title, loc="left", color=style.INK, fontproperties=style.font(9))
    ax.set_xlabel(unit, color=style.INK, fontproperties=style.font(8), labelpad=2)
    return ax.axvline(0, color=style.INK, linewidth=0.9)
