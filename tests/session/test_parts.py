"""Film and curve stay short; a network tells of its layers; no thread outlives the program."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Event, get_native_id

import numpy as np
import pytest

from tatamilab.errors import BadInput
from tatamilab.models import bpnn, worksheet_cnn
from tatamilab.session.apart import Apart
from tatamilab.session.curve import MOST_POINTS, Curve, Point
from tatamilab.session.film import LONGEST, SHORTEST, Film, Frame
from tatamilab.session.network import Network
from tatamilab.session.yielding import NICE, yielding


@pytest.mark.parametrize("n", [0, 1, 5, 16, 17, 100, 1000])
def test_a_film_covers_all_evenly(n: int) -> None:
    film = Film(weights_bytes=2**30)
    for step in range(n):
        film.offer(Frame(step, {}))
    steps = [frame.step for frame in film.frames]
    assert len(steps) <= SHORTEST
    assert len(set(np.diff(steps))) <= 1
    if n:
        assert steps[0] == 0
        assert steps[-1] >= n - 1 - (np.diff(steps)[0] if len(steps) > 1 else 0)


def test_a_film_of_little_is_no_longer_than_needed() -> None:
    assert Film(weights_bytes=1).capacity == LONGEST


def test_a_curve_of_many_points_keeps_its_mean() -> None:
    curve = Curve()
    for k in range(3 * MOST_POINTS + 1):
        curve.append(Point(k, 10 + k % 3, float(k), 0.5))
    assert len(curve.points) <= MOST_POINTS
    images = [10 + k % 3 for k in range(3 * MOST_POINTS + 1)]
    assert sum(point.images for point in curve.points) == sum(images)
    loss = sum(point.images * point.loss for point in curve.points)
    assert loss == pytest.approx(sum(n * k for k, n in enumerate(images)))
    assert curve.points[-1].epoch == 3 * MOST_POINTS


def test_few_images_make_no_point_of_their_own() -> None:
    curve = Curve(least=10)
    for images in (4, 5, 6, 100, 3, 3):
        curve.append(Point(1.0, images, 1.0, 0.5))
    assert [point.images for point in curve.points] == [15, 100, 6]


def test_a_networks_layers_and_values_are_keras_s() -> None:
    import keras

    model = worksheet_cnn(filters=3)
    network = Network.of(model)
    conv, pool = network.layers
    assert (conv.name, conv.shape, conv.reads, conv.activation) == (
        model.layers[0].name,
        (24, 24, 3),
        network.graph.input.name,
        "relu",
    )
    assert pool.reads == conv.name
    x = np.random.default_rng(0).random((2, 28, 28, 1), dtype=np.float32)
    theirs = keras.Model(model.inputs, [model.layers[0].output, model.layers[1].output, model.outputs[0]])
    for mine, other in zip(
        (*network.values(x, conv.name, pool.name), network.predict(x)),
        theirs.predict(x, verbose=0),
        strict=True,
    ):
        np.testing.assert_allclose(mine, other, atol=1e-5)


def test_a_network_follows_its_model() -> None:
    model = bpnn()
    network = Network.of(model)
    x = np.ones((1, 28, 28, 1), np.float32)
    before = network.predict(x)
    model.set_weights([np.zeros_like(w) for w in model.get_weights()])
    np.testing.assert_allclose(network.predict(x), 0.1)
    assert np.abs(before - 0.1).max() > 1e-3


def test_no_such_layer(refused: Callable[..., None]) -> None:
    network = Network.of(worksheet_cnn(filters=2))
    names = ", ".join(layer.name for layer in network.layers)
    refused(
        lambda: network.layer("dense"),
        en=f"The network has no layer 'dense' with maps; it has {names}.",
        ja=f"このネットワークに、マップを持つ層 'dense' はありません。あるのは {names} です。",
    )


def test_a_network_of_features_is_refused() -> None:
    import keras

    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    with pytest.raises(BadInput, match="must read images"):
        Network.of(model)


@pytest.mark.skipif(sys.platform != "linux", reason="threads have priorities of their own on Linux only")
def test_the_threads_of_a_training_give_way() -> None:
    def nice() -> int:
        return os.getpriority(os.PRIO_PROCESS, get_native_id())

    def in_a_thread_of_its_own() -> int:
        with ThreadPoolExecutor(1) as own:
            return own.submit(nice).result()

    before = nice()
    assert yielding(in_a_thread_of_its_own) == max(before, NICE)
    assert nice() == before


def test_news_are_told_apart_once_for_many_changes() -> None:
    told, go_on, here = [], Event(), get_native_id()

    def listener() -> None:
        go_on.wait(60)
        told.append(get_native_id())

    apart = Apart(listener)
    for _ in range(100):
        apart()
    go_on.set()
    end = time.monotonic() + 60
    while len(told) < 2 and time.monotonic() < end:
        time.sleep(0.001)
    time.sleep(0.01)
    assert len(told) == 2
    assert here not in told


def test_no_thread_outlives_the_program() -> None:
    program = """
import atexit, time
from tatamilab.session.worker import Worker
class Endless(Worker):
    _wanted = True
    def _take(self): pass
    def _do(self, portion): time.sleep(0.01)
    def _keep(self, portion, done): return False
    def _give_up(self): pass
one = Endless("endless")
atexit.register(lambda: print(one._thread.is_alive()))
with one._changed:
    one._wake()
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == ("False\n", "")
