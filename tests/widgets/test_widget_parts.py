"""The parts without a browser: what goes down for what comes up."""

from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tatamilab import i18n
from tatamilab.data import load
from tatamilab.models import worksheet_cnn
from tatamilab.session import Blueprint, LiveRun, Network, Phase, Rivals, Sample, Setup, Shelf
from tatamilab.session.rivals import Setting, Sight
from tatamilab.widgets import (
    DigitPad,
    Mistakes,
    NetworkEditor,
    PixelArithmetic,
    Runs,
    SampleSlider,
    Training,
    digit_pad,
    pixel_arithmetic,
)
from tatamilab.widgets.part import as_bytes
from tatamilab.widgets.sample_slider import _study


@pytest.fixture(scope="module")
def model() -> Any:
    import keras

    keras.utils.set_random_seed(3)
    return worksheet_cnn(filters=4)


@pytest.fixture
def pad(model: Any) -> DigitPad:
    return DigitPad(model)


def drawn(ink: np.ndarray, **more: object) -> dict[str, object]:
    pixels = b64encode(ink.astype(np.uint8).tobytes()).decode()
    return {"sequence": 5, "pixels": pixels, "prepare": True, "settled": True, **more}


def seven() -> np.ndarray:
    """The first test image, four times as large."""
    return load("mnist").x_test[0, :, :, 0].repeat(4, 0).repeat(4, 1)


def test_the_pad_reads_what_the_model_predicts(pad: DigitPad, model: Any) -> None:
    pad.drawing = drawn(seven())
    reading = pad.reading
    image = np.frombuffer(b64decode(reading["image"]), np.uint8).reshape(1, 28, 28, 1)
    theirs = model.predict(image.astype(np.float32) / 255, verbose=0)[0]
    np.testing.assert_allclose(reading["probabilities"], theirs, atol=5e-3)
    assert reading["most"] == int(theirs.argmax())
    assert reading["sequence"] == 5
    assert [(one["rows"], one["count"]) for one in reading["maps"]] == [(24, 4), (12, 4)]
    assert reading["rests"]["rows"] == 14
    assert reading["says"] == f"Read as {reading['most']}, with {max(reading['probabilities']):.0%}."


def test_while_the_pen_moves_nothing_is_covered_or_said(pad: DigitPad) -> None:
    pad.drawing = drawn(seven(), settled=False)
    assert "rests" not in pad.reading
    assert "says" not in pad.reading


def test_unprepared_the_drawing_is_merely_made_smaller(pad: DigitPad) -> None:
    pad.drawing = drawn(np.pad(seven()[::2, ::2], ((0, 56), (0, 56))), prepare=False)
    image = np.frombuffer(b64decode(pad.reading["image"]), np.uint8).reshape(28, 28)
    assert not image[14:].any()
    assert image.any()


@pytest.mark.parametrize("pixels", ["", "no base64!", None, 7, b64encode(b"123").decode()])
def test_what_is_no_drawing_is_an_empty_one(pad: DigitPad, pixels: object) -> None:
    pad.drawing = {"sequence": 1, "pixels": pixels, "prepare": True, "settled": True}
    assert (pad.reading["empty"], pad.reading["says"]) == (True, "Nothing is drawn.")


def test_every_text_is_in_the_language_of_the_making(model: Any) -> None:
    with i18n.using("ja"):
        pad = DigitPad(model)
    pad.drawing = drawn(seven())
    assert pad.texts["clear"] == "消す"
    assert pad.reading["says"].endswith("と読みました。")


def test_a_network_of_other_images_has_no_pad(refused: Callable[..., None]) -> None:
    network = Network.of(worksheet_cnn((32, 32, 3), filters=2))
    refused(
        lambda: DigitPad(network),
        en="The digit pad draws images of 28×28×1; the network reads 32×32×3.",
        ja="数字パッドが描くのは 28×28×1 の画像ですが、このネットワークの入力は 32×32×3 です。",
    )


