"""Each rule of a legal graph, broken once: the offender and the rule are named."""

from dataclasses import replace
from typing import Any

import pytest

from tatamilab import i18n
from tatamilab.engine import graph as g
from tatamilab.engine.verify import RULES, IllegalGraph, verify


def graph(*nodes: g.Node, parameters: tuple[g.Parameter, ...] = (), shape: g.Shape = (6, 5, 4)) -> g.Graph:
    """An input of `shape`, then `nodes`, each of which reads the one before it."""
    chain: list[g.Node] = [g.Input(name="input", inputs=(), shape=shape)]
    for node in nodes:
        chain.append(replace(node, inputs=node.inputs or (chain[-1].name,)))
    return g.Graph(nodes=tuple(chain), parameters=parameters)


def parameter(name: str, *shape: int, **options: Any) -> g.Parameter:
    return g.Parameter(name=name, shape=shape, **options)


def conv(**changes: Any) -> g.Conv2D:
    usual = {"name": "conv", "inputs": (), "shape": (4, 4, 6), "kernel": "w", "bias": "b", "groups": 2}
    return g.Conv2D(**{**usual, **changes})


def depthwise(**changes: Any) -> g.DepthwiseConv2D:
    return g.DepthwiseConv2D(
        **{"name": "d", "inputs": (), "shape": (4, 4, 8), "kernel": "w", "bias": None, **changes}
    )


def dense(**changes: Any) -> g.Dense:
    return g.Dense(**{"name": "d", "inputs": (), "shape": (3,), "kernel": "w", "bias": None, **changes})


def pool(**changes: Any) -> g.Pool2D:
    usual = {
        "name": "p",
        "inputs": (),
        "shape": (3, 2, 4),
        "kind": "max",
        "window": (2, 2),
        "strides": (2, 2),
    }
    return g.Pool2D(**{**usual, **changes})


def norm(**changes: Any) -> g.BatchNormalization:
    usual = {"gamma": None, "beta": None, "mean": "m", "variance": "v", "epsilon": 1e-3, "momentum": 0.9}
    return g.BatchNormalization(**{"name": "n", "inputs": (), "shape": (6, 5, 4), **usual, **changes})


def relu(name: str = "r", shape: g.Shape = (6, 5, 4), inputs: tuple[str, ...] = ()) -> g.Activation:
    return g.Activation(name=name, inputs=inputs, shape=shape, kind="relu")


KERNEL = parameter("w", 3, 2, 2, 6)
BIAS = parameter("b", 6)
DEPTHWISE = parameter("w", 3, 2, 4, 2)
MOVING = (parameter("m", 4, trainable=False), parameter("v", 4, trainable=False))

LEGAL = {
    "convolution": graph(conv(), parameters=(KERNEL, BIAS)),
    "depthwise": graph(depthwise(), parameters=(DEPTHWISE,)),
    "dense": graph(dense(), parameters=(parameter("w", 7, 3),), shape=(7,)),
    "pool": graph(pool()),
    "global pool": graph(g.GlobalPool2D(name="p", inputs=(), shape=(1, 1, 4), kind="max")),
    "normalization": graph(norm(), parameters=MOVING),
    "padding": graph(g.ZeroPadding2D(name="z", inputs=(), shape=(7, 7, 4), padding=((1, 0), (1, 1)))),
    "branches": graph(relu(), g.Concatenate(name="c", inputs=("input", "r"), shape=(6, 5, 8))),
}

