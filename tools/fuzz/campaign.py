"""The long campaigns: coverage-guided by atheris, each reader in a process of its own, with bounded memory.

python tools/fuzz/campaign.py --inputs 1000000 --out FOLDER         all readers, by their shares
python tools/fuzz/campaign.py --inputs 20000 study-toml keras       some of them
python tools/fuzz/campaign.py --blind --inputs 1000000              by chance alone: many more inputs in the same time
python tools/fuzz/campaign.py --again keras FILE                    one input once more, with its traceback

Needs atheris (`pip install atheris`; there are wheels for Linux), unless blind. Inputs are judged by `reader.attempt`:
a `TatamiError` in one sentence is right, anything else is a crash, kept under `--out`. An input that takes more
than a second of the processor is a hang; memory is limited to 1 GB beyond what the imports take.
"""

import argparse
import atexit
import contextlib
import io
import json
import os
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, NoReturn

os.environ.setdefault("KERAS_BACKEND", "jax")
TOOLS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOOLS)]
CORPUS = TOOLS.parent / "tests" / "hardening" / "corpus"

HANG_S = 1.0
MEMORY_BYTES = 2**30
LONGEST_INPUT = 1 << 16
CRASHED = 77
EVERY = 500
"""Inputs between two reports."""

FOLLOWED = ("tatamilab", "zipfile", "tarfile", "tomllib", "csv", "numpy.lib", "PIL")
"""Packages whose branches guide the search."""


def main() -> None:
    """Run a campaign, or one input again."""
    asked = argparse.ArgumentParser(description="Fuzz the readers of tatamilab.")
    asked.add_argument("readers", nargs="*")
    asked.add_argument("--inputs", type=int, default=100_000)
    asked.add_argument("--out", type=Path, default=Path(tempfile.gettempdir(), "tatamilab-fuzz"))
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--blind", action="store_true")
    asked.add_argument("--again", action="store_true")
    given = asked.parse_args()
    if given.again:
        again(*given.readers)
    else:
        campaign(given.readers, given.inputs, given.out, given.seed, guided=not given.blind)


def campaign(names: list[str], inputs: int, out: Path, seed: int, *, guided: bool) -> None:
    """Every reader in a process of its own, all of them children of the one that has done the imports."""
    with _followed() if guided else contextlib.nullcontext():
        from fuzz.readers import READERS
    names = names or list(READERS)
    shares = sum(READERS[name].share for name in names)
    (out / "crashes").mkdir(parents=True, exist_ok=True)
    found = []
    for name in names:
        count = max(1, round(inputs * READERS[name].share / shares))
        child = os.fork()
        if not child:
            log = os.open(out / f"{name}.log", os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
            os.dup2(log, 1)
            os.dup2(log, 2)
            fuzz(name, count, out, seed, guided=guided)
        _child, status = os.waitpid(child, 0)
        report = out / f"{name}.json"
        told = (
            json.loads(report.read_text(encoding="utf-8"))
            if report.exists()
            else {"reader": name, "inputs": 0}
        )
        found.append({**told, "exit": os.waitstatus_to_exitcode(status)})
        print(json.dumps(found[-1]), flush=True)
    print(json.dumps(_together(found)), flush=True)


def fuzz(name: str, count: int, out: Path, seed: int, *, guided: bool) -> None:
    """Give one reader `count` inputs; the process ends with them, or with exit code 77 at the first crash."""

    from fuzz.reader import attempt
    from fuzz.readers import READERS

    own = Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
    os.environ["TATAMI_CACHE_DIR"] = str(own / "cache")
    reader = READERS[name]
    seeds = [*reader.seeds(), *(path.read_bytes() for path in sorted((CORPUS / name).glob("*")))]
    attempt(reader, seeds[0], own)  # what is imported or compiled at first is no input's own time
    tally: dict[str, Any] = {"reader": name, "inputs": 0, "taken": 0, "hangs": 0, "slowest_s": 0.0}
    limit = _virtual_bytes() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    began = time.monotonic()

    def report() -> None:
        tally["seconds"] = round(time.monotonic() - began, 1)
        tally["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        (out / f"{name}.json").write_text(json.dumps(tally), encoding="utf-8")

    def one(content: bytes) -> None:
        tally["inputs"] += 1
        if tally["inputs"] % EVERY == 0:
            report()
        began_cpu = time.process_time()
        with contextlib.redirect_stderr(io.StringIO()):
            tally["taken"] += attempt(reader, content, own)
        took = time.process_time() - began_cpu
        tally["slowest_s"] = round(max(tally["slowest_s"], took), 3)
        if took > HANG_S:
            tally["hangs"] += 1
            (out / "crashes" / f"{name}-hang-{tally['hangs']}").write_bytes(content)

    atexit.register(report)
    if guided:
        _guided(one, seeds, count, out, name, seed)
    else:
        _blind(one, seeds, count, out / "crashes" / f"{name}-crash", seed)


def _blind(one: Callable[[bytes], None], seeds: list[bytes], count: int, crash: Path, seed: int) -> NoReturn:
    from fuzz.mutation import mutant

    random, content = Random(seed), b""
    try:
        for _turn in range(count):
            content = mutant(random, random.choice(seeds))
            one(content)
    except Exception:
        crash.write_bytes(content)
        traceback.print_exc()
        sys.exit(CRASHED)
    sys.exit()


def _guided(
    one: Callable[[bytes], None], seeds: list[bytes], count: int, out: Path, name: str, seed: int
) -> None:
    import atheris

    from fuzz.mutation import damaged_json

    corpus = out / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    for number, content in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(content)

    def mutated(content: bytes, longest: int, chance: int) -> bytes:
        changed = damaged_json(Random(chance), content) if chance % 2 else None
        if changed is None or len(changed) > longest:
            return bytes(atheris.Mutate(content, longest))
        return changed

    options = [f"-runs={count}", f"-max_len={LONGEST_INPUT}", f"-seed={seed}", "-timeout=60", "-rss_limit_mb=0",
               "-len_control=0", f"-artifact_prefix={out}/crashes/{name}-"]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], one, custom_mutator=mutated)
    atheris.Fuzz()


def _followed() -> contextlib.AbstractContextManager[None]:
    import atheris

    return atheris.instrument_imports(include=list(FOLLOWED))  # type: ignore[no-any-return]


def again(name: str, *files: str) -> None:
    """Give a reader what is in files, and let it fail as it does."""
    from fuzz.reader import attempt
    from fuzz.readers import READERS

    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            print(file, attempt(READERS[name], Path(file).read_bytes(), Path(folder)))


def _together(found: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "inputs": sum(one["inputs"] for one in found),
        "crashes": sum(one["exit"] != 0 for one in found),
        "hangs": sum(one.get("hangs", 0) for one in found),
        "slowest_s": max(one.get("slowest_s", 0.0) for one in found),
        "peak_mb": max(one.get("peak_mb", 0) for one in found),
    }


def _virtual_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    main()
