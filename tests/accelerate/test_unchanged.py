"""Code that was written for TensorFlow's Keras runs without a line changed: scripts, their folder, notebooks."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import keras
import nbclient
import nbformat
import numpy as np
import pytest
import worksheet_code

from tatamilab.acceleration import announcing, datasets, scripts, tensorflow_alias

WORKSHEET = Path(__file__).parents[2].parent / "shared" / "seed" / "b2-1-worksheet.txt"
LESSON = Path(__file__).with_name("lesson.txt")
ABSENT = "tatamilab: TensorFlow is not installed; tensorflow.keras is Keras " + keras.__version__

pytestmark = pytest.mark.skipif(
    tensorflow_alias.find_spec("tensorflow") is not None, reason="TensorFlow is installed here"
)


def python(*arguments: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `python -m tatamilab` in a folder, in English, with no data of Keras's own."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith(("TATAMI", "KERAS"))}
    settings = {"KERAS_HOME": str(folder / "keras"), "MPLBACKEND": "Agg", "LANG": "en_US.UTF-8"}
    return subprocess.run(
        [sys.executable, "-m", "tatamilab", *arguments],
        cwd=folder,
        env=plain | settings | environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def said(done: subprocess.CompletedProcess[str]) -> list[str]:
    return [line for line in done.stderr.splitlines() if line.startswith("tatamilab:")]


def test_a_lesson(tmp_path: Path) -> None:
    (tmp_path / "lesson.py").write_text(LESSON.read_text(encoding="utf-8"), encoding="utf-8")
    done = python("lesson.py", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert said(done) == [ABSENT, "tatamilab: native"]
    assert "5/5" in done.stdout


@pytest.mark.slow
def test_a_script_its_arguments_and_its_folder(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "networks.py").write_text(
        "import tensorflow.keras.layers as L\nfrom tensorflow.keras.utils import to_categorical\n"
    )
    (tmp_path / "src" / "script.py").write_text(
        "import sys, networks\n"
        "import tensorflow as tf\n"
        "import keras, importlib.util\n"
        "assert networks.L.Dense is tf.keras.layers.Dense is keras.layers.Dense\n"
        "assert sys.argv == [sys.argv[0], '-m', '--help']\n"
        "assert importlib.util.find_spec('tensorflow') is None and 'tensorflow' not in sys.modules\n"
        "assert int(tf.__version__.split('.')[0]) == 2\n"
        "assert tf.config.list_physical_devices('CPU')\n"
        "assert __name__ == '__main__' and sys.path[0].endswith('src')\n"
        "sys.exit(7)\n"
    )
    done = python("src/script.py", "-m", "--help", folder=tmp_path)
    assert done.returncode == 7, done.stderr


@pytest.mark.slow
def test_code_and_modules(tmp_path: Path) -> None:
    (tmp_path / "lesson1.py").write_text("import sys, tensorflow as tf; print(sys.argv[1:], tf.__name__)\n")
    assert python("-m", "lesson1", "a", folder=tmp_path).stdout == "['a'] tensorflow\n"
    done = python("-c", "import sys; print(sys.argv, __name__)", "b", folder=tmp_path)
    assert done.stdout == "['-c', 'b'] __main__\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nowhere.py"], "There is no script nowhere.py."),
        (["-m"], "Something to run must follow -m."),
    ],
)
def test_nothing_to_run(arguments: list[str], sentence: str, tmp_path: Path) -> None:
    done = python(*arguments, folder=tmp_path)
    assert (done.returncode, done.stderr) == (2, sentence + "\n")


@pytest.mark.parametrize(
    "content",
    [bytes(range(256)), b"x = 1\0\n", "print('あ')\n".encode("cp932"), b"# -*- coding: nonesuch -*-\n"],
    ids=["binary", "a null", "an encoding it doesn't name", "an encoding that there isn't"],
)
def test_what_is_no_text_of_python(content: bytes, tmp_path: Path, refused) -> None:
    path = tmp_path / "x.py"
    path.write_bytes(content)
    refused(
        lambda: scripts.runner([str(path)]),
        en=f"{path} can't be read as Python: it is not text in UTF-8, nor in an encoding that it names.",
        ja=f"{path} は Python のコードとして読めません。UTF-8（または先頭の行で指定した文字コード）の"
        "テキストではありません。",
    )


def test_an_encoding_that_it_names_is_read(tmp_path: Path) -> None:
    path = tmp_path / "x.py"
    path.write_bytes("# -*- coding: cp932 -*-\nprint('あ')\n".encode("cp932"))
    assert callable(scripts.runner([str(path)]))


ERRORS = {
    "divides.py": "def divide():\n    return 1 / 0\n\ndivide()\n",
    "wrong.py": "x = (1,\ny = 2 2\n",
    "imports.py": "def deep():\n    import wrong\n\ndeep()\n",
}


@pytest.mark.parametrize(
    "name", [name if name == "imports.py" else pytest.param(name, marks=pytest.mark.slow) for name in ERRORS]
)
def test_an_error_is_shown_as_python_shows_it(name: str, tmp_path: Path) -> None:
    for file, code in ERRORS.items():
        (tmp_path / file).write_text(code)
    plain = subprocess.run(
        [sys.executable, name], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    done = python(name, folder=tmp_path)
    assert done.returncode == plain.returncode == 1
    assert done.stderr.replace(str(tmp_path / name), name) == plain.stderr.replace(str(tmp_path / name), name)


def test_all_else_is_the_command(tmp_path: Path) -> None:
    (tmp_path / "run").write_text("raise SystemExit('not a script')")
    assert "--epochs" in python("run", "--help", folder=tmp_path).stdout


@pytest.fixture
def alias(tmp_path: Path) -> Iterator[Path]:
    announcing.forget()
    tensorflow_alias.install(tmp_path)
    yield tmp_path
    tensorflow_alias.remove()


def users(code: str) -> dict[str, object]:
    names: dict[str, object] = {"__name__": "__main__"}
    exec(code, names)
    return names


def test_only_the_users_code_sees_it(alias: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ModuleNotFoundError):
        import tensorflow  # noqa: F401
    seen = users("import tensorflow as tf\nfrom tensorflow import keras\nfrom tensorflow.keras import layers")
    assert seen["layers"].Conv2D is keras.layers.Conv2D
    assert seen["tf"].keras is seen["keras"]
    assert capsys.readouterr().err.splitlines() == [ABSENT]
    tensorflow_alias.remove()
    with pytest.raises(ModuleNotFoundError):
        users("import tensorflow")


@pytest.mark.parametrize(
    ("code", "name", "error"),
    [
        ("import tensorflow as tf; tf.constant(1)", "tf.constant", AttributeError),
        ("from tensorflow import data", "tf.data", ImportError),
        ("import tensorflow.lite", "tf.lite", ModuleNotFoundError),
    ],
)
def test_what_is_missing_is_named(code: str, name: str, error: type, alias: Path) -> None:
    with pytest.raises(error) as caught:
        users(code)
    assert str(caught.value) == (
        f"{name} needs TensorFlow, which is not installed; of tensorflow, tatamilab gives tf.keras, "
        "tf.__version__, tf.random.set_seed and tf.config.list_physical_devices."
    )


def test_saving_augmenting_and_clearing_with_the_alias_on(alias: Path) -> None:
    layers = users("from tensorflow.keras import layers")["layers"]
    model = keras.Sequential([keras.Input((8, 8, 1)), layers.RandomFlip(), layers.Flatten(), layers.Dense(2)])
    x = np.zeros((3, 8, 8, 1), np.float32)
    model.save(alias / "model.keras")
    model.save_weights(alias / "model.weights.h5")
    loaded = keras.models.load_model(alias / "model.keras")
    np.testing.assert_array_equal(loaded(x, training=True), model(x, training=True))
    keras.utils.clear_session()
    assert keras.models.clone_model(loaded).predict(x, verbose=0).shape == (3, 2)


def test_a_seed_repeats_the_weights(alias: Path) -> None:
    build = "import tensorflow as tf; tf.random.set_seed(4); w = tf.keras.layers.Dense(3); w.build((None, 2))"
    first, second = (users(build)["w"].get_weights()[0] for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_data_sets_are_looked_for_here_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = keras.datasets.mnist.load_data
    datasets.patch()
    datasets.patch()
    try:
        monkeypatch.setattr(datasets.Loader, "is_kept_by_keras", lambda self, path: False)
        (x, y), (x_test, _) = keras.datasets.mnist.load_data()
        assert (x.shape, x.dtype, y.shape, y.dtype) == ((60000, 28, 28), np.uint8, (60000,), np.uint8)
        assert x_test.shape == (10000, 28, 28)
        assert y[:5].tolist() == [5, 0, 4, 1, 9]
        x[0] = 0
        monkeypatch.setattr(datasets.Loader, "is_kept_by_keras", lambda self, path: path == "mine.npz")
        np.savez(tmp_path / "mine.npz", x_train=x[:2], y_train=y[:2], x_test=x[:1], y_test=y[:1])
        monkeypatch.setattr("keras.src.datasets.mnist.get_file", lambda fname, **_: tmp_path / fname)
        assert len(keras.datasets.mnist.load_data("mine.npz")[0][0]) == 2
        (tmp_path / "mine.npz").write_bytes(b"cut off")
        assert len(keras.datasets.mnist.load_data("mine.npz")[0][0]) == 60_000
        with pytest.raises(TypeError):
            keras.datasets.mnist.load_data("mine.npz", colour="red")
    finally:
        datasets.unpatch()
    assert keras.datasets.mnist.load_data is own


CHECK = """
assert accuracy_train > 0.98, accuracy_train
import tatamilab
assert tatamilab.status(model) == "native"
"""


@pytest.mark.slow
@pytest.mark.skipif(not WORKSHEET.exists(), reason="the worksheet is not beside this checkout")
def test_the_worksheets_cells(tmp_path: Path) -> None:
    code = worksheet_code.code(WORKSHEET.read_text(encoding="utf-8"))
    (tmp_path / "worksheet.py").write_text(code + CHECK, encoding="utf-8")
    done = python("worksheet.py", folder=tmp_path)
    assert done.returncode == 0, done.stderr
    assert said(done) == [ABSENT, "tatamilab: native"]
    assert done.stdout.count("正解率") == 4


@pytest.mark.slow
def test_a_notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("LANG", "en_US.UTF-8")
    monkeypatch.delenv("KERAS_BACKEND")
    sources = [
        "%load_ext tatamilab",
        LESSON.read_text(encoding="utf-8"),
        "%unload_ext tatamilab",
        "import tensorflow",
    ]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nbclient.NotebookClient(notebook, allow_errors=True, kernel_name="python3").execute()
    outputs = [cell.outputs for cell in notebook.cells]
    told = "".join(o.text for o in outputs[1] if o.get("name") == "stderr")
    assert [line for line in told.splitlines() if line.startswith("tatamilab:")] == [
        ABSENT,
        "tatamilab: native",
    ]
    assert not [o for o in outputs[1] if o.output_type == "error"]
    assert [o.ename for o in outputs[3]] == ["ModuleNotFoundError"]
