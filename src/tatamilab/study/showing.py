"""The answer as text: the tables behind the verdict."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from tatamilab.i18n import _
from tatamilab.store import RunRow, RunStatus
from tatamilab.study.answer import Answer
from tatamilab.study.design import Placed
from tatamilab.study.words import arm_title, contrast_title


def means_table(found: Answer) -> Table:
    """Accuracy of every arm at every size, and on the first images."""
    table = _table(_("Accuracy"), _("Images"), _("Mean"), _("95% interval"), _("Draws"), _("First images"))
    for at, size in enumerate(found.results.study.sizes):
        for arm in found.arms:
            mean, first = arm.means[at], arm.first[at]
            table.add_row(
                arm_title(arm.name),
                f"{size:,}",
                f"{mean.mean:.2%}" if mean else "–",
                f"{mean.low:.2%} – {mean.high:.2%}" if mean else "–",
                str(mean.n) if mean else "–",
                "–"
                if first is None
                else _("{first:.2%} ({rank} from below)", first=first, rank=arm.first_rank[at]),
            )
    return table


def contrasts_table(found: Answer) -> Table:
    """Every contrast at every size, in points."""
    table = _table(_("Difference in points"), _("Images"), _("Mean"), _("95% interval"), _("p (Holm)"))
    for one in found.contrasts:
        for at, size in enumerate(found.results.study.sizes):
            effect = one.by_size[at]
            table.add_row(
                contrast_title(one.contrast) if at == 0 else "",
                f"{size:,}",
                f"{100 * effect.mean:+z.2f}" if effect else "–",
                _("{low:+z.2f} to {high:+z.2f}", low=100 * effect.low, high=100 * effect.high)
                if effect
                else "–",
                ("< 0.001" if one.p_holm < 0.001 else f"{one.p_holm:.3f}")
                if at == 0 and one.p_holm is not None
                else "",
            )
    return table


def failures(runs: Sequence[Placed], rows: Mapping[str, RunRow]) -> list[str]:
    """A line for each run that failed."""
    return [
        _(
            "{arm}, {size:,} images, draw {draw}: failed after {attempts} attempts: {error}",
            arm=arm_title(run.place.arm),
            size=run.place.size,
            draw=run.place.draw,
            attempts=row.attempts,
            error=row.error,
        )
        for run in runs
        if (row := rows.get(run.key)) is not None and row.status is RunStatus.FAILED
    ]


def as_json(found: Answer, sentences: Sequence[str]) -> dict[str, Any]:
    """The answer for other programs."""
    results = found.results
    return {
        "name": results.study.name,
        "sizes": list(results.study.sizes),
        "runs": {
            "finished": results.n_finished,
            "failed": results.n_failed,
            "non_finite": results.n_non_finite,
            "missing": results.n_missing,
        },
        "arms": {
            arm.name: {
                "means": [vars(mean) if mean else None for mean in arm.means],
                "first": list(arm.first),
                "first_rank": list(arm.first_rank),
                "variance": vars(arm.variance) if arm.variance else None,
            }
            for arm in found.arms
        },
        "contrasts": {
            one.contrast.text: {
                "by_size": [vars(effect) if effect else None for effect in one.by_size],
                "new_images": vars(one.new_images) if one.new_images else None,
                "p": one.p,
                "p_holm": one.p_holm,
                "single_runs_on_test": vars(one.on_test) if one.on_test else None,
                "single_runs_on_validation": vars(one.on_validation) if one.on_validation else None,
            }
            for one in found.contrasts
        },
        "verdict": list(sentences),
    }


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column(first, overflow="fold", min_width=12)
    for name in others:
        table.add_column(Text(name), justify="right", no_wrap=True)
    return table
