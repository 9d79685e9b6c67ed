"""`tatami run`: the worksheet's whole experiment."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tatamilab.cli.command import INTERRUPTED, lang_option, option
from tatamilab.cli.quiet import choose_backend
from tatamilab.cli.suggestions import data_sets, model_names
from tatamilab.cli.usage import number, whole_number
from tatamilab.errors import BadInput
from tatamilab.experiment.options import BACKENDS, OPTIMIZERS, RunOptions
from tatamilab.i18n import _

if TYPE_CHECKING:
    from tatamilab.experiment import RunRecord, Watcher

HELP = _("Run the worksheet's whole experiment once, and leave a folder with all of it.")
DEFAULT = RunOptions()


def run(
    data: Annotated[
        str | None,
        option(
            "--data",
            metavar="NAME|PATH",
            help=_("Data set by name, or the path of a folder of class folders, an .npz or IDX files"),
            default=DEFAULT.data,
            complete=data_sets,
        ),
    ] = None,
    data_size: Annotated[
        str | None,
        option("--data-size", metavar="N", help=_("Use the first N training images"), default=_("all")),
    ] = None,
    draw: Annotated[
        str | None,
        option("--draw", metavar="SEED", help=_("With --data-size: draw N images at random instead")),
    ] = None,
    balanced: Annotated[
        bool, option("--balanced", help=_("With --draw: as many images of each class"))
    ] = False,
    skip_bad: Annotated[
        bool, option("--skip-bad", help=_("Leave out images that can't be read, instead of stopping"))
    ] = False,
    data_mirror: Annotated[
        str | None,
        option("--data-mirror", metavar="URL|DIR", help=_("Fetch data from here, not the official address")),
    ] = None,
    model: Annotated[
        str | None,
        option(
            "--model",
            metavar="MODEL",
            help=_("cnn, bpnn, cnn-small-data, FILE.keras, or MODULE:FUNCTION that makes one"),
            default=DEFAULT.model,
            complete=model_names,
        ),
    ] = None,
    epochs: Annotated[
        str | None,
        option("--epochs", metavar="N", help=_("Passes over the training images"), default=DEFAULT.epochs),
    ] = None,
    batch_size: Annotated[
        str | None,
        option("--batch-size", metavar="N", help=_("Images a step"), default=DEFAULT.batch_size),
    ] = None,
    validation_split: Annotated[
        str | None,
        option(
            "--validation-split",
            metavar="SHARE",
            help=_("Share of the training images, from the end, that validates"),
            default=DEFAULT.validation_split,
        ),
    ] = None,
    optimizer: Annotated[
        str | None,
        option(
            "--optimizer",
            metavar="NAME",
            help=_("How the weights are changed: {names}", names=", ".join(OPTIMIZERS)),
            default=DEFAULT.optimizer,
            complete=lambda: OPTIMIZERS,
        ),
    ] = None,
    lr: Annotated[
        str | None, option("--lr", metavar="RATE", help=_("Learning rate"), default=DEFAULT.lr)
    ] = None,
    seed: Annotated[
        str | None,
        option(
            "--seed",
            metavar="N",
            help=_("Decides the initial weights and the order of the images"),
            default=DEFAULT.seed,
        ),
    ] = None,
    lang: Annotated[str | None, lang_option()] = None,
    out: Annotated[
        str | None,
        option("--out", metavar="DIR", help=_("Folder of the run"), default="runs/<time>-<model>-<seed>"),
    ] = None,
    force: Annotated[
        bool, option("--force", help=_("Write into --out though it is not empty; an older run in it goes"))
    ] = False,
    backend: Annotated[
        str | None,
        option(
            "--backend",
            metavar="|".join(BACKENDS),
            help=_("Who trains; auto is the fastest that can"),
            default=DEFAULT.backend,
            complete=lambda: BACKENDS,
        ),
    ] = None,
    resume: Annotated[
        str | None,
        option(
            "--resume", metavar="DIR", help=_("Go on with the run in this folder that was cut off, as it was")
        ),
    ] = None,
    json: Annotated[bool, option("--json", help=_("Print run.json instead of words"))] = False,
    quiet: Annotated[bool, option("--quiet", help=_("Print the run's folder only"))] = False,
) -> None:
    """Check the options, run, and say where everything is."""
    given = {
        "data": data,
        "data_size": None if data_size is None else whole_number("--data-size", data_size),
        "draw": None if draw is None else whole_number("--draw", draw),
        "balanced": balanced,
        "skip_bad": skip_bad,
        "data_mirror": data_mirror,
        "model": model,
        "epochs": None if epochs is None else whole_number("--epochs", epochs),
        "batch_size": None if batch_size is None else whole_number("--batch-size", batch_size),
        "validation_split": None
        if validation_split is None
        else number("--validation-split", validation_split),
        "optimizer": optimizer,
        "lr": None if lr is None else number("--lr", lr),
        "seed": None if seed is None else whole_number("--seed", seed),
        "lang": lang,
        "out": None if out is None else Path(out),
        "force": force,
        "backend": backend,
    }
    given = {name: value for name, value in given.items() if value is not None}
    if resume is None:
        options = RunOptions(**given)  # type: ignore[arg-type]
        choose_backend()
        record = _experiment(options, _watcher(json=json, quiet=quiet))
    else:
        _check_alone(given)
        choose_backend()
        record = _resumed(Path(resume), _watcher(json=json, quiet=quiet))
    if json:
        print(record.to_json(), end="")
    elif quiet:
        print(record.folder)
    if record.status == "interrupted":
        raise typer.Exit(INTERRUPTED)


def _check_alone(given: Mapping[str, object]) -> None:
    """`--resume` goes on with the options that the run was begun with."""
    for name, value in given.items():
        if value is not False and name != "lang":
            flag = "--" + name.replace("_", "-")
            raise BadInput(_("--resume goes on with the run as it was begun; leave {flag} out.", flag=flag))


def _resumed(path: Path, watcher: "Watcher") -> "RunRecord":
    from tatamilab.experiment import resume

    return resume(path, watcher)


def _experiment(options: RunOptions, watcher: "Watcher") -> "RunRecord":
    from tatamilab.experiment import run as run_experiment

    return run_experiment(options, watcher)


def _watcher(*, json: bool, quiet: bool) -> "Watcher":
    from rich.console import Console

    from tatamilab.cli.live import Live
    from tatamilab.cli.under_way import is_live
    from tatamilab.experiment import Lines, Watcher

    console = Console(stderr=json, highlight=False)
    if quiet:
        return Watcher()
    if is_live(console):
        return Live(console)
    return Watcher() if json else Lines(sys.stdout)
