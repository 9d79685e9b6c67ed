"""`explain`: one page on what a run's filters learned, and whether to believe it."""

import base64
import io
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tatamilab import data, i18n, instruments
from tatamilab.analysis import PatchComponents, patch_components
from tatamilab.analysis.contrasts import leading
from tatamilab.errors import BadInput
from tatamilab.experiment import conclusions, folder
from tatamilab.experiment.control_arms import ARMS, BASELINE, question_of, title_of
from tatamilab.experiment.control_store import SETTINGS
from tatamilab.experiment.control_summary import ControlSummary, summarise
from tatamilab.experiment.page import environment
from tatamilab.experiment.record import RunRecord, read
from tatamilab.files import write_whole
from tatamilab.i18n import _
from tatamilab.instruments.activity import layer_values
from tatamilab.instruments.model_facts import conv_layer, kernel_of
from tatamilab.models.keras_file import read_keras_file

if TYPE_CHECKING:
    import keras

    from tatamilab.instruments.style import FigureLike

PAGE = "explain.html"
FOLDERS = ("controls", "controls-quick")
"""Where the controls are looked for, beside the run's own folder; the first is preferred."""

_N_IMAGES = 4096  # images that a deeper layer's patches come from


@dataclass(frozen=True)
class Picture:
    """A figure of the page.

    Attributes:
        title: what it is.
        description: what it shows, in words.
        svg: the drawing.
    """

    title: str
    description: str
    svg: bytes

    @property
    def source(self) -> str:
        """The drawing as the address of an image."""
        return "data:image/svg+xml;base64," + base64.b64encode(self.svg).decode()


@dataclass(frozen=True, eq=False)
class _Run:
    """A run as it lies in its folder."""

    record: RunRecord
    dataset: data.Dataset
    before_model: "keras.Model"
    model: "keras.Model"
    layer: str

    @property
    def before(self) -> NDArray[np.float32]:
        return kernel_of(conv_layer(self.before_model, self.layer))

    @property
    def after(self) -> NDArray[np.float32]:
        return kernel_of(conv_layer(self.model, self.layer))


def explain(
    run: Path,
    *,
    controls: Path | None = None,
    layer: int | str = 0,
    told: Callable[[str], object] | None = None,
) -> Path:
    """Write the page `explain.html` into the folder of a run.

    Args:
        run: a run's folder.
        controls: a folder of controls; None for `controls` or `controls-quick` beside `run`, if it is there.
        layer: index among the convolution layers, or a layer's name.
        told: called with a line for each part that is done.

    Returns:
        The page.

    Raises:
        BadInput: no run, one without a convolution, another layer, weights that are not finite, or `controls` is no
            folder of controls.
        OutputError: the page cannot be written.
    """
    told = told or (lambda _line: None)
    begun = time.perf_counter()
    found = _read_run(run, layer)
    patches = _patches(found)
    summary = _controls(run, controls)
    told(_("Run, images and controls read"))
    pictures = _pictures(found, patches, summary)
    told(_("Figures drawn"))
    drawn = conclusions.of_run(found.before, found.after, patches)
    drawn += conclusions.of_controls(summary) if summary else []
    page = run / PAGE
    text = (
        environment()
        .get_template("explain.html")
        .render(
            _=i18n._,
            lang=i18n.language(),
            run=found.record,
            layer=found.layer,
            pictures=pictures,
            conclusions=drawn,
            answer=conclusions.answer(drawn),
            limits=conclusions.limits(),
            controls=summary,
            arms=_arms(summary),
            d=len(patches.components),
            k=leading(len(patches.components)),
            standing=conclusions.Standing,
            files=folder,
        )
    )
    with folder.speaking_of(run):
        write_whole(page, text)
    told(_("{page} written in {seconds:.1f} s", page=page, seconds=time.perf_counter() - begun))
    return page


