"""What a machine's vector unit offers: the only thing about a machine that a plan may depend on."""

from dataclasses import dataclass
from functools import cache

from tatamilab.errors import BadInput
from tatamilab.i18n import _

IMAGES_PER_CHUNK = 16
"""Images that one piece of work computes side by side; a multiple of every target's lanes."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """A register file, and how to ask LLVM for it.

    Args:
        name: "avx512", "avx2", "sse4" or "neon".
        triple: LLVM's target triple.
        cpu: LLVM's CPU name.
        features: LLVM's feature string.
        lanes: float32 values in a vector.
        registers: vector registers.
        fma: whether a fused multiply-add is one instruction.
    """

    name: str
    triple: str
    cpu: str
    features: str
    lanes: int
    registers: int
    fma: bool

    @property
    def groups(self) -> int:
        """Vectors that hold one value of all the images of a chunk."""
        return IMAGES_PER_CHUNK // self.lanes


NAMED = {
    "avx512": Target(
        name="avx512",
        triple="x86_64-unknown-linux-gnu",
        cpu="x86-64-v4",
        features="-prefer-256-bit",
        lanes=16,
        registers=32,
        fma=True,
    ),
    "avx2": Target(
        name="avx2",
        triple="x86_64-unknown-linux-gnu",
        cpu="x86-64-v3",
        features="",
        lanes=8,
        registers=16,
        fma=True,
    ),
    "sse4": Target(
        name="sse4",
        triple="x86_64-unknown-linux-gnu",
        cpu="x86-64-v2",
        features="",
        lanes=4,
        registers=16,
        fma=False,
    ),
    "neon": Target(
        name="neon",
        triple="aarch64-unknown-linux-gnu",
        cpu="generic",
        features="+neon",
        lanes=4,
        registers=32,
        fma=True,
    ),
}
"""The targets by name. Code for one is the same on every CPU that can run it, and so are its bits."""


@cache
def host_triple() -> str:
    """LLVM's triple of this machine."""
    from llvmlite import binding

    return binding.get_process_triple()


@cache
def runnable() -> tuple[str, ...]:
    """Names of the targets that this CPU can run, the widest first."""
    from llvmlite import binding

    if host_triple().startswith(("aarch64", "arm64")):
        return ("neon",)
    features = binding.get_host_cpu_features()
    has = lambda *names: all(features.get(name) for name in names)  # noqa: E731
    return tuple(
        name
        for name, able in (
            ("avx512", has("avx512f", "avx512bw", "avx512dq", "avx512vl", "fma", "bmi2")),
            ("avx2", has("avx2", "fma", "bmi2", "f16c")),
            ("sse4", has("sse4.2", "popcnt")),
        )
        if able
    )


def choose(name: str | None = None) -> Target:
    """The widest target this CPU can run, or the one called `name`, with this machine's triple.

    Raises:
        BadInput: `name` is unknown or this CPU cannot run it.
    """
    able = runnable()
    name = name or able[0]
    if name not in able:
        raise BadInput(
            _(
                "The target {name!r} cannot run here; this CPU can run {able}.",
                name=name,
                able=", ".join(able),
            )
        )
    fields = {**NAMED[name].__dict__, "triple": host_triple()}
    return Target(**fields)
