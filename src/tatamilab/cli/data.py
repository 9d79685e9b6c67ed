"""`tatami data`: the data sets known by name, and their files on this machine."""

from typing import TYPE_CHECKING, Annotated

import typer

from tatamilab.cli import usage
from tatamilab.cli.command import Command, group, lang_option, option
from tatamilab.cli.suggestions import data_sets
from tatamilab.i18n import _

if TYPE_CHECKING:
    from tatamilab.data import DatasetState

app = group(_("The data sets known by name, and their files on this machine."))

Name = Annotated[
    str | None,
    typer.Argument(metavar="NAME", show_default=False, help=_("A known data set"), autocompletion=data_sets),
]


@app.command("list", cls=Command, help=_("List the known data sets, and which are on this machine."))
def list_(lang: Annotated[str | None, lang_option()] = None) -> None:
    """Print a line or two a data set."""
    from tatamilab.data import list_datasets

    for dataset in list_datasets():
        known = dataset.known
        print(f"{known.name}: {known.title}")
        print(
            _(
                "    {shape}, {n_train:,} for training, {n_test:,} for testing, {n_classes} classes, "
                "{licence}",
                shape="×".join(str(size) for size in known.image_shape),
                n_train=known.n_train,
                n_test=known.n_test,
                n_classes=len(known.class_names),
                licence=known.licence or _("no licence stated"),
            )
        )
        print(f"    {_state(dataset)}")


@app.command("verify", cls=Command, help=_("Check the files of a data set against their published hashes."))
def verify(
    context: typer.Context, name: Name = None, lang: Annotated[str | None, lang_option()] = None
) -> None:
    """Print each file and its SHA-256; without a name, of all that are on this machine."""
    from tatamilab import data

    here = [one.known.name for one in data.list_datasets() if one.state in ("packaged", "cached")]
    for one in [name] if name else here:
        for file in data.verify(one):
            print(_("{path}: as published (SHA-256 {sha256})", path=file.path, sha256=file.sha256))


@app.command("fetch", cls=Command, help=_("Fetch a data set from its official address, or from a mirror."))
def fetch(
    context: typer.Context,
    name: Name = None,
    data_mirror: Annotated[
        str | None,
        option("--data-mirror", metavar="URL|DIR", help=_("Fetch from here, not the official address")),
    ] = None,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Bring the files into the cache, and say where they are."""
    from tatamilab import data

    if name is None:
        raise usage.missing_argument("NAME", context.command_path)
    from tatamilab.cli.downloads import showing_downloads

    with showing_downloads() as progress:
        folder = data.fetch(name, data_mirror, progress)
    print(_("{name} is in {folder}.", name=name, folder=folder))


def _state(dataset: "DatasetState") -> str:
    name = dataset.known.name
    return {
        "packaged": _("inside the package; no network is needed"),
        "cached": _("on this machine: {folder}", folder=dataset.folder),
        "incomplete": _("not all of it is here; finish with `tatami data fetch {name}`", name=name),
        "absent": _(
            "not on this machine; `tatami data fetch {name}` fetches {megabytes:.0f} MB",
            name=name,
            megabytes=dataset.known.download_bytes / 1e6,
        ),
    }[dataset.state]
