"""`SampleSlider`: how many images, which ones, which seed; both networks are trained anew at every touch."""

from __future__ import annotations

import math
from threading import Lock
from typing import TYPE_CHECKING, Any

import traitlets

from tatamilab.analysis.intervals import wilson_interval
from tatamilab.analysis.study_effects import mean_over_draws
from tatamilab.analysis.study_sequence import sequential_interval
from tatamilab.errors import BadInput
from tatamilab.i18n import _, using
from tatamilab.session import Rivals
from tatamilab.session.contest import MODELS, Setting
from tatamilab.session.rivals import PLANNED, SIZES, Outcome, Sight
from tatamilab.session.sample import mnist
from tatamilab.study.streams import FIRST
from tatamilab.widgets.part import Part, front_end, sharing
from tatamilab.widgets.words import glossary

if TYPE_CHECKING:
    from tatamilab.data import Dataset

DRAWS = 20
"""Random draws that the page offers."""

SEEDS = 10


class SampleSlider(Part):
    """A CNN against a plain network on as many images as the slider says; and how sure the difference is.

    Each touch of the slider trains both, 50 epochs, and keeps the points of earlier settings. "How sure am I?" trains
    both on 20 random draws. Until the last of them is done the interval is one that may be watched: it holds at all
    moments at once, and is wider for it.

    Args:
        source: what trains them, or the data set that the images come from; MNIST if None.

    Example:
        >>> slider = SampleSlider()
        >>> slider.shown["setting"]["size"]
        600
    """

    _esm = front_end("sample_slider", "js")
    _css = front_end("sample_slider", "css")
    asked = traitlets.Dict().tag(sync=True, goes="up")
    shown = traitlets.Dict().tag(sync=True, goes="down")

    def __init__(self, source: Rivals | Dataset | None = None) -> None:
        super().__init__(_texts())
        self._rivals = source if isinstance(source, Rivals) else Rivals(source or mnist())
        self._is_mine = self._rivals is not source
        self._turn = Lock()
        self._tell()
        self.observe(self._obey, "asked")
        self.follow(self._rivals, self._tell)

    def in_words(self) -> str:
        """What was trained so far, or what the slider is for."""
        return str(self.shown["in_words"] or self.texts["none"])

    def close(self) -> None:
        """Stop following; a training of the part's own ends."""
        super().close()
        if self._is_mine:
            self._rivals.close()

    def _obey(self, change: Any) -> None:
        asked = change["new"]
        try:
            match asked.get("what"):
                case "train":
                    self._rivals.ask(_setting(asked, self._rivals.sight().setting))
                case "measure":
                    self._rivals.measure()
                case "stop":
                    self._rivals.stop()
                case "clear":
                    self._rivals.clear()
        except BadInput as reason:
            self._tell(problem=str(reason))

    def _tell(self, problem: str = "") -> None:
        with self._turn, using(self.texts["lang"]):
            sight = self._rivals.sight()
            self.shown = {
                "sequence": self.asked.get("sequence"),
                "setting": vars(sight.setting),
                "shares": {
                    arm: round(share, 5) for arm, share in sight.shares.items() if math.isfinite(share)
                },
                "points": [_point(one, sight.n_test) for one in sight.outcomes if math.isfinite(one.cnn)],
                "busy": sight.busy,
                "status": problem or _status(sight),
                "study": _study(sight),
                "says": _says(sight),
                "in_words": _in_words(sight),
            }


def _setting(asked: dict[str, Any], before: Setting) -> Setting:
    """What is asked for; a value of another kind is as it was before."""
    given = {
        name: value if isinstance(value := asked.get(name), int) else getattr(before, name)
        for name in ("size", "draw", "seed")
    }
    model = asked.get("model")
    return Setting(**given, model=model if isinstance(model, str) else before.model)


def _point(outcome: Outcome, n_test: int) -> dict[str, Any]:
    def share(value: float) -> list[float]:
        interval = wilson_interval(round(value * n_test), n_test)
        return [round(value, 5), round(interval.low, 5), round(interval.high, 5)]

    return {**vars(outcome.setting), "cnn": share(outcome.cnn), "bpnn": share(outcome.bpnn)}


def _status(sight: Sight) -> str:
    if sight.problem:
        return _("The training stopped by itself: {reason}", reason=sight.problem)
    if sight.busy:
        return " · ".join(part for part in (_("training now"), sharing(sight.n_sharing, sight.place)) if part)
    if not sight.outcomes or sight.outcomes[-1].setting != sight.setting:
        return ""
    last = sight.outcomes[-1]
    if not math.isfinite(last.cnn):
        return _("The loss was no longer a number.")
    return _("both trained in {s:.2f} s", s=last.elapsed_s)


