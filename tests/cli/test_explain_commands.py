"""`tatami explain` and `tatami controls`, as a student types them."""

from pathlib import Path

import pytest

from tatamilab.experiment import RunOptions, Watcher, control_recipe, run


@pytest.fixture(scope="module")
def a_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short run of the worksheet's network."""
    out = tmp_path_factory.mktemp("explained") / "run"
    run(RunOptions(data_size=300, epochs=1, out=out), Watcher())
    return out


def test_explain_says_where_the_page_is(tatami, a_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for makers in ("filter_makers", "all_behaviour_makers"):
        monkeypatch.setattr(f"tatamilab.experiment.explaining.{makers}", lambda *_args: {})
    said = tatami("explain", a_run, "--lang", "ja")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines()[-1].startswith(f"{a_run / 'explain.html'} を書きました（")


@pytest.mark.slow
def test_quiet_explain_says_the_path_alone(tatami, a_run: Path) -> None:
    said = tatami("explain", a_run, "--quiet", "--layer", "0")
    assert (said.code, said.out, said.err) == (0, f"{a_run / 'explain.html'}\n", "")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "tatami explain needs RUN; see 'tatami explain --help'."),
        (("nowhere",), "nowhere is not the folder of a run: it holds no readable run.json."),
    ],
)
def test_explain_refuses_what_is_no_run(tatami, words: tuple[str, ...], message: str) -> None:
    said = tatami("explain", *words, "--lang", "en")
    assert (said.code, said.out, said.err) == (2, "", message + "\n")


def test_explain_names_the_layers_that_exist(tatami, a_run: Path) -> None:
    said = tatami("explain", a_run, "--layer", "pool", "--lang", "en")
    assert said.code == 2
    assert "has no convolution layer 'pool'; choose one of 0 ('conv2d" in said.err


def test_explain_refuses_a_folder_that_holds_no_controls(tatami, a_run: Path, tmp_path: Path) -> None:
    said = tatami("explain", a_run, "--controls", tmp_path, "--lang", "en")
    assert said.code == 2
    assert said.err == f"{tmp_path} is not a folder of controls: it holds no readable controls.json.\n"


@pytest.mark.slow
def test_controls_print_their_table(tatami, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tatamilab.cli.controls.QUICK", control_recipe.Recipe(data_size=200, epochs=1))
    said = tatami("controls", "--quick", "--seeds", 2, "--lang", "en")
    assert (said.code, said.err) == (0, "")
    lines = said.out.splitlines()
    assert lines[0] == "16 trainings: 8 experiments with 2 seeds each."
    assert "With fewer than 9 seeds no difference can pass the test of seven comparisons." in lines
    assert sum("after Holm" in line for line in lines) == 7
    assert lines[-1].startswith("The controls are in runs/controls-quick;")
    again = tatami("controls", "--quick", "--seeds", 2, "--quiet")
    assert again.out == "runs/controls-quick\n"


def test_controls_refuse_a_single_seed(tatami, tmp_path: Path) -> None:
    said = tatami("controls", "--seeds", 1, "--lang", "en")
    assert (said.code, said.out) == (2, "")
    assert said.err == "Controls are compared in pairs, so at least 2 seeds are needed; received 1.\n"
    assert not (tmp_path / "runs").exists()


def test_film_says_that_it_ends_with_the_run_s_own_filters(tatami, a_run: Path, tmp_path: Path) -> None:
    said = tatami("film", a_run, "--frames", 3, "--out", tmp_path / "f.gif", "--lang", "ja")
    assert (said.code, said.err) == (0, "")
    assert said.out.splitlines() == [
        "実験をもう一度学習させています（3 ステップ）",
        "動画を描いています（3 個の時点）",
        f"{tmp_path / 'f.gif'} を書きました。最後のフィルタは実験結果とビット単位で一致します。",
    ]
    assert (tmp_path / "f.gif").read_bytes().startswith(b"GIF89a")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "tatami film needs RUN; see 'tatami film --help'."),
        (("nowhere",), "nowhere is not the folder of a run: it holds no readable run.json."),
        (("nowhere", "--frames", "many"), "--frames takes a whole number, but 'many' was given."),
        (("nowhere", "--out", "film.txt"), "A film is written as .gif, .mp4, .html; received film.txt."),
    ],
)
def test_film_refuses_in_one_sentence(tatami, words: tuple[str, ...], message: str) -> None:
    said = tatami("film", *words, "--lang", "en")
    assert (said.code, said.out, said.err) == (2, "", message + "\n")
