"""The model's variables as parameters: their names, whether they train, how they are regularized."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import keras

from tatamilab.engine.graph import Conv2D, Node, Parameter, Unsupported
from tatamilab.i18n import _


def named(model: Any) -> dict[int, str]:
    """Name of each variable of `model.weights`, by its `id`: Keras's path, numbered where two are the same.

    Two paths are the same where a layer was built outside of the model that holds it, as in
    `Sequential([Sequential([Dense(2, name="d")]), …])` of models built before.
    """
    seen: Counter[str] = Counter()
    names = {}
    for variable in model.weights:
        seen[variable.path] += 1
        count = seen[variable.path]
        names[id(variable)] = variable.path if count == 1 else f"{variable.path}_{count}"
    return names


def lower(model: Any, names: Mapping[int, str], nodes: list[Node]) -> tuple[Parameter, ...]:
    """The parameters of the graph that `nodes` make, in the order of `model.weights`.

    Raises:
        Unsupported: a weight has a constraint, or a regularizer other than L1, L2 and L1L2.
    """
    trainable = {id(variable) for variable in model.trainable_variables}
    of_images = {node.kernel for node in nodes if isinstance(node, Conv2D)}
    parameters = []
    for variable in model.weights:
        name, shape = names[id(variable)], tuple(variable.shape)
        what = _("weight {name!r}", name=variable.path)
        if variable.constraint is not None:
            kind = type(variable.constraint).__name__
            raise Unsupported(what, _("has the constraint {kind}, which isn't lowered", kind=kind))
        trains = id(variable) in trainable
        l1, l2 = penalty(what, variable.regularizer) if trains else (0.0, 0.0)
        if name in of_images:
            shape = (1,) * (4 - len(shape)) + shape
        parameters.append(Parameter(name=name, shape=shape, trainable=trains, l1=l1, l2=l2))
    return tuple(parameters)


def penalty(what: str, regularizer: Any) -> tuple[float, float]:
    """The factors (l1, l2) of a Keras regularizer; zeros for none.

    Args:
        what: whose regularizer it is, in words.
        regularizer: a `keras.regularizers.Regularizer` or None.

    Raises:
        Unsupported: it is not one of L1, L2 and L1L2.
    """
    if regularizer is None:
        return 0.0, 0.0
    if type(regularizer) not in (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2):
        kind = getattr(regularizer, "__name__", type(regularizer).__name__)
        raise Unsupported(what, _("has the regularizer {kind}, which isn't lowered", kind=kind))
    config = regularizer.get_config()
    return float(config.get("l1", 0.0)), float(config.get("l2", 0.0))
