"""The CPU: its name, who made it, and how wide its vectors are."""

import platform
import sys
from pathlib import Path
from typing import NamedTuple

from tatamilab.i18n import _
from tatamilab.machine.sysctl import sysctl
from tatamilab.machine.unknown import Unknown


class Vectors(NamedTuple):
    """The widest vectors that LLVM finds on this CPU.

    Args:
        extension: "AVX-512", "AVX2", "SSE4" or "NEON".
        bits: width of one vector; a float32 takes 32.
        fma: whether a multiplication and an addition are one instruction, rounded once.
    """

    extension: str
    bits: int
    fma: bool


def cpu_name(root: Path = Path("/")) -> str:
    """The name of the CPU as its maker gives it.

    Args:
        root: where `/proc` is, on Linux.

    Raises:
        Unknown: the system does not tell.
    """
    if sys.platform == "darwin":
        return sysctl("machdep.cpu.brand_string")
    if sys.platform == "win32":
        return _from_registry("ProcessorNameString")
    return _from_cpuinfo(root, "model name", "Model", "Hardware", "uarch")


def cpu_vendor(root: Path = Path("/")) -> str:
    """Who made the CPU, as it says itself: "GenuineIntel", "AuthenticAMD", "Apple", …

    Args:
        root: where `/proc` is, on Linux.

    Raises:
        Unknown: the system does not tell.
    """
    if sys.platform == "darwin":
        return "Apple" if platform.machine() == "arm64" else sysctl("machdep.cpu.vendor")
    if sys.platform == "win32":
        return _from_registry("VendorIdentifier")
    vendor = _from_cpuinfo(root, "vendor_id", "CPU implementer")
    return _ARM_IMPLEMENTERS.get(vendor.lower(), vendor)


def vectors() -> Vectors:
    """The widest vectors of this CPU, as LLVM finds them.

    Raises:
        Unknown: LLVM knows none of the four extensions here.
    """
    from llvmlite import binding

    return widest(platform.machine(), binding.get_host_cpu_features())


def widest(architecture: str, features: dict[str, bool]) -> Vectors:
    """The widest vectors that LLVM's `features` of a CPU allow.

    Raises:
        Unknown: there are none that we know.

    Example:
        >>> widest("x86_64", {"sse4.2": True, "avx2": True, "fma": True})
        Vectors(extension='AVX2', bits=256, fma=True)
    """
    if architecture.lower() in ("aarch64", "arm64"):
        return Vectors("NEON", 128, fma=True)  # both are part of the base instruction set
    for extension, feature, bits in (
        ("AVX-512", "avx512f", 512),
        ("AVX2", "avx2", 256),
        ("SSE4", "sse4.2", 128),
    ):
        if features.get(feature):
            return Vectors(extension, bits, bool(features.get("fma")))
    raise Unknown(
        _("LLVM finds no vector extension that we know on {architecture}.", architecture=architecture)
    )


_ARM_IMPLEMENTERS = {
    "0x41": "ARM",
    "0x46": "Fujitsu",
    "0x48": "HiSilicon",
    "0x4e": "NVIDIA",
    "0x51": "Qualcomm",
    "0x61": "Apple",
    "0xc0": "Ampere",
}
"""The first byte of an ARM CPU's identity register, by Linux's `arch/arm64/include/asm/cputype.h`."""


def _from_cpuinfo(root: Path, *keys: str) -> str:
    try:
        text = (root / "proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError as problem:
        raise Unknown(_("{file} cannot be read.", file="/proc/cpuinfo")) from problem
    fields = dict(reversed([_field(line) for line in text.splitlines() if ":" in line]))
    for key in keys:
        if value := fields.get(key):
            return value
    raise Unknown(_("{file} does not tell {key}.", file="/proc/cpuinfo", key=keys[0]))


def _field(line: str) -> tuple[str, str]:
    key, _colon, value = line.partition(":")
    return key.strip(), value.strip()


def _from_registry(name: str) -> str:
    if sys.platform != "win32":
        raise Unknown(_("only Windows has a registry."))
    import winreg

    path = r"HARDWARE\DESCRIPTION\System\CentralProcessor\0"
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, path) as key:
            return str(winreg.QueryValueEx(key, name)[0]).strip()
    except OSError as problem:
        raise Unknown(_("the registry does not tell {name}.", name=name)) from problem
