"""Models from a function of the user's."""

import sys
import textwrap

import pytest

from tatamilab.models import load_model

SHAPE = (28, 28, 1)


@pytest.fixture
def module(tmp_path, monkeypatch, request):
    """Write the user's module into the current folder, under a name of its own, and give that name."""
    monkeypatch.chdir(tmp_path)

    def write(source: str) -> str:
        name = f"users_{abs(hash(request.node.name))}"
        (tmp_path / f"{name}.py").write_text(textwrap.dedent(source))
        request.addfinalizer(lambda: sys.modules.pop(name, None))
        return name

    return write


@pytest.mark.parametrize(
    "parameters", ["input_shape, n_classes", "n_classes, input_shape=None", "**shape_and_classes", ""]
)
def test_gets_what_it_takes(module, parameters):
    name = module(f"""
        import keras
        def build({parameters}):
            shape, n = locals().get("input_shape", (28, 28, 1)), locals().get("n_classes", 10)
            return keras.Sequential([keras.Input(shape), keras.layers.Flatten(), keras.layers.Dense(n)])
    """)
    path = list(sys.path)
    assert load_model(f"{name}:build", SHAPE, 10, seed=0).output_shape == (None, 10)
    assert sys.path == path


def test_an_unbuilt_model_is_built(module):
    name = module("""
        import keras
        def build():
            return keras.Sequential([keras.layers.Flatten(), keras.layers.Dense(10)])
    """)
    assert load_model(f"{name}:build", SHAPE, 10, seed=0).count_params() == 7850


def test_seeded_before_it_is_built(module):
    name = module("""
        import keras
        def build():
            flat = keras.layers.Flatten()
            return keras.Sequential([keras.Input((28, 28, 1)), flat, keras.layers.Dense(10)])
    """)
    first, again = (load_model(f"{name}:build", SHAPE, 10, seed=5).get_weights()[0] for _ in range(2))
    assert (first == again).all()


def test_no_such_module(refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    refused(
        lambda: load_model("nosuchmodule:build", SHAPE, 10, seed=0),
        en="Cannot import the module 'nosuchmodule' of nosuchmodule:build: No module named 'nosuchmodule'; "
        "run the command in its folder.",
        ja="nosuchmodule:build のモジュール 'nosuchmodule' を読み込めません（No module named 'nosuchmodule'）。"
        "そのモジュールがあるフォルダで実行してください。",
    )


def test_a_module_that_fails(module, refused):
    name = module("raise RuntimeError('first line\\nsecond line')")
    refused(
        lambda: load_model(f"{name}:build", SHAPE, 10, seed=0),
        en=f"Cannot import the module '{name}' of {name}:build: first line; run the command in its folder.",
        ja=f"{name}:build のモジュール '{name}' を読み込めません（first line）。"
        "そのモジュールがあるフォルダで実行してください。",
    )


@pytest.mark.parametrize("function", ["build", "x", ""])
def test_no_such_function(module, refused, function):
    name = module("x = 3")
    refused(
        lambda: load_model(f"{name}:{function}", SHAPE, 10, seed=0),
        en=f"The module '{name}' has no function '{function}'.",
        ja=f"モジュール '{name}' に関数 '{function}' がありません。",
    )


def test_a_function_that_fails(module, refused):
    name = module("def build(): return 1 / 0")
    refused(
        lambda: load_model(f"{name}:build", SHAPE, 10, seed=0),
        en=f"The function {name}:build failed with ZeroDivisionError: division by zero.",
        ja=f"関数 {name}:build の実行中に ZeroDivisionError が発生しました（division by zero）。",
    )


def test_a_function_that_ends_the_program(module, refused):
    name = module("""
        import sys
        def build():
            sys.exit(0)
    """)
    refused(
        lambda: load_model(f"{name}:build", SHAPE, 10, seed=0),
        en=f"The function {name}:build failed with SystemExit: 0.",
        ja=f"関数 {name}:build の実行中に SystemExit が発生しました（0）。",
    )


def test_a_function_that_gives_no_model(module, refused):
    name = module("def build(): return 'hello'")
    refused(
        lambda: load_model(f"{name}:build", SHAPE, 10, seed=0),
        en=f"The function {name}:build must return a keras.Model; it returned str.",
        ja=f"関数 {name}:build は keras.Model を返さなければなりませんが、str を返しました。",
    )


def test_a_model_for_other_images(module, refused):
    name = module("""
        import keras
        def build():
            return keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    """)
    refused(
        lambda: load_model(f"{name}:build", SHAPE, 10, seed=0),
        en=f"The model '{name}:build' does not fit the data: it expects 8×8×1, but the images are 28×28×1 "
        "(rows×columns×channels).",
        ja=f"モデル '{name}:build' はデータに合いません。モデルの入力は 8×8×1 ですが、画像は 28×28×1"
        "（縦×横×チャネル）です。",
    )


def test_an_unbuilt_model_that_cannot_take_the_images(module, refused):
    name = module("""
        import keras
        class Model(keras.Model):
            def call(self, images):
                raise ValueError("not these images.\\nNor any other.")
        def build():
            return Model()
    """)
    with pytest.raises(
        ValueError, match=r"cannot be called with images of 28×28×1 \(rows×columns×channels\): "
    ):
        load_model(f"{name}:build", SHAPE, 10, seed=0)
