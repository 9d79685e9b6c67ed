"""Reads a `.keras` file that may come from anybody: no code in it is run, and its sizes are checked first."""

import json
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tatamilab.errors import DataFileError
from tatamilab.i18n import _
from tatamilab.models.reasons import first_line

if TYPE_CHECKING:
    import keras

LARGEST_BYTES = 2 << 30
"""No model file may unpack to more bytes than this."""

LARGEST_RATIO = 100
"""No model file may unpack to more than this many times its own size."""

_CONFIG = "config.json"
_CODE_CLASSES = frozenset(
    {"Lambda", "__lambda__", "__typespec__", "FlaxLayer", "JaxLayer", "TFSMLayer", "TorchModuleWrapper"}
)


def read_keras_file(path: Path) -> "keras.Model":
    """Read a model that `model.save("name.keras")` wrote; it comes back built and not compiled.

    Args:
        path: a `.keras` file.

    Raises:
        DataFileError: the file is missing, not a model, damaged, unpacks to too much, or contains code:
            a Lambda layer, or a class or function that is not Keras's own.
    """
    if not path.is_file():
        raise DataFileError(_("There is no model file {file}: check the path.", file=path))
    config = _read_config(path)
    if found := next(_code_in(config), None):
        raise DataFileError(
            _(
                "{file} contains code ({what}), which tatamilab does not run; build the model in a function "
                "of your own, and name it as MODULE:FUNCTION.",
                file=path,
                what=found,
            )
        )
    import keras

    try:
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as problem:  # Keras may raise anything at a file that is not what it claims
        raise DataFileError(
            _(
                "Keras {version} cannot load {file}: {problem}.",
                version=keras.__version__,
                file=path,
                problem=first_line(problem),
            )
        ) from problem
    if not isinstance(model, keras.Model):
        raise DataFileError(
            _("{file} holds a {received}, not a model.", file=path, received=type(model).__name__)
        )
    return model


def _read_config(path: Path) -> object:
    try:
        with zipfile.ZipFile(path) as members:
            _check_sizes(path, members)
            if bad := members.testzip():
                raise zipfile.BadZipFile(bad)
            return json.loads(members.read(_CONFIG))
    except (
        OSError,
        EOFError,
        KeyError,
        ValueError,
        RecursionError,
        zlib.error,
        zipfile.BadZipFile,
    ) as problem:
        if isinstance(problem, DataFileError):
            raise
        raise DataFileError(
            _(
                "{file} is not a whole Keras model file ({problem}); save the model again with "
                'model.save("NAME.keras").',
                file=path,
                problem=problem,
            )
        ) from problem


def _check_sizes(path: Path, members: zipfile.ZipFile) -> None:
    declared = sum(member.file_size for member in members.infolist())
    limit = min(LARGEST_BYTES, LARGEST_RATIO * path.stat().st_size)
    if declared > limit:
        raise DataFileError(
            _(
                "{file} would unpack to {declared} bytes, and at most {limit} are allowed for its size; "
                "it is no honest model file.",
                file=path,
                declared=declared,
                limit=limit,
            )
        )


def _code_in(config: object) -> Iterator[str]:
    """The names of all classes and functions in a model's configuration that are not plain Keras."""
    if isinstance(config, list):
        for entry in config:
            yield from _code_in(entry)
    elif isinstance(config, dict):
        if "class_name" in config:
            yield from _foreign_name(config)
        for entry in config.values():
            yield from _code_in(entry)


def _foreign_name(entry: dict[str, object]) -> Iterator[str]:
    class_name = str(entry["class_name"])
    module = entry.get("module")
    is_keras = module is None or module == "builtins" or str(module).split(".")[0] == "keras"
    is_registered = ">" in str(entry.get("registered_name") or "")
    if class_name in _CODE_CLASSES or is_registered:
        yield class_name
    elif not is_keras:
        yield f"{module}.{class_name}"
