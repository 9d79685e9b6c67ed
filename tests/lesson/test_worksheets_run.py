"""Every worksheet runs from its first cell to its last, and what it keeps can be handed in."""

from pathlib import Path

import nbformat
import pytest

from tatamilab import i18n
from tatamilab.acceleration import notebooks
from tatamilab.i18n import LANGUAGES
from tatamilab.lesson import handins, verifying
from tatamilab.lesson.results import ARCHITECTURES
from tatamilab.lesson.students import Student
from tatamilab.lesson.tasks import tasks_of
from tatamilab.lesson.worksheets import WORKSHEETS, cells, notebook_of

WIDGET = "application/vnd.jupyter.widget-view+json"
EXPECTED = {
    "b1-2": {"BPNN", "600", "6000", "60000", "4 units"},
    "b2-1": {"CNN", "CNN, 600", "BPNN, 600", "CNN, own 600", "BPNN, own 600", "CNN, 4 filters"},
    "b2-2": {"depth 1", "depth 2", "depth 3", "dropout", "batch normalisation", "augmentation", "both"},
}


def executed(name: str, lang: str, folder: Path, keys: set[str] | None = None) -> handins.HandIn:
    """The worksheet, run in a kernel of its own; only the cells named, where some are."""
    notebook = notebook_of(name, lang, (Student("22X1234", "Hanako", ""),))
    if keys is not None:
        notebook.cells = [cell for cell in notebook.cells if cell.id in keys]
        notebook.cells[-1].source = notebook.cells[-1].source.replace("(600, 6000, 60000)", "(600,)")
    given, done = folder / f"{name}.ipynb", folder / f"{name}.done.ipynb"
    nbformat.write(notebook, given)
    summary = notebooks.run(given, done, lambda cell: None, lambda cell: None)
    assert summary.failure is None, summary.failure
    assert summary.stats.keras == 0, summary.stats.reasons
    check_outputs(nbformat.read(done, as_version=4))
    return handins.read_notebook(done)


def check_outputs(notebook: nbformat.NotebookNode) -> None:
    """Where widgets can't live there is a picture with words; nothing is said of the extension."""
    assert "widgets" not in notebook.metadata
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            assert "already loaded" not in output.get("text", "")
            if WIDGET in output.get("data", ()):
                assert output.data["image/png"]
                assert output.metadata["image/png"]["alt"] == output.data["text/plain"] != ""


@pytest.mark.slow
def test_a_short_one(tmp_path: Path) -> None:
    keys = {"header", "unit-code", "1-0", "1-1", "1-2", "1-3", "2-1"}
    found = executed("b1-2", "en", tmp_path, keys)
    assert {kept.result.label for kept in found.results} == {"600"}
    assert all(kept.is_intact and kept.result.is_repeatable for kept in found.results)
    assert found.troubles == []
    again = verifying.repeat(found.results[0].result)
    assert again.is_same, again


@pytest.mark.slow
@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", WORKSHEETS)
def test_all(name: str, lang: str, tmp_path: Path) -> None:
    found = executed(name, lang, tmp_path)
    assert {kept.result.label for kept in found.results} == EXPECTED[name]
    assert found.troubles == []
    assert set(found.answers) == {task.name for task in tasks_of(name)}
    assert len(found.pictures) >= 6
    kept = [one.result for one in found.results]
    assert not any(task.unmet(kept) for task in tasks_of(name))


@pytest.mark.parametrize("name", ["cnn", "cnn-small-data", "bpnn"])
def test_the_built_in_models_are_known_by_their_layers(name: str) -> None:
    from tatamilab.lesson.architecture import architecture
    from tatamilab.lesson.keeping import layer_record
    from tatamilab.models import load_model

    model = load_model(name, (28, 28, 1), 10, seed=0)
    assert ARCHITECTURES[architecture([layer_record(layer) for layer in model.layers])] == name


def test_what_the_texts_say_of_shapes_and_steps_is_so() -> None:
    from tatamilab.data import split_sizes, steps_per_epoch
    from tatamilab.models import small_data_cnn, worksheet_cnn

    for lang in LANGUAGES:
        text = "\n".join(cell.text for cell in cells("b2-1", lang))
        model = worksheet_cnn()
        for layer in model.layers[:3]:
            assert "×".join(map(str, layer.output.shape[1:])) in text
        assert "4608–20–10" in text
        assert small_data_cnn().layers[-2].units == 128
        assert "`Dense(128)`" in text
        for n, steps in ((60_000, "422"), (600, "5")):
            n_train = split_sizes(n, 0.1).n_train
            assert steps_per_epoch(n_train, 128) == int(steps)
            assert f"{n_train:,}" in text
            assert steps in text
        assert f"{100 / 60:.1f}" in text


def test_questions_are_asked_back_and_no_answer_given(hand_in, capsys, monkeypatch) -> None:
    from tatamilab.lesson import checking, keeping

    path = hand_in(answers={"B2-1-2": "The CNN is better."})
    monkeypatch.setattr(keeping, "kept", {})
    with i18n.using("en"):
        checking.check("B2-1-2", path)
    assert capsys.readouterr().out.splitlines() == [
        "B2-1-2: The CNN and the BPNN on 600 images",
        "To think about:",
        "  - There is no comparison with the BPNN yet. By how many points do the two differ?",
        "  - Which numbers stand behind it? Quote yours.",
        "  - What would another draw of 600 change? You have two of them.",
    ]


def test_missing_results_come_first_and_praise_last(hand_in, capsys, monkeypatch) -> None:
    from tatamilab.lesson import checking, keeping
    from tatamilab.lesson.tasks import TASKS, questions

    monkeypatch.setattr(keeping, "kept", {})
    with i18n.using("en"):
        checking.check("B2-1-2", hand_in(kept=[]))
        assert "The CNN on the first 600 images is not there yet." in capsys.readouterr().out.splitlines()[2]
        whole = (
            "On 10,000 test images the BPNN is 4.1 points worse; with another sample too. Weights are shared over "
            "all places, and if pixels were moved it would vanish; parameters differ as well."
        )
        kept = [one.result for one in handins.read_notebook(hand_in()).results]
        assert questions(TASKS["B2-1-2"], whole, kept) == []


def test_an_unknown_task(refused) -> None:
    from tatamilab import check

    refused(
        lambda: check("B2-1-3"),
        en="There is no task 'B2-1-3'; the nearest is B2-1-2.",
        ja="課題 'B2-1-3' はありません。いちばん近いのは B2-1-2 です。",
    )
