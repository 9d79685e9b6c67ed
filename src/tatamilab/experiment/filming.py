"""`film`: a run's filters while they are learned."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tatamilab.errors import BadInput
from tatamilab.experiment import folder
from tatamilab.experiment.explained_run import ExplainedRun, read_explained
from tatamilab.experiment.rerunning import parameter_names, program_of, steps_of, train_again
from tatamilab.experiment.saving import read_history
from tatamilab.experiment.watching import Far
from tatamilab.files import check_file
from tatamilab.i18n import _
from tatamilab.instruments.film import Film, animate_filters, check_film_path, save_film
from tatamilab.instruments.model_facts import conv_layer, kernel_of

N_FRAMES = 48
MOST_FRAMES = 240

_LOOKS = 101
"""How often the training stops to say how far it is; that changes no bit of it."""


@dataclass(frozen=True)
class Filmed:
    """A film that was made.

    Attributes:
        path: its file.
        n_frames: moments that it shows.
        is_same: whether its last filters are the run's own, bit for bit.
    """

    path: Path
    n_frames: int
    is_same: bool


def film(
    run: Path,
    *,
    layer: int | str = 0,
    out: Path | None = None,
    n_frames: int = N_FRAMES,
    told: Callable[[str], object] | None = None,
    far: Far | None = None,
) -> Filmed:
    """Train a run again from its start, keep its filters at growing distances, and animate them.

    A run keeps its filters at its start and its end only; because a training is the same each time, the moments between
    can be had afterwards. Only the filters of one layer are kept, at `n_frames` moments, however long the training.

    Args:
        run: a run's folder.
        layer: index among the convolution layers, or a name.
        out: a file that ends with .gif, .mp4 or .html; None for `film.gif` in the run's folder.
        n_frames: from 2 to 240.
        told: called with a line for each part that begins.
        far: called with how far the training is, and then the drawing.

    Raises:
        BadInput: no run, no such layer, a number of frames out of range, a file that cannot be a film, or a damaged
            history.
        Unsupported: the engine cannot train the model.
        OutputError: the file cannot be written.
    """
    told, far = told or (lambda _line: None), far or (lambda *_far: None)
    path = out or run / f"{folder.FILM}.gif"
    if not 2 <= n_frames <= MOST_FRAMES:
        raise BadInput(_("A film has from 2 to {most} frames; received {n}.", most=MOST_FRAMES, n=n_frames))
    check_film_path(path)
    found = read_explained(run, layer)
    with folder.speaking_of(path):
        check_file(path)
    told(_("The run is trained again: {steps:,} steps", steps=steps_of(found)))
    taken, is_same = _taken(found, n_frames, far)
    told(_("The film is drawn: {n} moments", n=len(taken.steps)))
    with folder.speaking_of(path):
        save_film(animate_filters(taken), path, partial(far, _("Film")))
    return Filmed(path, len(taken.steps), is_same)


def moments(n_steps: int, n: int) -> NDArray[np.int64]:
    """At most `n` numbers of steps from 0 to `n_steps`, at distances that grow by a constant factor.

    Example:
        >>> moments(100, 6).tolist()
        [0, 1, 3, 10, 32, 100]
    """
    return np.unique(np.concatenate([[0], np.geomspace(1, n_steps, n - 1).round()])).astype(np.int64)


def _taken(run: ExplainedRun, n_frames: int, far: Far) -> tuple[Film, bool]:
    steps, kept = moments(steps_of(run), n_frames), run.folder / folder.HISTORY
    history = read_history(kept) if kept.exists() else {}
    model = run.before_model
    target = conv_layer(model, run.layer)
    kernels = [kernel_of(target)]
    program = program_of(run, model)
    name = parameter_names(program, model)[id(target.weights[0])]
    last, wanted = int(steps[-1]), set(steps.tolist())
    looks = np.union1d(steps, np.linspace(0, last, _LOOKS).round().astype(np.int64))
    for done in train_again(run, program, run.options.seed, looks):
        far(_("Training"), done, last)
        if done in wanted:
            weights = program.get_weights()[name]
            kernels.append(weights.reshape(kernels[0].shape))
    assert run.record.training is not None
    taken = Film(
        steps=steps,
        kernels=np.stack(kernels),
        steps_per_epoch=run.record.training.steps_per_epoch,
        history=history,
    )
    return taken, bool(np.array_equal(kernels[-1], run.after))