def test_every_number_of_a_convolution_is_the_networks(model: Any) -> None:
    part = PixelArithmetic(model)
    kernel, bias = model.layers[0].get_weights()
    rng = np.random.default_rng(0)
    x = load("mnist").x_test[:10].astype(np.float32) / np.float32(255)
    import keras

    theirs = keras.Model(model.inputs, model.layers[0].output).predict(x, verbose=0)
    for _ in range(20):
        image, row, column, filter_ = (int(rng.integers(n)) for n in (10, 24, 24, 4))
        part.asked = {
            "image": image,
            "layer": model.layers[0].name,
            "filter": filter_,
            "row": row,
            "column": column,
        }
        answer = part.answer
        patch, weights, products = (np.array(table["values"]) for table in answer["tables"][:3])
        np.testing.assert_allclose(patch, x[image, row : row + 5, column : column + 5, 0], atol=1e-6)
        np.testing.assert_allclose(weights, kernel[:, :, 0, filter_], atol=1e-6)
        np.testing.assert_allclose(products, patch * weights, atol=2e-6)
        assert answer["window"] == [row, column, 5, 5]
        output = float(answer["lines"][-1][0])
        assert output == pytest.approx(max(float(products.sum()) + bias[filter_], 0), abs=1e-4)
        assert output == pytest.approx(float(theirs[image, row, column, filter_]), abs=1e-4)
        pool = answer["tables"][3]
        window = theirs[
            image, row // 2 * 2 : row // 2 * 2 + 2, column // 2 * 2 : column // 2 * 2 + 2, filter_
        ]
        np.testing.assert_allclose(pool["values"], window, atol=1e-5)
        assert pool["here"] == [row % 2, column % 2]
        assert window[tuple(pool["won"])] == window.max()


def test_a_pools_number_is_its_windows_largest(model: Any) -> None:
    part = PixelArithmetic(model)
    part.asked = {"layer": model.layers[1].name, "filter": 1, "row": 6, "column": 5}
    (table,) = part.answer["tables"]
    assert np.max(table["values"]) == pytest.approx(float(part.answer["lines"][0][0]), abs=1e-4)
    assert part.answer["window"] == [12, 10, 2, 2]


def test_a_place_that_is_none_is_where_the_filter_answers_most(model: Any) -> None:
    part = PixelArithmetic(model)
    first = part.answer["place"]
    part.asked = {"layer": "none", "filter": 99, "row": -1, "column": "x", "image": 1e9}
    assert part.answer["place"] == first


@pytest.mark.parametrize(("bias", "sign"), [(-1e-9, ""), (-0.25, "−")])
def test_what_rounds_to_zero_has_no_minus(model: Any, bias: float, sign: str) -> None:
    """Of a filter without weights all is its bias: before the activation, and as the sum."""
    import keras

    silent = keras.models.clone_model(model)
    kernel, biases = silent.layers[0].get_weights()
    silent.layers[0].set_weights([np.zeros_like(kernel), np.full_like(biases, bias)])
    lines = PixelArithmetic(silent).answer["lines"]
    written = f"{sign}0.2500" if sign else "+0.0000"
    assert [number for number, *_ in lines] == ["+0.0000", written, written, "0.0000"]


def test_commands_reach_the_run_and_moments_come_back() -> None:
    run = LiveRun(lambda: worksheet_cnn(filters=4), Sample.of(load("mnist", data_size=600)), epochs=2)
    part = Training(run)
    assert part.moment["status"] == "Ready: 2 epochs of 5 steps, seed 1"
    part.command = {"sequence": 1, "name": "batch"}
    run.wait()
    part.command = {"sequence": 2, "name": "learning_rate", "value": 0.01}
    part.command = {"sequence": 3, "name": "learning_rate", "value": "much"}
    part.command = {"sequence": 4, "name": "learning_rate", "value": -1}
    part.command = {"sequence": 5, "name": "no such thing"}
    assert part.moment["learning_rate"] == 0.01
    part.command = {"sequence": 6, "name": "start"}
    assert run.wait() is Phase.FINISHED
    part.command = {"sequence": 7, "name": "look_at", "value": 0}
    assert part.moment["film"] == "after 0 steps"
    part.command = {"sequence": 8, "name": "look_at", "value": 10**6}
    epoch, loss, accuracy, low, high = part.moment["validation"][-1]
    assert epoch == 2
    assert low < accuracy < high
    assert loss > 0
    assert (part.moment["filters"]["count"], part.moment["filters"]["rows"]) == (4, 5)
    part.command = {"sequence": 9, "name": "other_seed"}
    assert part.moment["status"] == "Ready: 2 epochs of 5 steps, seed 2"
    part.close()
    run.close()


