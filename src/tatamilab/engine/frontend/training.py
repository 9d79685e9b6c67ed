"""Loss and metrics."""

from typing import Any

import keras

from tatamilab.engine.frontend import optimizers
from tatamilab.engine.graph import Loss, Metric, Training, Unsupported
from tatamilab.i18n import _


def lower(model: Any, label_shape: tuple[int, ...] | None) -> Training:
    """See `tatamilab.engine.frontend.lower_training`."""
    if keras.losses.get(model.loss) is not keras.losses.sparse_categorical_crossentropy:
        raise Unsupported(_("loss {name!r}", name=str(model.loss)), _("isn't lowered"))
    metrics = tuple(
        Metric(kind="sparse_accuracy", name=name) for name in model.get_compile_config()["metrics"] or ()
    )
    return Training(
        loss=Loss(kind="sparse_categorical_crossentropy"),
        optimizer=optimizers.lower(model.optimizer),
        metrics=metrics,
    )
