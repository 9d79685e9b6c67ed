"""`load_model`: what `--model` names, seeded, and checked against the data."""

import inspect
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from tatamilab import backend
from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.models.built_in import BUILT_IN, Shape
from tatamilab.models.keras_file import checked_config, read_keras_file
from tatamilab.models.reasons import first_line
from tatamilab.models.user_function import call_user_function, check_module

if TYPE_CHECKING:
    import keras

_LARGEST_SEED = 2**32 - 1


def load_model(
    spec: str,
    input_shape: Shape,
    n_classes: int,
    *,
    seed: int,
    options: Mapping[str, object] | None = None,
) -> "keras.Model":
    """The model that `spec` names, for images of `input_shape` in `n_classes` classes.

    Python's, NumPy's and the backend's random numbers are seeded first, so the same seed gives the same
    initial weights.

    Args:
        spec: a built-in name ("cnn", "bpnn", "cnn-small-data"), a `.keras` file, or `MODULE:FUNCTION` for a
            function of yours that returns a model; it is called with `input_shape` and `n_classes` if it
            takes them, and the current folder is on the path.
        input_shape: rows, columns, channels of one image.
        n_classes: number of classes; the model must give one output for each.
        seed: from 0 to 2³² - 1.
        options: what else the model's function is called with, such as `{"filters": 16}`.

    Returns:
        A built model. One from a file has the weights of that file, and is not compiled.

    Raises:
        BadInput: the name is unknown, the function gives no model or does not take the options, or the model does
            not fit the data.
        DataFileError: the file is missing, damaged, no Keras model, or contains code.

    Example:
        >>> load_model("bpnn", (28, 28, 1), 10, seed=0).output_shape
        (None, 10)
    """
    if not 0 <= seed <= _LARGEST_SEED:
        raise BadInput(
            _("The seed must be from 0 to {last}; received {received}.", last=_LARGEST_SEED, received=seed)
        )
    check_name(spec)
    backend.choose()
    import keras

    keras.utils.set_random_seed(seed)
    if spec in BUILT_IN:
        _check_options(spec, BUILT_IN[spec], options)
        model = _build(spec, input_shape, n_classes, options or {})
    elif spec.endswith(".keras"):
        if options:
            raise _takes_none_of(spec, options, ())
        model = read_keras_file(Path(spec).expanduser())
    else:
        model = call_user_function(spec, input_shape, n_classes, options)
    _check_fit(spec, model, input_shape, n_classes)
    return model


def check_name(spec: str) -> None:
    """Refuse what names no model, before any data is read; Keras is not imported for it, and no code of the user's run.

    Args:
        spec: as in `load_model`.

    Raises:
        BadInput: the name is unknown, or there is no such module.
        DataFileError: the file is missing, damaged, no Keras model, or contains code.
    """
    if spec in BUILT_IN:
        return
    if spec.endswith(".keras"):
        checked_config(Path(spec).expanduser())
    elif ":" in spec:
        check_module(spec)
    else:
        raise _unknown(spec)


def _check_options(name: str, function: Callable[..., object], options: Mapping[str, object] | None) -> None:
    parameters = inspect.signature(function).parameters.values()
    known = tuple(one.name for one in parameters if one.kind is one.KEYWORD_ONLY and one.name != "name")
    if unknown := set(options or {}) - set(known):
        raise _takes_none_of(name, sorted(unknown), known)


def _takes_none_of(name: str, unknown: Iterable[str], known: Iterable[str]) -> BadInput:
    return BadInput(
        _(
            "The model {name!r} takes no {unknown}; it takes {known}.",
            name=name,
            unknown=", ".join(unknown),
            known=", ".join(known) or _("none"),
        )
    )


def _build(name: str, input_shape: Shape, n_classes: int, options: Mapping[str, object]) -> "keras.Model":
    try:
        return BUILT_IN[name](input_shape, n_classes, **options)
    except ValueError as problem:
        raise BadInput(
            _(
                "The model {name!r} cannot take images of {shape} (rows×columns×channels), which are too "
                "small for its layers: use larger images or another model.",
                name=name,
                shape=_times(input_shape),
            )
        ) from problem


def _check_fit(spec: str, model: "keras.Model", input_shape: Shape, n_classes: int) -> None:
    expects = getattr(model, "input_shape", None) if model.built else None
    if expects is not None and not _matches(expects, input_shape):
        raise BadInput(
            _(
                "The model {spec!r} does not fit the data: it expects {expected}, but the images are "
                "{received} (rows×columns×channels).",
                spec=spec,
                expected=_times(expects[1:]) if isinstance(expects, tuple) else expects,
                received=_times(input_shape),
            )
        )
    gives = _output_shape(spec, model, input_shape)
    if gives != (None, n_classes):
        raise BadInput(
            _(
                "The model {spec!r} does not fit the data: it gives {received} outputs for an image, but "
                "there are {expected} classes.",
                spec=spec,
                received=_times(gives[1:]),
                expected=n_classes,
            )
        )


def _output_shape(spec: str, model: "keras.Model", input_shape: Shape) -> tuple[int | None, ...]:
    """The shape of what `model` gives for a batch; building it, if that has not been done."""
    import keras

    try:
        output = model(keras.KerasTensor((None, *input_shape)))
    except Exception as problem:  # a model of the user's may raise anything
        raise BadInput(
            _(
                "The model {spec!r} cannot be called with images of {shape} (rows×columns×channels): "
                "{problem}.",
                spec=spec,
                shape=_times(input_shape),
                problem=first_line(problem),
            )
        ) from problem
    if not isinstance(output, keras.KerasTensor):
        raise BadInput(
            _(
                "The model {spec!r} must give one array, with a value for each class; it gives {received}.",
                spec=spec,
                received=f"{type(output).__name__}[{len(output)}]" if hasattr(output, "__len__") else output,
            )
        )
    return tuple(output.shape)


def _matches(expects: object, input_shape: Shape) -> bool:
    """Whether the shape `expects`, in which `None` stands for any size, allows a batch of `input_shape`."""
    return (
        isinstance(expects, tuple)
        and len(expects) == 1 + len(input_shape)
        and all(want in (None, have) for want, have in zip(expects[1:], input_shape, strict=True))
    )


def _times(shape: tuple[int | None, ...]) -> str:
    return "×".join("?" if size is None else str(size) for size in shape)


def _unknown(spec: str) -> BadInput:
    nearest = get_close_matches(spec.lower(), BUILT_IN, n=1)
    if nearest:
        return BadInput(
            _("Unknown model {spec!r}; the nearest known name is {nearest!r}.", spec=spec, nearest=nearest[0])
        )
    return BadInput(
        _(
            "Unknown model {spec!r}; known are {known}, a FILE.keras, or MODULE:FUNCTION.",
            spec=spec,
            known=", ".join(BUILT_IN),
        )
    )
