"""This installation: versions, extras, Keras's backend, and the font for Japanese in figures."""

import re
import sys
from importlib.metadata import PackageNotFoundError, metadata, requires, version
from importlib.util import find_spec
from pathlib import Path

from tatamilab import backend
from tatamilab.i18n import _
from tatamilab.machine.unknown import Unknown

_DISTRIBUTION = "tatamilab"
_BACKENDS = {"jax": "jaxlib", "tensorflow": "tensorflow", "torch": "torch"}
_REQUIREMENT = re.compile(r"(?P<name>[\w.-]+)[^;]*(;.*extra\s*==\s*['\"](?P<extra>[\w-]+)['\"])?")


def versions() -> dict[str, str]:
    """The versions of tatamilab, of what it depends on, and of any Keras backend, as far as installed.

    Example:
        >>> sorted(versions().keys() & {"keras", "numpy", "tatamilab"})
        ['keras', 'numpy', 'tatamilab']
    """
    names = [_DISTRIBUTION, *(name for name, _extra in _requirements()), *_BACKENDS, *_BACKENDS.values()]
    return {name: found for name in sorted(set(names)) if (found := _version(name))}


def extras() -> dict[str, bool]:
    """Our extras, and whether everything that each needs is installed."""
    needs: dict[str, list[str]] = {
        extra: [] for extra in metadata(_DISTRIBUTION).get_all("Provides-Extra") or ()
    }
    for name, extra in _requirements():
        if extra:
            needs[extra].append(name)
    return {extra: all(map(_version, names)) for extra, names in sorted(needs.items())}


def keras_backend() -> str:
    """The backend that our commands would use Keras with; Keras is not imported for it.

    Raises:
        Unknown: the backend that is chosen is not installed.
    """
    chosen = backend.preview(command=True)
    if chosen not in sys.modules and find_spec(chosen) is None:
        raise Unknown(
            _(
                "KERAS_BACKEND names {backend}, which is not installed: install it, or unset the variable.",
                backend=chosen,
            )
        )
    return chosen


def japanese_font() -> Path:
    """The font file with which figures show Japanese.

    It is found without importing `matplotlib_fontja`, which would change matplotlib's settings.

    Raises:
        Unknown: the package or the file is missing.
    """
    spec = find_spec("matplotlib_fontja")
    file = Path(spec.origin).parent / "fonts" / "ipaexg.ttf" if spec and spec.origin else None
    if file is None or not file.is_file():
        raise Unknown(_("matplotlib-fontja and its font are missing: reinstall tatamilab."))
    return file


def _version(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None


def _requirements() -> list[tuple[str, str | None]]:
    """Names of what we depend on, each with the extra that it belongs to."""
    found = [_REQUIREMENT.match(line) for line in requires(_DISTRIBUTION) or ()]
    return [(match["name"], match["extra"]) for match in found if match]
