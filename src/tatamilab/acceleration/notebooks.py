"""A whole notebook, run in a kernel of its own with the extension loaded; not a cell of it is changed."""

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tatamilab.acceleration.outcome import Stats
from tatamilab.errors import BadInput, MissingExtra, writing
from tatamilab.files import check_file, write_whole
from tatamilab.i18n import _

if TYPE_CHECKING:
    from nbclient import NotebookClient
    from nbformat import NotebookNode

BEFORE = "__import__('tatamilab').load_ipython_extension(get_ipython())"
"""What `%load_ext tatamilab` does; a notebook that says so itself is not told that it has been done."""
AFTER = "import dataclasses, json, tatamilab\nprint(json.dumps(dataclasses.asdict(tatamilab.stats())))"
"""Run in the same kernel when all cells have run; neither this nor what is run before is kept in the notebook."""


@dataclass(frozen=True)
class Cell:
    """One cell that is to be run, or was.

    Args:
        number: from 1, counting the cells with code only.
        total: of those.
        first_line: of its code.
        elapsed_s: that it took; 0 before it has run.
    """

    number: int
    total: int
    first_line: str
    elapsed_s: float = 0.0


@dataclass(frozen=True)
class Summary:
    """What came of a notebook.

    Args:
        n_cells: cells that were run to their end.
        elapsed_s: that they took, the start of the kernel not included.
        stats: which calls were native.
        failure: what stopped it: the cell, and the error in one line; None if nothing did.
    """

    n_cells: int
    elapsed_s: float
    stats: Stats
    failure: tuple[Cell, str] | None


def executed(path: Path) -> Path:
    """Where a notebook goes with its outputs where no other place is named.

    Example:
        >>> executed(Path("lessons/b2-1.ipynb")).as_posix()
        'lessons/b2-1.executed.ipynb'
    """
    return path.parent / f"{path.stem}.executed.ipynb"


def run(path: Path, out: Path, begun: Callable[[Cell], object], ended: Callable[[Cell], object]) -> Summary:
    """Run a notebook's cells in their order, up to the first error, and write it with its outputs.

    Args:
        path: the notebook; its folder is the kernel's.
        out: where the notebook with its outputs goes.
        begun, ended: told of each cell.

    Raises:
        BadInput: there is no such notebook, it is damaged, or it would be written over.
        MissingExtra: what runs notebooks isn't installed.
        OutputError: it can't be written.
    """
    try:
        import nbclient
        import nbformat
    except ImportError as missing:
        raise MissingExtra("notebook", str(missing.name)) from missing
    if out.resolve() == path.resolve():
        raise BadInput(_("{path} would be written over; choose another file with --out.", path=path))
    notebook = read(path)
    check_out(out)
    before, after = (nbformat.v4.new_code_cell(code) for code in (BEFORE, AFTER))
    notebook.cells = [before, *notebook.cells, after]
    with _kernel() as kernel:
        client = nbclient.NotebookClient(
            notebook,
            km=kernel,
            resources={"metadata": {"path": str(path.parent)}},
            store_widget_state=False,  # without its kernel a widget is dead: the still picture is shown instead
            coalesce_streams=True,  # a progress bar is kept as it ends, not with all that it wrote over itself
        )
        client.owns_km = True  # and so it ends the kernel
        with client.setup_kernel():
            client.execute_cell(before, 0, store_history=False)
            n_cells, elapsed_s, failure = _run_cells(client, notebook.cells[1:-1], begun, ended)
            client.execute_cell(after, len(notebook.cells) - 1, store_history=False)
    stats = Stats(**json.loads("".join(o.text for o in after.outputs if o.get("name") == "stdout")))
    notebook.cells = notebook.cells[1:-1]
    with writing(out):
        write_whole(out, nbformat.writes(notebook))
    return Summary(n_cells, elapsed_s, stats, failure)


def check_out(out: Path) -> None:
    """Refuse a place where nothing can be written before all cells have run, not after.

    Raises:
        OutputError: nothing can.
    """
    with writing(out):
        check_file(out)


def read(path: Path) -> "NotebookNode":
    """A notebook from its file, in the format of today.

    Raises:
        BadInput: there is none, or it is damaged.
    """
    import nbformat

    if path.is_dir():
        raise BadInput(_("{path} is a folder; name the notebook itself (.ipynb).", path=path))
    try:
        return nbformat.read(path, as_version=4)
    except OSError as problem:
        raise BadInput(_("There is no notebook {path}.", path=path)) from problem
    except Exception as problem:  # whatever JSON, Unicode or the schema find
        raise BadInput(_("{path} is not a notebook (.ipynb).", path=path)) from problem


@contextmanager
def _kernel() -> Iterator[Any]:
    """A kernel of this very Python, that nobody on the network can reach where the system allows it."""
    from jupyter_client.manager import AsyncKernelManager

    if os.name != "posix":
        yield AsyncKernelManager(kernel_name="python3")
        return
    with TemporaryDirectory(prefix="tatami-") as folder:
        yield AsyncKernelManager(kernel_name="python3", transport="ipc", ip=f"{folder}/kernel")


def _run_cells(
    client: "NotebookClient",
    cells: "list[NotebookNode]",
    begun: Callable[[Cell], object],
    ended: Callable[[Cell], object],
) -> tuple[int, float, tuple[Cell, str] | None]:
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    code = [at for at, cell in enumerate(cells) if cell.cell_type == "code" and cell.source.strip()]
    began = time.perf_counter()
    for number, at in enumerate(code, 1):
        cell = Cell(number, len(code), cells[at].source.strip().splitlines()[0])
        begun(cell)
        cell_began = time.perf_counter()
        try:
            client.execute_cell(cells[at], at + 1)
        except CellExecutionError as error:
            return number - 1, time.perf_counter() - began, (cell, f"{error.ename}: {error.evalue}")
        except DeadKernelError as error:
            raise BadInput(_("The kernel died in cell {number}.", number=number)) from error
        ended(Cell(number, len(code), cell.first_line, time.perf_counter() - cell_began))
    return len(code), time.perf_counter() - began, None
