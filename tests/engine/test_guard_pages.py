"""Every array between pages that cannot be touched: no kernel leaves its arrays."""

import subprocess
import sys
from pathlib import Path

import pytest

from tatamilab.engine.target import runnable

PROGRAM = Path(__file__).with_name("guarded.py")

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pages are guarded by mprotect")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "faulthandler", str(PROGRAM), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("target", "against"), [*((name, "end") for name in runnable()), (runnable()[0], "start")]
)
def test_no_kernel_leaves_its_arrays(target: str, against: str) -> None:
    done = run(target, against)
    assert done.returncode == 0, f"after {done.stdout.splitlines()[-1:]}: {done.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize(("access", "seen"), [("page[-1]", -11), ("page[n]", -11), ("page[n - 1]", 0)])
def test_leaving_an_array_is_seen(access: str, seen: int) -> None:
    """The guard itself: a read before or behind an array ends the process by SIGSEGV."""
    code = (
        "import ctypes, guarded; n = 4096; array = guarded.between_pages(n);"
        "page = ctypes.cast(guarded.allocation.address(array), ctypes.POINTER(ctypes.c_ubyte));" + access
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=PROGRAM.parent, check=False, capture_output=True)
    assert done.returncode == seen
