"""The benchmarks' own logic: turns, failures, ratios, reports. Nothing here asserts a speed."""

import doctest
import json
import os
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

import engine
from engine_cases import CASES
from harness import race as racing
from harness import report, workload
from harness.cases import Bound, Case, Ratio
from harness.programs import Program
from harness.race import Measured, Missing, race
from trainings import TRAININGS

SPEAKER = """
import sys
from harness.protocol import Bench

name, values = sys.argv[1], iter(sys.argv[2:])
bench = Bench()
print("noise of a library")
bench.ready(speaker=name)
while True:
    bench.wait()
    with open("turns.txt", "a") as turns:
        turns.write(name)
    bench.report(float(next(values)), accuracy=0.5)
"""
SKIPPER = "from harness.protocol import Bench; Bench().skip('no compiler')"
CRASHER = "raise ValueError('first line\\n  second line')"
WORKER = "import sys; print('noise'); print(*sys.argv[1:])"


def program(folder: Path, source: str, *arguments: str) -> Program:
    """A program made of a few lines of Python."""
    module = f"program_{abs(hash(source))}"
    (folder / f"{module}.py").write_text(source)
    path = os.pathsep.join([str(racing.BENCH), str(folder)])
    return Program(f"label {arguments[:1]}", module, arguments, variables={"PYTHONPATH": path})


def case(goals: tuple = (), **programs: Program) -> Case:
    return Case("lab", "the title", "s", 2, programs, goals)


def quiet(line: str) -> None:
    pass


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(racing, "PAUSE_S", 0)


def test_programs_take_turns_after_a_warm_up_each(tmp_path: Path) -> None:
    a = program(tmp_path, SPEAKER, "a", "9", "3", "1", "2")
    b = program(tmp_path, SPEAKER, "b", "8", "6", "5", "7")
    results = race(case(a=a, b=b), 3, tmp_path, tmp_path, quiet)
    assert (tmp_path / "turns.txt").read_text() == "ab" + "ab" * 3
    assert results == {
        "a": Measured({"speaker": "a"}, 9.0, [3.0, 1.0, 2.0], {"accuracy": 0.5}),
        "b": Measured({"speaker": "b"}, 8.0, [6.0, 5.0, 7.0], {"accuracy": 0.5}),
    }
    assert (results["a"].minimum, results["a"].median) == (1.0, 2.0)


def test_a_program_that_fails_leaves_the_others_running(tmp_path: Path) -> None:
    programs = {
        "skips": program(tmp_path, SKIPPER),
        "stops": program(tmp_path, SPEAKER, "x", "9", "1"),
        "crashes": program(tmp_path, CRASHER),
        "absent": Program("absent", "absent"),
        "crashes_within": program(tmp_path, CRASHER).as_whole_process(),
        "goes_on": program(tmp_path, SPEAKER, "y", "9", "1", "2"),
    }
    results = race(case(**programs), 2, tmp_path, tmp_path, quiet)
    assert results["skips"] == Missing("no compiler")
    assert results["stops"] == Missing("ended with status 1: StopIteration")
    assert results["crashes"] == Missing("ended with status 1: ValueError: first line")
    assert results["absent"].reason.endswith("No module named absent")
    assert results["crashes_within"] == results["crashes"]
    assert results["goes_on"].values == [1.0, 2.0]


def test_a_missing_command_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    peer = Program("peer", "peers.peer", packages=("peer==1",))
    assert race(case(peer=peer), 1, tmp_path, tmp_path, quiet) == {"peer": Missing("uv was not found")}


def test_a_hung_program_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(racing, "PATIENCE_S", 0.2)
    hung = program(tmp_path, "import time; time.sleep(60)")
    assert race(case(hung=hung), 1, tmp_path, tmp_path, quiet) == {
        "hung": Missing("ended with status -9: nothing was said")
    }


def test_a_whole_process_is_timed_unless_it_measures_itself(tmp_path: Path) -> None:
    silent = program(tmp_path, "")
    own = program(tmp_path, WORKER)
    results = race(
        case(
            silent=silent.as_whole_process(),
            own=own.as_whole_process('{"value": 12.5, "val_accuracy": 0.75}'),
        ),
        1,
        tmp_path,
        tmp_path,
        quiet,
    )
    assert 0 < results["silent"].minimum < 60
    assert (results["own"].values, results["own"].checks) == ([12.5], {"val_accuracy": 0.75})


def test_a_peer_has_an_environment_of_its_own() -> None:
    command = Program("peer", "peers.peer", ("lab",), ("one==1", "two==2")).command()
    assert command[:4] == ["uv", "run", "--quiet", "--no-project"]
    assert command[-6:] == ["--with=one==1", "--with=two==2", "python", "-m", "peers.peer", "lab"]


GOALS = (Ratio("ours", "theirs", at_least=9, aim=14), Bound("ours", at_least=0.3, aim=0.2))
PAIR = Case(
    "lab",
    "the title",
    "s",
    2,
    {"ours": Program("tatamilab", "ours"), "theirs": Program("a peer", "peers.peer")},
    GOALS,
)
RESULTS = {
    "ours": Measured({"numpy": "2"}, 1.0, [0.25, 0.2], {"val_accuracy": 0.97}),
    "theirs": Measured({}, 5.0, [2.0, 4.0]),
}


