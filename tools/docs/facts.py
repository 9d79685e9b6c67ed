"""Measures every number and draws every figure that the pages show.

    python tools/docs/facts.py               all of it, about ten minutes; writes docs/facts.json and docs/figures/
    python tools/docs/facts.py lesson …      only these parts
    python tools/docs/facts.py --short       small data, in a minute, and writes nothing: does it still work?

Afterwards `python tools/docs/refresh.py` puts them into the pages.
"""

import argparse
import json
import os
import sys
import tempfile
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "jax")

from shown import FACTS, FIGURES, LANGUAGES, Measured

from tatamilab import i18n
from tatamilab.machine import read_machine

PARTS = ("lesson", "samples", "engine", "filters", "study")
"""Modules of this folder, each with a function `measure(folder, short)`."""


def measure(part: str, folder: Path, *, short: bool) -> Measured:
    """What one part of the pages shows."""
    measured: Measured = import_module(f"measured_{part}").measure(folder, short=short)
    return measured


def draw(measured: Measured, into: Path) -> dict[str, dict[str, str]]:
    """Write the figures of one part in both languages; return what each shows, in words, by name and language."""
    from tatamilab.instruments import style

    words: dict[str, dict[str, str]] = {}
    for name, draw_one in measured.figures.items():
        words[name] = {}
        for language in LANGUAGES:
            with i18n.using(language):
                figure, words[name][language] = draw_one()
                style.root(figure.axes[0]).savefig(
                    into / f"{name}.{language}.png", dpi=120, metadata={"Software": None}
                )
    return words


def record(part: str, measured: Measured, words: dict[str, dict[str, str]]) -> dict[str, Any]:
    """What is kept of one part: its numbers, the words of its figures, and where and when they were made."""
    machine = read_machine()
    return {
        "date": date.today().isoformat(),
        "machine": {
            "cpu": machine.cpu_name,
            "vector": machine.vector_extension,
            "cores": machine.physical_cores,
            "versions": {name: machine.versions[name] for name in ("tatamilab", "keras", "jax", "llvmlite")},
        },
        "values": measured.values,
        "figures": words,
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], default=[])
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--work", type=Path, help="keep runs, controls and studies here, to go on with them")
    options = parser.parse_args()
    known = json.loads(FACTS.read_text(encoding="utf-8")) if FACTS.is_file() else {}
    with tempfile.TemporaryDirectory() as temporary:
        for part in options.parts or PARTS:
            print(part, flush=True)
            folder = (options.work or Path(temporary)) / part
            folder.mkdir(parents=True, exist_ok=True)
            measured = measure(part, folder, short=options.short)
            into = folder if options.short else FIGURES
            into.mkdir(exist_ok=True)
            known[part] = record(part, measured, draw(measured, into))
            if not options.short:
                FACTS.write_text(json.dumps(known, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
