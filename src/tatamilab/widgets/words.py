"""The words on the parts that a first-year student does not know yet, each with what it means here."""

from collections.abc import Callable
from typing import Any

from tatamilab.i18n import _

_TERMS: dict[str, Callable[[], tuple[str, str]]] = {
    "filter": lambda: (
        _("Filter (kernel)"),
        _("A small table of weights that is laid on every place of the image; what lies on each other is multiplied "
          "and added."),
    ),
    "map": lambda: (_("Map"), _("What one filter finds at every place of the image: a picture again.")),
    "stride": lambda: (_("Stride"), _("By how many pixels the filter moves on: 2 halves rows and columns.")),
    "padding": lambda: (
        _("Padding"),
        _("Zeros around the image, so that the filter also fits at the rim and the map stays as large."),
    ),
    "pool": lambda: (
        _("Pool"), _("Of each small window one number goes on, the largest or the mean: the map shrinks.")
    ),
    "dense": lambda: (_("Dense layer"), _("Each of its numbers is a weighted sum of all numbers before it.")),
    "bias": lambda: (_("Bias"), _("One number for each filter that is added to every sum of it.")),
    "activation": lambda: (
        _("Activation (ReLU, tanh, sigmoid)"),
        _("A bend after each sum, without which many layers would be no more than one. ReLU makes negative sums 0."),
    ),
    "softmax": lambda: (
        _("Softmax"), _("Makes of the last ten numbers ten probabilities that add up to 1.")
    ),
    "dropout": lambda: (
        _("Dropout"), _("While training, a random part of the numbers is left out, so that none is relied on alone.")
    ),
    "normalisation": lambda: (
        _("Batch normalisation"),
        _("Brings the numbers of a batch to mean 0 and spread 1, then to a scale of its own that is learned."),
    ),
    "parameter": lambda: (_("Parameter"), _("A number that training changes: a weight or a bias.")),
    "multiply-add": lambda: (
        _("Multiply-add"), _("One product and one sum: the work of a network is counted in them.")
    ),
    "epoch": lambda: (_("Epoch"), _("Once through all training images.")),
    "batch": lambda: (
        _("Batch, step"), _("The weights are changed after every batch of so many images; that is one step.")
    ),
    "rate": lambda: (
        _("Learning rate"),
        _("How far the weights go at each step. Too far, and the loss grows; too little, and it takes long."),
    ),
    "loss": lambda: (
        _("Loss"), _("How surprised the network is by the right answers, on average; training makes it small.")
    ),
    "held-back": lambda: (
        _("Images held back"),
        _("A tenth of the images, never trained on: how many of them are right says what was learned, not memorised."),
    ),
    "seed": lambda: (
        _("Seed"),
        _("The number that fixes all chance: the first weights and the order of the images. Same seed, same run."),
    ),
    "draw": lambda: (_("Random draw"), _("Other images of the 60,000: each sample teaches something else.")),
    "interval": lambda: (
        _("95% interval"),
        _("Between these two the true value lies, in 95 of 100 such experiments. Few images, wide interval."),
    ),
    "calibrated": lambda: (
        _("Calibrated"), _("Of all answers given with 90% probability, 90% are right; and so for every probability.")
    ),
    "confusion": lambda: (
        _("Confusion matrix"), _("How often each digit (row) was read as each other (column); the diagonal is right.")
    ),
    "occlusion": lambda: (
        _("What an answer rests on"),
        _("A small square is covered at every place; where the probability falls most, the answer rests on it."),
    ),
    "plain": lambda: (
        _("Plain network (BPNN)"),
        _("784 pixels, 32 numbers, 10 answers, all joined: the network of the lesson before, without convolution."),
    ),
}  # fmt: skip


def glossary(*keys: str) -> dict[str, Any]:
    """What is folded away under a part: a title, and the words with their meanings, in the language in force.

    Example:
        >>> glossary("epoch")["terms"]
        [['Epoch', 'Once through all training images.']]
    """
    return {"title": _("What do these words mean?"), "terms": [list(_TERMS[key]()) for key in keys]}
