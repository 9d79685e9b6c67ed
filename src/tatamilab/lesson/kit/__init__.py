"""What a teacher needs: the plan, the answer key, a page for the projector, how to install, and a notebook for Colab.

The texts are Markdown in both languages beside this file. The expected figures in the key come from `expected.json`,
which `tools/class_numbers.py` measures.
"""

import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

from tatamilab import i18n
from tatamilab.errors import BadInput, writing
from tatamilab.files import write_whole
from tatamilab.i18n import _
from tatamilab.lesson.report import environment
from tatamilab.lesson.worksheets import notebook_of

PAGES = ("plan", "key", "projector", "install")
WORKSHEET = "b2-1"
WHEEL = "tatamilab-*.whl"


def write_kit(folder: Path) -> list[Path]:
    """Write the kit into a folder, in the language in force; what is there already is left alone.

    Returns:
        The files, in the order in which a teacher needs them.

    Raises:
        BadInput: one of the files is there already.
        OutputError: the folder can't be written to.
    """
    contents = {f"{name}.html": page(name) for name in PAGES}
    contents["colab.ipynb"] = json.dumps(colab_notebook(), ensure_ascii=False, indent=1) + "\n"
    there = [name for name in contents if (folder / name).exists()]
    if there:
        raise BadInput(
            _("{path} is there already; choose another folder with --out.", path=folder / there[0])
        )
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            write_whole(folder / name, content)
    return [folder / name for name in contents]


def page(name: str) -> str:
    """One page of the kit as HTML."""
    text = (
        environment()
        .from_string(files(__package__).joinpath(f"{name}.{i18n.language()}.md").read_text(encoding="utf-8"))
        .render(figures())
    )
    title = text.partition("\n")[0].lstrip("# ")
    template = environment().get_template("kit.html")
    return template.render(name=name, title=title, text=text)


def figures() -> dict[str, Any]:
    """What was measured, as it stands in the key."""
    measured = json.loads(files(__package__).joinpath("expected.json").read_text(encoding="utf-8"))
    shown: dict[str, Any] = {}
    for name, value in measured.items():
        if not isinstance(value, dict):
            shown[name] = value
        elif name == "difference":
            shown[name] = "{mean:+z.2f} ({low:+z.2f} – {high:+z.2f})".format(
                **{end: 100 * value[end] for end in ("mean", "low", "high")}
            )
        else:
            shown[name] = f"{value['low']:.1%} – {value['high']:.1%}"
        if isinstance(value, dict):
            shown[f"n_{name}"] = value["n"]
    return shown


def colab_notebook() -> Any:
    """The worksheet for Colab: its first cell installs and leaves the Keras there alone, its last keeps the report."""
    import nbformat

    notebook = notebook_of(WORKSHEET, i18n.language())
    code = files(__package__).joinpath("colab_install.txt").read_text(encoding="utf-8")
    keep = files(__package__).joinpath("colab_keep.txt").read_text(encoding="utf-8")
    new = nbformat.v4.new_code_cell
    first = new(_spoken(code), id="colab-install", metadata={"tatamilab": {"key": "colab-install"}})
    last = new(_spoken(keep), id="colab-keep", metadata={"tatamilab": {"key": "colab-keep"}})
    notebook.cells = [notebook.cells[0], first, *notebook.cells[1:], last]
    return notebook


def _spoken(code: str) -> str:
    """Code with its comments in the language in force only."""
    other = "ja" if i18n.language() == "en" else "en"
    lines = [line for line in code.splitlines() if not line.startswith(f"# {other}: ")]
    return "\n".join(re.sub(rf"^# {i18n.language()}: ", "# ", line) for line in lines)
