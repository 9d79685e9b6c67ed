"""The third seam: `tensorflow` in the user's own code, on a machine that has no TensorFlow.

Lessons begin with `from tensorflow import keras`. Since TensorFlow 2.16 that is Keras 3, kept at
`keras._tf_keras`, which is what they get. Only code of the user's sees the name: `__main__` (a script, the cells of
a notebook) and modules in its folder. Keras and every other library still find no TensorFlow, because nothing is
put into `sys.modules`: it is the import statement that answers, by the globals of whoever imports.
"""

import builtins
import site
import sysconfig
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NamedTuple

from tatamilab.acceleration import announcing
from tatamilab.i18n import _

NAME = "tensorflow"
KERAS = f"{NAME}.keras"
INTERFACE = "2.16.0"
"""The first TensorFlow whose `tf.keras` is Keras 3."""

_folder: Path | None = None
_import: Callable[..., ModuleType] = builtins.__import__
"""Python's own import statement, while ours stands in its place."""


class PhysicalDevice(NamedTuple):
    """What `tf.config.list_physical_devices` lists."""

    name: str
    device_type: str


class Alias(ModuleType):
    """Of TensorFlow, what lessons use of it beside Keras; all else is refused by name."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise AttributeError(_absent(f"tf.{name}"))


def _absent(name: str) -> str:
    return _(
        "{name} needs TensorFlow, which is not installed; of tensorflow, tatamilab gives tf.keras, "
        "tf.__version__, tf.random.set_seed and tf.config.list_physical_devices.",
        name=name,
    )


def install(folder: Path) -> None:
    """Let the user's code import `tensorflow`, where TensorFlow isn't installed.

    Args:
        folder: whose modules are the user's, beside `__main__`.
    """
    global _folder, _import
    if find_spec(NAME) is not None:
        return
    _folder = folder.resolve()
    if builtins.__import__ is not _answer:
        _import, builtins.__import__ = builtins.__import__, _answer


def remove() -> None:
    """`tensorflow` is absent again for everyone; what was imported stays what it is."""
    if builtins.__import__ is _answer:
        builtins.__import__ = _import


def _answer(
    name: str,
    globals: Mapping[str, object] | None = None,
    locals: Mapping[str, object] | None = None,
    fromlist: Sequence[str] | None = (),
    level: int = 0,
) -> ModuleType:
    """The import statement: as ever, but for one name in the user's code."""
    if name.partition(".")[0] != NAME or level or globals is None or not _is_users(globals):
        return _import(name, globals, locals, fromlist, level)
    import keras

    if name != NAME and name != KERAS and not name.startswith(f"{KERAS}."):
        raise ModuleNotFoundError(_absent(name.replace(NAME, "tf", 1)), name=name)
    announcing.say(
        _("TensorFlow is not installed; tensorflow.keras is Keras {version}", version=keras.__version__)
    )
    alias = _alias()
    module = alias if name == NAME else import_module(f"keras._tf_keras.{name.partition('.')[2]}")
    if module is alias:
        for wanted in fromlist or ():
            if wanted != "*" and not hasattr(alias, wanted):
                raise ImportError(_absent(f"tf.{wanted}"), name=NAME)
    return module if fromlist else alias


def _is_users(importer: Mapping[str, object]) -> bool:
    """Whether the code with these globals is the user's own."""
    if importer.get("__name__") == "__main__":
        return True
    file = importer.get("__file__")
    if not isinstance(file, str) or _folder is None:
        return False
    path = Path(file).resolve()
    return path.is_relative_to(_folder) and not any(path.is_relative_to(home) for home in _libraries())


def _libraries() -> list[Path]:
    """Folders of installed code, which may lie inside the user's folder."""
    named = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")]
    packages = Path(__file__).parent.parent
    return [Path(folder).resolve() for folder in {*named, *site.getsitepackages(), str(packages)}]


@cache
def _alias() -> Alias:
    import keras

    alias = Alias(NAME, _("What tatamilab gives of TensorFlow where it is not installed."))
    given = {
        "keras": import_module("keras._tf_keras.keras"),
        "__version__": f"{INTERFACE}+keras{keras.__version__}",
        "random": SimpleNamespace(set_seed=keras.utils.set_random_seed),
        "config": SimpleNamespace(list_physical_devices=_physical_devices),
    }
    vars(alias).update(given)
    return alias


def _physical_devices(device_type: str | None = None) -> list[PhysicalDevice]:
    """The devices that Keras can compute on here, as TensorFlow names them.

    Args:
        device_type: "CPU" or "GPU"; None for all.
    """
    import jax

    every = [(device.platform.upper(), device.id) for device in (*jax.devices("cpu"), *jax.devices())]
    kinds = [("GPU" if kind in ("CUDA", "ROCM", "GPU") else kind, at) for kind, at in dict.fromkeys(every)]
    return [
        PhysicalDevice(f"/physical_device:{kind}:{at}", kind)
        for kind, at in kinds
        if device_type in (None, kind)
    ]
