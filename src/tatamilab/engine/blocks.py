"""Which nodes are computed together: a convolution or dense layer, its ReLU and its max-pool are one block."""

from dataclasses import dataclass

from tatamilab.engine.graph import (
    Activation,
    Add,
    BatchNormalization,
    Conv2D,
    Dense,
    DepthwiseConv2D,
    Graph,
    Node,
    Pool2D,
    Reshape,
)
from tatamilab.engine.schedule import column_tile

TAKES_RELU = (Conv2D, DepthwiseConv2D, Dense, Add, BatchNormalization)


@dataclass(frozen=True, kw_only=True)
class Block:
    """A node, with what follows it at once.

    Args:
        node: what is computed.
        relu: whether max(·, 0) follows.
        pool: the max-pool that follows, if it is computed in registers.
        name: of the value that the block makes: its last node's.
        shape: of that value.
        inputs: names of the values it reads, with reshapes seen through.
    """

    node: Node
    relu: bool
    pool: Pool2D | None
    name: str
    shape: tuple[int, ...]
    inputs: tuple[str, ...]


def consumers(graph: Graph) -> dict[str, list[str]]:
    """For each value the names of the nodes that read it."""
    readers: dict[str, list[str]] = {node.name: [] for node in graph.nodes}
    for node in graph.nodes:
        for name in node.inputs:
            readers[name].append(node.name)
    return readers


def fuse(graph: Graph) -> tuple[Block, ...]:
    """The blocks of a graph, in its order.

    A reshape to one axis, or to the shape it reads, is no block: memory is the same before and after. Another one
    is: whoever reads it reads by its rows, columns and channels.
    """
    readers = consumers(graph)
    by_name = {node.name: node for node in graph.nodes}
    source: dict[str, str] = {}  # reshaped value → the value whose memory it is
    taken: set[str] = set()
    blocks: list[Block] = []

    def only_reader(node: Node) -> Node | None:
        names = readers[node.name]
        return by_name[names[0]] if len(names) == 1 else None

    for node in graph.nodes:
        if node.name in taken:
            continue
        if isinstance(node, Reshape):
            read = source.get(node.inputs[0], node.inputs[0])
            if len(node.shape) == 1 or node.shape == by_name[read].shape:
                source[node.name] = read
                continue
        last: Node = node
        relu, pool = False, None
        after = only_reader(last)
        if isinstance(node, TAKES_RELU) and isinstance(after, Activation) and after.kind == "relu":
            relu, last = True, after
            taken.add(after.name)
            after = only_reader(last)
        if isinstance(after, Pool2D) and pools_in_registers(graph, node, after):
            pool, last = after, after
            taken.add(after.name)
        blocks.append(
            Block(
                node=node,
                relu=relu,
                pool=pool,
                name=last.name,
                shape=last.shape,
                inputs=tuple(source.get(name, name) for name in node.inputs),
            )
        )
    return tuple(blocks)


def pools_in_registers(graph: Graph, node: Node, pool: Pool2D) -> bool:
    """Whether a layer keeps the 2×2 windows of the max-pool in registers: see `kernels/windows.py`."""
    halves = pool.kind == "max" and pool.window == pool.strides == (2, 2) and pool.padding == ((0, 0), (0, 0))
    if not halves or min(node.shape[:2]) < 2:
        return False
    if isinstance(node, Conv2D):
        columns = node.shape[1] - node.shape[1] % 2
        return column_tile(node, graph.parameter(node.kernel).shape[1], columns) is not None
    return isinstance(node, BatchNormalization)
