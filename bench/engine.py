"""Measures the engine and its peers side by side: `uv run python bench/engine.py --help`.

Every program runs as its own process on the same two cores in fp32. The programs of a case take turns, so
that noise meets all of them; the smallest value of each is compared, since noise only ever adds. (Keras on
TensorFlow sometimes has epochs twice as long for no visible reason: the minimum leaves those out too.)

Peers come by `uv run --no-project --with …`: they are no dependency of ours. oneDNN is called from a C++
program that is built here where there is a compiler. "first" in the JSON is a warm-up, not compared.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from engine_cases import CASES
from harness import machine, report, workload
from harness.cases import Case
from harness.race import race

ROOT = Path(__file__).resolve().parents[1]
PEERS = ("keras", "tf-loop", "onednn", "onnx", "prototype")


def names(known: tuple[str, ...]) -> Callable[[str], list[str]]:
    """Reads names separated by commas.

    Example:
        >>> names(("lab", "small"))("small,lab")
        ['small', 'lab']
    """

    def read(text: str) -> list[str]:
        wanted = text.split(",") if text else []
        for name in wanted:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return wanted

    return read


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    cases = tuple(case.name for case in CASES)
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--cases", type=names(cases), default=cases, metavar="NAMES", help=f"of {','.join(cases)} (all)"
    )
    parser.add_argument(
        "--peers", type=names(PEERS), default=PEERS, metavar="NAMES", help=f"of {','.join(PEERS)} (all)"
    )
    parser.add_argument("--repeat", type=int, metavar="N", help="rounds of every case (else each its own)")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "bench" / "engine.json", metavar="FILE")
    parser.add_argument(
        "--prototype", type=Path, metavar="DIR", help="folder of the prototype, if you have it"
    )
    return parser.parse_args(arguments)


def selected(chosen: argparse.Namespace) -> list[Case]:
    """The cases that were asked for, with the peers that were asked for."""
    left_out = set(PEERS) - set(chosen.peers)
    if chosen.prototype is None:
        left_out.add("prototype")
    return [
        case.without(left_out).given("prototype", str(chosen.prototype and chosen.prototype.resolve()))
        for case in CASES
        if case.name in chosen.cases
    ]


def main() -> None:
    chosen = options()
    machine.use_cores()
    record = {"machine": machine.facts(), "cases": {}}
    print(report.heading(record["machine"]))
    logs = chosen.json.parent / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tatamilab-bench-") as folder:
        workload.write(Path(folder))
        for case in selected(chosen):
            results = race(case, chosen.repeat or case.rounds, Path(folder), logs, progress)
            print("\n" + report.as_text(case, results), flush=True)
            record["cases"][case.name] = report.as_json(case, results)
            chosen.json.write_text(json.dumps(record, indent=2) + "\n")
    print(f"\nkept in {chosen.json}; what the programs said is in {logs}")


def progress(line: str) -> None:
    """Says how it goes, beside the report."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
