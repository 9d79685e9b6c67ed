"""`Loop`: pieces of an epoch make the whole; what is put away and taken up again goes on with the same bits."""

import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from lab_graph import TRAINING, dense_graph, lab_graph

from tatamilab.engine.loop import Loop, State
from tatamilab.engine.program import Program

X = np.random.default_rng(0).random((150, 8), np.float32)
Y = np.arange(150) % 3
N_STEPS = 5  # of 32 images, the last of 22


def fresh() -> Program:
    program = Program(dense_graph(), TRAINING, batch_size=32, n_threads=2)
    kernel = np.random.default_rng(1).standard_normal((8, 3)).astype(np.float32)
    program.set_weights({"kernel": kernel})
    return program


def bits(loop: Loop) -> list[bytes]:
    program = loop.program
    return [v.tobytes() for part in (program.get_weights(), *program.get_slots()) for v in part.values()]


def test_steps_in_pieces_are_the_epoch_in_one() -> None:
    whole, pieces = Loop(fresh(), X, Y, seed=3), Loop(fresh(), X, Y, seed=3)
    of_epoch = whole.run()
    assert (of_epoch.steps, whole.epoch, whole.step) == (N_STEPS, 1, 0)
    done = [pieces.run(2).steps for _ in range(3)]
    assert done == [2, 2, 1]  # never beyond the end of the epoch
    assert bits(pieces) == bits(whole)
    assert whole.run().loss < of_epoch.loss


def test_totals_of_pieces_add_up() -> None:
    whole, pieces = Loop(fresh(), X, Y, seed=3), Loop(fresh(), X, Y, seed=3)
    of_epoch = whole.run()
    pieces.run(3)
    seen = pieces.totals
    assert (seen.steps, seen.images) == (3, 96)
    rest = pieces.run()
    loss = (seen.loss * seen.images + rest.loss * rest.images) / of_epoch.images
    assert loss == pytest.approx(of_epoch.loss, rel=1e-6)


def test_each_epoch_has_an_order_of_its_own_which_the_seed_decides() -> None:
    def losses(**how: object) -> list[float]:
        loop = Loop(fresh(), X, Y, learning_rate=0.0, **how)
        return [loop.run(1).loss for _ in range(2 * N_STEPS)]

    first, again, other = losses(seed=1), losses(seed=1), losses(seed=2)
    assert first == again != other
    assert first[:N_STEPS] != first[N_STEPS:]
    plain = losses(shuffle=False)
    assert plain[:N_STEPS] == plain[N_STEPS:]


def test_a_changed_learning_rate_acts_on_the_next_step() -> None:
    loop = Loop(fresh(), X, Y)
    loop.run(2)
    before = bits(loop)[:2]
    loop.learning_rate = 0.0
    loop.run(1)
    assert bits(loop)[:2] == before
    loop.learning_rate = 0.1
    loop.run(1)
    assert bits(loop)[:2] != before


@pytest.mark.parametrize("done", [0, 3, N_STEPS, N_STEPS + 2])
def test_a_state_goes_on_in_another_program_with_the_same_bits(done: int, tmp_path: Path) -> None:
    loop = Loop(fresh(), X, Y, seed=5, learning_rate=0.01)
    for _ in range(done):
        loop.run(1)
    loop.state().save(tmp_path / "state.npz")
    other = Loop(fresh(), X, Y, seed=99)
    other.restore(State.load(tmp_path / "state.npz"))
    assert (other.epoch, other.step, other.learning_rate) == (loop.epoch, loop.step, 0.01)
    for _ in range(3):
        assert loop.run() == other.run()
    assert bits(loop) == bits(other)


def test_snapshots_are_the_parameters_after_every_so_many_steps() -> None:
    loop, program = Loop(fresh(), X, Y), fresh()
    kept = np.full((3, program.n_floats), np.nan, np.float32)
    Loop(program, X, Y).run(snapshots=kept, every=2)
    for row in kept[:2]:
        loop.run(2)
        for name, value in program.by_name(row).items():
            np.testing.assert_array_equal(value, loop.program.get_weights()[name])
    assert np.isnan(kept[2]).all()  # the fifth step fills no pair


def long_training() -> tuple[Program, np.ndarray, np.ndarray]:
    """An epoch of 16,000 steps: seconds, so that whoever is to end it has time to."""
    rng = np.random.default_rng(0)
    program = Program(lab_graph(side=28, filters=16, units=6), TRAINING, batch_size=1)
    return program, rng.random((16_000, 28, 28, 1), np.float32), rng.integers(0, 10, 16_000)


def test_a_watch_ends_a_run_with_snapshots_at_a_whole_step() -> None:
    program, x, y = long_training()
    rng = np.random.default_rng(1)
    program.set_weights({n: 0.1 * rng.standard_normal(v.shape) for n, v in program.get_weights().items()})
    loop = Loop(program, x, y)
    kept = np.zeros((loop.n_steps // 500, program.n_floats), np.float32)
    totals = loop.run(watch=lambda so_far: so_far.steps > 600, snapshots=kept, every=500)
    assert 600 < totals.steps < loop.n_steps
    assert totals.steps == loop.step == program.iterations
    filled = totals.steps // 500
    assert kept[:filled].any(axis=1).all()
    assert not kept[filled:].any()


def test_ctrl_c_leaves_a_loop_at_a_step() -> None:
    program, x, y = long_training()
    loop = Loop(program, x, y, seed=1)

    def interrupt() -> None:
        while loop.step < 50:
            time.sleep(0.001)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run_and_wait(loop)
    with suppress(KeyboardInterrupt):  # the second signal may come as late as here
        thread.join()
    program.get_weights()  # waits for the step in hand
    done = loop.step
    assert 50 <= done < loop.n_steps
    same = Loop(long_training()[0], x, y, seed=1)
    same.run(done)
    assert bits(same) == bits(loop)


def run_and_wait(loop: Loop) -> None:
    """Run; the second of two signals may come after the call."""
    loop.run()
    time.sleep(5)


def test_states_that_do_not_fit_are_refused(refused: Callable[..., None], tmp_path: Path) -> None:
    state = Loop(fresh(), X, Y).state()
    refused(
        lambda: Loop(fresh(), X[:64], Y[:64]).restore(state),
        en="The state is of a training on 150 images in batches of 32, not 64 in batches of 32.",
        ja="この状態は画像 150 枚、バッチサイズ 32 の学習のものです（ここでは 64 枚、バッチサイズ 32）。",
    )
    other = Loop(Program(lab_graph(side=12), TRAINING, batch_size=32), np.zeros((150, 12, 12, 1)), Y)
    refused(
        lambda: other.restore(state), en="The state is of another network.", ja="別のネットワークの状態です。"
    )
    for content in (b"", b"PK\x03\x04", b"no archive"):
        path = tmp_path / "state.npz"
        path.write_bytes(content)
        refused(
            lambda path=path: State.load(path),
            en=f"{path} is not the state of a training, or it is damaged.",
            ja=f"{path} は学習の状態を保存したファイルではないか、壊れています。",
        )


def test_no_images_are_refused(refused: Callable[..., None]) -> None:
    refused(
        lambda: Loop(fresh(), X[:0], Y[:0]),
        en="There are no images to train on.",
        ja="学習に使う画像がありません。",
    )
