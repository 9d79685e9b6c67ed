"""A class on one page, and as a table."""

import csv
import io
from typing import Any

import numpy as np

from tatamilab.i18n import _
from tatamilab.lesson.classroom.summary import ClassSummary
from tatamilab.lesson.report import environment

ENLARGED = 3
MOST_NAMES = 10
"""Of files that are no hand-ins."""
FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""With these a spreadsheet takes a text for a formula."""


def render(summary: ClassSummary, *, anonymous: bool = False) -> str:
    """The class as one HTML page in the language in force.

    Args:
        summary: what to show.
        anonymous: say so on the page.
    """
    return (
        environment()
        .get_template("class.html")
        .render(
            summary=summary,
            anonymous=anonymous,
            percent=percent,
            verdict=verdict(summary),
            passed_over=passed_over(summary),
            pairs=_pairs(summary),
            digits=_digits(summary),
        )
    )


def table(summary: ClassSummary) -> str:
    """The class as CSV that Japanese and English spreadsheets read, and in which no text is a formula."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(
        [
            _("Student ID"),
            _("Name"),
            _("E-mail"),
            _("File"),
            _("Missing"),
            _("{model}, the first 600", model="CNN"),
            _("{model}, the first 600", model="BPNN"),
            _("{model}, their own 600", model="CNN"),
            _("{model}, their own 600", model="BPNN"),
        ]
    )
    for row in summary.rows:
        who = [" / ".join(getattr(one, name) for one in row.who) for name in ("id", "name", "email")]
        numbers = ["" if value is None else f"{value:.4f}" for value in (*row.first, *row.own)]
        writer.writerow([*map(_no_formula, [*who, row.source, "; ".join(row.missing)]), *numbers])
    return "\ufeff" + text.getvalue()


def percent(value: float | None) -> str:
    """A share as it stands in the tables."""
    return "–" if value is None else f"{value:.2%}"


def verdict(summary: ClassSummary) -> str:
    """What the samples of the class say together, and no more than they say."""
    pooled = summary.pooled
    if pooled.difference is None or pooled.p is None:
        return _("Samples with both networks: {n}, too few for an answer.", n=len(pooled.cnn))
    estimate = pooled.difference
    facts = _(
        "Over {n} samples the CNN's accuracy is {mean:+z.2f} points from the BPNN's (95% interval {low:+z.2f} to "
        "{high:+z.2f}; p = {p:.2g}).",
        n=estimate.n,
        mean=100 * estimate.mean,
        low=100 * estimate.low,
        high=100 * estimate.high,
        p=pooled.p,
    )
    if not estimate.excludes_zero:
        return _(
            "{facts} {conclusion}", facts=facts, conclusion=_("Which of the two is better is not shown.")
        )
    better = "CNN" if estimate.mean > 0 else "BPNN"
    conclusion = _("The {model} is better on samples of 600.", model=better)
    return _("{facts} {conclusion}", facts=facts, conclusion=conclusion)


def passed_over(summary: ClassSummary) -> str:
    """Which files were not looked into; empty if there were none."""
    names = summary.passed_over
    if not names:
        return ""
    listed, n = ", ".join(names[:MOST_NAMES]), len(names) - MOST_NAMES
    if n > 0:
        return _("Passed over, as no hand-ins: {names} and {n} more.", names=listed, n=n)
    return _("Passed over, as no hand-ins: {names}.", names=listed)


def _no_formula(text: str) -> str:
    return "'" + text if text.startswith(FORMULA) else text


def _pairs(summary: ClassSummary) -> bytes:
    """The figure of all samples as SVG; empty where there are fewer than two.

    On the first images all have the same network but for the last bits of their machines: the middle one is drawn.
    """
    pooled = summary.pooled
    if pooled.difference is None:
        return b""
    from tatamilab.instruments import write_svg
    from tatamilab.instruments.study_pairs import plot_pairs
    from tatamilab.instruments.style import root

    content = io.BytesIO()
    first: Any = np.median(summary.first, axis=0) if summary.first else (None, None)
    write_svg(root(plot_pairs(pooled.cnn, pooled.bpnn, ("CNN", "BPNN"), first)), content)
    return content.getvalue()


def _digits(summary: ClassSummary) -> list[dict[str, Any]]:
    """The hardest test images with their labels."""
    if not summary.hard:
        return []
    from PIL import Image

    from tatamilab.data import load

    mnist = load("mnist")
    shown = []
    for one in summary.hard:
        content = io.BytesIO()
        pixels = 255 - mnist.x_test[one.image, :, :, 0]
        Image.fromarray(pixels).resize((28 * ENLARGED,) * 2, Image.Resampling.NEAREST).save(content, "png")
        shown.append(
            {
                "png": content.getvalue(),
                "label": int(mnist.y_test[one.image]),
                "number": one.image,
                "hard": one,
            }
        )
    return shown
