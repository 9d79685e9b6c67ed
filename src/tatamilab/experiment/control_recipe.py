"""By which recipe all trainings of the controls are made."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Recipe:
    """What every training of the controls has in common. The defaults are the worksheet's.

    Attributes:
        data: a data set's name or path.
        model: a name, file or function, as `tatami run --model` takes it; with a convolution.
        data_size: the first so many training images; None for all.
        epochs: passes over them.
        batch_size: images a step.
        validation_split: share held back from the end, as in the worksheet; nothing is done with it.
        lr: learning rate of Adam.
    """

    data: str = "mnist"
    model: str = "cnn"
    data_size: int | None = None
    epochs: int = 10
    batch_size: int = 128
    validation_split: float = 0.1
    lr: float = 0.001

    @property
    def is_quick(self) -> bool:
        """Whether it is shorter than the worksheet's, so that filters have hardly moved."""
        return self.data_size is not None or self.epochs < Recipe.epochs


QUICK = Recipe(data_size=6000, epochs=3)
"""For a first look: the filters have hardly moved then, and the comparisons say little."""
