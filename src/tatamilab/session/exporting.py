"""A run of the laboratory as something to take away: a Keras file, a script, a notebook, a folder with all of it.

ONNX is not among them: Keras writes it through TensorFlow, which is not installed here.
"""

import csv
import io
import tempfile
import zipfile
from dataclasses import astuple, fields
from pathlib import Path

from tatamilab.engine import frontend
from tatamilab.errors import MissingExtra
from tatamilab.i18n import _
from tatamilab.session.curve import Point
from tatamilab.session.moment import Kept
from tatamilab.session.network import Weights
from tatamilab.session.setup import Setup
from tatamilab.session.turns import KERAS


def keras_file(setup: Setup, weights: Weights) -> bytes:
    """The trained model, as `keras.models.load_model` reads it."""
    with KERAS, tempfile.TemporaryDirectory() as folder:
        model = setup.network.build()
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        model.optimizer.build(model.trainable_variables)  # else Keras cannot read what it writes
        frontend.set_weights_of(model, frontend.lower(model), weights)
        path = Path(folder) / "model.keras"
        model.save(path)
        return path.read_bytes()


def script(setup: Setup) -> str:
    """Python that trains the same network on the same images, with Keras and tatamilab."""
    return "\n\n".join(_cells(setup)) + "\n"


def notebook(setup: Setup) -> str:
    """The same as a notebook (nbformat 4.5).

    Raises:
        MissingExtra: what writes notebooks isn't installed.
    """
    try:
        import nbformat
    except ImportError as missing:
        raise MissingExtra("notebook", "nbformat") from missing
    title = _("A network from the laboratory: {network}", network=setup.network.text() or "dense")
    new = nbformat.v4
    cells = [new.new_markdown_cell(f"# {title}", id="title")]
    cells += [new.new_code_cell(source, id=f"cell-{k}") for k, source in enumerate(_cells(setup))]
    about = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    return str(nbformat.writes(new.new_notebook(cells=cells, metadata=about)))


def folder(setup: Setup, kept: Kept) -> bytes:
    """A zip archive: the model, the script, the notebook, the curves as tables, and what it was trained with."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.keras", keras_file(setup, kept.state.weights))
        archive.writestr("train.py", script(setup))
        archive.writestr("train.ipynb", notebook(setup))
        archive.writestr("training.csv", _table(kept.progress.points))
        archive.writestr("validation.csv", _table(kept.progress.validation))
        archive.writestr("setup.txt", (setup.query() or "net=" + setup.network.text()) + "\n")
    return written.getvalue()


def _table(points: tuple[Point, ...]) -> str:
    written = io.StringIO()
    table = csv.writer(written, lineterminator="\n")
    table.writerow(field.name for field in fields(Point))
    table.writerows(astuple(point) for point in points)
    return written.getvalue()


def _cells(setup: Setup) -> list[str]:
    layers = "\n".join(f"    {line}," for line in setup.network.code())
    return [
        "import tatamilab\nfrom tatamilab.data import load\n\ntatamilab.accelerate()\nimport keras",
        f'data = load("mnist", data_size={setup.images})\n'
        'x_train = data.x_train.astype("float32") / 255\n'
        'x_test = data.x_test.astype("float32") / 255',
        f"keras.utils.set_random_seed({setup.seed})\n"
        "model = keras.Sequential([\n    keras.Input((28, 28, 1)),\n" + layers + "\n])\n"
        f"model.compile(\n    keras.optimizers.Adam({setup.learning_rate}),\n"
        '    "sparse_categorical_crossentropy",\n    metrics=["accuracy"],\n)',
        f"history = model.fit(\n    x_train,\n    data.y_train,\n    epochs={setup.epochs},\n"
        f"    batch_size={setup.batch_size},\n    validation_split=0.1,\n)",
        "print(model.evaluate(x_test, data.y_test, verbose=0))",
    ]
