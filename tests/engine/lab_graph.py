"""The worksheet's network and smaller ones as graphs, for tests that need no Keras."""

from tatamilab.engine.graph import (
    Activation,
    Conv2D,
    Dense,
    Graph,
    Input,
    Loss,
    Metric,
    Optimizer,
    Parameter,
    Pool2D,
    Reshape,
    Softmax,
    Training,
)
from tatamilab.engine.plan import Plan
from tatamilab.engine.target import NAMED, Target

TRAINING = Training(
    loss=Loss(kind="sparse_categorical_crossentropy"),
    optimizer=Optimizer(kind="adam"),
    metrics=(Metric(kind="sparse_accuracy", name="accuracy"),),
)


def lab_graph(side: int = 28, filters: int = 32, units: int = 20, classes: int = 10) -> Graph:
    """Conv2D(filters, 5×5, relu), MaxPooling2D(2), Dense(units, relu), Dense(classes, softmax)."""
    conv, pooled = side - 4, (side - 4) // 2
    features = pooled * pooled * filters
    shapes = {
        "conv/kernel": (5, 5, 1, filters),
        "conv/bias": (filters,),
        "dense/kernel": (features, units),
        "dense/bias": (units,),
        "out/kernel": (units, classes),
        "out/bias": (classes,),
    }
    nodes = (
        Input(name="x", inputs=(), shape=(side, side, 1)),
        Conv2D(
            name="conv", inputs=("x",), shape=(conv, conv, filters), kernel="conv/kernel", bias="conv/bias"
        ),
        Activation(name="conv.relu", inputs=("conv",), shape=(conv, conv, filters), kind="relu"),
        Pool2D(
            name="pool",
            inputs=("conv.relu",),
            shape=(pooled, pooled, filters),
            kind="max",
            window=(2, 2),
            strides=(2, 2),
        ),
        Reshape(name="flat", inputs=("pool",), shape=(features,)),
        Dense(name="dense", inputs=("flat",), shape=(units,), kernel="dense/kernel", bias="dense/bias"),
        Activation(name="dense.relu", inputs=("dense",), shape=(units,), kind="relu"),
        Dense(name="out", inputs=("dense.relu",), shape=(classes,), kernel="out/kernel", bias="out/bias"),
        Softmax(name="softmax", inputs=("out",), shape=(classes,)),
    )
    return Graph(nodes=nodes, parameters=tuple(Parameter(name=n, shape=s) for n, s in shapes.items()))


def dense_graph(features: int = 8, units: int = 3) -> Graph:
    """One dense layer and a softmax."""
    nodes = (
        Input(name="x", inputs=(), shape=(features,)),
        Dense(name="dense", inputs=("x",), shape=(units,), kernel="kernel", bias="bias"),
        Softmax(name="softmax", inputs=("dense",), shape=(units,)),
    )
    parameters = (Parameter(name="kernel", shape=(features, units)), Parameter(name="bias", shape=(units,)))
    return Graph(nodes=nodes, parameters=parameters)


def plan_of(graph: Graph, target: str | Target = "avx2", **how: object) -> Plan:
    """A plan of training, in batches of 32."""
    chosen = NAMED[target] if isinstance(target, str) else target
    facts = {"training": TRAINING, "batch_size": 32, **how}
    return Plan(graph=graph, target=chosen, **facts)
