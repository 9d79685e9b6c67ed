"""`Blueprint`: a network as blocks that can be moved about; its shapes and its arithmetic before it is built."""

import re
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

from tatamilab import backend
from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.models import MNIST_SHAPE
from tatamilab.session.blocks import Conv, Dense, Dropout, Norm, Pool, checked, read, written

if TYPE_CHECKING:
    import keras

Shape = tuple[int, ...]
N_CLASSES = 10
MOST_PARAMETERS = 5_000_000
MOST_MACS = 100_000_000
"""Multiply-adds of an image: a step of 128 such images takes a third of a second, and nobody else trains meanwhile."""


@dataclass(frozen=True)
class Row:
    """What is known of one layer.

    Attributes:
        block: number of the block; None for what is there of itself.
        kind: the block's, or "flatten" or "output".
        shape: of what it makes; None where nothing can be made.
        parameters: how many it has.
        arithmetic: how they are counted: "5×5×1×32 + 32 = 832"; empty if there are none.
        macs: multiply-adds of an image, forward.
        problem: why it cannot be; empty if it can.
    """

    block: int | None
    kind: str
    shape: Shape | None
    parameters: int = 0
    arithmetic: str = ""
    macs: int = 0
    problem: str = ""


@dataclass(frozen=True)
class Blueprint:
    """A network for MNIST's digits: blocks, then Dense(10, softmax); a Flatten comes where it is needed.

    Attributes:
        blocks: in order.

    Example:
        >>> worksheet = Blueprint.parse("c32k5_p2_d20")
        >>> worksheet.n_parameters
        93222
        >>> worksheet.rows()[0].arithmetic
        '5×5×1×32 + 32 = 832'
    """

    blocks: tuple[Conv | Pool | Dense | Dropout | Norm, ...]

    @classmethod
    def of(cls, blocks: object) -> "Blueprint":
        """The blueprint of a list such as `[{"kind": "conv", "filters": 8}, …]`.

        Raises:
            BadInput: it is no list of blocks, or a number is out of its range.
        """
        return cls(checked(blocks))

    @classmethod
    def parse(cls, text: str) -> "Blueprint":
        """The blueprint of a text such as "c32k5_p2_d20": what `text` gives.

        Raises:
            BadInput: the text is none.
        """
        return cls.of([read(word) for word in text.split("_") if word])

    def text(self) -> str:
        """As an address holds it."""
        return "_".join(written(block) for block in self.blocks)

    def rows(self) -> list[Row]:
        """Every layer with its shape and its numbers, the first that does not fit with the reason."""
        rows: list[Row] = []
        shape: Shape | None = MNIST_SHAPE
        for number, block in enumerate(self.blocks):
            if isinstance(block, Dense) and shape is not None and len(shape) > 1:
                rows.append(_flattened(shape))
                shape = rows[-1].shape
            rows.append(_row(number, block, shape))
            shape = rows[-1].shape
        if shape is not None and len(shape) > 1:
            rows.append(_flattened(shape))
            shape = rows[-1].shape
        return [*rows, _dense(None, "output", N_CLASSES, shape)]

    @property
    def n_parameters(self) -> int:
        """Of all layers together."""
        return sum(row.parameters for row in self.rows())

    @property
    def macs(self) -> int:
        """Multiply-adds of an image, forward."""
        return sum(row.macs for row in self.rows())

    @property
    def problem(self) -> str:
        """Why it cannot be built; empty if it can."""
        rows = self.rows()
        for number, row in enumerate(rows, 1):
            if row.problem:
                return _("layer {number}: {problem}", number=number, problem=row.problem)
        parameters = sum(row.parameters for row in rows)
        if parameters > MOST_PARAMETERS:
            return _(
                "{n:,} parameters are more than the {most:,} that the laboratory trains",
                n=parameters,
                most=MOST_PARAMETERS,
            )
        if self.macs > MOST_MACS:
            return _(
                "{n:,} multiply-adds an image are more than the {most:,} that the laboratory trains",
                n=self.macs,
                most=MOST_MACS,
            )
        return ""

    def checked(self) -> "Blueprint":
        """Itself, if it can be built.

        Raises:
            BadInput: it cannot, and why.
        """
        if self.problem:
            raise BadInput(_("This network cannot be built: {problem}.", problem=self.problem))
        return self

    def build(self) -> "keras.Sequential":
        """The Keras model, not compiled.

        Raises:
            BadInput: it cannot be built.
        """
        self.checked()
        backend.choose()
        import keras

        layers = keras.layers
        made = [
            getattr(layers, layer)(*given, **options, name=name)
            for layer, given, options, name in self._layers()
        ]
        return keras.Sequential([keras.Input(MNIST_SHAPE), *made], name="lab")

    def code(self) -> list[str]:
        """The layers as lines of Python, as a student would write them."""
        lines = []
        for layer, given, options, _name in self._layers():
            words = [repr(value) for value in given] + [f"{key}={value!r}" for key, value in options.items()]
            lines.append(f"keras.layers.{layer}({', '.join(words)})")
        return lines

    def _layers(self) -> list[tuple[str, tuple[Any, ...], dict[str, Any], str]]:
        """Keras class, arguments, keywords and name of every layer; named as if it were the only network."""
        counts: dict[str, int] = {}
        out = []
        for row in self.rows():
            block = None if row.block is None else self.blocks[row.block]
            layer, given, options = _keras_layer(block, row.kind)
            stem = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", layer).replace("2D", "2d").lower()
            number = counts.get(stem, 0)
            counts[stem] = number + 1
            out.append((layer, given, options, f"{stem}_{number}" if number else stem))
        return out


