"""The lab run on the throw-away llvmlite program that came before the engine.

A local yardstick: `python -m peers.prototype FOLDER`, where FOLDER holds its `program.py` and
`lab.py`, which read mnist/*.bin in the current folder.
"""

import dataclasses
import sys
from importlib.metadata import version

from harness.protocol import Bench

N_TRAIN, N_VALIDATION, N_THREADS = 54_000, 6_000, 2


def main() -> None:
    bench = Bench()
    sys.path.insert(0, sys.argv[1])
    import program
    from llvmlite import binding

    import lab

    base = lab.AVX512 if binding.get_host_cpu_features().get("avx512f") else lab.AVX2
    schedule = dataclasses.replace(base, conv="winograd", conv_px=1, profile=False)
    run = program.Lab(schedule, *program.mnist(), N_TRAIN, N_VALIDATION)

    def epoch() -> dict[str, float]:
        *_, val_accuracy = run.epoch(N_THREADS)
        return {"val_accuracy": val_accuracy}

    bench.ready(llvmlite=version("llvmlite"))
    bench.serve(epoch)


if __name__ == "__main__":
    main()
