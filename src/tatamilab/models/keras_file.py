"""Reads a `.keras` file that may come from anybody: no code in it is run, and its sizes are checked first."""

import math
import zipfile
import zlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from tatamilab.errors import DataFileError
from tatamilab.files import read_json
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
    config = checked_config(path)
    import keras

    try:
        _check_weights(path, config)
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except DataFileError:
        raise
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


def checked_config(path: Path) -> object:
    """The configuration in a model's file, which is whole and holds no code; it is read without Keras.

    Raises:
        DataFileError: the file is missing, not a model, damaged, unpacks to too much, or contains code.
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
                what=" ".join(found.split()),
            )
        )
    return config


def _read_config(path: Path) -> object:
    try:
        with zipfile.ZipFile(path) as members:
            _check_sizes(path, members)
            if bad := members.testzip():
                raise _not_whole(path, _("its part {name} is damaged", name=bad))
            if _CONFIG not in members.namelist():
                raise _not_whole(path, _("it has no {name}", name=_CONFIG))
            return read_json(members.read(_CONFIG))
    except (
        OSError,
        EOFError,
        ValueError,
        RuntimeError,  # how zipfile says what it cannot unpack
        zlib.error,
        zipfile.BadZipFile,
    ) as problem:
        if isinstance(problem, DataFileError):
            raise
        is_zip = zipfile.is_zipfile(path)
        raise _not_whole(path, _("it is damaged") if is_zip else _("it is no zip archive")) from problem


def _not_whole(path: Path, why: str) -> DataFileError:
    return DataFileError(
        _(
            "{file} is not a whole Keras model file ({why}); save the model again with "
            'model.save("NAME.keras").',
            file=path,
            why=why,
        )
    )


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


def _check_weights(path: Path, config: object) -> None:
    """Refuse a file that describes more weights than it holds, before any of them is given memory."""
    with ThreadPoolExecutor(1) as apart:  # in a thread of its own, Keras has names and variables of its own
        described = apart.submit(_weights_described, config).result()
    with zipfile.ZipFile(path) as members:
        held = sum(member.file_size for member in members.infolist())
    if described > held:
        raise DataFileError(
            _(
                "{file} describes a network of {described:,} weights, and with {held:,} bytes it cannot hold them; "
                "it is no honest model file.",
                file=path,
                described=described,
                held=held,
            )
        )


def _weights_described(config: object) -> int:
    import keras

    with keras.StatelessScope(initialize_variables=False):
        model = keras.saving.deserialize_keras_object(_uncompiled(config), safe_mode=True)
    return sum(math.prod(v.shape) for v in model.weights) if isinstance(model, keras.Model) else 0


def _uncompiled(config: object) -> object:
    """A configuration without optimizers, which make variables of another kind."""
    if isinstance(config, list):
        return [_uncompiled(entry) for entry in config]
    if isinstance(config, dict):
        return {key: _uncompiled(entry) for key, entry in config.items() if key != "compile_config"}
    return config


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