def test_the_pinned_image_and_the_mistakes_of_the_moment() -> None:
    sample = Sample.of(load("mnist", data_size=600))
    run = LiveRun(lambda: worksheet_cnn(filters=4), sample, epochs=1)
    part = Training(run)
    part.command = {"sequence": 1, "name": "epoch"}
    run.wait()
    part.command = {"sequence": 2, "name": "pin", "value": 7}
    part.command = {"sequence": 3, "name": "pin", "value": 60}
    looks, probabilities = part.looks, run.network.predict(sample.x_held_back)
    read = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(read != sample.y_held_back)
    assert looks["pinned"] == 7
    assert looks["text"].startswith(f"This is a {sample.y_held_back[7]}, read as {read[7]} with ")
    assert looks["wrong"].startswith(f"{len(wrong)} of 60 images")
    assert [one["image"] for one in looks["mistakes"]] == wrong[:8].tolist()
    (made,) = run.network.values(sample.x_held_back[7:8], run.network.layers[0].name)
    maps = np.frombuffer(b64decode(looks["maps"][0]["values"]), np.uint8).reshape(4, 24, 24)
    np.testing.assert_allclose(maps, np.moveaxis(made[0], -1, 0) / made.max() * 255, atol=0.51)
    part.command = {"sequence": 4, "name": "look_at", "value": 0}
    untrained = part.looks
    part.command = {"sequence": 5, "name": "look_at", "value": None}
    assert untrained["maps"] != looks["maps"]
    assert part.looks == looks
    part.close()
    run.close()


def test_a_network_without_maps_has_none_to_show() -> None:
    blueprint = Blueprint.parse("d8")
    part = Training(LiveRun(blueprint.build, Sample.of(load("mnist", data_size=600))))
    assert part.looks["maps"] == []
    assert part.moment["filters"]["count"] == 8


def test_what_nobody_sees_is_not_computed_until_it_is_seen() -> None:
    run = LiveRun(lambda: worksheet_cnn(filters=4), Sample.of(load("mnist", data_size=600)))
    part = PixelArithmetic(run)
    before = part.answer["lines"]
    part.sight = {"visible": False}
    run.step("epoch")
    run.wait()
    assert part.answer["lines"] == before
    part.sight = {"visible": True}
    assert part.answer["lines"] != before
    run.close()


def test_what_follows_a_training_is_told_at_its_pace_and_of_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pixel_arithmetic, "PACE_S", 3600.0)
    run = LiveRun(lambda: worksheet_cnn(filters=4), Sample.of(load("mnist", data_size=600)), epochs=200)
    part, told = PixelArithmetic(run), []
    part.observe(lambda change: told.append(change["new"]["lines"]), "answer")
    run.start()
    run.wait()
    assert len(run.moment().frames) > 5  # looks that it could have been told of
    assert len(told) <= 3  # begun, first seen, over
    part.asked = {"sequence": 1}
    assert part.answer["lines"] == told[-1]
    part.close()
    run.close()