def test_the_report() -> None:
    assert report.as_text(PAIR, RESULTS).splitlines() == [
        "lab: the title",
        "                   min    median  s",
        "  tatamilab     0.2000    0.2250  val_accuracy 0.9700  numpy 2",
        "  a peer        2.0000    3.0000",
        "  → tatamilab over a peer: 10× (at least 9×, aim 14×): reached, aim not",
        "  → tatamilab: 0.2 s (below 0.3 s, aim below 0.2 s): reached, aim not",
    ]


def test_what_was_not_measured_is_said_and_not_compared() -> None:
    results = {**RESULTS, "theirs": Missing("no compiler")}
    text = report.as_text(PAIR, results)
    assert "  a peer     not measured: no compiler" in text.splitlines()
    assert "over" not in text
    assert [goal["of"] for goal in report.comparisons(PAIR, results)] == ["ours"]


@pytest.mark.parametrize(
    ("value", "said"), [(14.0, "aim reached"), (13.9, "reached, aim not"), (8.9, "NOT REACHED")]
)
def test_the_verdict_on_a_ratio(value: float, said: str) -> None:
    assert report.verdict(GOALS[0], value) == said


@pytest.mark.parametrize(
    ("value", "said"), [(0.1, "aim reached"), (0.2, "reached, aim not"), (0.3, "NOT REACHED")]
)
def test_the_verdict_on_a_bound(value: float, said: str) -> None:
    assert report.verdict(GOALS[1], value) == said


def test_the_record_can_be_kept() -> None:
    record = json.loads(json.dumps(report.as_json(PAIR, {**RESULTS, "theirs": Missing("why")})))
    assert record["programs"]["ours"] == {
        "label": "tatamilab",
        "versions": {"numpy": "2"},
        "first": 1.0,
        "values": [0.25, 0.2],
        "checks": {"val_accuracy": 0.97},
        "minimum": 0.2,
        "median": 0.225,
    }
    assert record["programs"]["theirs"] == {"label": "a peer", "reason": "why"}
    assert record["goals"] == [
        {"of": "ours", "at_least": 0.3, "aim": 0.2, "value": 0.2, "verdict": "reached, aim not"}
    ]


@pytest.mark.parametrize("known", CASES, ids=lambda known: known.name)
def test_every_case_names_programs_that_exist(known: Case) -> None:
    for goal in known.goals:
        assert goal.programs <= known.programs.keys()
        assert goal.reaches(goal.aim * (0.99 if isinstance(goal, Bound) else 1), goal.at_least)
    for contender in known.programs.values():
        assert find_spec(contender.module) is not None


def test_peers_can_be_chosen() -> None:
    chosen = engine.options(["--cases", "lab,small", "--peers", "keras"])
    assert [list(c.programs) for c in engine.selected(chosen)] == [["ours", "keras"], ["ours", "keras"]]
    assert [goal.than for c in engine.selected(chosen) for goal in c.goals] == ["keras", "keras"]


def test_the_prototype_runs_only_where_it_is_given() -> None:
    (lab,) = engine.selected(engine.options(["--cases", "lab"]))
    assert "prototype" not in lab.programs
    (lab,) = engine.selected(engine.options(["--cases", "lab", "--prototype", "there"]))
    assert lab.programs["prototype"].arguments == (str(Path("there").resolve()),)


def test_an_unknown_case_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        engine.options(["--cases", "lab,lap"])
    assert "argument --cases: 'lap' is none of lab, process, small" in capsys.readouterr().err


def test_programs_are_given_the_images_of_the_worksheet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tatamilab.data import load

    workload.write(tmp_path)
    monkeypatch.chdir(tmp_path)
    expected = load("mnist", data_size=600).normalised()
    for part, x, y in (
        ("train", expected.x_train, expected.y_train),
        ("test", expected.x_test, expected.y_test),
    ):
        images, labels = workload.read("mnist", part, len(x))
        assert images.dtype == np.float32
        np.testing.assert_array_equal(images, x)
        np.testing.assert_array_equal(labels, y)
    raw = np.fromfile("mnist/x_train.bin", np.uint8).reshape(-1, 28, 28, 1)
    np.testing.assert_array_equal(raw, np.load("mnist/x_train.npy"))
    x, y = workload.read("cifar-shaped")
    assert (x.shape, y.shape) == ((10_000, 32, 32, 3), (10_000,))


def test_the_trainings_are_the_worksheets() -> None:
    from tatamilab import backend, models

    backend.choose()
    import keras

    def layers(model: keras.Sequential) -> list[dict]:
        return [{**layer.get_config(), "name": ""} for layer in model.layers]

    for name, ours in (("lab", models.worksheet_cnn()), ("small", models.small_data_cnn())):
        assert layers(TRAININGS[name].model(keras)) == layers(ours)
    shapes = [w.shape for w in models.worksheet_cnn().get_weights()]
    assert [w.shape for w in workload.lab_weights()] == shapes


@pytest.mark.parametrize("name", ["engine", "harness.cases", "harness.programs", "harness.report"])
def test_examples(name: str) -> None:
    failed, attempted = doctest.testmod(import_module(name))
    assert attempted
    assert not failed
