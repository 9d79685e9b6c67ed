"""Gets a model from a function of the user's, named as `MODULE:FUNCTION`."""

import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.models.built_in import Shape
from tatamilab.models.reasons import first_line

if TYPE_CHECKING:
    import keras


def call_user_function(
    spec: str, input_shape: Shape, n_classes: int, options: Mapping[str, object] | None = None
) -> "keras.Model":
    """The model that the user's function returns; it runs with the rights of the user, as any of their code.

    Args:
        spec: `MODULE:FUNCTION`; the module is looked for in the current folder first.
        input_shape: given to the function if it takes an argument of that name.
        n_classes: likewise.
        options: given to it too, whether or not it takes them.

    Raises:
        BadInput: there is no such module or function, it raises, or it returns no Keras model.
    """
    import keras

    with _current_folder_on_path():
        function = _find(spec)
        try:
            taken = _taken_by(function, {"input_shape": input_shape, "n_classes": n_classes})
            model = function(**taken, **(options or {}))
        except (Exception, SystemExit) as problem:  # the user's code may raise anything
            raise BadInput(
                _(
                    "The function {spec} failed with {kind}: {problem}.",
                    spec=spec,
                    kind=type(problem).__name__,
                    problem=first_line(problem),
                )
            ) from problem
    if not isinstance(model, keras.Model):
        raise BadInput(
            _(
                "The function {spec} must return a keras.Model; it returned {received}.",
                spec=spec,
                received=type(model).__name__,
            )
        )
    return model


def check_module(spec: str) -> None:
    """Refuse a module that is nowhere; nothing of it is run for that.

    Args:
        spec: `MODULE:FUNCTION`.

    Raises:
        BadInput: Python knows no such module, neither here nor elsewhere on its path.
    """
    top = spec.partition(":")[0].partition(".")[0]
    with _current_folder_on_path():
        if top in sys.modules or (top and importlib.util.find_spec(top)):
            return
    raise _cannot_import(spec, ModuleNotFoundError(f"No module named {top!r}"))


def _find(spec: str) -> Callable[..., object]:
    module_name, _colon, function_name = spec.partition(":")
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as problem:  # importing runs the user's code
        raise _cannot_import(spec, problem) from problem
    function = getattr(module, function_name, None)
    if not callable(function):
        raise BadInput(
            _(
                "The module {module!r} has no function {function!r}.",
                module=module_name,
                function=function_name,
            )
        )
    return function


def _cannot_import(spec: str, problem: BaseException) -> BadInput:
    return BadInput(
        _(
            "Cannot import the module {module!r} of {spec}: {problem}; run the command in its folder.",
            module=spec.partition(":")[0],
            spec=spec,
            problem=first_line(problem),
        )
    )


def _taken_by(function: Callable[..., object], values: dict[str, object]) -> dict[str, object]:
    """Those of `values` that `function` has parameters for."""
    try:
        parameters = inspect.signature(function).parameters
    except ValueError:  # some callables built into Python have no signature
        return {}
    if any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values()):
        return values
    return {name: value for name, value in values.items() if name in parameters}


@contextmanager
def _current_folder_on_path() -> Iterator[None]:
    sys.path.insert(0, "")
    importlib.invalidate_caches()
    try:
        yield
    finally:
        sys.path.remove("")
