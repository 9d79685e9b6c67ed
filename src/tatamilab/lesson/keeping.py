"""`tatamilab.keep`: write down in the notebook what a training came to."""

import struct
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tatamilab import acceleration, machine
from tatamilab.data import CATALOGUE, split_sizes, steps_per_epoch
from tatamilab.errors import BadInput
from tatamilab.experiment.options import OPTIMIZERS
from tatamilab.experiment.record import LayerRecord
from tatamilab.experiment.recording import PACKAGES
from tatamilab.experiment.scoring import evaluate
from tatamilab.files import sha256
from tatamilab.i18n import _
from tatamilab.lesson.architecture import architecture
from tatamilab.lesson.results import ARCHITECTURES, MIME, Recipe, Result, packed

if TYPE_CHECKING:
    import keras

kept: dict[str, Result] = {}
"""What was kept in this session, by label; a label that is kept again has the newer result."""

MACHINE = ("platform", "architecture", "cpu_name", "vector_extension", "keras_backend")
"""Facts of the computer that can change a number, and none that tells whose it is."""


def keep(
    label: str,
    model: "keras.Model",
    log: "keras.callbacks.History",
    x_test: ArrayLike,
    y_test: ArrayLike,
    *,
    task: str = "",
    seed: int | None = None,
    data_size: int | None = None,
    draw: int | None = None,
    batch_size: int = 32,
    validation_split: float = 0.1,
) -> None:
    """Score a trained model on the test images, show it in a line, and keep it in the notebook for the report.

    The line is an output of the cell, and beside it, unseen, lies the whole result: what `tatami report` puts into
    its tables and `tatami verify` can repeat.

    Args:
        label: what to call it.
        model: trained and compiled.
        log: what `fit` returned.
        x_test: test images (n, h, w, c), 0–1.
        y_test: their labels (n,).
        task: the task that it belongs to, such as "B2-1-2".
        seed: given to `keras.utils.set_random_seed` before the model was made.
        data_size: training images, those that validate included; None for all.
        draw: seed of the random sample; None for the first images.
        batch_size: given to `fit`.
        validation_split: likewise.

    Raises:
        BadInput: `fit` made other steps than so many images give.
    """
    images, labels = np.asarray(x_test, np.float32), np.asarray(y_test)
    _check_steps(log, data_size, batch_size, validation_split)
    layers = [layer_record(layer) for layer in model.layers]
    score, probabilities = evaluate(model, images, labels, batch_size)
    hashes = data_hashes(images, labels)
    facts = machine.facts()
    native = acceleration.reason(model) is None
    result = Result(
        label=label,
        task=task,
        architecture=architecture(layers),
        n_parameters=model.count_params(),
        recipe=Recipe(
            model=ARCHITECTURES.get(architecture(layers), ""),
            data=_known(hashes),
            data_size=data_size,
            draw=draw,
            epochs=len(log.epoch),
            batch_size=batch_size,
            validation_split=validation_split,
            optimizer=_optimizer(model),
            lr=float(f"{float(model.optimizer.learning_rate):.7g}"),
            seed=seed,
        ),
        steps_per_epoch=int(log.params["steps"]),
        history={name: finite(values) for name, values in log.history.items()},
        loss=score.loss,
        correct=score.correct,
        n=score.n,
        wrong=packed(probabilities.argmax(axis=1) != labels),
        predictions=sha256(probabilities.tobytes()),
        trainer="tatamilab" if native else "keras",
        plan=acceleration.plan_of(model, images, labels, batch_size=batch_size) if native else None,
        data_hashes=hashes,
        versions={"python": facts["python"], **{k: v for k, v in facts["versions"].items() if k in PACKAGES}},
        machine={name: str(facts[name]) for name in MACHINE if facts[name] is not None},
    )
    kept[label] = result
    _display(result)


def layer_record(layer: "keras.Layer") -> LayerRecord:
    """What is kept of a layer."""
    return LayerRecord(layer.name, type(layer).__name__, tuple(layer.output.shape[1:]), layer.count_params())


def data_hashes(images: NDArray[np.float32], labels: NDArray[Any]) -> dict[str, str]:
    """SHA-256 of test images and labels as the IDX files that hold them, by file name where they are known.

    Args:
        images: (n, h, w, c), 0–1.
        labels: (n,).
    """
    pixels = np.rint(images * 255).astype(np.uint8)
    n, h, w, c = pixels.shape
    shape = (n, h, w) if c == 1 else (n, h, w, c)
    files = {
        "test images": _idx(pixels.tobytes(), shape),
        "test labels": _idx(labels.astype(np.uint8).tobytes(), (n,)),
    }
    names = {file.content_sha256: file.name for entry in CATALOGUE.values() for file in entry.files}
    return {names.get(sum_, name): sum_ for name, sum_ in files.items()}


def finite(values: Sequence[float]) -> list[float | None]:
    """Numbers for JSON, which knows no NaN."""
    return [float(value) if np.isfinite(value) else None for value in values]


def _idx(content: bytes, shape: tuple[int, ...]) -> str:
    return sha256(struct.pack(f">BBBB{len(shape)}I", 0, 0, 8, len(shape), *shape) + content)


def _known(hashes: dict[str, str]) -> str:
    """The data set whose test files these are, or ""."""
    wanted = set(hashes.values())
    fitting = (
        name for name, entry in CATALOGUE.items() if wanted <= {one.content_sha256 for one in entry.files}
    )
    return next(fitting, "")


def _optimizer(model: "keras.Model") -> str:
    class_name = type(model.optimizer).__name__
    return next((name for name, known in OPTIMIZERS.items() if known == class_name), class_name)


def _check_steps(
    log: "keras.callbacks.History", data_size: int | None, batch_size: int, split: float
) -> None:
    if data_size is None:
        return
    expected = steps_per_epoch(split_sizes(data_size, split).n_train, batch_size)
    if expected != log.params["steps"]:
        raise BadInput(
            _(
                "{n} images in batches of {batch} make {expected} steps an epoch, but the training made {made}: "
                "give keep the data_size, batch_size and validation_split that fit had.",
                n=data_size,
                batch=batch_size,
                expected=expected,
                made=log.params["steps"],
            )
        )


def _display(result: Result) -> None:
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        print(result)
        return
    from IPython.display import display

    display({"text/plain": str(result), MIME: result.to_json()}, raw=True)
