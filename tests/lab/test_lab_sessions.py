"""How long runs are held and kept, and who waits for whom."""

import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event, Thread, current_thread

import numpy as np
import pytest

from browser import PATIENCE_MS
from tatamilab.lab import sessions as lab_sessions
from tatamilab.lab.sessions import LEFT_ALONE_S, MOST_RUNS, Sessions
from tatamilab.session import Blueprint, LiveRun, Phase, Sample, Setup
from tatamilab.session.sample import mnist

PATIENCE_S = PATIENCE_MS / 1000


def made(setup: Setup) -> LiveRun:
    network = Blueprint.parse("c2k5_p2_d20")
    return LiveRun(network.build, Sample.of(mnist(), images=600), epochs=10_000, seed=setup.seed)


@pytest.fixture
def sessions(tmp_path: Path) -> Iterator[Sessions]:
    opened = Sessions(made, tmp_path)
    yield opened
    opened.close()


def test_a_run_is_put_on_disk_after_ten_minutes_alone(sessions: Sessions) -> None:
    setup = Setup()
    first, second = sessions.enter("a", setup), sessions.enter("a", setup)
    run = first.run
    assert second.run is run
    assert sessions.enter("b", setup).run is not run
    assert sessions.enter("a", Setup(seed=7)).run is not run
    run.start()
    second.leave()
    assert run.moment().phase is Phase.RUNNING
    left_at = time.monotonic()
    first.leave()
    run.wait()
    assert run.moment().phase is Phase.PAUSED
    run.step()
    run.wait()
    sessions.sweep(left_at + LEFT_ALONE_S - 5)
    third = sessions.enter("a", setup)
    assert third.run is run
    third.leave()
    sessions.sweep(time.monotonic() + LEFT_ALONE_S + 1)
    again = sessions.enter("a", setup).run
    assert again is not run
    assert again.id == run.id
    for name, array in again.weights().items():
        np.testing.assert_array_equal(array, run.weights()[name])


def test_what_is_chosen_on_the_page_is_found_under_its_own_address(sessions: Sessions) -> None:
    visit = sessions.enter("a", Setup())
    visit.run.reset(5)
    visit.run.learning_rate = 0.01
    visit.run.batch_size = 64
    chosen = Setup(seed=5, learning_rate=0.01, batch_size=64)
    assert visit.setup == chosen
    assert sessions.enter("a", chosen).run is visit.run
    assert sessions.enter("a", Setup()).run is not visit.run


def test_a_run_is_taken_up_under_the_address_of_what_was_changed(sessions: Sessions) -> None:
    first = sessions.enter("a", Setup()).run
    first.learning_rate = 0.01
    first.step()
    first.wait()
    setup = sessions.put("a", Setup(), first.kept())
    assert setup == Setup(learning_rate=0.01)
    taken = sessions.enter("a", setup).run
    assert (taken.id, taken.moment().step) == (first.id, 1)


def test_what_is_to_be_trained_is_trained_once_and_on_its_own_page_only(sessions: Sessions) -> None:
    wanted, other = Setup(seed=7), Setup(seed=8)
    sessions.begin_at_next_page("a", wanted)
    assert sessions.enter("b", wanted).run.moment().phase is Phase.READY
    run = sessions.enter("a", wanted).run
    assert run.moment().phase is Phase.RUNNING
    run.pause()
    assert sessions.enter("a", wanted).run is run
    assert run.moment().phase is Phase.PAUSED
    sessions.begin_at_next_page("a", wanted)
    sessions.enter("a", other)
    sessions.enter("a", wanted)
    assert run.moment().phase is Phase.PAUSED


def test_closing_keeps_every_run(tmp_path: Path) -> None:
    sessions = Sessions(made, tmp_path)
    run = sessions.enter("a", Setup()).run
    run.start()
    sessions.close()
    (entry,) = sessions.shelf("a").entries()
    assert (entry.progress.id, entry.progress.phase) == (run.id, Phase.PAUSED)
    assert sessions.shelf("b").entries() == []


def test_closing_draws_nothing_for_pages_that_are_about_to_be_gone(tmp_path: Path) -> None:
    sessions = Sessions(made, tmp_path)
    run = sessions.enter("a", Setup()).run
    run.start()
    told: list[Thread] = []
    run.subscribe(lambda: told.append(current_thread()))
    sessions.close()
    assert current_thread() not in told


