"""All facts at once: each that cannot be had is `None`, with the reason, and never an exception."""

import platform
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

from tatamilab.machine import caches as cache_reader
from tatamilab.machine import cores, installation, processor
from tatamilab.machine.caches import Cache
from tatamilab.machine.unknown import Unknown

T = TypeVar("T")


@dataclass(frozen=True)
class Machine:
    """Facts about this computer and this installation.

    Args:
        python: version of Python.
        platform: operating system and its release.
        architecture: of the CPU: "x86_64", "arm64", …
        cpu_name: as its maker gives it.
        cpu_vendor: as the CPU says itself.
        vector_extension: "AVX-512", "AVX2", "SSE4" or "NEON", the widest there is.
        vector_bits: width of its vectors.
        fma: whether a multiplication and an addition are one instruction.
        physical_cores: how many this process may use at once, by affinity and the container's quota.
        logical_cpus: how many this process may be put on.
        caches: those of one core, nearest first.
        keras_backend: what our commands would use Keras with.
        japanese_font: the file with which figures show Japanese.
        extras: our extras, and whether each is installed.
        versions: of us and of what we depend on.
        reasons: why a fact is `None`, by its name.
    """

    python: str
    platform: str
    architecture: str
    cpu_name: str | None
    cpu_vendor: str | None
    vector_extension: str | None
    vector_bits: int | None
    fma: bool | None
    physical_cores: int | None
    logical_cpus: int
    caches: tuple[Cache, ...] | None
    keras_backend: str | None
    japanese_font: Path | None
    extras: Mapping[str, bool]
    versions: Mapping[str, str]
    reasons: Mapping[str, str]


def read_machine() -> Machine:
    """Read all facts; nothing is changed by it, and Keras is not imported.

    Example:
        >>> read_machine().logical_cpus >= 1
        True
    """
    reasons: dict[str, str] = {}

    def known(read: Callable[[], T], *names: str) -> T | None:
        try:
            return read()
        except Unknown as why:
            reasons.update(dict.fromkeys(names, str(why)))
            return None

    vectors = known(processor.vectors, "vector_extension", "vector_bits", "fma")
    return Machine(
        python=platform.python_version(),
        platform=platform.platform(),
        architecture=platform.machine(),
        cpu_name=known(processor.cpu_name, "cpu_name"),
        cpu_vendor=known(processor.cpu_vendor, "cpu_vendor"),
        vector_extension=vectors and vectors.extension,
        vector_bits=vectors and vectors.bits,
        fma=vectors and vectors.fma,
        physical_cores=known(cores.physical_cores, "physical_cores"),
        logical_cpus=cores.logical_cpus(),
        caches=known(cache_reader.caches, "caches"),
        keras_backend=known(installation.keras_backend, "keras_backend"),
        japanese_font=known(installation.japanese_font, "japanese_font"),
        extras=installation.extras(),
        versions=installation.versions(),
        reasons=reasons,
    )


def facts() -> dict[str, Any]:
    """The facts of `read_machine` as plain values that JSON can hold.

    Example:
        >>> facts()["python"] == platform.python_version()
        True
    """
    found = asdict(read_machine())
    return {name: str(value) if isinstance(value, Path) else value for name, value in found.items()}