def test_along_a_training_a_drawing_is_read_at_its_own_pace_and_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(digit_pad, "PACE_S", 3600.0)
    run = LiveRun(lambda: worksheet_cnn(filters=4), Sample.of(load("mnist", data_size=600)), epochs=20)
    pad = DigitPad(run)
    pad.drawing = drawn(seven())
    untrained, read = pad.reading["probabilities"], []
    pad.observe(lambda change: read.append(change["new"]["probabilities"]), "reading")
    run.start()
    run.wait()
    assert len(read) == 1
    assert read[0] != untrained
    pad.close()
    run.close()


def test_while_a_training_goes_on_the_slow_half_is_done_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(digit_pad, "PACE_S", 0.0)
    monkeypatch.setattr(digit_pad, "REST_S", 3600.0)
    run = LiveRun(lambda: worksheet_cnn(filters=4), Sample.of(load("mnist", data_size=600)), epochs=20)
    pad = DigitPad(run)
    pad.drawing = drawn(seven())
    rested, said = [pad.reading["moved"]], []
    pad.observe(
        lambda change: (rested.append(change["new"]["moved"]), said.append("says" in change["new"])),
        "reading",
    )
    run.start()
    run.wait()
    assert len({id(one) for one in rested}) < len(rested)
    assert said[-1]
    assert not any(said[:-2])
    network = run.network.predict(
        np.frombuffer(b64decode(pad.reading["image"]), np.uint8).reshape(1, 28, 28, 1) / np.float32(255)
    )
    np.testing.assert_allclose(pad.reading["probabilities"], network[0], atol=1e-3)  # its input is in bytes
    pad.close()
    run.close()


def test_every_part_says_itself_where_nothing_runs(model: Any, tmp_path: Path) -> None:
    pad, pixel = DigitPad(model), PixelArithmetic(model)
    pad.drawing = drawn(seven())
    words = [
        part._repr_mimebundle_()[0]["text/plain"]
        for part in (pad, pixel, NetworkEditor(), Runs(Shelf(tmp_path)))
    ]
    assert words[0] == pad.reading["says"]
    assert words[1].startswith("Row ")
    assert words[2].startswith("93,222 parameters")
    assert words[3] == "No run has been kept yet."


def test_bytes_of_values() -> None:
    made = np.frombuffer(b64decode(as_bytes(np.array([-1.0, 0.0, 0.5, 2.0, np.nan]), high=1)), np.uint8)
    assert made.tolist() == [0, 0, 128, 255, 0]
    assert b64decode(as_bytes(np.zeros(3))) == b"\0\0\0"


def test_the_slider_trains_both() -> None:
    rivals = Rivals(load("mnist"), epochs=2)
    part = SampleSlider(rivals)
    part.asked = {"sequence": 1, "what": "train", "size": 50, "draw": "x", "model": "few-filters"}
    rivals.wait(600)
    (point,) = part.shown["points"]
    assert (point["size"], point["draw"], point["model"]) == (50, -1, "few-filters")
    share, low, high = point["cnn"]
    assert low < share < high
    assert f"{share:.1%}" in part.shown["says"]
    assert part.in_words() == f"50 images: CNN {share:.1%}, plain network {point['bpnn'][0]:.1%}."
    part.asked = {"sequence": 2, "what": "train", "size": 10**9}
    assert part.shown["status"].startswith("The size must be from 2 to 60000 images")
    part.close()
    rivals.close()


@pytest.mark.slow
def test_the_slider_says_how_sure_it_is() -> None:
    rivals = Rivals(load("mnist"), epochs=2)
    part = SampleSlider(rivals)
    part.asked = {"sequence": 1, "what": "train", "size": 50, "model": "few-filters"}
    part.asked = {"sequence": 2, "what": "measure"}
    rivals.wait(600)
    study = part.shown["study"]
    assert (study["done"], study["planned"], study["over"]) == (20, 20, True)
    low, high = study["interval"]
    assert low < np.mean(study["differences"]) < high
    assert study["text"].startswith("Result of 20 draws of 50 images")
    part.close()
    rivals.close()


