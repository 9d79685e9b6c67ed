"""A folder with all that an installation needs, so that forty laptops fetch nothing from the network."""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tatamilab.errors import BadInput, OutputError, writing
from tatamilab.i18n import _

PLATFORMS = {
    "windows": ("win_amd64",),
    "macos": ("macosx_11_0_arm64", "macosx_12_0_arm64", "macosx_13_0_arm64", "macosx_14_0_arm64"),
    "linux": (
        "manylinux2014_x86_64",
        "manylinux_2_17_x86_64",
        "manylinux_2_27_x86_64",
        "manylinux_2_28_x86_64",
    ),
}
"""What pip calls the machines that a class has."""
PYTHON = "3.12"
ALSO = ("jupyterlab",)
PATTERN = "tatamilab-*.whl"


def fill(folder: Path, wheel: Path | None, systems: Sequence[str]) -> int:
    """Fetch the wheels of tatamilab, of JupyterLab and of all they need, once for each kind of machine.

    Args:
        folder: where they go; made if it isn't there.
        wheel: tatamilab's own; the newest here or in `dist` if None.
        systems: names in `PLATFORMS`.

    Returns:
        The number of wheels in the folder.

    Raises:
        BadInput: there is no wheel of tatamilab, no pip, or no such system.
        OutputError: the folder can't be written to, or something could not be fetched.
    """
    unknown = [one for one in systems if one not in PLATFORMS]
    if unknown:
        raise BadInput(
            _(
                "Wheels can be fetched for {known}; received {value!r}.",
                known=", ".join(PLATFORMS),
                value=unknown[0],
            )
        )
    own, pip = own_wheel(wheel), _pip()
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if own.resolve().parent != folder.resolve():
            shutil.copy2(own, folder)
    for system in systems:
        platforms = [word for name in PLATFORMS[system] for word in ("--platform", name)]
        wanted = [f"{own}[notebook]", *ALSO]
        rest = [
            "--only-binary=:all:",
            "--python-version",
            PYTHON,
            "--implementation",
            "cp",
            *platforms,
            *wanted,
        ]
        if subprocess.run([*pip, "download", "--dest", str(folder), *rest], check=False).returncode:
            raise OutputError(
                _("Not everything for {system} could be fetched; pip says why above.", system=system)
            )
    return len(list(folder.glob("*.whl")))


def own_wheel(given: Path | None) -> Path:
    """The wheel of tatamilab.

    Raises:
        BadInput: there is none.
    """
    found = [given] if given is not None else [*Path().glob(PATTERN), *Path("dist").glob(PATTERN)]
    there = [path for path in found if path.is_file()]
    if not there:
        raise BadInput(
            _("The wheel of tatamilab is needed ({pattern}): name it with --wheel, or make it with uv build --wheel.",
              pattern=PATTERN)
        )  # fmt: skip
    return max(there, key=lambda path: path.stat().st_mtime)


def _pip() -> list[str]:
    """How pip is called here, or through uv."""
    if importlib.util.find_spec("pip") is not None:
        return [sys.executable, "-m", "pip"]
    uv = shutil.which("uv")
    if uv is None:
        raise BadInput(_("Wheels are fetched by pip, and neither pip nor uv is here."))
    return [uv, "tool", "run", "pip"]