PRESETS = {
    "worksheet": "c32k5_p2_d20",
    "bpnn": "d32",
    "small-data": "c32k5_p2_d128",
    "two-conv": "c32k3_p2_c64k3_p2_d128",
    "lenet-5": "c6k5z-tanh_a2_c16k5-tanh_a2_c120k5-tanh_d84-tanh",
}
"""Networks by name: the worksheet's, the plain one of the lesson before, that of the task with 600 images, one with two
convolutions, and LeNet-5 (LeCun et al. 1998; here with softmax, and every map of the second convolution sees all of the
first's)."""

WORKSHEET = Blueprint.parse(PRESETS["worksheet"])


def _row(number: int, block: Conv | Pool | Dense | Dropout | Norm, shape: Shape | None) -> Row:
    if shape is None:
        return Row(number, block.kind, None)
    match block:
        case Conv():
            return _convolution(number, block, shape)
        case Pool():
            return _pool(number, block, shape)
        case Dense():
            return _dense(number, "dense", block.units, shape)
        case Dropout():
            return Row(number, "dropout", shape)
        case Norm():
            return Row(number, "norm", shape, 4 * shape[-1], f"4×{shape[-1]} = {4 * shape[-1]:,}")


def _convolution(number: int, block: Conv, shape: Shape) -> Row:
    if len(shape) != 3:
        return Row(number, "conv", None, problem=_("a convolution needs maps, and a dense layer makes none"))
    h, w, c = shape
    k, f = block.kernel, block.filters
    if block.padding == "valid" and k > min(h, w):
        return Row(
            number,
            "conv",
            None,
            problem=_("kernel {kernel} is larger than its input {h}×{w}", kernel=k, h=h, w=w),
        )
    if block.padding == "same":
        out = (-(-h // block.stride), -(-w // block.stride), f)
    else:
        out = ((h - k) // block.stride + 1, (w - k) // block.stride + 1, f)
    parameters = k * k * c * f + f
    text = f"{k}×{k}×{c}×{f} + {f} = {parameters:,}"
    return Row(number, "conv", out, parameters, text, prod(out[:2]) * k * k * c * f)


def _pool(number: int, block: Pool, shape: Shape) -> Row:
    if len(shape) != 3:
        return Row(number, "pool", None, problem=_("a pool needs maps, and a dense layer makes none"))
    h, w, c = shape
    if block.size > min(h, w):
        return Row(
            number,
            "pool",
            None,
            problem=_("pool {size} is larger than its input {h}×{w}", size=block.size, h=h, w=w),
        )
    return Row(number, "pool", (h // block.size, w // block.size, c))


def _flattened(shape: Shape) -> Row:
    n = prod(shape)
    return Row(None, "flatten", (n,), 0, f"{'×'.join(map(str, shape))} = {n:,}")


def _dense(number: int | None, kind: str, units: int, shape: Shape | None) -> Row:
    if shape is None:
        return Row(number, kind, None)
    (n,) = shape
    parameters = n * units + units
    return Row(number, kind, (units,), parameters, f"{n:,}×{units} + {units} = {parameters:,}", n * units)


def _keras_layer(
    block: Conv | Pool | Dense | Dropout | Norm | None, kind: str
) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
    match block:
        case Conv():
            options: dict[str, Any] = {"strides": block.stride} if block.stride > 1 else {}
            options |= {"padding": "same"} if block.padding == "same" else {}
            return "Conv2D", (block.filters, block.kernel), {**options, "activation": block.activation}
        case Pool():
            return ("MaxPooling2D" if block.mode == "max" else "AveragePooling2D"), (block.size,), {}
        case Dense():
            return "Dense", (block.units,), {"activation": block.activation}
        case Dropout():
            return "Dropout", (block.percent / 100,), {}
        case Norm():
            return "BatchNormalization", (), {}
    if kind == "flatten":
        return "Flatten", (), {}
    return "Dense", (N_CLASSES,), {"activation": "softmax"}
