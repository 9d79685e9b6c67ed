"""Everything that can be refused is refused here, before anything is written."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from tatamilab import data, models
from tatamilab.data import Dataset, NormalisedArrays, Split
from tatamilab.experiment import folder
from tatamilab.experiment.options import RunOptions
from tatamilab.experiment.timing import Timings
from tatamilab.experiment.training import Trainer, choose_trainer, set_up
from tatamilab.experiment.watching import Phase, Watcher
from tatamilab.i18n import _

if TYPE_CHECKING:
    import keras

PREDICTIONS_AND_FIGURES_BYTES = 24 * 2**20
"""What a run's folder needs besides its models, with room to spare."""


@dataclass(frozen=True)
class Prepared:
    """A run that nothing speaks against.

    Attributes:
        options: what was asked for.
        started: when, in local time.
        path: the folder to be.
        dataset: images as stored, labels, provenance.
        arrays: the same, 0–1.
        split: numbers of training and validation images.
        steps: steps an epoch.
        model: compiled, untrained.
        trainer: who trains.
    """

    options: RunOptions
    started: datetime
    path: Path
    dataset: Dataset
    arrays: NormalisedArrays
    split: Split
    steps: int
    model: "keras.Model"
    trainer: Trainer


def prepare(options: RunOptions, watcher: Watcher, timings: Timings) -> Prepared:
    """Look at the output folder and the model's name, load the data, build the model.

    Raises:
        BadInput: the data, the model or the split can't be used.
        OutputError: the folder can't be written to.
    """
    started = datetime.now().astimezone()
    path = folder.path_for(options, started)
    folder.check(path, force=options.force)
    models.check_name(options.model)
    with timings.phase(Phase.DATA):
        dataset = data.load(
            options.data,
            data_size=options.data_size,
            draw=options.draw,
            balanced=options.balanced,
            mirror=options.data_mirror,
            skip_bad=options.skip_bad,
        )
        split = data.split_sizes(len(dataset.x_train), options.validation_split)
        steps = data.steps_per_epoch(split.n_train, options.batch_size)
        arrays = dataset.normalised()
        watcher.message(_describe_data(dataset, split, steps))
    with timings.phase(Phase.MODEL):
        import keras

        keras.utils.set_random_seed(options.seed)
        model = models.load_model(options.model, dataset.image_shape, dataset.n_classes, seed=options.seed)
        watcher.message(summary(model))
        set_up(model, options)
        trainer = choose_trainer(model, arrays.x_train, arrays.y_train, options)
        watcher.message(trainer.reason)
    folder.check_space(path, _needed_bytes(model, dataset))
    return Prepared(options, started, path, dataset, arrays, split, steps, model, trainer)


def summary(model: "keras.Model") -> str:
    """Keras's summary of `model`, as in the worksheet's cell 1-3."""
    lines: list[str] = []
    model.summary(line_length=78, print_fn=lines.append)
    return "\n".join(lines).rstrip()


def _describe_data(dataset: Dataset, split: Split, steps: int) -> str:
    arrays = {
        "X_train": dataset.x_train,
        "y_train": dataset.y_train,
        "X_test": dataset.x_test,
        "y_test": dataset.y_test,
    }
    lines = [_("Data set: {name}", name=dataset.name), *dataset.provenance.notes]
    lines += [_("{array} shape: {shape}", array=name, shape=array.shape) for name, array in arrays.items()]
    lines.append(
        _(
            "Of the training images, {n_train:,} train and the last {n_validation:,} validate; "
            "steps an epoch: {steps:,}.",
            n_train=split.n_train,
            n_validation=split.n_validation,
            steps=steps,
        )
    )
    return "\n".join(lines)


def _needed_bytes(model: "keras.Model", dataset: Dataset) -> int:
    float32_bytes, copies = 4, 4  # the untrained weights, the trained, and the optimizer's two
    predictions = len(dataset.x_test) * dataset.n_classes
    return (model.count_params() * copies + predictions) * float32_bytes + PREDICTIONS_AND_FIGURES_BYTES
