"""What arms, contrasts and numbers are called, in the language in force."""

from dataclasses import replace

from tatamilab.analysis.study_effects import Estimate
from tatamilab.analysis.study_images import TwoWay
from tatamilab.i18n import _
from tatamilab.study import built_in
from tatamilab.study.contrast import Contrast


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
    }.get(name, name)


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
    return f"{found.mean:.1%} ({100 * found.low:.1f}–{100 * found.high:.1f})"


def turned(found: Estimate) -> Estimate:
    """The same difference seen from the other side."""
    return replace(found, mean=-found.mean, low=-found.high, high=-found.low)


def points(found: Estimate | TwoWay) -> str:
    """A difference in points and its interval, "+4.0 (3.7 to 4.3)"."""
    return _(
        "{mean:+.2f} points ({low:+.2f} to {high:+.2f})",
        mean=100 * found.mean,
        low=100 * found.low,
        high=100 * found.high,
    )
