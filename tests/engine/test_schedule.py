"""Schedules: whatever is in registers at once, the bits are the same; a table is read, or refused in one sentence."""

import json
from dataclasses import asdict, fields, replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lab_graph import TRAINING, dense_graph
from networks import SGD, Network, random_weights

from tatamilab.engine import cache, tune
from tatamilab.engine import graph as g
from tatamilab.engine.plan import Plan
from tatamilab.engine.program import Program
from tatamilab.engine.schedule import BY_REGISTERS, Schedule
from tatamilab.engine.target import choose

ROW = asdict(BY_REGISTERS[16])


@pytest.fixture(autouse=True)
def _of_this_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables are written for the CPU as it is, whatever narrower one the tests are run for."""
    monkeypatch.delenv("TATAMI_TARGET", raising=False)


def network() -> g.Graph:
    """Every kernel that a schedule reaches, but the wide dense layer."""
    return (
        Network(14, 14, 2)
        .conv(8, (3, 3))
        .activation("relu")
        .pool("max")
        .conv(8, (3, 3), same=True)
        .activation("relu")
        .conv(6, (3, 3))
        .conv(5, (2, 2), strides=(2, 2))
        .flat()
        .dense(7)
        .activation("relu")
        .dense(3)
        .graph
    )


def trained_bits(graph: g.Graph, schedule: Schedule | None) -> list[bytes]:
    rng = np.random.default_rng(0)
    training = g.Training(
        loss=g.Loss(kind="sparse_categorical_crossentropy", from_logits=True), optimizer=SGD
    )
    program = Program(graph, training, batch_size=32, n_threads=1, schedule=schedule)
    program.set_weights(random_weights(graph, rng))
    x, y = rng.normal(size=(37, *graph.input.shape)).astype(np.float32), rng.integers(0, 3, 37)
    program.train(x, y)
    return [v.tobytes() for v in program.get_weights().values()] + [program.predict(x).tobytes()]


@settings(max_examples=3, deadline=None, derandomize=True)
@given(st.builds(Schedule, **{f.name: st.sampled_from([1, 2, 3, 5, 8, 24]) for f in fields(Schedule)}))
def test_a_schedule_never_changes_a_bit(schedule: Schedule) -> None:
    assert trained_bits(network(), schedule) == trained_bits(network(), None)


def test_a_schedule_is_no_part_of_the_plans_hash_but_of_the_codes_name() -> None:
    plan = Plan(graph=dense_graph(), training=TRAINING, batch_size=32, target=choose())
    other = replace(plan, measured=replace(plan.schedule, dense_outputs=7))
    assert plan.hash == other.hash
    assert cache.key(plan, "train") != cache.key(other, "train")


def test_a_table_is_taken_where_the_environment_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "schedule.json"
    monkeypatch.setenv("TATAMI_SCHEDULE", str(table))
    tune.write(table, choose().name, Schedule(**{**ROW, "deep": 3}))
    assert Program(dense_graph(), TRAINING, n_threads=1).plan.schedule.deep == 3
    tune.write(table, "sse2", Schedule(**ROW))  # of another processor: it stands beside
    assert Program(dense_graph(), TRAINING, n_threads=1).plan.schedule.deep == 3
    table.write_text("{}")
    assert Program(dense_graph(), TRAINING, n_threads=1).plan.measured is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "[Errno 2] No such file or directory"),
        ("", "Expecting value"),
        ("[]", "'list' object has no attribute 'get'"),
        ({"deep": 0}, "deep is 0, not a whole number from 1 to 256"),
        ({"deep": True}, "deep is True, not a whole number from 1 to 256"),
        ({"deep": "4"}, "deep is '4', not a whole number from 1 to 256"),
        ({"depth": 4}, "unexpected keyword argument 'depth'"),
    ],
)
def test_what_is_no_table_is_refused(
    content: str | dict[str, object] | None, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "schedule.json"
    if isinstance(content, dict):
        table.write_text(json.dumps({choose().name: {**ROW, **content}}))
    elif content is not None:
        table.write_text(content)
    monkeypatch.setenv("TATAMI_SCHEDULE", str(table))
    with pytest.raises(
        ValueError, match="is no table of schedules as tatami engine tune writes it"
    ) as refused:
        Program(dense_graph(), TRAINING, n_threads=1)
    assert why in str(refused.value)


def test_a_faster_candidate_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    """With clocks that say so: 3 outputs at once are twice as fast as any other number of them."""
    monkeypatch.setattr(tune, "CANDIDATES", {"dense_outputs": (1, 3, 2)})
    times = {1: 4.0, 3: 1.0}
    monkeypatch.setattr(
        tune, "_seconds", lambda program, *_: times.get(program.plan.schedule.dense_outputs, 2.0)
    )
    trials: list[tune.Trial] = []
    best = tune.tune(
        Network(9).dense(6).dense(3).graph, TRAINING, target=choose(), batch_size=16, tell=trials.append
    )
    assert [(t.value, t.speed, t.taken) for t in trials] == [(1, 0.5, False), (3, 2.0, True), (2, 0.5, False)]
    assert best == replace(BY_REGISTERS[choose().registers], dense_outputs=3)
