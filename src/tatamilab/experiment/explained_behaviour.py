"""The pictures of the explain page on what the network does with images: what it likes, mistakes, and rests on."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tatamilab import instruments
from tatamilab.analysis import near_duplicates, nearest_images, surest_mistakes
from tatamilab.analysis.calibration import FEWEST_A_BIN
from tatamilab.errors import BadInput, TatamiError
from tatamilab.experiment.explained import Explained
from tatamilab.experiment.explained_pictures import Picture, picture
from tatamilab.experiment.explained_run import ExplainedRun
from tatamilab.experiment.how_few import HowFew
from tatamilab.experiment.memorising import Memorised, memorised
from tatamilab.i18n import _
from tatamilab.instruments import style
from tatamilab.instruments.activity import hidden_values
from tatamilab.instruments.attribution import Attribution, randomised
from tatamilab.instruments.words import sentences

_N_LIKED = 1000  # test images from which the most exciting patches come
_N_LAID_OUT = 400
_N_NEAREST = 500  # mistakes whose nearest training images are looked for
_N_RECOGNISED = 200
_N_SHOWN = 8
_MOST_BINS = 10


@dataclass(frozen=True)
class Drawn:
    """Pictures by name, and why the others are not there, by name."""

    pictures: dict[str, Picture]
    left_out: dict[str, str]


def draw(
    makers: Mapping[str, Callable[[], Picture]], told: Callable[[str, Picture | None], object] | None = None
) -> Drawn:
    """Draw what can be drawn of a run; what a model or too few images do not allow is left out, with the reason.

    Args:
        makers: what draws each of the pictures, by name.
        told: called after each, with its name and the picture, None if it is left out.

    Raises:
        OutputError: the run's folder cannot be written.
    """
    pictures: dict[str, Picture] = {}
    left_out: dict[str, str] = {}
    for name, make in makers.items():
        try:
            pictures[name] = make()
        except OSError:
            raise
        except TatamiError as reason:
            left_out[name] = str(reason)
        if told:
            told(name, pictures.get(name))
    return Drawn(pictures, left_out)


def all_behaviour_makers(run: ExplainedRun, fewer: HowFew | None = None) -> dict[str, Callable[[], Picture]]:
    """What draws each of the pictures, those that need another training included, by name.

    Args:
        run: the run.
        fewer: what `how_few` found, if it was asked.
    """
    makers = {**behaviour_makers(run), "attribution": lambda: _attribution(run, lambda: memorised(run))}
    if fewer is not None:
        makers["few"] = lambda: _few(fewer)
    return makers


def behaviour_makers(run: Explained) -> dict[str, Callable[[], Picture]]:
    """What draws each of the pictures that need no other training, by name."""
    return {
        "likes": lambda: _likes(run),
        "plane": lambda: _plane(run),
        "accuracy": lambda: _accuracy(run),
        "mistakes": lambda: _mistakes(run),
        "attribution": lambda: _attribution(run),
    }


def _likes(run: Explained) -> Picture:
    found = instruments.exciting_patches(run.model, run.x_test[:_N_LIKED], run.layer)
    return picture(
        _("The patches that excite each filter most"),
        instruments.describe_exciting_patches(found),
        instruments.plot_exciting_patches(found),
    )


def _plane(run: Explained) -> Picture:
    images, labels = run.x_test[:_N_LAID_OUT], run.dataset.y_test[:_N_LAID_OUT]
    values = {
        _("Before training"): hidden_values(run.before_model, images),
        _("After training"): hidden_values(run.model, images),
    }
    return picture(
        _("The last hidden layer in the plane of its two principal axes"),
        instruments.describe_embedding(values, labels),
        instruments.plot_embedding(values, labels, class_names=run.dataset.class_names),
    )


def _accuracy(run: Explained) -> Picture:
    truth, names = run.dataset.y_test, run.dataset.class_names
    predicted, sure = run.probabilities.argmax(axis=1), run.probabilities.max(axis=1)
    right = predicted == truth
    n_bins = max(1, min(_MOST_BINS, len(truth) // (2 * FEWEST_A_BIN)))
    fig = style.new_figure(13, 4.4)
    grid = fig.add_gridspec(
        1, 3, left=0.05, right=0.985, bottom=0.13, top=0.82, wspace=0.3, width_ratios=(1.5, 1, 1)
    )
    instruments.plot_calibration(sure, right, n_bins, ax=fig.add_subplot(grid[0]))
    instruments.plot_class_accuracy(truth, predicted, class_names=names, ax=fig.add_subplot(grid[1]))
    instruments.plot_confused_pairs(truth, predicted, class_names=names, ax=fig.add_subplot(grid[2]))
    said = [
        instruments.describe_calibration(sure, right, n_bins),
        instruments.describe_class_accuracy(truth, predicted, class_names=names),
    ]
    return picture(_("How sure, how often right, and what is confused"), sentences(said), fig)


def _mistakes(run: Explained) -> Picture:
    truth, names = run.dataset.y_test, run.dataset.class_names
    predicted, sure = run.probabilities.argmax(axis=1), run.probabilities.max(axis=1)
    wrong = surest_mistakes(truth, run.probabilities, _N_NEAREST)
    if not len(wrong):
        raise BadInput(_("There are no mistakes."))
    recognised = np.flatnonzero(predicted == truth)
    recognised = np.random.default_rng(0).permutation(recognised)[:_N_RECOGNISED]
    train, labels = run.dataset.x_train[: run.n_train], run.dataset.y_train
    k = min(3, len(train))
    found = nearest_images(run.dataset.x_test[np.concatenate([wrong, recognised])], train, k)
    nearest, usual = found.part(slice(len(wrong))), found.part(slice(len(wrong), None))
    shown = nearest.part(slice(_N_SHOWN))
    return picture(
        _("The mistakes of which the network was surest, and the training images nearest to them"),
        instruments.describe_near_duplicates(
            near_duplicates(
                nearest,
                usual,
                labels,
                mistaken_true=truth[wrong],
                mistaken_predicted=predicted[wrong],
                recognised_true=truth[recognised],
            )
        ),
        instruments.plot_sure_mistakes(
            run.dataset.x_test[wrong[:_N_SHOWN]],
            [f"{names[truth[n]]} → {names[predicted[n]]}  {sure[n]:.1%}" for n in wrong[:_N_SHOWN]],
            shown,
            train,
            [names[int(label)] for label in labels[shown.indices.ravel()]],
        ),
    )


def _attribution(run: Explained, by_heart: Callable[[], Memorised] | None = None) -> Picture:
    image: NDArray[np.float32] = run.x_test[0]
    label = int(run.probabilities[0].argmax())
    network = Attribution(run.model)
    maps = {
        _("this network"): network.maps(image, label),
        _("weights shuffled"): network.maps(image, label, randomised(run.model.get_weights())),
    }
    if by_heart is not None:
        other = by_heart()
        title = _("labels learned by heart ({share:.0%})", share=other.share)
        maps[title] = network.maps(image, label, other.weights)
    return picture(
        _("What the answer {name} rests on", name=run.dataset.class_names[label]),
        instruments.describe_attribution(image, maps),
        instruments.plot_attribution(image, maps),
    )


def _few(found: HowFew) -> Picture:
    names = {"norm": _("removed: smallest norm first"), "orientation": _("removed: least oriented first")}
    curves = found.curves.named(names)
    axes = instruments.plot_how_few(curves, found.retrained)
    return picture(
        _("How few filters will do"), instruments.describe_how_few(curves, found.retrained), style.root(axes)
    )
