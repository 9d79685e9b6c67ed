"""Figures as files: PNG and SVG, each whole or not at all, the same bytes for the same figure."""

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, BinaryIO

from tatamilab.errors import OutputError
from tatamilab.files import whole_file
from tatamilab.i18n import _

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_FORMATS: dict[str, dict[str, Any]] = {
    "png": {"dpi": 150, "metadata": {"Software": None}},
    "svg": {"dpi": 300, "metadata": {"Date": None, "Creator": None}},
}
_saving = Lock()


def save_figure(fig: "Figure", folder: Path, name: str) -> list[Path]:
    """Write `fig` to `folder`/`name`.png (150 dots an inch) and `folder`/`name`.svg.

    The same figure gives the same bytes with the same matplotlib: no dates, no random ids.

    Args:
        fig: the figure.
        folder: an existing folder.
        name: file name without suffix.

    Returns:
        The two paths, PNG first.

    Raises:
        OutputError: a file cannot be written.
    """
    paths = []
    for suffix, options in _FORMATS.items():
        path = Path(folder) / f"{name}.{suffix}"
        try:
            with whole_file(path) as beside, _saving:
                _save(fig, beside, options)
        except OSError as error:
            raise OutputError(
                _(
                    "The figure {path} could not be written ({reason}); free some space or choose another "
                    "folder.",
                    path=path,
                    reason=error.strerror or error,
                )
            ) from error
        paths.append(path)
    return paths


def write_svg(fig: "Figure", to: BinaryIO) -> None:
    """Write `fig` as SVG to an open file, as `save_figure` would."""
    with _saving:
        _save(fig, to, {"format": "svg", **_FORMATS["svg"]})


def _save(fig: "Figure", path: Path | BinaryIO, options: dict[str, Any]) -> None:
    """Save under the one setting that matplotlib reads only from its global ones: the seed of SVG ids."""
    import matplotlib

    with matplotlib.rc_context({"svg.hashsalt": "tatamilab"}):
        fig.savefig(path, **options)