def test_an_interval_is_not_called_a_result_before_its_planned_end() -> None:
    seen = (0.04, 0.05, 0.04, 0.06, 0.05)
    sight = Sight(Setting(), {}, (), True, seen, 20, n_test=10_000, n_sharing=1, place=0, problem="")
    study = _study(sight)
    assert study["text"].startswith("Watching, not a result: 5 of 20 draws, +")
    over = _study(replace(sight, differences=(0.04, 0.05, 0.04, 0.06, 0.05) * 4))
    assert over["interval"][1] - over["interval"][0] < study["interval"][1] - study["interval"][0]
    assert "The CNN is better" in over["text"]
    unsure = _study(replace(sight, differences=(0.04, -0.05) * 10))
    assert "do not tell which is better" in unsure["text"]


def test_the_editor_says_what_a_network_costs_before_training() -> None:
    used: list[Setup] = []
    editor = NetworkEditor(use=used.append)
    assert editor.described["rows"][0]["arithmetic"] == "5×5×1×32 + 32 = 832"
    assert "93,222 parameters" in editor.described["total"]
    assert editor.described["cost"].startswith("about ")
    small = {
        "kind": "conv",
        "filters": 2,
        "kernel": 15,
        "stride": 1,
        "padding": "valid",
        "activation": "relu",
    }
    editor.edited = {"sequence": 1, "blocks": [small, small], "images": 600}
    assert editor.described["rows"][1]["problem"] == "kernel 15 is larger than its input 14×14"
    assert editor.described["problem"] == "layer 2: kernel 15 is larger than its input 14×14"
    editor.edited = {"sequence": 2, "use": True}
    assert used == []
    editor.edited = {"sequence": 3, "blocks": [small], "epochs": 10**9, "use": True}
    assert [(one.network.text(), one.images, one.epochs) for one in used] == [("c2k15", 600, 10)]
    assert editor.build().count_params() == editor.setup.network.n_parameters
    for blocks in ("none", [{"kind": "loop"}], [{**small, "filters": 0}], [small] * 99):
        editor.edited = {"sequence": 4, "blocks": blocks}
        assert editor.described["problem"].startswith("A network is at most 12 blocks")
        assert editor.setup.network.text() == "c2k15"


def test_a_cell_of_the_matrix_shows_its_images(model: Any, refused: Callable[..., None]) -> None:
    data = load("mnist")
    x, y = data.x_test[:500].astype(np.float32) / np.float32(255), data.y_test[:500]
    part = Mistakes(model, x, y)
    part.chosen = {"sequence": 1, "look": True}
    probabilities = model.predict(x, verbose=0)
    predicted = probabilities.argmax(axis=1)
    matrix = np.array(part.mistakes["matrix"])
    np.testing.assert_array_equal(
        matrix, [[np.sum((y == i) & (predicted == j)) for j in range(10)] for i in range(10)]
    )
    wrong = np.flatnonzero(y != predicted)
    surest = wrong[probabilities[wrong].max(axis=1).argmax()]
    first = np.frombuffer(b64decode(part.mistakes["values"]), np.uint8)[:784].reshape(28, 28)
    np.testing.assert_array_equal(first, data.x_test[surest, :, :, 0])
    true, taken = (
        int(k) for k in np.unravel_index((matrix * (1 - np.eye(10, dtype=int))).argmax(), (10, 10))
    )
    part.chosen = {"sequence": 2, "true": true, "predicted": taken, "page": 10**9}
    assert part.mistakes["title"] == f"{true} read as {taken}: {matrix[true, taken]:,} images"
    assert part.mistakes["page"] == part.mistakes["pages"] - 1
    part.chosen = {"sequence": 3, "true": "x", "predicted": -1}
    assert part.mistakes["title"] == f"All mistakes: {len(wrong):,} images"
    for labels, shape in ((y[1:], "(499,)"), (None, "()")):
        refused(
            lambda labels=labels: Mistakes(model, x, labels),
            en=f"The labels must be one class number an image, got shape {shape}.",
            ja=f"正解ラベルは画像ごとに 1 つのクラス番号でなければなりません。渡された配列の形は {shape} です。",
        )