def test_a_killed_server_loses_a_minute_at_most(sessions: Sessions, tmp_path: Path) -> None:
    visit = sessions.enter("a", Setup())
    visit.run.start()
    while visit.run.moment().epoch < 2:
        time.sleep(0.01)
    sessions.sweep()
    assert visit.run.moment().phase is Phase.RUNNING
    another = Sessions(made, tmp_path)
    found = another.enter("a", Setup()).run
    assert found.id == visit.run.id
    assert found.moment().phase is Phase.PAUSED
    assert found.moment().epoch >= 2
    another.close()


def test_what_was_finished_between_two_looks_is_kept_too(sessions: Sessions) -> None:
    run = sessions.enter("a", Setup()).run
    run.step("batch")
    while run.moment().step < 1:
        time.sleep(0.01)
    sessions.sweep()
    (entry,) = sessions.shelf("a").entries()
    assert entry.progress.phase is Phase.PAUSED
    saved_at = entry.saved_at
    sessions.sweep()
    assert sessions.shelf("a").entries()[0].saved_at == saved_at


def test_no_browser_waits_for_what_is_built_for_another(tmp_path: Path) -> None:
    begun, allowed = Event(), Event()

    def slowly(setup: Setup) -> LiveRun:
        if setup.seed == 7:
            begun.set()
            assert allowed.wait(3 * PATIENCE_S)
        return made(setup)

    sessions = Sessions(slowly, tmp_path)
    mine = sessions.enter("a", Setup())
    mine.run.start()
    with ThreadPoolExecutor(3) as others:
        theirs = others.submit(sessions.enter, "b", Setup(seed=7))
        assert begun.wait(PATIENCE_S)
        try:
            others.submit(mine.leave).result(PATIENCE_S)
            assert mine.run.moment().phase is Phase.PAUSED
            assert others.submit(sessions.enter, "a", Setup()).result(PATIENCE_S).run is mine.run
        finally:
            allowed.set()
        tab = sessions.enter("b", Setup(seed=7))
        assert tab.run is theirs.result(PATIENCE_S).run
    sessions.close()


def test_a_run_is_kept_and_deleted_at_one_time_by_one(sessions: Sessions) -> None:
    run, shelf = sessions.enter("a", Setup()).run, sessions.shelf("a")
    run.start()
    end = time.monotonic() + 1.5

    def until_then(what: Callable[[], object]) -> None:
        n = 0
        while n < 2 or time.monotonic() < end:
            what()
            n += 1

    def whole() -> None:
        if shelf.entries():
            _setup, kept = shelf.take(run.id)
            assert kept.state.epoch == math.floor(kept.progress.epoch + 1e-9)

    with ThreadPoolExecutor(4) as all_at_once:
        done = [
            all_at_once.submit(until_then, what)
            for what in (lambda: shelf.keep(Setup(), run.kept()), sessions.sweep, whole)
        ]
    for one in done:
        one.result()


def test_what_was_deleted_does_not_come_back_before_it_is_trained_further(sessions: Sessions) -> None:
    visit, shelf = sessions.enter("a", Setup()), sessions.shelf("a")
    visit.run.step("batch")
    visit.run.wait()
    shelf.keep(Setup(), visit.run.kept())
    shelf.delete([visit.run.id])
    sessions.sweep()
    assert shelf.entries() == []
    visit.run.step("batch")
    visit.run.wait()
    sessions.sweep()
    assert [one.progress.id for one in shelf.entries()] == [visit.run.id]


def test_few_runs_without_a_page_are_held_in_memory(
    sessions: Sessions, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lab_sessions, "MOST_ALONE", 2)
    shown = sessions.enter("shown", Setup())
    left = [sessions.enter(browser, Setup()) for browser in "abcd"]
    for visit in left:
        visit.run.step("batch")
        visit.run.wait()
        visit.leave()
    assert [held.browser for held in sessions._held] == ["shown", "c", "d"]
    for browser, visit in zip("abcd", left, strict=True):
        again = sessions.enter(browser, Setup()).run
        assert (again is visit.run) == (browser in "cd")
        assert again.moment().step == 1
    assert sessions.enter("shown", Setup()).run is shown.run


def test_a_browser_that_goes_from_network_to_network_holds_few(sessions: Sessions) -> None:
    visits = [sessions.enter("a", Setup(seed=seed)) for seed in range(MOST_RUNS + 2)]
    for visit in visits:
        visit.leave()
    assert [held.begun_with.seed for held in sessions._held] == list(range(2, MOST_RUNS + 2))
