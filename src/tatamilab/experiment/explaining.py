"""`explain`: one page on what a run's filters learned, and whether to believe it."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from tatamilab.analysis.contrasts import leading
from tatamilab.errors import BadInput, writing
from tatamilab.experiment import conclusions, folder
from tatamilab.experiment.control_arms import question_of, title_of
from tatamilab.experiment.control_conclusions import of_controls
from tatamilab.experiment.control_store import SETTINGS
from tatamilab.experiment.control_summary import ControlSummary, summarise
from tatamilab.experiment.explained_behaviour import Drawn, all_behaviour_makers, draw
from tatamilab.experiment.explained_pictures import Picture, filter_makers
from tatamilab.experiment.explained_run import ExplainedRun, read_explained
from tatamilab.experiment.glossary import glossary
from tatamilab.experiment.how_few import kept_how_few
from tatamilab.experiment.page import environment
from tatamilab.experiment.watching import Far
from tatamilab.files import check_file, write_whole
from tatamilab.i18n import _

FOLDERS = ("controls", "controls-quick")
"""Where the controls are looked for, beside the run's own folder; the first is preferred."""


def explain(
    run: Path,
    *,
    controls: Path | None = None,
    layer: int | str = 0,
    told: Callable[[str], object] | None = None,
    far: Far | None = None,
) -> Path:
    """Write the page `explain.html` into the folder of a run.

    What has to be trained for it (a network that knows shuffled labels) is trained once and kept in the run's folder.
    Of `how_few` the page shows what an earlier call left there.

    Args:
        run: a run's folder.
        controls: a folder of controls; None for `controls` or `controls-quick` beside `run`, if it is there.
        layer: index among the convolution layers, or a layer's name.
        told: called with a line for each figure and part that is done.
        far: called with how many figures are done.

    Returns:
        The page.

    Raises:
        BadInput: no run, one without a convolution, another layer, weights that are not finite, or `controls` is no
            folder of controls.
        OutputError: the page cannot be written.
    """
    told, far = told or (lambda _line: None), far or (lambda *_far: None)
    begun = time.perf_counter()
    # the products are small, and threads that wait for a busy core are slow
    with threadpool_limits(1, user_api="blas"):
        found = read_explained(run, layer)
        page = run / folder.EXPLAIN_PAGE
        with writing(page):
            check_file(page)
        summary = _controls(run, controls)
        told(_("Run, images and controls read"))
        shown = _drawn(found, summary, told, far)
        for reason in dict.fromkeys(shown.left_out.values()):
            told(_("This part is left out: {reason}", reason=reason))
        text = _page(found, summary, shown)
    with writing(page):
        write_whole(page, text)
    told(_("{page} written in {seconds:.1f} s", page=page, seconds=time.perf_counter() - begun))
    return page


def _drawn(
    found: ExplainedRun, summary: ControlSummary | None, told: Callable[[str], object], far: Far
) -> Drawn:
    makers = {**filter_makers(found, summary), **all_behaviour_makers(found, kept_how_few(found))}
    names = list(makers)

    def one_more(name: str, made: Picture | None) -> None:
        if made is not None:
            told(_("Figure drawn: {title}", title=made.title))
        far(_("Figures"), 1 + names.index(name), len(names))

    return draw(makers, one_more)


def _page(found: ExplainedRun, summary: ControlSummary | None, shown: Drawn) -> str:
    drawn = conclusions.of_run(found.before, found.after, found.patches)
    drawn += of_controls(summary) if summary else []
    d = len(found.patches.components)
    return (
        environment()
        .get_template("explain.html")
        .render(
            run=found.record,
            layer=found.layer,
            pictures=shown.pictures,
            left_out=shown.left_out,
            conclusions=drawn,
            answer=conclusions.answer(drawn),
            limits=conclusions.limits(),
            controls=summary,
            arms=_arms(summary),
            d=d,
            k=leading(d),
            terms=glossary(),
            files=folder,
        )
    )


def _controls(run: Path, given: Path | None) -> ControlSummary | None:
    if given is not None:
        return summarise(given)
    for name in FOLDERS:
        place = run.absolute().parent / name
        if (place / SETTINGS).exists():
            try:
                return summarise(place)
            except BadInput:
                continue
    return None


def _arms(summary: ControlSummary | None) -> list[dict[str, Any]]:
    """The rows of the table of the controls."""
    if summary is None:
        return []
    return [
        {"title": title_of(row.arm), "question": question_of(row.arm), "row": row} for row in summary.rows
    ]
