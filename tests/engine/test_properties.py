"""Any small network, however its sizes fall: outputs, loss, and a step's gradients against the float64 reference.

Programs are in checked mode, so that an access outside a buffer, or a value that nothing wrote, shows too.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
from differences import Expected, differences
from hypothesis import HealthCheck, given, reject, settings
from hypothesis import strategies as st
from networks import SGD, Network, random_weights

from tatamilab.engine import graph as g
from tatamilab.engine.program import Program
from tatamilab.engine.target import choose, runnable

Layer = Callable[[Network], Network]

LOSSES = {
    "classes": g.Loss(kind="sparse_categorical_crossentropy"),
    "logits": g.Loss(kind="sparse_categorical_crossentropy", from_logits=True),
    "numbers": g.Loss(kind="mean_squared_error"),
}
KINK = 3e-6
"""Values nearer to a kink than this may fall on its other side in float32."""


def conv(network: Network, **options: Any) -> Network:
    """A convolution, and a ReLU, a pool in registers or a normalisation if drawn."""
    after = options.pop("after")
    network = network.conv(**options)
    if "norm" in after:
        network = network.batch_norm()
    if "relu" in after:
        network = network.activation("relu")
    return network.pool("max") if "pool" in after else network


def residual(network: Network, size: tuple[int, int], *, relu: bool) -> Network:
    below = network.last
    network = network.conv(below.shape[-1], size, same=True).add(below)
    return network.activation("relu") if relu else network


def branches(network: Network, filters: int, kind: str) -> Network:
    below = network.last
    return network.conv(filters, (1, 3), same=True).activation(kind).concatenate(below)


def drawn(build: Callable[..., Network], **options: st.SearchStrategy[Any]) -> st.SearchStrategy[Layer]:
    return st.fixed_dictionaries(options).map(lambda chosen: partial(build, **chosen))


sizes = st.tuples(st.integers(1, 7), st.integers(1, 7))
pairs = st.tuples(st.integers(1, 3), st.integers(1, 3))
channels = st.sampled_from([1, 2, 3, 4, 5, 7, 8, 11, 16, 19])
after = st.sampled_from(["", "relu", "relu pool", "pool", "norm", "norm relu"])
kinds = st.sampled_from(["tanh", "sigmoid", "elu", "gelu", "softplus", "silu"])
flags = st.booleans()

plain_conv = drawn(conv, filters=channels, size=sizes, same=flags, bias=flags, after=after)
layers = st.one_of(
    plain_conv,
    plain_conv,
    drawn(conv, filters=channels, size=sizes, strides=pairs, same=flags, bias=flags, after=after),
    drawn(conv, filters=channels, size=sizes, dilation=pairs, same=flags, bias=flags, after=after),
    drawn(Network.pool, kind=st.sampled_from(["max", "average"]), window=pairs, strides=pairs, same=flags),
    drawn(residual, size=sizes, relu=flags),
    drawn(branches, filters=channels, kind=kinds),
    drawn(Network.activation, kind=kinds, alpha=st.just(1.0)),
    drawn(Network.batch_norm),
)


def network_of(shape: tuple[int, int, int], stack: list[Layer], units: list[int], outputs: int) -> Network:
    """The layers of `stack` as far as they fit on what is before them, then dense layers."""
    network = Network(*shape)
    for layer in stack:
        nodes, parameters = list(network.nodes), list(network.parameters)
        layer(network)
        if min(n for node in network.nodes for n in node.shape) < 1:
            network.nodes, network.parameters = nodes, parameters
    network.flat()
    for n in units:
        network.dense(n).activation("relu")
    return network.dense(outputs)


networks = st.builds(
    network_of,
    shape=st.tuples(st.integers(1, 13), st.integers(1, 13), channels),
    stack=st.lists(layers, max_size=3),
    units=st.lists(st.sampled_from([1, 3, 8, 17, 40]), max_size=1),
    outputs=st.integers(1, 11),
)
counts = st.sampled_from([1, 2, 15, 16, 17, 37])


def check(
    network: Network, loss: str, n: int, *, batch_size: int, target: str, n_threads: int, checked: bool
) -> None:
    """Everything the reference knows is what the program computes."""
    if loss == "classes":
        network.softmax()
    graph, training = network.graph, g.Training(loss=LOSSES[loss], optimizer=SGD)
    rng = np.random.default_rng(n)
    weights = random_weights(graph, rng)
    x = rng.normal(size=(n, *graph.input.shape)).astype(np.float32)
    outputs = graph.output.size
    y: Any = rng.normal(size=(n, outputs)).astype("f") if loss == "numbers" else rng.integers(0, outputs, n)
    expected = Expected(graph, training, weights, x, y, batch_size)
    if expected.nearest_kink <= KINK:
        reject()
    program = Program(
        graph,
        training,
        batch_size=batch_size,
        target=choose(target),
        n_threads=n_threads,
        checked=checked,
    )
    found = differences(program, weights, x, y, expected)
    assert max(found.values()) <= 1, found


case = {
    "network": networks,
    "loss": st.sampled_from(sorted(LOSSES)),
    "n": counts,
    "batch_size": st.sampled_from([16, 17, 32, 48]),
    "n_threads": st.integers(1, 3),
}
deterministic = settings(
    deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)


@settings(deterministic, max_examples=5)
@given(**case)
def test_small_networks(**drawn_case: Any) -> None:
    check(**drawn_case, target=runnable()[0], checked=True)


@pytest.mark.slow
@settings(deterministic, max_examples=40)
@given(**case, target=st.sampled_from(runnable()), checked=st.sampled_from([True, True, False]))
def test_many_networks_on_every_target(**drawn_case: Any) -> None:
    check(**drawn_case)


@pytest.mark.parametrize(
    ("features", "units", "n"),
    [
        (1031, 17, 33),  # owned: the batch is summed slice by slice
        pytest.param(4099, 33, 33, marks=pytest.mark.slow),  # wide: stages of its own
        pytest.param(1400, 96, 5, marks=pytest.mark.slow),
    ],
)
def test_large_dense_layers(features: int, units: int, n: int) -> None:
    """No size is a multiple of a vector or a slice; the layer below wants a gradient."""
    network = Network(7).dense(features).activation("tanh").dense(units).activation("relu").dense(5)
    check(network, "logits", n, batch_size=32, target=runnable()[0], n_threads=3, checked=True)


def test_no_images() -> None:
    network = Network(6, 6, 1).conv(4, (3, 3)).activation("relu").pool("max").flat().dense(3)
    check(network, "logits", 0, batch_size=16, target=runnable()[0], n_threads=2, checked=True)
