"""Studies that are known by name: the worksheet's question, and two of its kind."""

from typing import Any

from tatamilab.study.specification import Study, make_study

CNN, BPNN = "cnn", "bpnn"
PLAIN, FROZEN, CNN_MOVED, BPNN_MOVED, LONGER = (
    "plain-745",
    "cnn-frozen",
    "cnn-moved",
    "bpnn-moved",
    "bpnn-longer",
)

_QUESTION: dict[str, Any] = {
    "name": "b2-1-2",
    "arms": {CNN: {"model": "cnn-small-data"}, BPNN: {"model": "bpnn"}},
    "contrasts": [f"{CNN} - {BPNN}"],
}

_WHY: dict[str, Any] = {
    **_QUESTION,
    "arms": {
        **_QUESTION["arms"],
        PLAIN: {"model": "bpnn", "units": 745},
        FROZEN: {"model": "cnn-small-data", "frozen": True},
        CNN_MOVED: {"model": "cnn-small-data", "permuted": True},
        BPNN_MOVED: {"model": "bpnn", "permuted": True},
        LONGER: {"model": "bpnn", "epochs": 200},
    },
    "contrasts": [
        f"{CNN} - {BPNN}",
        f"{CNN} - {PLAIN}",
        f"{CNN} - {FROZEN}",
        f"{CNN} - {CNN_MOVED} - {BPNN} + {BPNN_MOVED}",
        f"{BPNN} - {BPNN_MOVED}",
        f"{LONGER} - {BPNN}",
    ],
}
"""What might explain the difference, each taken away on the same draws.

The plain network with 745 hidden units has as many parameters as the CNN, 592,074 and 592,285.
"""

BUILT_IN: dict[str, dict[str, Any]] = {
    "b2-1-2": _QUESTION,
    "filters": {
        "name": "filters",
        "draws": 10,
        "factors": {"model": ["cnn-small-data"], "filters": [32, 4, 8, 16], "kernel_size": [5, 3, 7]},
    },
    "learning-rate": {
        "name": "learning-rate",
        "draws": 10,
        "factors": {"model": ["cnn-small-data"], "learning_rate": [0.001, 0.0001, 0.0003, 0.003, 0.01]},
    },
}
"""By name, as TOML would give them."""


def built_in(name: str, *, why: bool = False, updates: int | None = None, **changes: Any) -> Study:
    """A built-in study.

    Args:
        name: a key of `BUILT_IN`.
        why: of "b2-1-2" only: add the controls that explain the difference.
        updates: train every arm a second time, with so many steps at every size.
        changes: other values of the study's own keys.

    Raises:
        BadInput: a change that makes no sense.

    Example:
        >>> list(built_in("b2-1-2", draws=5).recipes())
        ['cnn', 'bpnn']
    """
    settings = {**(_WHY if why else BUILT_IN[name]), **changes}
    if updates is not None:
        settings = with_fixed_updates(settings, updates)
    return make_study(name, settings)


def with_fixed_updates(settings: dict[str, Any], updates: int) -> dict[str, Any]:
    """The settings with a second series of all arms, trained for so many steps whatever the size.

    50 epochs of 100 images are 50 steps, of 600 images 250: a curve over sizes mixes the two unless one is held still.
    """
    suffix = f"@{updates}"
    arms = settings.get("arms", {})
    more = {f"{name}{suffix}": {**arm, "updates": updates} for name, arm in arms.items()}
    asked = [_renamed(text, list(arms), suffix) for text in settings.get("contrasts", [])]
    return {**settings, "arms": {**arms, **more}, "contrasts": [*settings.get("contrasts", []), *asked]}


def _renamed(contrast: str, arms: list[str], suffix: str) -> str:
    return " ".join(word + suffix if word in arms else word for word in contrast.split())
