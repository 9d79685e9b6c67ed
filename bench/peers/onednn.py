"""The lab run on oneDNN called directly from C++: finds library and compiler, builds, becomes the program.

Runs in an environment with the packages `onednn-cpu-gomp` and `onednn-devel-cpu-gomp`.
"""

import importlib.metadata
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

from harness.protocol import Bench

SOURCE = Path(__file__).with_name("onednn_lab.cpp")
FLAGS = ["-O3", "-march=native", "-ffast-math", "-fopenmp", "-std=c++17"]


def folder_of(package: str, file_name: str) -> Path:
    """The folder in which a package has put a file."""
    files = importlib.metadata.files(package) or []
    return next(Path(str(file.locate())).resolve().parent for file in files if file.name == file_name)


def become(program: Path) -> NoReturn:
    """Replaces this process, with the bench's pipes left as they are."""
    sys.stdout.flush()
    os.execv(program, [str(program)])


def main() -> None:
    compiler = next(filter(None, map(shutil.which, ("c++", "g++", "clang++"))), None)
    if compiler is None:
        Bench().skip("no C++ compiler (c++, g++, clang++) was found")
    include = folder_of("onednn-devel-cpu-gomp", "dnnl.hpp")
    library = folder_of("onednn-cpu-gomp", "libdnnl.so")
    program = Path("onednn_lab").resolve()
    command = [compiler, *FLAGS, str(SOURCE), f"-I{include}", f"-L{library}", f"-Wl,-rpath,{library}"]
    built = subprocess.run([*command, "-ldnnl", "-o", str(program)], capture_output=True, text=True)
    if built.returncode:
        Bench().skip(f"{compiler} could not build it: {built.stderr.strip().splitlines()[0]}")
    become(program)


if __name__ == "__main__":
    main()
