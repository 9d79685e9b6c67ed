"""What arms, contrasts and numbers are called, in the language in force."""

from collections.abc import Callable
from dataclasses import replace
from functools import reduce

from tatamilab.analysis.study_effects import Estimate
from tatamilab.analysis.study_images import TwoWay
from tatamilab.analysis.study_sequence import Sequential
from tatamilab.i18n import _
from tatamilab.study import built_in
from tatamilab.study.contrast import Contrast
from tatamilab.study.specification import Measure


def arm_title(name: str) -> str:
    """What an arm is called."""
    base, _at, updates = name.partition("@")
    if updates.isdecimal():
        return _("{arm}, {updates} updates", arm=arm_title(base), updates=updates)
    return {
        built_in.CNN: _("CNN"),
        built_in.BPNN: _("BPNN"),
        built_in.PLAIN: _("plain network with 745 hidden units"),
        built_in.FROZEN: _("CNN with frozen random filters"),
        built_in.CNN_MOVED: _("CNN on moved pixels"),
        built_in.BPNN_MOVED: _("BPNN on moved pixels"),
        built_in.LONGER: _("BPNN with four times the steps"),
    }.get(name) or reduce(lambda one, other: _("{one}, {other}", one=one, other=other), _settings(name))


def _settings(name: str) -> list[str]:
    """The parts of an arm's name that values of factors made, "filters=32, kernel_size=5", in words."""
    known: dict[str, Callable[[str], str]] = {
        "filters": lambda value: _("1 filter") if value == "1" else _("{value} filters", value=value),
        "kernel_size": lambda value: _("{value}×{value} kernel", value=value),
        "learning_rate": lambda value: _("learning rate {value}", value=value),
        "epochs": lambda value: _("1 epoch") if value == "1" else _("{value} epochs", value=value),
        "batch_size": lambda value: _("batches of {value}", value=value),
    }
    parts = [part.partition("=") for part in name.split(", ")]
    if not any(key in known for key, _equals, _value in parts):
        return [name]
    return [
        known[key](value) if key in known else "".join((key, equals, value)) for key, equals, value in parts
    ]


def measure_title(measure: Measure) -> str:
    """What an axis of scores is called."""
    return {
        "test_accuracy": _("Test accuracy (%)"),
        "validation_accuracy": _("Validation accuracy (%)"),
        "best_epoch_accuracy": _("Test accuracy at the best epoch (%)"),
    }[measure]


def contrast_title(contrast: Contrast) -> str:
    """What a contrast is called: a difference, or a difference of differences."""
    titles = [arm_title(arm) for arm in contrast.arms]
    if contrast.is_simple:
        return f"{titles[0]} − {titles[1]}"
    if [sign for sign, _arm in contrast.terms] == [1, -1, -1, 1]:
        return _("({a} − {b}) − ({c} − {d})", a=titles[0], b=titles[1], c=titles[2], d=titles[3])
    signs = (" + " if sign > 0 else " − " for sign, _arm in contrast.terms)
    return "".join(sign + title for sign, title in zip(signs, titles, strict=True)).removeprefix(" + ")


def percent(found: Estimate) -> str:
    """A share and its interval, "90.3% (90.0–90.6)"."""
    return _("{mean:.1%} ({low:.1f}–{high:.1f})", mean=found.mean, low=100 * found.low, high=100 * found.high)


def turned(found: Estimate) -> Estimate:
    """The same difference seen from the other side."""
    return replace(found, mean=-found.mean, low=-found.high, high=-found.low)


def points(found: Estimate | TwoWay | Sequential) -> str:
    """A difference in points and its interval, "+4.0 (3.7 to 4.3)"."""
    return _(
        "{mean:+z.2f} points ({low:+z.2f} to {high:+z.2f})",
        mean=100 * found.mean,
        low=100 * found.low,
        high=100 * found.high,
    )
