"""Where the trainings of the controls are kept: one file each, whole or not there, so that they can be resumed."""

import io
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tatamilab.errors import BadInput
from tatamilab.experiment.control_recipe import Recipe
from tatamilab.experiment.folder import speaking_of
from tatamilab.files import make_folder, read_arrays, read_json, write_whole
from tatamilab.i18n import _

SETTINGS = "controls.json"
FORMAT = 1


@dataclass(frozen=True, eq=False)
class Trained:
    """What one training came to.

    Attributes:
        correct: test images recognised at the end.
        correct_before: and before this training.
        n_test: test images.
        steps: int64 (t,), after which steps the filters were kept, from 0.
        kernels: float32 (t, h, w, c, o), the first convolution's filters then.
        components: float64 (d, h, w, c), principal components of the patches that it saw.
    """

    correct: int
    correct_before: int
    n_test: int
    steps: NDArray[np.int64]
    kernels: NDArray[np.float32]
    components: NDArray[np.float64]

    @property
    def accuracy(self) -> float:
        """Test accuracy at the end, 0-1."""
        return self.correct / self.n_test


class Store:
    """A folder of trainings by one recipe.

    Args:
        folder: made if it is not there.
        recipe: of all trainings in it.

    Raises:
        BadInput: the folder holds the trainings of another recipe.
        OutputError: it cannot be written.
    """

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self.folder, self.recipe = folder, recipe
        if (folder / SETTINGS).exists():
            found = recipe_in(folder)
            if found != recipe:
                raise BadInput(
                    _(
                        "{folder} holds controls by another recipe ({found}); choose another folder with --out.",
                        folder=folder,
                        found=_in_words(found),
                    )
                )
            return
        with speaking_of(folder):
            make_folder(folder)
            settings = {"format": FORMAT, "recipe": asdict(recipe)}
            write_whole(folder / SETTINGS, json.dumps(settings, ensure_ascii=False, indent=2) + "\n")

    def path(self, arm: str, seed: int) -> Path:
        """The file of one training."""
        return self.folder / f"{arm}-{seed}.npz"

    def has(self, arm: str, seed: int) -> bool:
        """Whether that training is there."""
        return self.path(arm, seed).exists()

    def save(self, arm: str, seed: int, trained: Trained) -> None:
        """Keep a training."""
        written = io.BytesIO()
        np.savez_compressed(written, allow_pickle=False, **vars(trained))
        with speaking_of(self.folder):
            write_whole(self.path(arm, seed), written.getvalue())

    def load(self, arm: str, seed: int) -> Trained:
        """Read a training.

        Raises:
            BadInput: it is damaged or not there.
        """
        path = self.path(arm, seed)
        try:
            kept = read_arrays(path.read_bytes())
            return Trained(
                correct=int(kept["correct"]),
                correct_before=int(kept["correct_before"]),
                n_test=int(kept["n_test"]),
                steps=kept["steps"],
                kernels=kept["kernels"],
                components=kept["components"],
            )
        except (OSError, ValueError, KeyError, TypeError) as problem:
            raise BadInput(
                _("{path} is damaged; delete it, and the controls train it again.", path=path)
            ) from problem

    def complete_seeds(self, arms: list[str]) -> list[int]:
        """The seeds of which all `arms` are there, ascending."""
        found = [
            {int(path.stem.rpartition("-")[2]) for path in self.folder.glob(f"{arm}-*.npz")} for arm in arms
        ]
        return sorted(set.intersection(*found)) if found else []


def recipe_in(folder: Path) -> Recipe:
    """The recipe of the trainings in `folder`.

    Raises:
        BadInput: it is no folder of controls.
    """
    try:
        settings = read_json((folder / SETTINGS).read_bytes())
        if settings["format"] != FORMAT:
            raise ValueError
        return Recipe(**settings["recipe"])
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise BadInput(
            _(
                "{folder} is not a folder of controls: it holds no readable {name}.",
                folder=folder,
                name=SETTINGS,
            )
        ) from problem


def _in_words(recipe: Recipe) -> str:
    return ", ".join(f"{name}={value}" for name, value in asdict(recipe).items() if value is not None)
