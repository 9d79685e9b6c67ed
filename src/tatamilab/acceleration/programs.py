"""The compiled programs of each model, kept as long as the model lives."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from threading import RLock
from typing import Any
from weakref import WeakKeyDictionary

import keras
import numpy as np

from tatamilab.acceleration import scope
from tatamilab.acceleration.exchange import Exchange, check_optimizer
from tatamilab.acceleration.scope import Arrays
from tatamilab.engine import frontend
from tatamilab.engine.availability import require_engine
from tatamilab.engine.frontend.metrics import KINDS
from tatamilab.engine.graph import Graph, Softmax, Training, Unsupported
from tatamilab.engine.program import Program
from tatamilab.errors import TatamiError
from tatamilab.i18n import _

KEPT = 8
"""Programs of one model that are kept at once: for other batch sizes, compilations, frozen layers."""

SETTINGS = ("TATAMI_CHECKED", "TATAMI_SCHEDULE", "TATAMI_TARGET", "TATAMI_THREADS")
"""Environment variables that a program is made by."""


@dataclass
class Native:
    """A program and its ties to a model.

    Attributes:
        program: compiled.
        exchange: what passes between the model and it.
        settings: the environment that it was made by.
        lock: held while a call is under way.
    """

    program: Program
    exchange: Exchange
    settings: tuple[str | None, ...]
    lock: RLock = field(default_factory=RLock)


_programs: "WeakKeyDictionary[Any, list[Native]]" = WeakKeyDictionary()

Lowered = tuple[Graph, Training | None]

_lowered: "WeakKeyDictionary[Any, dict[tuple[Any, ...], Lowered]]" = WeakKeyDictionary()
"""What models were lowered to, with each function that Keras has made of them: a layer's attribute that is changed
acts, as in Keras, when the function is made anew, as by `compile`."""


def for_training(model: Any, arrays: Arrays, batch_size: int, *, or_larger: bool = False) -> Native:
    """The program that trains `model` on such arrays.

    Args:
        model: a Keras model.
        arrays: what it is trained on.
        batch_size: images in a step.
        or_larger: whether a program will do whose steps take more images.

    Raises:
        TatamiError: why there is none, and Keras has to do it.
    """
    graph, training = _lower(model, arrays, "train_function")
    check_optimizer(model.optimizer, model.trainable_variables)
    scope.check_generators(graph, len(frontend.seed_states(model)))
    return _find(
        model,
        graph,
        training,
        input_dtype=dtype(arrays.x),
        batch_size=batch_size,
        function="train",
        or_larger=or_larger,
    )


def for_evaluation(model: Any, arrays: Arrays) -> Native:
    """The program that evaluates `model` on such arrays.

    Raises:
        TatamiError: why there is none, and Keras has to do it.
    """
    graph, training = _lower(model, arrays, "test_function")
    return _find(model, graph, training, input_dtype=dtype(arrays.x), function="infer")


def check_evaluation(program: Program, arrays: Arrays) -> None:
    """Compile a program that trains a model for evaluating it too, on such arrays.

    Raises:
        TatamiError: why it can't, and Keras has to do it.
    """
    plan = program.plan
    assert plan.training
    scope.check_images(plan.graph, arrays.x)
    scope.check_labels(plan.graph, plan.training, arrays.y)
    program.compile("infer")


def for_prediction(model: Any, arrays: Arrays) -> Native:
    """The program that predicts by `model`, compiled or not.

    Raises:
        TatamiError: why there is none, and Keras has to do it.
    """
    require_engine()
    scope.check_model(model)
    graph, _training = _kept(model, "predict_function", (), lambda: (frontend.lower(model), None))
    scope.check_images(graph, arrays.x)
    return _find(model, graph, None, input_dtype=dtype(arrays.x), function="infer")


def check(model: Any) -> None:
    """Lower a model, as far as that can be done without data.

    Raises:
        TatamiError: why Keras has to train it.
    """
    require_engine()
    scope.check_model(model)
    frontend.lower(model)
    if model.compiled:
        frontend.lower_training(model)


def obstacle(model: Any) -> TatamiError | None:
    """Why Keras would have to train `model`, as far as that can be said without data; None if it needn't."""
    try:
        require_engine()
        scope.check_model(model)
        graph = frontend.lower(model)
        if model.compiled:
            training = frontend.lower_training(model)
            _find(model, graph, training, input_dtype="f32", batch_size=32, function="train")
        else:
            _find(model, graph, None, input_dtype="f32", function="infer")
    except TatamiError as reason:
        return reason
    return None


