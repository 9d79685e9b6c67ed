"""`tatami notebook run`: cells in their order, a line for each, and what was native."""

import json
from pathlib import Path

import nbformat
import pytest

from tatamilab import i18n
from tatamilab.acceleration import notebooks
from tatamilab.cli import main

MODEL = """from tensorflow import keras
import numpy as np
x, y = np.ones((8, 4)), np.zeros(8)
for middle in (keras.layers.Dense(2), keras.layers.LayerNormalization(name="norm")):
    model = keras.Sequential([keras.Input((4,)), middle, keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(x, y, verbose=0)
"""


def notebook(folder: Path, *cells: str) -> Path:
    path = folder / "lesson.ipynb"
    code = [nbformat.v4.new_code_cell(source) for source in cells]
    nbformat.write(nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A lesson"), *code]), path)
    return path


def tatami(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["notebook", "run", *words, "--lang", "en"])
    i18n.set_language(None)
    return int(ended.value.code or 0)


@pytest.mark.filterwarnings("default")
def test_cells_outputs_and_a_summary(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = notebook(
        tmp_path, MODEL, "", "print('under way', end='\\r'); print('seen')", "undefined", "print('never')"
    )
    before = path.read_bytes()
    assert tatami(str(path)) == 1
    said = capsys.readouterr().out
    assert said.splitlines()[0].startswith("  1/4")
    assert "calls of Keras: 1 native, 1 not." in said
    assert "  1 × Keras: layer 'norm' (LayerNormalization) isn't lowered" in said
    assert "Cell 3 failed: NameError: name 'undefined' is not defined" in said
    written = json.loads((tmp_path / "lesson.executed.ipynb").read_text(encoding="utf-8"))
    assert [cell["cell_type"] for cell in written["cells"]] == ["markdown", *["code"] * 5]
    assert written["cells"][3]["outputs"][0]["text"] == ["seen\n"]
    assert written["cells"][4]["outputs"][0]["ename"] == "NameError"
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["nowhere.ipynb"], "There is no notebook nowhere.ipynb."),
        (["."], ". is a folder; name the notebook itself (.ipynb)."),
        (["text.ipynb"], "text.ipynb is not a notebook (.ipynb)."),
        (
            ["lesson.ipynb", "--out", "nowhere/x.ipynb"],
            "nowhere/x.ipynb could not be written: No such file or directory.",
        ),
        (["lesson.ipynb", "--out", "folder"], "folder could not be written: Is a directory."),
        (
            ["lesson.ipynb", "--out", "lesson.ipynb"],
            "lesson.ipynb would be written over; choose another file with --out.",
        ),
    ],
)
def test_refused(
    words: list[str],
    sentence: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.ipynb").write_text("no JSON")
    Path("folder").mkdir()
    notebook(tmp_path, "1")
    assert tatami(*words) == 2
    assert capsys.readouterr().err == sentence + "\n"


@pytest.mark.slow
def test_a_kernel_that_dies(tmp_path: Path) -> None:
    path = notebook(tmp_path, "import os\nos._exit(3)")
    with i18n.using("en"), pytest.raises(ValueError, match=r"The kernel died in cell 1\."):
        notebooks.run(path, tmp_path / "out.ipynb", print, print)
    assert not (tmp_path / "out.ipynb").exists()
