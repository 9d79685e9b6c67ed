"""`tatami runs`: the runs whose folders are here, from an index that can be made anew at any time."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tatamilab.cli.command import Command, group, lang_option, option
from tatamilab.cli.study import STORE, store_option
from tatamilab.errors import BadInput
from tatamilab.i18n import _

if TYPE_CHECKING:
    from tatamilab.store import IndexedRun

RUNS = "runs"

app = group(_("The runs whose folders are here: list them, or make their index anew."))

Folder = Annotated[
    str | None, option("--runs", metavar="DIR", help=_("Folder that holds the runs' folders"), default=RUNS)
]


@app.command("list", cls=Command, help=_("List the runs of a folder, the newest last."))
def list_(
    runs: Folder = None,
    store: Annotated[str | None, store_option()] = None,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Print a line a run; folders that are new are read, all others stand in the index."""
    from tatamilab.store import FolderIndex

    root = _root(runs)
    with FolderIndex(store or STORE) as index:
        index.refresh(root)
        for run in index.runs(root):
            print(_line(run))


@app.command("reindex", cls=Command, help=_("Read every run's folder again, and make the index anew."))
def reindex(
    runs: Folder = None,
    store: Annotated[str | None, store_option()] = None,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Rebuild the index, and say how many runs it holds."""
    from tatamilab.store import FolderIndex

    root = _root(runs)
    with FolderIndex(store or STORE) as index:
        print(_("The index of {folder} was made anew; runs: {n}.", folder=root, n=index.rebuild(root)))


def _root(runs: str | None) -> Path:
    root = Path(runs or RUNS)
    if not root.is_dir():
        raise BadInput(
            _(
                "There is no folder {folder} with runs; `tatami run` makes one, --runs names another.",
                folder=root,
            )
        )
    return root


def _line(run: "IndexedRun") -> str:
    said = {
        "finished": _("finished"),
        "interrupted": _("interrupted"),
        "failed": _("failed"),
    }.get(run.status, run.status)
    accuracy = "–" if run.test_accuracy is None else f"{run.test_accuracy:.2%}"
    return f"{Path(run.path).name}  {run.started}  {run.model}  {run.data}  {accuracy}  {said}"
