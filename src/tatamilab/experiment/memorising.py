"""A network that learned nothing of the task: the run's own start, trained until it knows shuffled labels by heart.

It is trained once for a run, by the engine, in about a second, and kept in the run's folder.
"""

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tatamilab import backend, data
from tatamilab.engine.frontend import lower, lower_training, set_weights_of, weights_of
from tatamilab.engine.program import Program
from tatamilab.experiment import folder
from tatamilab.experiment.explained_run import ExplainedRun
from tatamilab.files import read_arrays, sha256, write_whole

backend.choose()  # before Keras is first imported
import keras  # noqa: E402

FILE = "shuffled-labels.npz"
N_IMAGES = 1000
ENOUGH = 0.95
"""The share of shuffled labels that counts as known by heart."""

_MOST_EPOCHS = 120
_BATCH = 32


@dataclass(frozen=True, eq=False)
class Memorised:
    """A network that knows shuffled labels.

    Attributes:
        weights: as `model.get_weights()` orders them.
        share: of the shuffled labels that it knows, 0-1.
        n_images: images that it was trained on.
    """

    weights: list[NDArray[np.float32]]
    share: float
    n_images: int


def memorised(run: ExplainedRun) -> Memorised:
    """The network that started as the run's did, and learned shuffled labels of its first training images by heart.

    With Adam at 0.001, batches of 32, until 95% are known or 120 epochs are over; the order and the shuffling come
    from a fixed seed, so it is the same network each time.

    Raises:
        Unsupported: the engine cannot train the model.
        OutputError: the run's folder cannot be written.

    Source:
        Adebayo et al. (2018), Sanity checks for saliency maps, §3.2: the data randomisation test.
    """
    path = run.folder / folder.EXPLAINED / FILE
    start = sha256((run.folder / folder.INITIAL_MODEL).read_bytes())
    if kept := _read(run, start):
        return kept
    found = _train(run)
    written = io.BytesIO()
    arrays = {f"w{number}": weight for number, weight in enumerate(found.weights)}
    np.savez(written, allow_pickle=False, start=start, share=found.share, n_images=found.n_images, **arrays)
    with folder.speaking_of(run.folder):
        path.parent.mkdir(exist_ok=True)
        write_whole(path, written.getvalue())
    return found


def _read(run: ExplainedRun, start: str) -> Memorised | None:
    """What is kept, if it is whole and of this run's start; what is not is trained again."""
    n = len(run.model.weights)
    try:
        kept = read_arrays((run.folder / folder.EXPLAINED / FILE).read_bytes())
        if str(kept["start"]) != start:
            return None
        return Memorised(
            [kept[f"w{number}"] for number in range(n)], float(kept["share"]), int(kept["n_images"])
        )
    except (OSError, ValueError, KeyError):
        return None


def _train(run: ExplainedRun) -> Memorised:
    model = keras.models.clone_model(run.before_model)
    model.set_weights(run.before_model.get_weights())
    model.compile(keras.optimizers.Adam(0.001), "sparse_categorical_crossentropy", metrics=["accuracy"])
    graph = lower(model)
    program = Program(graph, lower_training(model), batch_size=_BATCH)
    program.start_over(weights_of(model, graph))
    n = min(N_IMAGES, run.record.data.n_train)
    rng = np.random.default_rng(0)
    images = data.normalised(run.dataset.x_train[:n])
    labels = rng.permutation(run.dataset.y_train[:n])
    examples, share = program.examples(images, labels), 0.0
    for _epoch in range(_MOST_EPOCHS):
        program.train(examples, order=rng.permutation(n), learning_rate=0.001)
        share = float(np.mean(program.predict(images).argmax(axis=1) == labels))
        if share >= ENOUGH:
            break
    set_weights_of(model, graph, program.get_weights())
    return Memorised(model.get_weights(), share, n)
