"""The licences of all packages that tatamilab needs: collected from what is installed, and kept in NOTICE.

python tools/licences.py update    writes them into NOTICE
python tools/licences.py check     whether NOTICE names every package of pyproject.toml with its licence, and whether
                                   every package installed for them has one of the licences that we can live with
python tools/licences.py versions  prints the version of each, for who compares them with published weaknesses
"""

import re
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageMetadata, PackageNotFoundError, distribution, version
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
NOTICE = ROOT / "NOTICE"
HEADING = (
    "Packages that tatamilab needs, none of which is part of it, and their licences as they state them:\n"
)
FAMILIES = re.compile(
    r"apache|mit|bsd|isc|python software foundation|psf|mpl|mozilla public|lgpl|zlib|cc0|public domain|hpnd|unlicense",
    re.IGNORECASE,
)
"""Licences under which a package may be used beside ours."""
NAMELESS = {"namex": "Apache-2.0"}
"""Packages whose metadata name no licence; theirs stands in their source."""


def main() -> int:
    """Update, check or print; the exit code."""
    if sys.argv[1:] == ["update"]:
        _write(collected())
        return 0
    if sys.argv[1:] == ["versions"]:
        print(", ".join(f"{name} {version(name)}" for name in collected()))
        return 0
    wrong = [*problems(NOTICE.read_text(encoding="utf-8"), collected(), direct())]
    print("\n".join(wrong) or "NOTICE is complete")
    return bool(wrong)


def direct() -> set[str]:
    """The packages that pyproject.toml names, extras included."""
    return {canonicalize_name(one.name) for one in _requirements()}


def collected() -> dict[str, str]:
    """Licence by name of every package that is installed for tatamilab or one of its extras."""
    found: dict[str, str] = {}
    waiting = [(one.name, tuple(sorted(one.extras))) for one in _requirements()]
    seen = set()
    while waiting:
        name, extras = waiting.pop()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        try:
            package = distribution(name)
        except PackageNotFoundError:  # needed on another system, or by another Python
            continue
        found[canonicalize_name(name)] = NAMELESS.get(canonicalize_name(name)) or licence(package.metadata)
        for text in package.requires or ():
            needed = Requirement(text)
            if any(needed.marker is None or needed.marker.evaluate({"extra": one}) for one in ("", *extras)):
                waiting.append((needed.name, tuple(sorted(needed.extras))))
    return dict(sorted(found.items()))


def licence(metadata: PackageMetadata) -> str:
    """What a package's metadata say of its licence: an SPDX expression, else its classifiers, else its words."""
    if "License-Expression" in metadata:
        return metadata["License-Expression"]
    classified = [
        one.split(" :: ")[-1] for one in metadata.get_all("Classifier", []) if one.startswith("License ::")
    ]
    words = metadata.get("License", "unknown")
    return " / ".join(classified) or words.strip().partition("\n")[0][:60]


def problems(notice: str, installed: dict[str, str], named: set[str]) -> Iterator[str]:
    """What is wrong with NOTICE, or with a licence, a line each."""
    listed = dict(
        line.strip().split(": ", 1) for line in notice.partition(HEADING)[2].splitlines() if ": " in line
    )
    for name in sorted(named & installed.keys()):
        if listed.get(name) != installed[name]:
            yield f"NOTICE says {listed.get(name)!r} of {name}, and the package {installed[name]!r}"
    for name, text in installed.items():
        if not FAMILIES.search(text):
            yield f"{name} has the licence {text!r}, of which nothing is known here"


def _requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    every = [
        *project["dependencies"],
        *(one for extra in project["optional-dependencies"].values() for one in extra),
    ]
    return [Requirement(one) for one in every]


def _write(found: dict[str, str]) -> None:
    own = NOTICE.read_text(encoding="utf-8").partition("\n" + HEADING)[0].rstrip() + "\n"
    lines = "".join(f"  {name}: {text}\n" for name, text in found.items())
    NOTICE.write_text(f"{own}\n{HEADING}\n{lines}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