def _lower(model: Any, arrays: Arrays, function: str) -> tuple[Graph, Training]:
    require_engine()
    scope.check_model(model)
    label = scope.label_shape(arrays.y)
    graph, training = _kept(
        model,
        function,
        label,
        lambda: _of_logits(frontend.lower(model), frontend.lower_training(model, label)),
    )
    assert training
    _check_built_metrics(model, training)
    scope.check_images(graph, arrays.x)
    scope.check_labels(graph, training, arrays.y)
    return graph, training


def _of_logits(graph: Graph, training: Training) -> Lowered:
    """As they are; on TensorFlow, where Keras computes a cross-entropy from the softmax's input, without the softmax.

    Neither the loss nor the accuracy of classes changes by that, but for probabilities below 10⁻⁷, which Keras clips
    elsewhere.
    """
    softmax, before = graph.output, graph.nodes[-2]
    replaceable = (
        keras.backend.backend() == "tensorflow"
        and isinstance(softmax, Softmax)
        and not softmax.log
        and softmax.inputs == (before.name,)
        and training.loss.kind.endswith("categorical_crossentropy")
    )
    if not replaceable:
        return graph, training
    return replace(graph, nodes=graph.nodes[:-1]), replace(
        training, loss=replace(training.loss, from_logits=True)
    )


def _kept(model: Any, function: str, label: scope.Shape, lower: Callable[[], Lowered]) -> Lowered:
    """What `lower` gives for a model, or has given since Keras made its `function` and its variables."""
    made = getattr(model, function)
    if made is None:
        return lower()
    kept = _lowered.setdefault(made, {})
    key = (label, *((id(v), v.trainable, tuple(v.shape)) for v in model.variables))
    if key not in kept:
        kept[key] = lower()
    return kept[key]


def _check_built_metrics(model: Any, training: Training) -> None:
    """Keras builds "accuracy" once, for the labels it sees first; later ones may be of another shape."""
    compiled = model._compile_metrics
    if compiled is None or not compiled.built:
        return
    if [KINDS.get(type(metric)) for metric in compiled.metrics] != [m.kind for m in training.metrics]:
        raise Unsupported("y", _("has another shape than the labels that the metrics were built for"))


def dtype(x: np.ndarray) -> str:
    """The dtype of images that a program for `x` reads: bytes stay bytes, all else becomes float32."""
    return "u8" if x.dtype == np.uint8 else "f32"


def settings() -> tuple[str | None, ...]:
    """What the environment says now of how programs are made."""
    return tuple(os.environ.get(name) for name in SETTINGS)


def _find(
    model: Any,
    graph: Graph,
    training: Training | None,
    *,
    input_dtype: str,
    function: str,
    batch_size: int | None = None,
    or_larger: bool = False,
) -> Native:
    """A kept program that will do, or a new one; whatever `None` stands for may be anything."""
    made_by = settings()
    kept = _programs.setdefault(model, [])
    for native in _newest_first(kept):
        plan = native.program.plan
        if (
            plan.graph == graph
            and training in (None, plan.training)
            and plan.input_dtype == input_dtype
            and (batch_size in (None, plan.batch_size) or (or_larger and plan.batch_size >= batch_size))
            and native.settings == made_by
        ):
            native.program.compile(function)
            return native
    program = _compile(graph, training, batch_size or 32, input_dtype, function)
    kept.append(Native(program, Exchange(program), made_by))
    del kept[:-KEPT]
    return kept[-1]


def _compile(
    graph: Graph, training: Training | None, batch_size: int, input_dtype: str, function: str
) -> Program:
    """A new program; whatever fails in the engine is a reason to leave the call to Keras."""
    try:
        return Program(graph, training, batch_size=batch_size, input_dtype=input_dtype, first=function)
    except TatamiError:
        raise
    except Exception as error:
        why = f"{type(error).__name__}: {error}"
        raise Unsupported(_("the engine"), _("can't compile it ({error})", error=why)) from error


def _newest_first(kept: list[Native]) -> Iterator[Native]:
    return reversed(kept)
