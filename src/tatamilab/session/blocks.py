"""The blocks of a network: what they are, and how a word in an address names them."""

import re
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from tatamilab.errors import BadInput
from tatamilab.i18n import _

ActivationName = Literal["relu", "tanh", "sigmoid", "linear"]

MOST_BLOCKS = 12


class _Block(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Conv(_Block):
    """A convolution: `filters` filters of `kernel` × `kernel`."""

    kind: Literal["conv"] = "conv"
    filters: int = Field(default=32, ge=1, le=128)
    kernel: int = Field(default=5, ge=1, le=15)
    stride: int = Field(default=1, ge=1, le=4)
    padding: Literal["valid", "same"] = "valid"
    activation: ActivationName = "relu"


class Pool(_Block):
    """A pool: of each `size` × `size` the largest or the mean."""

    kind: Literal["pool"] = "pool"
    size: int = Field(default=2, ge=1, le=8)
    mode: Literal["max", "average"] = "max"


class Dense(_Block):
    """A dense layer."""

    kind: Literal["dense"] = "dense"
    units: int = Field(default=20, ge=1, le=1024)
    activation: ActivationName = "relu"


class Dropout(_Block):
    """Leaves out a share of the values while training."""

    kind: Literal["dropout"] = "dropout"
    percent: int = Field(default=25, ge=1, le=90)


class Norm(_Block):
    """Batch normalisation."""

    kind: Literal["norm"] = "norm"


Block = Annotated[Conv | Pool | Dense | Dropout | Norm, Field(discriminator="kind")]

_BLOCKS: TypeAdapter[tuple[Block, ...]] = TypeAdapter(
    Annotated[tuple[Block, ...], Field(max_length=MOST_BLOCKS)]
)


def checked(blocks: object) -> "tuple[Conv | Pool | Dense | Dropout | Norm, ...]":
    """The blocks of a list such as `[{"kind": "conv", "filters": 8}, …]`.

    Raises:
        BadInput: it is no list of blocks, or a number is out of its range.
    """
    try:
        return _BLOCKS.validate_python(tuple(blocks) if isinstance(blocks, list) else blocks)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "blocks"
        shown = repr(first["input"])
        raise BadInput(
            _(
                "A network is at most {n} blocks; {where} cannot be {received}.",
                n=MOST_BLOCKS,
                where=where,
                received=shown if len(shown) < 40 else "…",
            )
        ) from error


_WORDS: list[tuple[str, Callable[[re.Match[str]], dict[str, Any]]]] = [
    (
        r"c(\d{1,4})k(\d{1,4})(?:s(\d{1,4}))?(z?)(?:-([a-z]+))?",
        lambda m: {
            "kind": "conv",
            "filters": int(m[1]),
            "kernel": int(m[2]),
            "stride": int(m[3] or 1),
            "padding": "same" if m[4] else "valid",
            "activation": m[5] or "relu",
        },
    ),
    (
        r"([pa])(\d{1,4})",
        lambda m: {"kind": "pool", "size": int(m[2]), "mode": "max" if m[1] == "p" else "average"},
    ),
    (
        r"d(\d{1,4})(?:-([a-z]+))?",
        lambda m: {"kind": "dense", "units": int(m[1]), "activation": m[2] or "relu"},
    ),
    (r"o(\d{1,4})", lambda m: {"kind": "dropout", "percent": int(m[1])}),
    (r"n", lambda m: {"kind": "norm"}),
]


def read(word: str) -> Mapping[str, Any]:
    """What a word such as "c32k5" stands for.

    Raises:
        BadInput: it stands for none.
    """
    for pattern, made in _WORDS:
        if match := re.fullmatch(pattern, word):
            return made(match)
    raise BadInput(
        _(
            "{word!r} is no layer: write c32k5 for a convolution, p2 for a pool, d20 for a dense layer, o25 for "
            "dropout, n for normalisation.",
            word=word[:40],
        )
    )


def written(block: Conv | Pool | Dense | Dropout | Norm) -> str:
    """The word for a block.

    Example:
        >>> written(Conv(filters=8, kernel=3))
        'c8k3'
    """
    match block:
        case Conv():
            stride = f"s{block.stride}" if block.stride > 1 else ""
            same = "z" if block.padding == "same" else ""
            return f"c{block.filters}k{block.kernel}{stride}{same}{_suffix(block.activation)}"
        case Pool():
            return f"{'p' if block.mode == 'max' else 'a'}{block.size}"
        case Dense():
            return f"d{block.units}{_suffix(block.activation)}"
        case Dropout():
            return f"o{block.percent}"
        case Norm():
            return "n"


def _suffix(activation: str) -> str:
    return "" if activation == "relu" else f"-{activation}"
