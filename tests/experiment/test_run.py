"""A real run: what it tells, what it leaves, and that it can be repeated."""

import csv
import hashlib
import json
import re
from pathlib import Path

import keras
import numpy as np
import pytest
from shared_run import Finished, Notes

import tatamilab
from tatamilab.data import load
from tatamilab.errors import OutputError
from tatamilab.experiment import Phase, RunOptions, Status, read, run, running
from tatamilab.models import worksheet_cnn


def test_the_folder_holds_everything(finished: Finished) -> None:
    names = {str(file.relative_to(finished.folder)) for file in finished.folder.rglob("*") if file.is_file()}
    figures = ("network", "filters-before", "filters", "learning-curves", "confusion-matrix", "mistakes")
    assert names == {
        "run.json",
        "history.csv",
        "initial.keras",
        "model.keras",
        "predictions.npz",
        "index.html",
        *(f"figures/{name}.{kind}" for name in figures for kind in ("png", "svg")),
    }


def test_the_watcher_is_told_in_order(finished: Finished) -> None:
    notes = finished.notes
    assert list(dict.fromkeys(notes.phases)) == [
        Phase.DATA,
        Phase.MODEL,
        Phase.FIGURES,
        Phase.UNTRAINED,
        Phase.TRAINING,
        Phase.TRAINED,
        Phase.PAGE,
    ]
    told = [(step.epoch, step.step) for step in notes.steps]
    assert told == sorted(set(told))
    assert {(1, 5), (2, 5)} <= set(told) <= {(epoch, step) for epoch in (1, 2) for step in range(1, 6)}
    assert [result.epoch for result in notes.epochs] == [1, 2]
    assert (notes.plans[0].n_train, notes.plans[0].steps, notes.closed) == (540, 5, 1)
    assert notes.records == [finished.record]


def test_shapes_and_split_are_said(finished: Finished) -> None:
    assert finished.notes.texts[0] == (
        "データセット：mnist\n"
        "X_train の形状：(600, 28, 28, 1)\n"
        "y_train の形状：(600,)\n"
        "X_test の形状：(10000, 28, 28, 1)\n"
        "y_test の形状：(10000,)\n"
        "学習データのうち 540 枚を学習に、末尾の 60 枚を検証に使います。1エポックは 5 ステップです。"
    )
    assert "93,222" in finished.notes.texts[1]


def test_the_record_says_how_to_repeat(finished: Finished) -> None:
    record = finished.record
    assert record.status is Status.FINISHED
    assert record.command == "tatami run --data-size 600 --epochs 2 --seed 7 --lang ja"
    assert record.options["lr"] == 0.001
    assert record.data.hashes["train-images-idx3-ubyte"].startswith("ba891046")
    assert (record.data.n_train, record.data.n_validation, record.data.n_test) == (540, 60, 10_000)
    assert (record.model.n_parameters, len(record.model.layers)) == (93_222, 5)
    assert set(record.timings_s) == set(Phase)
    assert {"python", "tatamilab", "keras", "jax", "numpy"} <= record.versions.keys()
    assert record.machine["architecture"]


def test_the_record_names_nobody(finished: Finished) -> None:
    text = (finished.folder / "run.json").read_text()
    assert str(Path.home()) not in text.replace(str(finished.folder), "")


def test_the_record_reads_back(finished: Finished) -> None:
    assert read(finished.folder) == finished.record


def test_scores_agree_with_the_saved_predictions(finished: Finished) -> None:
    with np.load(finished.folder / "predictions.npz") as saved:
        probabilities, predicted, truth = saved["probabilities"], saved["predicted"], saved["y_test"]
    assert (probabilities.shape, probabilities.dtype) == ((10_000, 10), np.float32)
    np.testing.assert_array_equal(probabilities.argmax(axis=1), predicted)
    score = finished.record.trained
    assert score.correct == np.sum(predicted == truth)
    assert score.accuracy == score.correct / 10_000
    assert score.loss == pytest.approx(-np.log(probabilities[np.arange(10_000), truth]).mean(), rel=1e-5)
    assert score.low < score.accuracy < score.high
    assert score.accuracy > finished.record.untrained.accuracy + 0.2