def _study(sight: Sight) -> dict[str, Any]:
    """The draws so far with their interval: one for watching until the planned end, Student's t at the end."""
    values = [value for value in sight.differences if math.isfinite(value)]
    over = bool(sight.planned) and len(sight.differences) == sight.planned
    if over and len(values) >= 2:
        found = mean_over_draws(values)
        low, high = found.low, found.high
    else:
        seen = sequential_interval(values)
        low, high = seen.low, seen.high
    return {
        "planned": sight.planned,
        "done": len(sight.differences),
        "over": over,
        "differences": [round(value, 5) for value in values],
        "interval": [low, high] if math.isfinite(low) and math.isfinite(high) else None,
        "text": _verdict(sight, values, low, high, over=over),
    }


def _verdict(sight: Sight, values: list[float], low: float, high: float, *, over: bool) -> str:
    if not sight.planned:
        return ""
    place = {"n": len(sight.differences), "planned": sight.planned}
    if not math.isfinite(low):
        return _("Watching, not a result: {n} of {planned} draws, too few for an interval.", **place)
    points = {"low": _points(low), "high": _points(high)}
    if not over:
        return _("Watching, not a result: {n} of {planned} draws, {low} to {high} points.", **place, **points)
    mean = _points(sum(values) / len(values))
    sure = low > 0 or high < 0
    if not sure:
        return _(
            "Result of {n} draws of {size:,} images: CNN − plain network = {mean} points (95% interval {low} to "
            "{high}). The interval holds 0: these draws do not tell which is better.",
            n=len(values), size=sight.setting.size, mean=mean, **points,
        )  # fmt: skip
    return _(
        "Result of {n} draws of {size:,} images: CNN − plain network = {mean} points (95% interval {low} to {high}). "
        "{better} is better, for draws from these images and this test set.",
        n=len(values), size=sight.setting.size, mean=mean, **points,
        better=_("The CNN") if low > 0 else _("The plain network"),
    )  # fmt: skip


def _points(share: float) -> str:
    return f"{100 * share:+.1f}".replace("-", "−")


def _says(sight: Sight) -> str:
    """What a screen reader is told of the latest training."""
    if sight.busy or not sight.outcomes or not math.isfinite(sight.outcomes[-1].cnn):
        return ""
    last = sight.outcomes[-1]
    return _(
        "With {size:,} images the CNN reads {cnn:.1%} of the test images rightly, the plain network {bpnn:.1%}.",
        size=last.setting.size,
        cnn=last.cnn,
        bpnn=last.bpnn,
    )


def _in_words(sight: Sight) -> str:
    """All points of the chart."""
    return " ".join(
        _(
            "{size:,} images: CNN {cnn:.1%}, plain network {bpnn:.1%}.",
            size=one.setting.size,
            cnn=one.cnn,
            bpnn=one.bpnn,
        )
        for one in sight.outcomes
        if math.isfinite(one.cnn)
    )


def _texts() -> dict[str, Any]:
    models = {
        "small-data": _("32 filters of 5×5, Dense(128)"),
        "worksheet": _("32 filters of 5×5, Dense(20)"),
        "few-filters": _("4 filters of 5×5, Dense(128)"),
        "small-kernel": _("32 filters of 3×3, Dense(128)"),
    }
    return {
        "sizes": list(SIZES),
        "first": FIRST,
        "draws": [_("the first images"), *(_("random draw {k}", k=k + 1) for k in range(DRAWS))],
        "seeds": SEEDS,
        "models": [[name, models[name]] for name in MODELS],
        "size": _("Images"),
        "draw": _("Which ones"),
        "seed": _("Seed"),
        "model": _("CNN"),
        "cnn": _("CNN"),
        "bpnn": _("plain network"),
        "chart": _("Share of the 10,000 test images that is right"),
        "images": _("images (a tenth of them validates)"),
        "clear": _("Forget earlier points"),
        "sure": _("How sure am I?"),
        "stop": _("Stop"),
        "study": _("Both networks on {n} random draws: CNN − plain network", n=PLANNED),
        "points": _("percentage points"),
        "words": glossary("draw", "seed", "plain", "interval"),
        "none": _("One training says little: another draw, or another seed, gives other numbers. Try it."),
    }
