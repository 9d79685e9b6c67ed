"""What a study asks, and how it is refused."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tatamilab.data import load
from tatamilab.errors import BadInput
from tatamilab.study.built_in import BUILT_IN, built_in
from tatamilab.study.contrast import Contrast
from tatamilab.study.design import check_sizes
from tatamilab.study.places import open_place
from tatamilab.study.specification import make_study, read_study
from tatamilab.study.stopping import half_width_asked

Refused = Callable[..., None]


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_studies_are_studies(name: str) -> None:
    study = built_in(name)
    assert len(study.recipes()) >= 2
    assert study.asked()


def test_the_worksheet_s_recipe() -> None:
    recipe = built_in("b2-1-2").recipes()["cnn"]
    assert (recipe.optimizer, recipe.learning_rate, recipe.batch_size, recipe.epochs) == (
        "adam",
        0.001,
        128,
        50,
    )


def test_factors_cross() -> None:
    study = make_study("x", {"factors": {"model": ["cnn"], "filters": [4, 8], "epochs": [1, 2]}})
    assert list(study.recipes()) == [f"filters={f}, epochs={e}" for f in (4, 8) for e in (1, 2)]
    assert study.recipes()["filters=8, epochs=2"].options == {"filters": 8}


def test_updates_add_a_second_series() -> None:
    study = built_in("b2-1-2", updates=250)
    assert [one.text for one in study.asked()] == ["cnn - bpnn", "cnn@250 - bpnn@250"]
    assert study.recipes()["cnn@250"].updates == 250


@pytest.mark.parametrize(
    ("settings", "en", "ja"),
    [
        (
            {"draw": 3},
            "x.toml: unknown key 'draw'; known are name, data, seed, sizes, draws, first, initialisations, orders, "
            "validation_split, measure, recipe, factors, arms, contrasts.",
            "x.toml：'draw' というキーはありません。使えるのは name, data, seed, sizes, draws, first, initialisations, "
            "orders, validation_split, measure, recipe, factors, arms, contrasts です。",
        ),
        (
            {"draws": "many"},
            "x.toml: draws must be a whole number; received 'many'.",
            "x.toml：draws に指定できるのは、整数です（指定された値：'many'）。",
        ),
        (
            {"draws": 1},
            "x.toml: draws must be 2 or more; received 1.",
            "x.toml：draws に指定できるのは、2 以上の値です（指定された値：1）。",
        ),
        (
            {"factors": {"filters": []}},
            "x.toml: the factor filters has no values.",
            "x.toml：因子 filters に値がありません。",
        ),
        (
            {"recipe": {"options": 3}},
            "x.toml: recipe: options must be a table; received 3.",
            "x.toml：recipe：options に指定できるのは、表（テーブル）です（指定された値：3）。",
        ),
        (
            {"recipe": {"epochs": 0}, "arms": {"a": {}}},
            "x.toml: recipe: epochs must be 1 or more; received 0.",
            "x.toml：recipe：epochs に指定できるのは、1 以上の値です（指定された値：0）。",
        ),
        (
            {"factors": {"filters": [[3, 4], 5]}},
            "x.toml: each value of factors.filters must be a number, a text, or true or false; received [3, 4].",
            "x.toml：factors.filters の各値に指定できるのは、数、文字列、true、false のいずれかです"
            "（指定された値：[3, 4]）。",
        ),
        (
            {"arms": {"a": {"filters": [3, 4]}}},
            "x.toml: arms.a: filters must be a number, a text, or true or false; received [3, 4].",
            "x.toml：arms.a：filters に指定できるのは、数、文字列、true、false のいずれかです"
            "（指定された値：[3, 4]）。",
        ),
        (
            {"recipe": {"optimizer": "sgdd"}},
            "x.toml: recipe: optimizer: 'sgdd' is none; known are adam, sgd, rmsprop, adamw, nadam, adamax, adagrad, "
            "adadelta, lion.",
            "x.toml：recipe：optimizer：'sgdd' はありません。使えるのは adam, sgd, rmsprop, adamw, nadam, adamax, "
            "adagrad, adadelta, lion です。",
        ),
        (
            {"sizes": [60, 0]},
            "x.toml: sizes: a size must be 1 or more; received 0.",
            "x.toml：sizes：データ数は 1 以上です（指定された値：0）。",
        ),
        (
            {"sizes": [60, "many"]},
            "x.toml: each value of sizes must be a whole number; received 'many'.",
            "x.toml：sizes の各値に指定できるのは、整数です（指定された値：'many'）。",
        ),
        (
            {"contrasts": ["a"]},
            "x.toml: A contrast compares arms, as in 'cnn - bpnn' or 'a - b - c + d'; received 'a'.",
            "x.toml：比較は 'cnn - bpnn' や 'a - b - c + d' のように条件どうしの差で書きます。'a' が指定されました。",
        ),
        (
            {"measure": "speed"},
            "x.toml: measure must be one of 'test_accuracy', 'validation_accuracy', 'best_epoch_accuracy'; "
            "received 'speed'.",
            "x.toml：measure に指定できるのは、'test_accuracy', 'validation_accuracy', 'best_epoch_accuracy' の"
            "いずれかです（指定された値：'speed'）。",
        ),
        (
            {"arms": {"a": {"learning_rate": -1.0}}},
            "x.toml: arms.a: learning_rate must be above 0.0; received -1.0.",
            "x.toml：arms.a：learning_rate に指定できるのは、0.0 より大きい値です（指定された値：-1.0）。",
        ),
        (
            {"arms": {"a": {}, "b": {}}, "contrasts": ["a - c"]},
            "x.toml: the contrast 'a - c' names no arm 'c'; arms are a, b.",
            "x.toml：比較 'a - c' の 'c' という条件はありません。条件は a, b です。",
        ),
    ],
)
def test_refused(refused: Refused, settings: dict[str, Any], en: str, ja: str) -> None:
    refused(lambda: make_study("x.toml", settings), en=en, ja=ja)


@pytest.mark.parametrize("text", ["cnn", "cnn + bpnn", "a - b - c", " - b"])
def test_a_contrast_that_compares_nothing(text: str) -> None:
    with pytest.raises(BadInput):
        Contrast.read(text)


def test_sizes_beyond_the_data(refused: Refused) -> None:
    study = make_study("x", {"sizes": [70_000]})
    refused(
        lambda: check_sizes(study, load("mnist")),
        en="sizes: 70,000 is more than the 60,000 training images of mnist.",
        ja="sizes：70,000 は mnist の学習画像 60,000 枚を超えています。",
    )
    refused(
        lambda: check_sizes(make_study("x", {"sizes": [1]}), load("mnist")),
        en="A validation split of 0.1 of 1 images leaves 0 for training and 1 for validation, and neither may be 0: "
        "use more images or another split.",
        ja="1 枚の画像を検証データの割合 0.1 で分けると、学習用が 0 枚、検証用が 1 枚になります。"
        "どちらも 0 枚にはできません。画像を増やすか、割合を変えてください。",
    )


@pytest.mark.parametrize(
    ("content", "en", "ja"),
    [
        (
            b"draws = 1\nsizes = = 2",
            "line 2 can't be read from column 9 on",
            "2 行目の 9 文字目から読めません",
        ),
        (b"sizes = [", "it can't be read to its end", "最後まで読めません"),
        (b"x = " + b"[" * 5000, "it can't be read to its end", "最後まで読めません"),
        (b"\xff\xfe\0", "it is no text in UTF-8", "UTF-8 のテキストではありません"),
    ],
    ids=["place", "end", "depth", "bytes"],
)
def test_a_file_that_is_no_toml(content: bytes, en: str, ja: str, tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "x.toml"
    path.write_bytes(content)
    refused(
        lambda: read_study(path),
        en=f"{path} is no TOML: {en}.",
        ja=f"{path} は TOML ではありません（{ja}）。",
    )


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="cannot be read"):
        read_study(tmp_path / "y.toml")


def test_rules_to_stop_by(refused: Refused) -> None:
    assert half_width_asked("ci < 0.25 pp") == 0.0025
    refused(
        lambda: half_width_asked("p<0.05"),
        en="--until takes a rule such as 'ci<0.5pp', an interval within ±0.5 points; received 'p<0.05'.",
        ja="--until には 'ci<0.5pp'（区間が ±0.5 ポイント以内）のような規則を指定します。'p<0.05' が指定されました。",
    )


def test_places(refused: Refused) -> None:
    refused(
        lambda: open_place("moon", "mnist"),
        en="'moon' names no place to run; write local, local:N or dask://HOST:PORT.",
        ja="'moon' は実行場所ではありません。local、local:N、dask://HOST:PORT のいずれかを書いてください。",
    )
