"""A worksheet as a file: notebook, script, or a page to read with all results in it."""

import json
import re
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from tatamilab import __version__
from tatamilab.errors import BadInput, MissingExtra, writing
from tatamilab.files import write_whole
from tatamilab.i18n import _
from tatamilab.lesson.handins import cell_title
from tatamilab.lesson.students import Student
from tatamilab.lesson.worksheets.source import Cell, cells

if TYPE_CHECKING:
    from nbformat import NotebookNode

    from tatamilab.acceleration.notebooks import Cell as RunningCell

FORMATS = ("ipynb", "py", "html")
SCRIPT = re.compile(r"<script\b.*?</script>", re.DOTALL)
SEPARATOR = {"ja": "、", "en": ", "}
POINTS = 10
"""What nbgrader counts for an answer; a teacher changes it there."""


def notebook_of(name: str, lang: str, who: tuple[Student, ...] = ()) -> "NotebookNode":
    """A worksheet as a notebook, with the names of those who fill it in.

    Answers carry nbgrader's marks, so that it can be collected by nbgrader as it is.

    Args:
        name: of the worksheet.
        lang: "ja" or "en".
        who: written into its header.
    """
    import nbformat

    written = []
    for cell in cells(name, lang):
        make = nbformat.v4.new_markdown_cell if cell.kind == "markdown" else nbformat.v4.new_code_cell
        source = _signed(cell.text, who, lang) if cell.key == "header" else cell.text
        written.append(make(source, id=cell.key, metadata=_metadata(cell)))
    notebook = nbformat.v4.new_notebook(cells=written)
    notebook.metadata.update(
        kernelspec={"name": "python3", "display_name": "Python 3", "language": "python"},
        language_info={"name": "python"},
        tatamilab={"worksheet": name, "lang": lang, "version": __version__},
    )
    return notebook


def write(
    name: str,
    lang: str,
    path: Path,
    form: str,
    who: tuple[Student, ...] = (),
    told: "Callable[[RunningCell], object]" = lambda cell: None,
) -> Path:
    """Write a worksheet; never over a file that is there.

    Args:
        name: of the worksheet.
        lang: "ja" or "en".
        path: where it goes.
        form: one of `FORMATS`; "html" runs the whole worksheet, so that its results can be read.
        who: written into its header.
        told: of each cell that has been run, for "html".

    Raises:
        BadInput: there is a file already.
        MissingExtra: what writes notebooks isn't installed.
        OutputError: it can't be written.
    """
    if path.exists():
        raise BadInput(
            _("{path} is there already, perhaps with your answers; choose another with --out.", path=path)
        )
    notebook = notebook_of(name, lang, who)
    if form == "html":
        content = _page(notebook, lang, path, told)
    elif form == "py":
        import jupytext

        content = jupytext.writes(notebook, fmt="py:percent")
    else:
        content = json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
    with writing(path):
        write_whole(path, content)
    return path


def _metadata(cell: Cell) -> dict[str, Any]:
    ours = {"tatamilab": {"key": cell.key, **cell.marks}}
    if "answer" not in cell.marks:
        return ours
    graded = {
        "grade": True,
        "grade_id": cell.marks["answer"].lower(),
        "locked": False,
        "points": POINTS,
        "schema_version": 3,
        "solution": True,
        "task": False,
    }
    return {**ours, "nbgrader": graded}


def _signed(code: str, who: tuple[Student, ...], lang: str) -> str:
    """The header's three lines, with what is known of the students in them."""
    lines = []
    for line in code.splitlines():
        start, marked, field = line.partition('""  # @')
        if marked:
            values = [getattr(student, field.removeprefix("student-")) for student in who]
            text = SEPARATOR[lang].join(values) if any(values) else ""
            line = start + json.dumps(text, ensure_ascii=False)
        lines.append(line)
    return "\n".join(lines)


def _page(notebook: "NotebookNode", lang: str, path: Path, told: "Callable[[RunningCell], object]") -> str:
    """The notebook, run, as one page that needs no network; refused at once if it can't be written to `path`."""
    try:
        from nbconvert import HTMLExporter
    except ImportError as missing:
        raise MissingExtra("notebook", "nbconvert") from missing
    import nbformat

    from tatamilab.acceleration import notebooks

    notebooks.check_out(path)
    with TemporaryDirectory(prefix="tatami-") as folder:
        given, done = Path(folder, "given.ipynb"), Path(folder, "done.ipynb")
        nbformat.write(notebook, given)
        summary = notebooks.run(given, done, lambda cell: None, told)
        if summary.failure is not None:
            raise BadInput(_("The worksheet stopped at cell {number}: {error}", number=summary.failure[0].number,
                             error=summary.failure[1]))  # fmt: skip
        executed = nbformat.read(done, as_version=4)
    for cell in executed.cells:
        cell.metadata["alt"] = _(
            "Figure {title}", title=cell_title(cell.source, cell.id)
        )  # of what has no words itself
    exporter = HTMLExporter(
        template_name="lab",
        mathjax_url="",
        require_js_url="",
        mermaid_js_url="",
        jquery_url="",
        exclude_input_prompt=True,
        exclude_output_prompt=True,
        language_code=lang,
    )
    shown = ["image/png", "text/html", "text/markdown", "text/plain"]
    exporter.config.NbConvertBase.display_data_priority = shown
    title = executed.cells[0].source.partition("\n")[0].lstrip("# ")
    body, _resources = exporter.from_notebook_node(executed, resources={"metadata": {"name": title}})
    style = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    quiet = SCRIPT.sub("", body)  # no output here needs one, and the template's would load from elsewhere
    return quiet.replace("</head>", f"<style>{style}</style></head>", 1)