def test_runs_are_kept_compared_and_taken_away(tmp_path: Path) -> None:
    setup, restored = Setup(Blueprint.parse("d4"), images=600, epochs=1), []
    run = LiveRun(setup.network.build, Sample.of(load("mnist", data_size=600)), epochs=1)
    part = Runs(Shelf(tmp_path), run, setup, lambda *kept: restored.append(kept))
    part.command = {"sequence": 1, "name": "keep"}
    assert part.shown == {"said": "Nothing has been trained yet.", "groups": []}
    for seed in (1, 2):
        run.reset(seed)
        run.start()
        run.wait()
        part.command = {"sequence": 2, "name": "keep", "seed": seed}
    (group,) = part.shown["groups"]
    assert group["score"].startswith("mean of 2 seeds ")
    assert len(group["points"]) == 2
    mean, low, high = group["interval"]
    assert mean == pytest.approx(sum(group["points"]) / 2, abs=1e-5)
    assert low < mean < high
    assert [one["title"] for one in group["runs"]] == ["seed 2, epoch 1", "seed 1, epoch 1"]
    id = group["runs"][0]["id"]
    part.command = {"sequence": 3, "name": "export", "id": id, "kind": "script"}
    assert part.file["name"] == "train.py"
    assert b"keras.layers.Dense(4" in b64decode(part.file["content"])
    part.command = {"sequence": 4, "name": "export", "id": id, "kind": "<script>"}
    assert part.shown["said"] == "A run cannot be taken away as '<script>'."
    part.command = {"sequence": 5, "name": "restore", "id": id}
    assert restored[0][0] == setup.with_seed(2)
    part.command = {"sequence": 6, "name": "delete", "id": "../../etc"}
    assert part.shown["said"] == "There is no run '../../etc', or it is damaged."
    part.command = {"sequence": 7, "name": "delete", "id": id}
    assert len(part.shown["groups"][0]["runs"]) == 1
    run.close()


def photo(grey: np.ndarray, **more: object) -> dict[str, object]:
    pixels = b64encode(grey.astype(np.uint8).tobytes()).decode()
    return {"sequence": 1, "rows": grey.shape[0], "columns": grey.shape[1], "pixels": pixels, **more}


def test_a_photograph_becomes_a_drawing(pad: DigitPad) -> None:
    pad.photo = photo(255 - np.pad(seven(), 40))
    assert (pad.developed["problem"], len(pad.developed["steps"])) == ("", 3)
    ink = np.frombuffer(b64decode(pad.developed["ink"]), np.uint8).reshape(112, 112)
    rows = np.flatnonzero(ink.any(axis=1))
    assert rows[-1] - rows[0] + 1 == 80


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"rows": 10**6},
        {"rows": -1},
        {"pixels": "no base64!"},
        {"pixels": None},
        {"rows": "x"},
        {"columns": None},
    ],
)
def test_what_is_no_photograph_is_said(pad: DigitPad, wrong: dict[str, object]) -> None:
    pad.photo = photo(np.full((60, 60), 200), **wrong) if wrong else {"sequence": 1}
    assert pad.developed["problem"] == "This is not a picture that the pad can read."
    assert pad.developed["ink"] == ""


def test_moved_and_nearest_are_shown_when_the_pen_rests(model: Any) -> None:
    data = load("mnist")
    training = data.x_train[:200].astype(np.float32) / np.float32(255), data.y_train[:200]
    pad = DigitPad(model, training=training)
    digit = data.x_train[7, :, :, 0].repeat(4, 0).repeat(4, 1)
    pad.drawing = drawn(digit, prepare=False)
    assert pad.reading["nearest"]["labels"][0] == str(data.y_train[7])
    moved = pad.reading["moved"]
    assert (len(moved["labels"]), moved["angles"][0], moved["angles"][-1]) == (13 * 13 + 13, -30, 30)
    assert moved["labels"][84] == str(pad.reading["most"])
    assert moved["same"][84] is True