def _read_run(run: Path, layer: int | str) -> _Run:
    record = read(run)
    model = read_keras_file(run / folder.MODEL)
    options = record.options
    target = conv_layer(model, layer)
    before = read_keras_file(run / folder.INITIAL_MODEL)
    for one in (before, model):
        if not np.isfinite(kernel_of(conv_layer(one, target.name))).all():
            raise BadInput(
                _(
                    "The filters of {layer!r} hold NaN or infinite weights, so there is nothing to explain; train "
                    "again with a smaller learning rate.",
                    layer=target.name,
                )
            )
    dataset = data.load(
        options["data"],
        data_size=options["data_size"],
        draw=options["draw"],
        balanced=options["balanced"],
        mirror=options["data_mirror"],
        skip_bad=options["skip_bad"],
    )
    return _Run(record, dataset, before, model, target.name)


def _patches(found: _Run) -> PatchComponents:
    """Components of what the layer reads: training images, or the layer before's maps of some of them."""
    images = found.dataset.x_train[: found.record.data.n_train]
    target = conv_layer(found.model, found.layer)
    size = found.after.shape[:2]
    if conv_layer(found.model, 0) is not target:
        some = images[:_N_IMAGES].astype(np.float32) / np.float32(255)
        (read_by_layer,) = layer_values(found.model, [target], some, inputs=True)
        return patch_components(read_by_layer, (size[0], size[1]))
    return _scaled(patch_components(images, (size[0], size[1])))


def _scaled(patches: PatchComponents) -> PatchComponents:
    """Components of images as stored, uint8, as those of images from 0 to 1."""
    return PatchComponents(patches.components, patches.variances / 255**2, patches.n_patches)


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


def _pictures(found: _Run, patches: PatchComponents, summary: ControlSummary | None) -> dict[str, Picture]:
    model, layer, before, after = found.model, found.layer, found.before, found.after
    image = found.dataset.x_test[0]
    made = {
        "filters": _picture(
            _("Filters before and after training, and the change"),
            instruments.describe_filters(model, layer, before=before),
            instruments.plot_filters(model, layer, before=before),
        ),
        "where": _picture(
            _("Where the change of the filters lies"),
            instruments.describe_where_change_lies(before, after, patches),
            instruments.plot_where_change_lies(before, after, patches, courses=_courses(summary)),
        ),
        "scores": _picture(
            _("What form the filters have"),
            instruments.describe_filter_scores(after, before),
            instruments.plot_filter_scores(after, before),
        ),
        "maps": _picture(
            _("One test image on its way through the network"),
            instruments.describe_activation_maps(model, image),
            instruments.plot_activation_maps(model, image),
        ),
    }
    if type(conv_layer(model, layer)).__name__ == "Conv2D":
        made["pixel"] = _picture(
            _("The arithmetic of one pixel"),
            instruments.describe_pixel(model, image, layer),
            instruments.plot_pixel(model, image, layer),
        )
    if summary:
        titles = {arm: title_of(arm) for arm in ARMS}
        made["controls"] = _picture(
            _("The controlled experiments"),
            instruments.describe_controls(summary.rows, titles),
            instruments.plot_controls(summary.rows, titles, summary.filters),
        )
    return made


def _courses(summary: ControlSummary | None) -> dict[str, Any] | None:
    if summary is None:
        return None
    return {
        _("labels true"): (summary.steps, summary.courses[BASELINE]),
        _("labels shuffled"): (summary.steps, summary.courses["labels"]),
    }


def _picture(title: str, description: str, figure: "FigureLike") -> Picture:
    from matplotlib.figure import Figure

    assert isinstance(figure, Figure)
    written = io.BytesIO()
    instruments.write_svg(figure, written)
    return Picture(title, description, written.getvalue())


def _arms(summary: ControlSummary | None) -> list[dict[str, Any]]:
    """The rows of the table of the controls."""
    if summary is None:
        return []
    return [
        {"title": title_of(row.arm), "question": question_of(row.arm), "row": row} for row in summary.rows
    ]
