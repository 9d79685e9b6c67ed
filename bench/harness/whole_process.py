"""Measures whole processes: `python -m harness.whole_process MODULE ARGUMENT…` runs it at each "go".

The value is the time from starting `python` to its end, or what the module itself measured and printed on its
last line as JSON ({"value": …}). This runs inside the peer's environment, so what `uv` needs is left out.
"""

import json
import subprocess
import sys
import time

from harness.protocol import Bench


def run(module: str, arguments: list[str]) -> dict[str, float]:
    """Runs one process; what it reported, with the time it took as "value" if it measured nothing itself.

    Ends this program as the process ended if that failed.
    """
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", module, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    took = time.perf_counter() - start
    if done.returncode:
        raise SystemExit(done.returncode)
    lines = done.stdout.splitlines()
    return {"value": took, **(json.loads(lines[-1]) if lines else {})}


def main() -> None:
    bench = Bench()
    bench.ready()
    while True:
        bench.wait()
        bench.report(**run(sys.argv[1], sys.argv[2:]))


if __name__ == "__main__":
    main()
