"""A live run does what a training in one go does, whatever is done to it meanwhile."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from threading import Event
from typing import Any

import numpy as np
import pytest

from tatamilab.engine.loop import Loop
from tatamilab.session import LiveRun, Phase
from tatamilab.session.turns import HERE

Live = Callable[..., LiveRun]


def digest(run: LiveRun) -> str:
    return sha256(b"".join(array.tobytes() for array in run.weights().values())).hexdigest()


def test_it_trains_to_its_last_epoch(live: Live) -> None:
    run = live()
    assert run.moment().phase is Phase.READY
    run.start()
    assert run.wait() is Phase.FINISHED
    moment = run.moment()
    assert (moment.epoch, moment.step, moment.n_steps) == (3, 0, 5)
    assert [point.epoch for point in moment.validation] == [1.0, 2.0, 3.0]
    assert moment.points[-1].loss < moment.points[0].loss
    assert sum(point.images for point in moment.points) == 3 * 540
    run.start()
    assert run.moment().phase is Phase.FINISHED


def test_pauses_and_steps_change_no_bit(live: Live) -> None:
    through, stepped = live(), live()
    through.start()
    through.wait()
    for what in ("batch", "batch", "epoch", "batch", "epoch"):
        stepped.step(what)
        assert stepped.wait() is Phase.PAUSED
    assert (stepped.moment().epoch, stepped.moment().step) == (2, 0)
    stepped.start()
    stepped.pause()
    stepped.wait()
    stepped.start()
    assert stepped.wait() is Phase.FINISHED
    assert digest(stepped) == digest(through)


def test_it_trains_as_the_engines_loop_does(live: Live) -> None:
    run = live()
    before = run.weights()
    run.step("epoch")
    run.wait()
    program, sample = run._program, run.sample
    after = digest(run)
    program.start_over(before)
    loop = Loop(program, sample.x, sample.y, seed=1, learning_rate=0.001)
    loop.run()
    once = sha256(b"".join(array.tobytes() for array in program.get_weights().values())).hexdigest()
    assert once == after


def test_a_batch_is_one_step(live: Live) -> None:
    run = live()
    run.step("batch")
    run.wait()
    moment = run.moment()
    assert (moment.epoch, moment.step) == (0, 1)
    assert moment.points[-1].images == 128
    assert moment.points[-1].epoch == pytest.approx(0.2)


def test_reset_gives_the_same_again_and_another_seed_another(live: Live) -> None:
    run = live()
    first = digest(run)
    run.start()
    run.wait()
    trained = digest(run)
    run.reset()
    assert (digest(run), run.moment().phase, run.moment().points) == (first, Phase.READY, ())
    run.start()
    run.wait()
    assert digest(run) == trained
    run.reset(seed=2)
    assert digest(run) != first
    assert run.moment().seed == 2


def test_the_learning_rate_can_be_changed_while_it_runs(live: Live) -> None:
    run = live(epochs=50)
    run.start()
    run.learning_rate = 1e-9
    run.pause()
    run.wait()
    before = run.weights()
    run.step("batch")
    run.wait()
    for name, array in run.weights().items():
        np.testing.assert_allclose(array, before[name], atol=1e-7)
    assert run.moment().learning_rate == 1e-9


def test_what_diverges_is_said_and_ends(live: Live) -> None:
    run = live(learning_rate=1e20)
    run.start()
    assert run.wait() is Phase.DIVERGED
    run.step("batch")
    assert run.moment().phase is Phase.DIVERGED
    run.learning_rate = 0.001
    run.reset()
    run.start()
    assert run.wait() is Phase.FINISHED


def test_looking_back_shows_the_weights_of_then(live: Live) -> None:
    run = live()
    untrained = run.network.predict(run.sample.x[:5])
    run.start()
    run.wait()
    trained = run.network.predict(run.sample.x[:5])
    assert np.abs(trained - untrained).max() > 0.1
    run.look_at(0)
    np.testing.assert_array_equal(run.network.predict(run.sample.x[:5]), untrained)
    assert (run.moment().frames[0], run.moment().shown, run.moment().n_steps_seen) == (0, 0, 0)
    run.look_at(None)
    np.testing.assert_array_equal(run.network.predict(run.sample.x[:5]), trained)


def test_the_latest_weights_are_named_by_their_own_step(live: Live) -> None:
    run = live(epochs=4)
    run.start()
    run.wait()
    run._film.frames = run._film.frames[
        :2
    ]  # as of a long training, whose last steps are between two pictures
    moment = run.moment()
    assert moment.n_steps_seen == moment.epochs * moment.n_steps


def test_one_epoch_asked_for_while_steps_are_in_hand_goes_to_the_end_of_theirs(live: Live) -> None:
    run = live()
    do, done, told = run._do, Event(), Event()

    def told_late(count: int) -> Any:
        portion = do(count)
        done.set()
        assert told.wait(60)
        return portion

    run._do = told_late  # type: ignore[method-assign]
    run.start()
    assert done.wait(60)
    run.step("epoch")
    told.set()
    assert run.wait() is Phase.PAUSED
    assert (run.moment().epoch, run.moment().step) == (1, 0)


def test_another_batch_size_before_the_first_step_holds_for_that_step_too(live: Live) -> None:
    run, so_from_the_start = live(), live(batch_size=270)
    run.batch_size = 270
    for one in (run, so_from_the_start):
        one.step("epoch")
        assert one.wait() is Phase.PAUSED
        assert (one.moment().epoch, one.moment().step, one.moment().n_steps_seen) == (1, 0, 2)
    assert digest(run) == digest(so_from_the_start)


def test_it_can_be_looked_into_while_it_runs(live: Live) -> None:
    run = live(epochs=10_000)
    run.start()
    seen: set[bytes] = set()
    end = time.monotonic() + 60
    while len(seen) < 2 and time.monotonic() < end:
        seen.add(run.network.predict(run.sample.x[:1]).tobytes())
    run.pause()
    run.wait()
    assert len(seen) > 1


def test_listeners_hear_every_change_until_they_leave(live: Live) -> None:
    run = live()
    heard = Event()
    leave = run.subscribe(heard.set)
    run.step("batch")
    run.wait()
    assert heard.wait(60)
    leave()
    heard.clear()
    run.learning_rate = 0.01
    assert not heard.is_set()


def test_nobody_waits_for_what_is_compiled_for_another_batch_size(live: Live) -> None:
    run = live()
    compiled, begun, allowed = run._compiled, Event(), Event()

    def slowly(*what: Any) -> Any:
        begun.set()
        assert allowed.wait(60)
        return compiled(*what)

    def a_turn() -> bool:
        with HERE.taken():
            return True

    run._compiled = slowly  # type: ignore[method-assign]
    for size, ask, n_steps in ((270, lambda: run.step("epoch"), 2), (64, run.reset, 9)):
        begun.clear()
        allowed.clear()
        run.batch_size = size
        with ThreadPoolExecutor(2) as others:
            asked = others.submit(ask)
            assert begun.wait(60)
            try:
                assert others.submit(run.moment).result(60).batch_size == size
                assert others.submit(a_turn).result(60), "other trainings go on"
            finally:
                allowed.set()
            asked.result(60)
        run.wait()
        assert run.moment().n_steps == n_steps


def test_a_closed_run_has_no_thread(live: Live) -> None:
    run = live(epochs=1000)
    run.start()
    run.close()
    assert run._thread is not None
    assert not run._thread.is_alive()


@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_a_learning_rate_that_is_none(live: Live, refused: Callable[..., None], rate: float) -> None:
    run = live()
    refused(
        lambda: setattr(run, "learning_rate", rate),
        en=f"A learning rate must be above 0, got {rate}.",
        ja=f"学習率は 0 より大きい数にしてください（{rate} が指定されました）。",
    )


def test_a_picture_that_the_film_has_not(live: Live, refused: Callable[..., None]) -> None:
    run = live()
    refused(
        lambda: run.look_at(7),
        en="The film has 1 pictures; there is no number 7.",
        ja="フィルムは 1 コマです。7 番のコマはありません。",
    )
