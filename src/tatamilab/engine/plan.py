"""Graph + training + batch size + target → everything that the emitter needs to know.

A plan is a pure function of its four inputs: no time, cache size, load or number of threads enters it. So a
plan fixes the bits of every result, and its hash names them.

A step of training is a list of stages, with a barrier after each. A stage is a number of *pieces* that the
threads claim one by one: a chunk of 16 images (forward, loss, backward), or a slice of the parameters
(gradient, optimizer). Pieces are cut by the batch and by the parameters, never by the team.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import ceil

import llvmlite

from tatamilab.engine.blocks import Block, fuse
from tatamilab.engine.graph import (
    Activation,
    ActivityRegularization,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Dropout,
    Graph,
    Node,
    Parameter,
    Pool2D,
    Reshape,
    Training,
    ZeroPadding2D,
)
from tatamilab.engine.naming import numbered
from tatamilab.engine.schedule import BY_REGISTERS, Schedule, column_tile, divisor, row_tile
from tatamilab.engine.target import IMAGES_PER_CHUNK, Target

VERSION = 2
"""Raised whenever the code that a plan leads to changes any bit."""

OWNED_FROM = 16384
"""Dense kernels of at least so many weights: each slice of the gradient is summed over the whole batch by one
thread, which then updates the weights; smaller gradients are a partial sum for each chunk, added in order."""

WIDE_FROM = 131072
"""Dense kernels of at least so many weights (half a megabyte) have stages of their own: `kernels/wide.py`."""

ALIGN = 16
"""Parameters start at multiples of so many floats in the flat vector of weights."""

PIECE = 4096
"""Floats of small parameters that one piece of the update stage takes."""

SLICES = 32
"""Pieces that a large dense gradient is cut into, at most."""


@dataclass(frozen=True, kw_only=True)
class Placed:
    """Where a parameter lives in the flat vector of weights, and how its gradient is summed."""

    parameter: Parameter
    at: int
    owned: bool

    @property
    def stop(self) -> int:
        """Where the next parameter may begin."""
        return self.at + -(-self.parameter.size // ALIGN) * ALIGN


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A network, how it is trained, and for what machine: all that decides the code and so the bits.

    Args:
        graph: the network.
        training: loss, metrics and optimizer; None if the program only predicts.
        batch_size: images in a full batch of training.
        target: the register file to write for.
        input_dtype: "f32" or "u8": what the caller's images hold.
        checked: whether every load and store tests its bounds.
        profile: whether every kernel counts its cycles.
        measured: how much is in registers at once, if not what the table has for the target; no part of the hash.
        of_input: whether the gradient by the input is wanted: a network that nothing trains (`cuts.untrained`).
    """

    graph: Graph
    training: Training | None
    batch_size: int
    target: Target
    input_dtype: str = "f32"
    checked: bool = False
    profile: bool = False
    of_input: bool = False
    measured: Schedule | None = None

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The network as it is computed."""
        return fuse(self.graph)

    @cached_property
    def hash(self) -> str:
        """Names the plan: the same hash gives the same bits on every CPU that can run its target, whatever Keras has
        called the layers.
        """
        facts = (VERSION, llvmlite.__version__, numbered(self.graph), self.training, self.batch_size)
        machine = (self.target.name, self.target.lanes, self.target.fma, self.input_dtype, self.of_input)
        return hashlib.sha256(repr((facts, machine)).encode()).hexdigest()[:16]

    @property
    def schedule(self) -> Schedule:
        """How much is in registers at once."""
        return self.measured or BY_REGISTERS[self.target.registers]

    @property
    def max_chunks(self) -> int:
        """Chunks in a full batch."""
        return -(-self.batch_size // IMAGES_PER_CHUNK)

    def producer(self, value: str) -> Block:
        """The block that makes a value."""
        return self._producers[value]

    @cached_property
    def _producers(self) -> dict[str, Block]:
        return {block.name: block for block in self.blocks}

    @cached_property
    def readers(self) -> dict[str, tuple[Block, ...]]:
        """For each value the blocks that read it."""
        return {block.name: tuple(b for b in self.blocks if block.name in b.inputs) for block in self.blocks}

    @cached_property
    def output(self) -> str:
        """The value that the network returns."""
        return self.blocks[-1].name

    # -- parameters -----------------------------------------------------------------------------------------

    @cached_property
    def placed(self) -> dict[str, Placed]:
        """Every parameter in the flat vector: small trained ones, then owned ones, then those not trained."""
        owned = {
            node.kernel
            for node in self.graph.nodes
            if isinstance(node, Dense)
            and self.training
            and self.graph.parameter(node.kernel).trainable
            and self.graph.parameter(node.kernel).size >= OWNED_FROM
        }
        order = sorted(self.graph.parameters, key=lambda p: (not p.trainable, p.name in owned))
        out, at = {}, 0
        for parameter in order:
            out[parameter.name] = Placed(parameter=parameter, at=at, owned=parameter.name in owned)
            at = out[parameter.name].stop
        return out

    @cached_property
    def trained(self) -> tuple[Placed, ...]:
        """The parameters that training changes by their gradient, in the order of the flat vector."""
        return tuple(p for p in self.placed.values() if p.parameter.trainable)

    @property
    def penalized(self) -> bool:
        """Whether some trained parameter has a regularizer."""
        return any(p.parameter.l1 or p.parameter.l2 for p in self.trained)

    @property
    def clips_norms(self) -> bool:
        """Whether gradients are clipped by a norm, which must be known before any weight changes."""
        optimizer = self.training and self.training.optimizer
        return bool(optimizer and (optimizer.clipnorm or optimizer.global_clipnorm))

    @property
    def n_small(self) -> int:
        """Floats of trained parameters whose gradients are partial sums, a multiple of `ALIGN`."""
        return self._end(lambda p: p.parameter.trainable and not p.owned)

    @property
    def n_trained(self) -> int:
        """Floats of all trained parameters: the size of an optimizer slot."""
        return max(self._end(lambda p: p.parameter.trainable), ALIGN)

    @property
    def n_weights(self) -> int:
        """Floats of all parameters."""
        return max(self._end(lambda p: True), ALIGN)

    def _end(self, which: Callable[[Placed], bool]) -> int:
        return max((p.stop for p in self.placed.values() if which(p)), default=0)

    def slice_rows(self, kernel: str) -> int:
        """Rows of an owned dense kernel that one piece updates: whole vectors of weights."""
        rows, _ = self.graph.parameter(kernel).shape
        return ceil(ceil(rows / SLICES) / ALIGN) * ALIGN

    @property
    def n_pieces(self) -> int:
        """The most pieces that a stage of training has: chunks, or pieces of the parameters."""
        slices = sum(self._slices(p) for p in self.trained if p.owned)
        return max(self.max_chunks, slices + ceil(self.n_small / PIECE), ceil(self.n_trained / PIECE))

    def _slices(self, placed: Placed) -> int:
        return ceil(placed.parameter.shape[0] / self.slice_rows(placed.parameter.name))

    def pieces_of(self, placed: Placed) -> tuple[int, int]:
        """The first piece, and the last + 1, of the stage of gradients that a parameter is part of."""
        if placed.owned:
            return 0, self._slices(placed)
        return placed.at // PIECE, ceil(placed.stop / PIECE)

    # -- gradients ------------------------------------------------------------------------------------------

    @cached_property
    def wants_gradient(self) -> frozenset[str]:
        """Values whose gradient some trained parameter needs: those made from, or by, a trained parameter.

        With `of_input` all.
        """
        if self.training is None:
            return frozenset()
        wanted: set[str] = {self.graph.input.name} if self.of_input else set()
        for block in self.blocks:
            trained = any(self.graph.parameter(p).trainable for p in parameters_of(block.node))
            if trained or any(name in wanted for name in block.inputs):
                wanted.add(block.name)
        return frozenset(wanted)

    def padded_in_place(self, value: str) -> bool:
        """Whether a value's own memory can have a margin: nobody reads it as one flat row."""
        whole = (Conv2D, DepthwiseConv2D, Pool2D, Activation, BatchNormalization, Dropout, Add, ZeroPadding2D)
        return not self._reshaped(value) and all(isinstance(b.node, whole) for b in self.readers[value])

    def _reshaped(self, value: str) -> bool:
        return any(isinstance(n, Reshape) and n.inputs[0] == value for n in self.graph.nodes)

    # -- stages ---------------------------------------------------------------------------------------------

    def waits(self, block: Block) -> bool:
        """Whether a block's output depends on the whole batch, so that all chunks must have come to it."""
        return (
            self.training is not None and isinstance(block.node, BatchNormalization) and not block.node.frozen
        )

    def waits_backward(self, block: Block) -> bool:
        """Whether the gradient of a block's input depends on the whole batch, and somebody wants it."""
        return self.waits(block) and any(name in self.wants_gradient for name in block.inputs)

    def wide(self, block: Block) -> bool:
        """Whether a block is a dense layer computed for the whole batch at once, in stages of its own."""
        return (
            isinstance(block.node, Dense)
            and self.placed[block.node.kernel].owned
            and self.graph.parameter(block.node.kernel).size >= WIDE_FROM
        )

    def wide_backward(self, block: Block) -> bool:
        """Whether the gradient of its input is, too."""
        return self.wide(block) and any(name in self.wants_gradient for name in block.inputs)

    def unit_slice(self, block: Block) -> int:
        """Outputs of a wide dense layer that one piece computes."""
        units = block.shape[-1]
        size = divisor(units, 32)
        return size if size >= 8 else units

    @cached_property
    def forward_stage(self) -> dict[str, int]:
        """For each value the stage in which it is made."""
        stage, after_wide, out = 0, False, {}
        for block in self.blocks:
            stage += self.waits(block) or self.wide(block) or after_wide
            after_wide = self.wide(block)
            out[block.name] = stage
        return out

    @property
    def loss_stage(self) -> int:
        """The stage in which the loss is computed."""
        return self.forward_stage[self.output] + self.wide(self.producer(self.output))

    @cached_property
    def backward_stage(self) -> dict[str, int]:
        """For each value with a gradient the stage in which its block gives to its own inputs and weights."""
        stage, after_wide, out = self.loss_stage, False, {}
        for block in reversed(self.blocks):
            if block.name in self.wants_gradient:
                stage += self.waits_backward(block) or self.wide_backward(block) or after_wide
                after_wide = self.wide_backward(block)
                out[block.name] = stage
        return out

    @property
    def n_stages(self) -> int:
        """Stages of a step that work on chunks; the update of the weights is one more."""
        return 1 + max([self.loss_stage, *self.backward_stage.values()])

    @property
    def n_meetings(self) -> int:
        """How often the threads meet in a step: after each stage, those of the parameters included."""
        return self.n_stages + (2 if self.clips_norms else 1)

    @property
    def batch_statistics(self) -> bool:
        """Whether some layer looks at the whole batch in the middle of a step."""
        return self.n_stages > 1

    def outlives_stage(self, value: str) -> bool:
        """Whether a value is read in a later stage than the one that makes it, if only backwards."""
        users = [b.name for b in (self.producer(value), *self.readers[value])]
        last = max(self.backward_stage.get(u, self.forward_stage[u]) for u in users)
        if isinstance(self.producer(value).node, ActivityRegularization):
            last = max(last, self.loss_stage)
        return last > self.forward_stage[value]

    def gradient_outlives_stage(self, value: str) -> bool:
        """The same of ∂loss/∂value."""
        readers = [b.name for b in self.readers[value]]
        given = min((self.backward_stage[r] for r in readers), default=self.loss_stage)
        return self.backward_stage[value] > given

    def column_tile(self, block: Block) -> int | None:
        """Outputs of a column tile if the block's convolution is computed by Toom–Cook."""
        if not isinstance(block.node, Conv2D):
            return None
        columns = 2 * block.shape[1] if block.pool else block.node.shape[1]
        return column_tile(block.node, self.graph.parameter(block.node.kernel).shape[1], columns)

    def row_tile(self, block: Block) -> int | None:
        """Rows of a tile if a convolution by Toom–Cook is cut into tiles of rows, too."""
        if self.column_tile(block) is None or self.few_channels(block):
            return None
        assert isinstance(block.node, Conv2D)
        rows = 2 * block.shape[0] if block.pool else block.node.shape[0]
        height = self.graph.parameter(block.node.kernel).shape[0]
        return row_tile(height, rows)

    def few_channels(self, block: Block) -> bool:
        """Whether a convolution by Toom–Cook keeps its products in registers."""
        return self.producer(block.inputs[0]).shape[-1] <= 4

    def returns_through_points(self, block: Block) -> bool:
        """Whether a convolution by Toom–Cook writes out the gradient at the points, or registers hold it."""
        in_registers = block.pool and self.few_channels(block) and block.inputs[0] not in self.wants_gradient
        return not in_registers

    def masks(self, value: str) -> bool:
        """Whether whoever stores the gradient of `value` also applies its ReLU's mask."""
        return self.producer(value).relu and len(self.readers[value]) == 1

    def __hash__(self) -> int:
        return hash(self.hash)


def parameters_of(node: Node) -> tuple[str, ...]:
    """Names of the parameters that a node reads."""
    match node:
        case Conv2D() | DepthwiseConv2D() | Dense():
            return (node.kernel,) if node.bias is None else (node.kernel, node.bias)
        case BatchNormalization():
            return tuple(p for p in (node.gamma, node.beta, node.mean, node.variance) if p)
        case _:
            return ()