def test_the_history_is_what_the_watcher_was_told(finished: Finished) -> None:
    with (finished.folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [int(row["epoch"]) for row in rows] == [1, 2]
    assert [float(row["val_accuracy"]) for row in rows] == [e.val_accuracy for e in finished.notes.epochs]
    assert [float(row["loss"]) for row in rows] == [e.loss for e in finished.notes.epochs]


def test_the_same_seed_gives_what_the_worksheets_cells_give(finished: Finished) -> None:
    x_train, y_train, x_test, y_test = load("mnist", data_size=600).normalised()
    keras.utils.set_random_seed(7)
    model = worksheet_cnn()
    initial = model.get_weights()
    model.compile(
        loss="sparse_categorical_crossentropy",
        optimizer=keras.optimizers.Adam(learning_rate=0.001),
        metrics=["accuracy"],
    )
    model.evaluate(x_test, y_test, verbose=0)
    model.fit(x_train, y_train, batch_size=128, epochs=2, validation_split=0.1, verbose=0)
    for name, plain in (("initial.keras", initial), ("model.keras", model.get_weights())):
        ours = keras.models.load_model(finished.folder / name).get_weights()
        for one, other in zip(ours, plain, strict=True):
            np.testing.assert_allclose(one, other, rtol=2e-4, atol=2e-5)


def test_the_record_says_who_trained(finished: Finished) -> None:
    training = finished.record.training
    assert training.trainer == "tatamilab"
    assert re.fullmatch(r"[0-9a-f]{16}", training.plan)
    assert training.reason == f"専用エンジンが学習します（計画 {training.plan}）。"
    assert training.reason in finished.notes.texts


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"backend": "keras"}, "Keras on jax trains, because it was asked for."),
        ({"optimizer": "adamax"}, "Keras on jax trains: optimizer Adamax isn't lowered"),
    ],
)
def test_plain_keras_trains_bit_for_bit(
    options: dict[str, str], reason: str, tmp_path: Path, few_images: str
) -> None:
    with tatamilab.accelerated():
        record = run(
            RunOptions(data=few_images, epochs=2, model="bpnn", out=tmp_path / "out", **options), Notes()
        )
    assert (record.training.trainer, record.training.plan) == ("keras", None)
    assert record.training.reason == reason

    with np.load(few_images) as arrays:
        x, y = arrays["x_train"].astype(np.float32)[..., None] / 255, arrays["y_train"]
    model = keras.models.load_model(record.folder / "initial.keras")
    optimizer = keras.optimizers.get(options.get("optimizer", "adam"))
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    keras.utils.set_random_seed(0)
    model.evaluate(x, y, verbose=0)
    model.fit(x, y, batch_size=128, epochs=2, validation_split=0.1, verbose=0)
    trained = keras.models.load_model(record.folder / "model.keras").get_weights()
    for one, other in zip(trained, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_the_same_run_writes_the_same_bytes(tmp_path: Path, few_images: str) -> None:
    folders = []
    for name in ("first", "second"):
        keras.utils.clear_session()  # else Keras counts on: conv2d, conv2d_1
        folders.append(run(RunOptions(data=few_images, epochs=1, out=tmp_path / name), Notes()).folder)
    files = [file.relative_to(folders[0]) for file in folders[0].rglob("*") if file.is_file()]
    assert len(files) == 18
    for file in files:
        if file.name not in ("run.json", "index.html"):  # they tell times
            assert _digest(folders[0] / file) == _digest(folders[1] / file), file


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_network_without_convolutions_has_no_filters(tmp_path: Path, few_images: str) -> None:
    options = RunOptions(data=few_images, epochs=1, model="bpnn", out=tmp_path / "out")
    record = run(options, Notes())
    figures = {file.stem for file in (record.folder / "figures").iterdir()}
    assert figures == {"network", "learning-curves", "confusion-matrix", "mistakes"}


def test_a_diverged_training_is_told_as_it_is(tmp_path: Path, few_images: str) -> None:
    options = RunOptions(
        data=few_images, epochs=2, model="bpnn", optimizer="sgd", lr=1e30, out=tmp_path / "out"
    )
    record = run(options, Notes())
    assert record.trained.loss is None
    assert json.loads((record.folder / "run.json").read_text())["trained"]["loss"] is None
    assert "not a number" in (record.folder / "index.html").read_text()


def test_a_failure_is_recorded_and_raised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few_images: str
) -> None:
    def fail(*_args: object, **_named: object) -> None:
        raise RuntimeError("the accelerator is gone")

    monkeypatch.setattr(running, "train", fail)
    notes = Notes()
    out = tmp_path / "out"
    with pytest.raises(RuntimeError, match="the accelerator is gone"):
        run(RunOptions(data=few_images, epochs=1, model="bpnn", out=out), notes)
    record = read(out)
    assert (record.status, record.error) == (Status.FAILED, "RuntimeError: the accelerator is gone")
    assert (record.training, record.trained, notes.closed) == (None, None, 1)
    assert (out / "initial.keras").is_file()
    assert not list(out.glob(".*"))


def test_a_full_disk_while_saving_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few_images: str
) -> None:
    def full(*_args: object, **_named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(running.saving, "save_predictions", full)
    with pytest.raises(OutputError, match=r"The disk that holds .* is full"):
        run(RunOptions(data=few_images, epochs=1, model="bpnn", out=tmp_path / "out"), Notes())
    assert list(tmp_path.iterdir()) == []


def test_records_that_cannot_be_read(tmp_path: Path, refused, finished: Finished) -> None:
    refused(
        lambda: read(tmp_path),
        en=f"{tmp_path} is not the folder of a run: it holds no readable run.json.",
        ja=f"{tmp_path} は実験結果のフォルダではありません。読み取れる run.json がありません。",
    )
    path = tmp_path / "run.json"
    path.write_text('{"schema": 99}')
    refused(
        lambda: read(tmp_path),
        en=f"{path} has layout 99, and this version of tatamilab reads layout 1; update tatamilab.",
        ja=f"{path} の形式は 99 ですが、この版の tatamilab が読めるのは形式 1 です。"
        "tatamilab を更新してください。",
    )
    fields = json.loads((finished.folder / "run.json").read_text())
    fields["trained"]["correct"] = "many"
    path.write_text(json.dumps(fields))
    refused(
        lambda: read(tmp_path),
        en=f"{path} is damaged: its entry trained.correct is not what a run writes.",
        ja=f"{path} は壊れています。項目 trained.correct が正しくありません。",
    )
