"""`.keras` files: whole, damaged, hostile, or for other data."""

import json
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tatamilab.errors import BadInput, DataFileError
from tatamilab.models import bpnn, load_model, worksheet_cnn

SHAPE = (28, 28, 1)


@pytest.fixture(scope="module")
def original(tmp_path_factory, keras):
    path = tmp_path_factory.mktemp("models") / "mine.keras"
    model = worksheet_cnn()
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.save(path)
    return path, model


@pytest.fixture
def saved(original, tmp_path):
    """A saved model in a file of the test's own, and the model."""
    path, model = original
    return Path(shutil.copy(path, tmp_path)), model


def rewrite(path: Path, change_config) -> None:
    """Put another configuration into a saved model."""
    with zipfile.ZipFile(path) as old:
        members = {name: old.read(name) for name in old.namelist()}
    config = json.loads(members["config.json"])
    members["config.json"] = json.dumps(change_config(config) or config).encode()
    with zipfile.ZipFile(path, "w") as new:
        for name, content in members.items():
            new.writestr(name, content)


def load(path):
    return load_model(str(path), SHAPE, 10, seed=0)


def test_weights_come_back(saved):
    path, model = saved
    loaded = load(path)
    for one, same in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(one, same)
    assert not loaded.compiled


@pytest.mark.parametrize("kind", ["functional", "many layers"])
def test_what_plain_keras_saves_is_read(tmp_path, keras, kind):
    layers = keras.layers
    if kind == "functional":
        images = keras.Input(SHAPE)
        hidden = layers.Dense(4, kernel_regularizer="l2", kernel_initializer=keras.initializers.HeNormal(1))(
            layers.Flatten()(images)
        )
        model = keras.Model(images, layers.Dense(10)(layers.ReLU()(hidden)))
    else:
        model = keras.Sequential(
            [
                keras.Input(SHAPE),
                layers.RandomFlip("horizontal"),
                layers.Rescaling(1 / 255),
                layers.Conv2D(
                    2, 3, activation=keras.activations.gelu, kernel_constraint=keras.constraints.MaxNorm(2)
                ),
                layers.BatchNormalization(),
                layers.Dropout(0.5),
                layers.GlobalAveragePooling2D(),
                layers.Dense(10, activation="softmax"),
            ]
        )
    path = tmp_path / "model.keras"
    model.save(path)
    assert load(path).count_params() == model.count_params()


def test_missing(tmp_path, refused):
    path = tmp_path / "none.keras"
    refused(
        lambda: load(path),
        error=DataFileError,
        en=f"There is no model file {path}: check the path.",
        ja=f"モデルのファイル {path} がありません。パスを確認してください。",
    )


def test_not_a_model(tmp_path, refused):
    path = tmp_path / "text.keras"
    path.write_text("hello")
    refused(
        lambda: load(path),
        error=DataFileError,
        en=f"{path} is not a whole Keras model file (it is no zip archive); save the model again with "
        'model.save("NAME.keras").',
        ja=f"{path} は完全な Keras のモデルファイルではありません（zip 形式ではありません）。"
        'model.save("NAME.keras") で保存し直してください。',
    )


def test_truncated_at_any_length(saved):
    path, _model = saved
    whole = path.read_bytes()
    for n_bytes in (0, 10, 1000, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:n_bytes])
        with pytest.raises(DataFileError, match="is not a whole Keras model file"):
            load(path)


def test_a_changed_byte(saved):
    path, _model = saved
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(
        DataFileError, match=r"is not a whole Keras model file \(its part model\.weights\.h5 is damaged\)"
    ):
        load(path)


def test_a_zip_without_a_model(tmp_path):
    path = tmp_path / "zip.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(DataFileError, match=r"is not a whole Keras model file \(it has no config\.json\)"):
        load(path)


@pytest.mark.parametrize("config", ["3", "{", "null", "[]", '{"class_name": "Sequential"}', "[" * 100_000])
def test_a_configuration_that_is_none(saved, config):
    path, _model = saved
    with zipfile.ZipFile(path) as old:
        weights = old.read("model.weights.h5")
    with zipfile.ZipFile(path, "w") as new:
        new.writestr("config.json", config)
        new.writestr("model.weights.h5", weights)
    with pytest.raises(DataFileError):
        load(path)


def test_a_zip_bomb(tmp_path, refused):
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("config.json", "{}")
        archive.writestr("model.weights.h5", bytes(30 << 20))
    size, declared = path.stat().st_size, (30 << 20) + 2
    refused(
        lambda: load(path),
        error=DataFileError,
        en=f"{path} would unpack to {declared} bytes, and at most {100 * size} are allowed for its size; "
        "it is no honest model file.",
        ja=f"{path} は展開すると {declared} バイトになり、この大きさのファイルに許される "
        f"{100 * size} バイトを超えます。正しいモデルファイルではありません。",
    )


def test_a_lambda_layer(tmp_path, keras, refused):
    model = keras.Sequential(
        [keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Lambda(lambda x: x[:, :10])]
    )
    path = tmp_path / "lambda.keras"
    model.save(path)
    refused(
        lambda: load(path),
        error=DataFileError,
        en=f"{path} contains code (Lambda), which tatamilab does not run; build the model in a function of "
        "your own, and name it as MODULE:FUNCTION.",
        ja=f"{path} にはプログラム（Lambda）が含まれており、tatamilab では実行しません。"
        "モデルを作る関数を自分で書き、MODULE:FUNCTION の形で指定してください。",
    )


