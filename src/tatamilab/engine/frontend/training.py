"""A compiled model's loss, metrics and optimizer, together."""

from typing import Any

from tatamilab.engine.frontend import losses, metrics, networks, optimizers
from tatamilab.engine.frontend.calls import described
from tatamilab.engine.graph import Shape, Training, Unsupported
from tatamilab.i18n import _


def lower(model: Any, label_shape: Shape | None) -> Training:
    """See `tatamilab.engine.frontend.lower_training`."""
    networks.check(model)
    if not model.compiled:
        raise Unsupported(described(model), _("isn't compiled"))
    output = tuple(model.outputs[0].shape[1:])
    loss = losses.lower(model.loss, output, label_shape)
    optimizer = optimizers.lower(model.optimizer)
    compiled = model.get_compile_config()
    for option in ("run_eagerly", "loss_weights", "weighted_metrics"):
        if compiled[option]:
            raise Unsupported(_("the compiled model"), _("has {option}, which isn't lowered", option=option))
    if label_shape is None:
        label_shape = () if loss.kind == "sparse_categorical_crossentropy" else output
    return Training(
        loss=loss, optimizer=optimizer, metrics=metrics.lower(compiled["metrics"], output, label_shape)
    )
