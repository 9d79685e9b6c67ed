"""The long campaigns: coverage-guided by atheris, each reader in a process of its own, with bounded memory.

python tools/fuzz/campaign.py --inputs 1000000 --out FOLDER         all readers, by their shares
python tools/fuzz/campaign.py --inputs 20000 study-toml keras       some of them
python tools/fuzz/campaign.py --again keras FILE                    one input once more, with its traceback

Needs atheris (`pip install atheris`; there are wheels for Linux). What an input does is judged by `reader.attempt`:
a `TatamiError` in one sentence is right, anything else is a crash, kept under `--out`. An input that takes more
than a second of the processor is a hang; memory is limited to 1 GB beyond what the imports take.
"""

import argparse
import contextlib
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

os.environ.setdefault("KERAS_BACKEND", "jax")
TOOLS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TOOLS)]
CORPUS = TOOLS.parent / "tests" / "hardening" / "corpus"

HANG_S = 1.0
MEMORY_BYTES = 2**30
LONGEST_INPUT = 1 << 16
FOLLOWED = ("tatamilab", "zipfile", "tarfile", "tomllib", "csv", "numpy.lib", "PIL", "keras.src.saving")
"""Packages whose branches guide the search."""


def main() -> None:
    """Run a campaign, or one input again."""
    asked = argparse.ArgumentParser(description="Fuzz the readers of tatamilab.")
    asked.add_argument("readers", nargs="*")
    asked.add_argument("--inputs", type=int, default=100_000)
    asked.add_argument("--out", type=Path, default=Path(tempfile.gettempdir(), "tatamilab-fuzz"))
    asked.add_argument("--again", action="store_true")
    asked.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = asked.parse_args()
    if given.again:
        again(*given.readers)
    elif given.one is not None:
        fuzz(given.readers[0], given.one, given.out)
    else:
        campaign(given.readers, given.inputs, given.out)


def campaign(names: list[str], inputs: int, out: Path) -> None:
    """Every reader in a process of its own; a line of JSON each, and their sum."""
    from fuzz.readers import READERS

    names = names or list(READERS)
    shares = sum(READERS[name].share for name in names)
    out.mkdir(parents=True, exist_ok=True)
    found = []
    for name in names:
        count = round(inputs * READERS[name].share / shares)
        process = subprocess.run(
            [sys.executable, __file__, name, "--one", str(count), "--out", str(out)],
            capture_output=True,
            text=True,
        )
        (out / f"{name}.log").write_text(process.stdout + process.stderr, encoding="utf-8")
        report = out / f"{name}.json"
        told = (
            json.loads(report.read_text(encoding="utf-8"))
            if report.exists()
            else {"reader": name, "inputs": 0}
        )
        found.append({**told, "exit": process.returncode})
        print(json.dumps(found[-1]), flush=True)
    print(
        json.dumps(
            {
                "inputs": sum(one["inputs"] for one in found),
                "crashes": sum(one["exit"] != 0 for one in found),
                "hangs": sum(one.get("hangs", 0) for one in found),
                "peak_mb": max(one.get("peak_mb", 0) for one in found),
            }
        )
    )


def fuzz(name: str, count: int, out: Path) -> None:
    """Give one reader `count` inputs; ends with exit code 77 at the first crash."""
    import atheris

    with atheris.instrument_imports(include=list(FOLLOWED), enable_loader_override=False):
        from fuzz.mutation import damaged_json
        from fuzz.reader import attempt
        from fuzz.readers import READERS
    reader = READERS[name]
    corpus, crashes = out / "corpus" / name, out / "crashes"
    for folder in (corpus, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    kept = (CORPUS / name).glob("*") if (CORPUS / name).is_dir() else ()
    seeds = [*reader.seeds(), *(path.read_bytes() for path in kept)]
    for number, seed in enumerate(seeds):
        (corpus / f"seed-{number}").write_bytes(seed)
    tally = {"reader": name, "inputs": 0, "taken": 0, "hangs": 0, "slowest_s": 0.0}
    own = Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
    os.environ["TATAMI_CACHE_DIR"] = str(own / "cache")
    limit = _virtual_bytes() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    began = time.monotonic()

    def report() -> None:
        tally["seconds"] = round(time.monotonic() - began, 1)
        tally["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        (out / f"{name}.json").write_text(json.dumps(tally), encoding="utf-8")

    def one(content: bytes) -> None:
        tally["inputs"] += 1
        if tally["inputs"] % 500 == 0:
            report()
        began_cpu = time.process_time()
        with contextlib.redirect_stderr(io.StringIO()):
            tally["taken"] += attempt(reader, content, own)
        took = time.process_time() - began_cpu
        tally["slowest_s"] = round(max(tally["slowest_s"], took), 3)
        if took > HANG_S:
            tally["hangs"] += 1
            (crashes / f"{name}-hang-{tally['hangs']}").write_bytes(content)

    def mutated(content: bytes, longest: int, seed: int) -> bytes:
        changed = damaged_json(Random(seed), content) if seed % 2 else None
        if changed is None or len(changed) > longest:
            return bytes(atheris.Mutate(content, longest))
        return changed

    options = [f"-runs={count}", f"-max_len={LONGEST_INPUT}", "-timeout=30", "-rss_limit_mb=0", "-print_final_stats=1",
               f"-artifact_prefix={crashes}/{name}-", "-len_control=0", "-seed=1"]  # fmt: skip
    atheris.Setup([sys.argv[0], *options, str(corpus)], one, custom_mutator=mutated)
    import atexit

    atexit.register(report)
    atheris.Fuzz()


def again(name: str, *files: str) -> None:
    """Give a reader what is in files, and let it fail as it does."""
    from fuzz.reader import attempt
    from fuzz.readers import READERS

    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            print(file, attempt(READERS[name], Path(file).read_bytes(), Path(folder)))


def _virtual_bytes() -> int:
    return int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()


if __name__ == "__main__":
    main()