def test_a_lambda_layer_is_refused_even_where_keras_was_told_to_trust(tmp_path, keras):
    from keras.src.backend.common import global_state

    model = keras.Sequential([keras.Input(SHAPE), keras.layers.Flatten(), keras.layers.Lambda(abs)])
    model.save(tmp_path / "lambda.keras")
    trusted = global_state.get_global_attribute("safe_mode_saving")
    keras.config.enable_unsafe_deserialization()
    try:
        with pytest.raises(DataFileError, match=r"contains code \(Lambda\)"):
            load(tmp_path / "lambda.keras")
    finally:
        global_state.set_global_attribute("safe_mode_saving", trusted)


@pytest.mark.parametrize(
    ("entry", "named"),
    [
        ({"class_name": "Popen", "module": "subprocess", "config": {}}, "subprocess.Popen"),
        ({"class_name": "function", "module": "os", "config": "system"}, "os.function"),
        ({"class_name": "__lambda__", "config": {"value": ["", None, None]}}, "__lambda__"),
        ({"class_name": "Mine", "module": None, "registered_name": "my>Mine", "config": {}}, "Mine"),
        ({"class_name": "TFSMLayer", "module": "keras.layers", "config": {"filepath": "/x"}}, "TFSMLayer"),
        ({"class_name": "Dense", "module": "kerasy.layers", "config": {}}, "kerasy.layers.Dense"),
    ],
)
@pytest.mark.parametrize("where", ["a layer", "deep inside"])
def test_code_anywhere_in_the_configuration(saved, entry, named, where):
    path, _model = saved

    def plant(config):
        if where == "a layer":
            config["config"]["layers"].append(entry)
        else:
            config["config"]["layers"][1]["config"]["kernel_initializer"] = {"deep": [1, {"er": entry}]}

    rewrite(path, plant)
    with pytest.raises(DataFileError) as caught:
        load(path)
    assert f"contains code ({named})" in str(caught.value)


def test_weights_of_another_model(saved, keras):
    path, _model = saved
    rewrite(path, lambda config: config["config"]["layers"][-1]["config"].update(units=7))
    with pytest.raises(DataFileError, match=rf"^Keras {keras.__version__} cannot load .*\.$"):
        load(path)


def test_no_model_but_a_layer(saved, refused):
    path, _model = saved
    rewrite(path, lambda config: config["config"]["layers"][-1])
    with pytest.raises(DataFileError, match=r"holds a Dense, not a model|^Keras .* cannot load"):
        load(path)


def test_other_images(saved, refused):
    path, _model = saved
    refused(
        lambda: load_model(str(path), (32, 32, 3), 10, seed=0),
        error=BadInput,
        en=f"The model '{path}' does not fit the data: it expects 28×28×1, but the images are 32×32×3 "
        "(rows×columns×channels).",
        ja=f"モデル '{path}' はデータに合いません。モデルの入力は 28×28×1 ですが、画像は 32×32×3"
        "（縦×横×チャネル）です。",
    )


def test_other_classes(tmp_path, refused):
    path = tmp_path / "bpnn.keras"
    bpnn().save(path)
    refused(
        lambda: load_model(str(path), SHAPE, 7, seed=0),
        error=BadInput,
        en=f"The model '{path}' does not fit the data: it gives 10 outputs for an image, but there are 7 "
        "classes.",
        ja=f"モデル '{path}' はデータに合いません。画像 1 枚に対する出力は 10 個ですが、クラスは 7 個です。",
    )


def test_several_inputs(tmp_path, keras):
    one, two = keras.Input(SHAPE), keras.Input((5,))
    path = tmp_path / "two.keras"
    keras.Model([one, two], keras.layers.Flatten()(one)).save(path)
    with pytest.raises(
        BadInput, match=r"does not fit the data: it expects \[\(None, 28, 28, 1\), \(None, 5\)\]"
    ):
        load(path)


def test_several_outputs(tmp_path, keras, refused):
    images = keras.Input(SHAPE)
    flat = keras.layers.Flatten()(images)
    path = tmp_path / "two.keras"
    keras.Model(images, [flat, flat]).save(path)
    refused(
        lambda: load(path),
        en=f"The model '{path}' must give one array, with a value for each class; it gives list[2].",
        ja=f"モデル '{path}' の出力は、クラスごとの値を並べた 1 つの配列で"
        "なければなりませんが、list[2] です。",
    )


def test_images_of_any_size(tmp_path, keras):
    path = tmp_path / "any.keras"
    layers = [keras.layers.Conv2D(10, 3), keras.layers.GlobalAveragePooling2D()]
    keras.Sequential([keras.Input((None, None, 1)), *layers]).save(path)
    assert load(path).output_shape == (None, 10)
    with pytest.raises(BadInput, match=r"it expects \?×\?×1, but the images are 28×28×3"):
        load_model(str(path), (28, 28, 3), 10, seed=0)
