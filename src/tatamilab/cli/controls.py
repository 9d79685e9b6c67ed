"""`tatami controls`: the controlled experiments behind `tatami explain`."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tatamilab.cli import usage
from tatamilab.cli.command import INTERRUPTED, lang_option, option
from tatamilab.cli.quiet import choose_backend
from tatamilab.errors import BadInput
from tatamilab.experiment.control_recipe import QUICK, Recipe
from tatamilab.i18n import _

if TYPE_CHECKING:
    from tatamilab.experiment.controls import Step

HELP = _(
    "Train the controlled experiments that tell why filters look as they do; goes on where it was stopped."
)
SEEDS = 10
ENOUGH_SEEDS = 9  # seven contrasts under Holm: 7 · 2/2ⁿ < 0.05


def controls(
    seeds: Annotated[
        str | None,
        option(
            "--seeds", metavar="N", help=_("Networks of each experiment, in pairs by seed"), default=SEEDS
        ),
    ] = None,
    quick: Annotated[
        bool,
        option("--quick", help=_("6,000 images and 3 epochs: a first look, in which little can be seen")),
    ] = False,
    out: Annotated[
        str | None, option("--out", metavar="DIR", help=_("Folder of the controls"), default="runs/controls")
    ] = None,
    quiet: Annotated[bool, option("--quiet", help=_("Print the folder only"))] = False,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Train what is missing, then print the table."""
    n_seeds = SEEDS if seeds is None else usage.whole_number("--seeds", seeds)
    if n_seeds < 2:
        raise BadInput(
            _("Controls are compared in pairs, so at least 2 seeds are needed; received {n}.", n=n_seeds)
        )
    folder = Path(out) if out else Path("runs", "controls-quick" if quick else "controls")
    choose_backend()
    from tatamilab.experiment.control_arms import ARMS
    from tatamilab.experiment.control_store import Store
    from tatamilab.experiment.controls import run_controls

    store = Store(folder, QUICK if quick else Recipe())
    if not quiet:
        _announce(n_seeds, len(ARMS), quick=quick)
    complete = run_controls(store, n_seeds, None if quiet else _Progress(len(ARMS) * n_seeds))
    if not complete:
        print(
            _(
                "Interrupted; what was trained is kept in {folder}, and the same command goes on.",
                folder=folder,
            ),
            file=sys.stderr,
        )
        raise typer.Exit(INTERRUPTED)
    if quiet:
        print(folder)
    else:
        _print_table(folder)


def _announce(n_seeds: int, n_arms: int, *, quick: bool) -> None:
    print(
        _(
            "{n} trainings: {arms} experiments with {seeds} seeds each.",
            n=n_arms * n_seeds,
            arms=n_arms,
            seeds=n_seeds,
        )
    )
    if quick:
        print(_("Quick: 6,000 images, 3 epochs. The filters hardly move, so the comparisons say little."))
    if n_seeds < ENOUGH_SEEDS:
        print(
            _(
                "With fewer than {enough} seeds no difference can pass the test of seven comparisons.",
                enough=ENOUGH_SEEDS,
            )
        )


class _Progress:
    """A line for each training."""

    def __init__(self, total: int) -> None:
        self._width = len(str(total))

    def __call__(self, step: "Step") -> None:
        from tatamilab.experiment.control_arms import title_of

        print(
            _(
                "{done}/{total} {title}, seed {seed}: {accuracy:.2%}",
                done=f"{step.done:>{self._width}}",
                total=step.total,
                title=title_of(step.arm),
                seed=step.seed,
                accuracy=step.accuracy,
            ),
            flush=True,
        )


def _print_table(folder: Path) -> None:
    from tatamilab.experiment.control_arms import title_of
    from tatamilab.experiment.control_summary import summarise

    summary = summarise(folder)
    print()
    for row in summary.rows:
        line = _(
            "{title}: {accuracy:.2%} ({low:.2%} to {high:.2%})",
            title=title_of(row.arm),
            accuracy=row.accuracy.value,
            low=row.accuracy.low,
            high=row.accuracy.high,
        )
        print(line)
        if row.difference is not None:
            print(
                _(
                    "    difference {mean:+z.2f} points ({low:+z.2f} to {high:+z.2f}), p = {p:.3f} after Holm",
                    mean=100 * row.difference.mean,
                    low=100 * row.difference.low,
                    high=100 * row.difference.high,
                    p=row.p_holm,
                )
            )
    print(_("The controls are in {folder}; tatami explain RUN shows them beside a run.", folder=folder))
