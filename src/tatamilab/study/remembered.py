"""What of a network is part of a run's key, kept on disk: a study that is over is answered without Keras.

Only of built-in models, as nobody can say what else decides what a user's function returns. An entry is named by all
that decides it: the recipe, the shape of the images, the versions of Keras, its backend and the engine, and the source
of what builds the models and looks at them.
Nothing is ever trained by it: where a run is missing, the networks are made anew.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from tatamilab import backend
from tatamilab.data import Dataset
from tatamilab.engine import cache
from tatamilab.files import cache_folder, read_json, sha256, write_whole
from tatamilab.models import BUILT_IN, built_in, loading
from tatamilab.study.design import Traits
from tatamilab.study.specification import Recipe

SOURCES = (built_in.__file__, loading.__file__, Path(__file__).with_name("networks.py"))
"""What decides the traits beside the engine; networks.py isn't imported, as it takes Keras with it."""


def remember(recipe: Recipe, data: Dataset, target: str, traits: Traits) -> None:
    """Keep the traits of an arm, if its model is built in and the disk allows it."""
    if recipe.model in BUILT_IN:
        with suppress(OSError, PackageNotFoundError):
            path = _entry(recipe, data, target)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(asdict(traits)))


def remembered(recipes: Mapping[str, Recipe], data: Dataset, target: str) -> dict[str, Traits] | None:
    """The traits of all arms; None unless all are known.

    Args:
        recipes: by arm.
        data: the data set.
        target: name of the vector unit that is computed for.
    """
    known = {}
    for arm, recipe in recipes.items():
        if recipe.model not in BUILT_IN:
            return None
        try:
            known[arm] = Traits(**read_json(_entry(recipe, data, target).read_bytes()))
        except (OSError, ValueError, TypeError, PackageNotFoundError):  # none, or a damaged one
            return None
    return known


def _entry(recipe: Recipe, data: Dataset, target: str) -> Path:
    chosen = backend.preview(command=True)
    versions = [(name, version(name)) for name in ("keras", chosen)]
    source = sha256(b"".join(Path(file).read_bytes() for file in SOURCES))
    described = recipe.model_dump_json(exclude={"epochs", "updates", "permuted"})
    name = cache.name_of(described, data.image_shape, data.n_classes, target, versions, source)
    return cache_folder() / "networks" / f"{name}.json"
