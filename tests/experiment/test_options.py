"""Every value that can't be meant is refused, in one sentence."""

import math
from dataclasses import fields
from pathlib import Path

import pytest

from tatamilab.experiment import RunOptions
from tatamilab.experiment.record import command_line


def test_defaults_are_the_worksheets() -> None:
    options = RunOptions()
    assert (options.data, options.model, options.epochs, options.batch_size) == ("mnist", "cnn", 10, 128)
    assert (options.validation_split, options.optimizer, options.lr) == (0.1, "adam", 0.001)
    assert options.changed() == {}


@pytest.mark.parametrize("name", ["epochs", "batch_size"])
@pytest.mark.parametrize("value", [0, -1, 1.0, True, "3"])
def test_counts(refused, name: str, value: object) -> None:
    refused(
        lambda: RunOptions(**{name: value}),
        en=f"{name} must be a whole number of at least 1, but {value!r} was given.",
        ja=f"{name} は 1 以上の整数でなければなりません。指定された値は {value!r} です。",
    )


@pytest.mark.parametrize("value", [0, -0.1, math.nan, math.inf, True, "0.1"])
def test_learning_rate(refused, value: object) -> None:
    refused(
        lambda: RunOptions(lr=value),
        en=f"lr must be a number above 0, but {value!r} was given; the worksheet uses 0.001.",
        ja=f"lr（学習率）は 0 より大きい数でなければなりません。指定された値は {value!r} です。"
        "ワークシートでは 0.001 を使います。",
    )


@pytest.mark.parametrize("value", [0, 1, -0.5, 1.5, math.nan])
def test_validation_split(refused, value: float) -> None:
    refused(
        lambda: RunOptions(validation_split=value),
        en=f"validation_split must lie between 0 and 1, but {value!r} was given; the worksheet uses 0.1.",
        ja=f"validation_split（検証の割合）は 0 と 1 の間でなければなりません。指定された値は {value!r} "
        "です。ワークシートでは 0.1 を使います。",
    )


@pytest.mark.parametrize("value", [-1, 2**32, 0.5])
def test_seed(refused, value: float) -> None:
    refused(
        lambda: RunOptions(seed=value),
        en=f"seed must be a whole number from 0 to 4294967295, but {value!r} was given.",
        ja=f"seed（シード）は 0 から 4294967295 までの整数でなければなりません。指定された値は {value!r} "
        "です。",
    )


def test_a_folder_may_be_given_as_a_text(refused) -> None:
    assert RunOptions(out="mine/first") == RunOptions(out=Path("mine", "first"))  # type: ignore[arg-type]
    refused(
        lambda: RunOptions(out=3),
        en="out must be a path, but 3 was given.",
        ja="out にはパスを指定してください。指定された値は 3 です。",
    )


def test_data_and_a_model_may_be_given_as_paths(refused) -> None:
    given = RunOptions(data=Path("mine.npz"), model=Path("nets", "wide.keras"))  # type: ignore[arg-type]
    assert given == RunOptions(data="mine.npz", model=str(Path("nets", "wide.keras")))
    assert given.model_label == "wide"
    for name, value in (("model", len), ("data", None)):
        refused(
            lambda name=name, value=value: RunOptions(**{name: value}),
            en=f"{name} must be a name or a path, but {value!r} was given.",
            ja=f"{name} には名前かパスを指定してください。指定された値は {value!r} です。",
        )


def test_unknown_name_suggests_the_nearest(refused) -> None:
    refused(
        lambda: RunOptions(optimizer="adan"),
        en="Unknown optimizer 'adan'; the nearest known one is 'adam'.",
        ja="optimizer に 'adan' は指定できません。最も近いのは 'adam' です。",
    )


def test_unknown_name_far_from_all_lists_them(refused) -> None:
    refused(
        lambda: RunOptions(backend="cuda"),
        en="Unknown backend 'cuda'; known ones are auto, keras.",
        ja="backend に 'cuda' は指定できません。指定できるのは auto, keras です。",
    )


@pytest.mark.parametrize(
    ("model", "label"),
    [
        ("cnn", "cnn"),
        ("my/nets/Two words.keras", "Two-words"),
        ("nets.wide:build", "build"),
        ("…", "model"),
        ("x" * 5000, "x" * 40),
    ],
)
def test_model_label_is_fit_for_a_folder(model: str, label: str) -> None:
    assert RunOptions(model=model).model_label == label


def test_command_line_repeats_every_option_that_matters() -> None:
    other = RunOptions(
        data="my data",
        data_size=600,
        draw=3,
        balanced=True,
        skip_bad=True,
        data_mirror="mirror",
        model="bpnn",
        epochs=2,
        batch_size=64,
        validation_split=0.2,
        optimizer="sgd",
        lr=0.01,
        seed=5,
        lang="en",
        out=Path("elsewhere"),
        force=True,
        backend="keras",
    )
    assert len(other.changed()) == len(fields(RunOptions))
    assert command_line(other) == (
        "tatami run --data 'my data' --data-size 600 --draw 3 --balanced --skip-bad --data-mirror mirror "
        "--model bpnn --epochs 2 --batch-size 64 --validation-split 0.2 --optimizer sgd --lr 0.01 --seed 5 "
        "--lang en --backend keras"
    )
