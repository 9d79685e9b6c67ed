"""What is measured from before the engine is imported, in a process without Keras.

    python -m ours_lean memory THREADS                peak memory of the lab run's epoch, over that before it
    python -m ours_lean start THREADS cold|cached     seconds from the import to the first step done

Both print one measurement as JSON, and take the network that `python -m ours store` wrote.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STORED = Path("lab.pickle")
BATCH_SIZE = 128


def memory(n_threads: int) -> float:
    """Peak resident MB of an epoch, over those with LLVM initialised and the arrays loaded (Linux)."""
    from llvmlite import binding

    from harness import workload

    binding.initialize_native_target()
    binding.initialize_native_asmprinter()
    x, y = workload.read("mnist")
    Path("/proc/self/clear_refs").write_text("5")  # the peak from now on
    before = resident_mb("VmRSS")

    from ours import Run, stored

    Run(stored(), n_threads).epoch(x, y)
    return resident_mb("VmHWM") - before


def resident_mb(field: str) -> float:
    """This process's resident memory now (VmRSS) or at its peak (VmHWM)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    kibibytes = next(line.split()[1] for line in lines if line.startswith(f"{field}:"))
    return int(kibibytes) * 1024 / 1e6


def start(n_threads: int) -> float:
    """Seconds from the import of NumPy and the engine to the first step done."""
    begin = time.perf_counter()
    from harness import workload
    from ours import Run, stored

    x, y = workload.read("mnist", data_size=BATCH_SIZE)
    Run(stored(), n_threads).program.train(x, y)
    return time.perf_counter() - begin


def main() -> None:
    if not STORED.exists():
        subprocess.run([sys.executable, "-m", "ours", "store"], check=True)
    match sys.argv[1:]:
        case ["memory", n_threads]:
            value = memory(int(n_threads))
        case ["start", n_threads, "cached"]:
            os.environ["XDG_CACHE_HOME"] = str(Path("cache").resolve())
            value = start(int(n_threads))
        case ["start", n_threads, "cold"]:
            with tempfile.TemporaryDirectory() as empty:
                os.environ["XDG_CACHE_HOME"] = empty
                value = start(int(n_threads))
    print(json.dumps({"value": value}))


if __name__ == "__main__":
    main()