ILLEGAL = {
    "parameter names": ("w", graph(dense(), parameters=(parameter("w", 7, 3),) * 2, shape=(7,))),
    "parameter use": ("spare", graph(relu(), parameters=(parameter("spare", 1),))),
    "regularization": (
        "w",
        graph(dense(), parameters=(parameter("w", 7, 3, trainable=False, l2=0.1),), shape=(7,)),
    ),
    "names": ("r", graph(relu(), relu())),
    "input first": ("again", graph(g.Input(name="again", inputs=(), shape=(2,)))),
    "order": (
        "a",
        graph(g.Add(name="a", inputs=("input", "r"), shape=(6, 5, 4)), relu(inputs=("a",))),
    ),
    "number of inputs": ("r", graph(relu(inputs=("input", "input")))),
    "use": ("r", graph(relu(), relu("s", inputs=("input",)))),
    "sizes": ("input", graph(relu(shape=(0, 5, 4)), shape=(0, 5, 4))),
    "parameters exist": ("d", graph(dense(), shape=(7,))),
    "images": ("p", graph(pool(), shape=(6, 5))),
    "image out": ("p", graph(pool(shape=(24,)))),
    "steps": ("conv", graph(conv(strides=(0, 1)), parameters=(KERNEL, BIAS))),
    "groups": ("conv", graph(conv(groups=3), parameters=(KERNEL, BIAS))),
    "convolution kernel": ("conv", graph(conv(groups=1), parameters=(KERNEL, BIAS))),
    "depthwise kernel": ("d", graph(depthwise(shape=(4, 4, 4)), parameters=(DEPTHWISE,))),
    "bias": ("conv", graph(conv(), parameters=(KERNEL, parameter("b", 5)))),
    "convolution shape": ("conv", graph(conv(padding=((1, 0), (0, 0))), parameters=(KERNEL, BIAS))),
    "dense": ("d", graph(dense(), parameters=(parameter("w", 6, 3),), shape=(7,))),
    "pool shape": ("p", graph(pool(shape=(3, 3, 4)))),
    "pool padding": ("p", graph(pool(shape=(4, 2, 4), padding=((2, 0), (0, 0))))),
    "global pool shape": ("p", graph(g.GlobalPool2D(name="p", inputs=(), shape=(4, 1), kind="max"))),
    "same shape": ("r", graph(relu(shape=(6, 5, 3)))),
    "activation": ("a", graph(g.Activation(name="a", inputs=(), shape=(6, 5, 4), kind="sine"))),  # type: ignore[arg-type]
    "reshape": ("r", graph(g.Reshape(name="r", inputs=(), shape=(100,)))),
    "statistics": ("n", graph(norm(), parameters=(parameter("m", 4), MOVING[1]))),
    "dropout rate": ("d", graph(g.Dropout(name="d", inputs=(), shape=(6, 5, 4), rate=1.0))),
    "zero padding": (
        "z",
        graph(g.ZeroPadding2D(name="z", inputs=(), shape=(6, 5, 4), padding=((1, 0), (1, 1)))),
    ),
    "concatenate": ("c", graph(relu(), g.Concatenate(name="c", inputs=("input", "r"), shape=(6, 5, 4)))),
}


@pytest.mark.parametrize("name", LEGAL)
def test_a_legal_graph_is_returned(name: str) -> None:
    assert verify(LEGAL[name]) is LEGAL[name]


@pytest.mark.parametrize("rule", ILLEGAL)
def test_the_offender_and_its_rule_are_named(rule: str) -> None:
    where, illegal = ILLEGAL[rule]
    with pytest.raises(IllegalGraph) as caught:
        verify(illegal)
    assert (caught.value.where, caught.value.rule) == (where, rule)


def test_every_rule_is_tested() -> None:
    assert [rule.name for rule in RULES] == list(ILLEGAL)


def test_the_sentence() -> None:
    _, illegal = ILLEGAL["dense"]
    with pytest.raises(IllegalGraph) as caught:
        verify(illegal)
    assert str(caught.value) == (
        "'d' breaks the rule 'dense': "
        "the kernel is (inputs, outputs), the input (inputs,) and the value (outputs,)"
    )
    with i18n.using("ja"), pytest.raises(IllegalGraph) as caught:
        verify(illegal)
    assert str(caught.value) == (
        "'d' は規則 'dense' に反しています: "
        "カーネルは (入力数, 出力数)、入力は (入力数,)、値は (出力数,) である"
    )
