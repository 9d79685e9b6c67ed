"""What a graph can say and no kernel computes: refused, because to overlook it would be to train wrongly.

A line goes from here when its kernel comes. (Nodes without a kernel are refused by `operations`.)
"""

from tatamilab.engine.graph import Graph, Training, Unsupported
from tatamilab.i18n import _

OPTIONS = ("clipnorm", "global_clipnorm", "ema_momentum")
"""Of the optimizer."""


def check(graph: Graph, training: Training) -> None:
    """Do nothing where every part of the training has its kernel.

    Raises:
        Unsupported: the first that hasn't.
    """
    what = _("optimizer {kind}", kind=training.optimizer.kind)
    for option in OPTIONS:
        if getattr(training.optimizer, option) is not None:
            raise Unsupported(what, _("has {option}, which isn't lowered", option=option))
    if training.optimizer.kind == "nadam":
        raise Unsupported(what, _("isn't lowered"))
    for parameter in graph.parameters:
        if parameter.l1 or parameter.l2:
            raise Unsupported(
                _("weight {name!r}", name=parameter.name), _("has a regularizer, which isn't lowered")
            )
