"""Turns are fair: a few share the machine, the others stand in line and know their place; a failure stops nobody."""

import time
from collections import Counter
from collections.abc import Callable
from threading import Barrier, Event, Thread

import pytest

from tatamilab.errors import BadInput
from tatamilab.session import LiveRun, Phase, worker
from tatamilab.session.turns import Seat, Turns

Live = Callable[..., LiveRun]


def test_alone_there_is_nothing_to_wait_for() -> None:
    turns = Turns()
    seat = turns.seat()
    for _ in range(3):
        with seat.turn() as given:
            assert (given, seat.place, turns.n_sharing) == (True, 0, 1)
    seat.leave()
    assert turns.n_sharing == 0


def test_one_computes_at_a_time_and_each_as_often() -> None:
    turns, n, rounds = Turns(at_once=2, stay_s=0.003), 7, 12
    together, taken, order = Barrier(n), [], []

    def work(number: int) -> None:
        seat = turns.seat()
        together.wait()
        for _ in range(rounds):
            with seat.turn():
                taken.append(number)
                assert len(taken) == 1
                order.append(number)
                time.sleep(0.001)
                taken.clear()
        seat.leave()

    threads = [Thread(target=work, args=(number,)) for number in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert Counter(order) == dict.fromkeys(range(n), rounds)
    half = Counter(order[: n * rounds // 2])
    assert min(half.values()) >= rounds // 2 - 4
    assert turns.n_sharing == 0


def in_line(turns: Turns, n: int) -> list[Seat]:
    """The first of n seats holds its turn; the others have asked for one, in order."""
    seats: list[Seat] = []
    for number in range(n):
        seat = turns.seat()
        seats.append(seat)
        Thread(target=_ask, args=(seat, seats[0]), daemon=True).start()
        _until(lambda number=number: turns.n_sharing == number + 1)
    return seats


def _ask(seat: Seat, first: Seat) -> None:
    with seat.turn(lambda: not over.is_set()):
        if seat is first:
            over.wait(60)
    seat.leave()


over = Event()


def _until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not true():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_each_sees_its_place_in_the_line() -> None:
    over.clear()
    turns = Turns(at_once=2)
    seats = in_line(turns, 5)
    assert [seat.place for seat in seats] == [0, 0, 1, 2, 3]
    seats[1].leave()
    assert [seat.place for seat in seats[2:]] == [0, 1, 2]
    over.set()
    for seat in seats:
        seat.look_again()
    _until(lambda: turns.n_sharing == 0)


def test_what_is_soon_over_does_not_stand_in_line() -> None:
    over.clear()
    turns = Turns(at_once=1)
    seats = in_line(turns, 3)
    done = Event()

    def once() -> None:
        with turns.taken():
            done.set()

    Thread(target=once).start()
    _until(lambda: turns.n_sharing == 4)
    assert not done.is_set()
    over.set()
    assert done.wait(60)
    for seat in seats:
        seat.look_again()
    _until(lambda: turns.n_sharing == 0)


def test_who_does_not_want_a_turn_any_more_gets_none() -> None:
    turns, wanted, got = Turns(), [True], []
    first, second = turns.seat(), turns.seat()
    with first.turn():
        thread = Thread(target=lambda: got.append(second.turn(lambda: wanted).__enter__()))
        thread.start()
        _until(lambda: turns.n_sharing == 2)
        wanted.clear()
        second.look_again()
        thread.join(60)
        assert got == [False]


def test_trainings_beyond_a_few_wait_in_line_and_say_so(live: Live) -> None:
    turns = Turns(at_once=1, stay_s=0.2)
    runs = [live(epochs=10_000, turns=turns) for _ in range(4)]
    places: list[set[int]] = [set() for _ in runs]
    for run, seen in zip(runs, places, strict=True):
        run.subscribe(lambda run=run, seen=seen: seen.add(run.moment().place))
        run.start()
    _until(lambda: all({0, 1, 2, 3} <= seen for seen in places))
    assert {run.moment().n_sharing for run in runs} == {4}
    waiting = next(run for run in runs if run.moment().place)
    waiting.pause()
    assert waiting.moment().phase is Phase.PAUSED
    waiting.reset()
    for run in runs:
        run.pause()
        run.wait()
    assert turns.n_sharing == 0


def test_a_training_that_fails_is_said_and_can_begin_again(
    live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    run = live()
    run.step()
    run.wait()
    kept, told = run._keep, Event()
    run._keep = lambda *_: 1 / 0  # type: ignore[assignment, method-assign]
    run.subscribe(lambda: told.set() if run.moment().problem else None)
    run.start()
    assert run.wait() is Phase.PAUSED
    assert told.is_set()
    assert run.moment().problem == "division by zero"
    assert [record.message for record in caplog.records] == [
        "tatami live run: ZeroDivisionError: division by zero"
    ]
    run._keep = kept  # type: ignore[method-assign]
    run.step()
    assert run.wait() is Phase.PAUSED
    assert run.moment().problem == ""
    run._keep = lambda *_: 1 / 0  # type: ignore[assignment, method-assign]
    run.start()
    run.wait()
    run._keep = kept  # type: ignore[method-assign]
    run.reset()
    assert (run.moment().problem, run.moment().phase) == ("", Phase.READY)
    run.start()
    assert run.wait() is Phase.FINISHED


def test_a_step_that_does_not_end_is_said(
    live: Live, monkeypatch: pytest.MonkeyPatch, refused: Callable[..., None]
) -> None:
    monkeypatch.setattr(worker, "STALL_S", 0.05)
    run, go_on, begun = live(), Event(), Event()
    done = run._do

    def slowly(count: int) -> object:
        begun.set()
        go_on.wait(60)
        return done(count)

    run._do = slowly  # type: ignore[assignment, method-assign]
    run.start()
    assert begun.wait(60)
    refused(
        run.reset,
        en="A step of this training takes very long; try again when it is over.",
        ja="この学習は 1 ステップに長い時間がかかります。終わってからもう一度試してください。",
    )
    with pytest.raises(BadInput):
        run.reset()
    go_on.set()
    assert run.wait() is Phase.PAUSED


def test_two_who_command_one_run_at_once_leave_it_whole(live: Live) -> None:
    run = live(epochs=10_000)

    def command(which: int) -> None:
        for number in range(15):
            (run.start, run.reset, run.pause, run.step, lambda: run.reset(2))[(which + number) % 5]()

    threads = [Thread(target=command, args=(which,)) for which in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()
    run.reset(1)
    run.step()
    assert run.wait() is Phase.PAUSED
    assert (run.moment().epoch, run.moment().step) == (0, 1)


def test_a_listener_that_fails_stops_nobody(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    run, heard = live(), Event()
    run.subscribe(lambda: 1 / 0)
    run.subscribe(heard.set)
    run.start()
    assert run.wait() is Phase.FINISHED
    assert heard.is_set()
    assert "ZeroDivisionError" in caplog.text
