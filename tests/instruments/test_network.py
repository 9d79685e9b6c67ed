from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tatamilab import i18n
from tatamilab.instruments import describe_network, plot_network
from tatamilab.instruments.model_facts import stages
from tatamilab.instruments.network_shapes import Scale, Solid

if TYPE_CHECKING:
    import keras

Models = dict[str, "keras.Model"]


def written(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts]


def test_worksheet_shapes_and_parameter_arithmetic(models: Models) -> None:
    with i18n.using("en"):
        texts = written(plot_network(models["cnn"]))
    shapes = [text for text in texts if text in ("28×28×1", "24×24×32", "12×12×32", "4608", "20", "10")]
    assert shapes == ["28×28×1", "24×24×32", "12×12×32", "4608", "20", "10"]
    for text in ("5×5×1×32 + 32", "= 832", "4608×20 + 20", "= 92,180", "20×10 + 10", "= 210"):
        assert text in texts
    assert "832 + 92,180 + 210 = 93,222 parameters" in texts
    assert "32 feature maps of 12×12" in texts


def test_lengths_are_to_scale(models: Models) -> None:
    chain = stages(models["cnn"])
    scale = Scale.of(chain, side=1.4)
    image, conv, pool, flat, hidden, out = (Solid.of(stage, scale) for stage in chain)
    assert image.height == pytest.approx(1.4)
    assert conv.height / image.height == pytest.approx(24 / 28)
    assert pool.width / conv.width == pytest.approx(0.5)
    assert conv.recede == pytest.approx(pool.recede) == pytest.approx(32 * image.recede)
    assert hidden.height / image.height == pytest.approx(20 / 28)
    assert out.height / hidden.height == pytest.approx(0.5)
    assert flat.cut
    assert not any(solid.cut for solid in (image, conv, pool, hidden, out))


@pytest.mark.parametrize("name", ["cnn", "bpnn", "functional", "deep"])
@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_parameters_add_up_and_all_text_stays_inside(models: Models, name: str, lang: str) -> None:
    model = models[name]
    with i18n.using(lang):
        ax = plot_network(model)
    assert f"{model.count_params():,}" in written(ax)[0]
    assert sum(stage.n_parameters for stage in stages(model)) == model.count_params()
    ax.figure.canvas.draw()
    for text in ax.texts:
        box = text.get_window_extent()
        assert ax.bbox.x0 <= box.x0 < box.x1 <= ax.bbox.x1
        assert ax.bbox.y0 <= box.y0 < box.y1 <= ax.bbox.y1


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_texts_do_not_touch(models: Models, lang: str) -> None:
    with i18n.using(lang):
        ax = plot_network(models["deep"])
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent().shrunk(0.98, 0.7) for text in ax.texts]
    for k, box in enumerate(boxes):
        assert not any(box.overlaps(other) for other in boxes[:k])


def test_layers_that_keep_the_shape_are_written_beside_the_one_before(models: Models) -> None:
    with i18n.using("en"):
        texts = written(plot_network(models["deep"]))
    assert "+ BatchNormalization()" in texts
    assert "16 + 16 + 16 + 16 = 64" in texts
    assert "+ Dropout(0.25)" in texts
    assert "Conv2D(24, 7×7, strides 2, same, relu)" in texts


def test_models_inside_models_are_opened() -> None:
    import keras
    from keras import layers

    inner = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.Flatten()])
    outer = keras.Sequential([keras.Input((8, 8, 1)), inner, layers.Dense(3)])
    assert [stage.kind for stage in stages(outer)] == ["Input", "Conv2D", "Flatten", "Dense"]


def test_wide_networks_take_several_rows() -> None:
    import keras
    from keras import layers

    many = [layers.MaxPooling2D(1) for _ in range(12)]
    ax = plot_network(keras.Sequential([keras.Input((28, 28, 1)), *many]))
    width, height = ax.figure.get_size_inches()
    assert width < 13
    assert height > 7


def test_draws_into_given_axes(models: Models) -> None:
    ax = Figure(figsize=(11, 5)).add_subplot()
    assert plot_network(models["cnn"], ax=ax) is ax


def test_description(models: Models) -> None:
    with i18n.using("en"):
        assert describe_network(models["bpnn"]) == (
            "Network: Input → 28×28×1, Flatten() → 784, Dense(32, relu) → 32 (784×32 + 32 = 25,120), "
            "Dense(10, softmax) → 10 (32×10 + 10 = 330). 25,450 parameters in all."
        )
    with i18n.using("ja"):
        assert describe_network(models["bpnn"]).endswith("パラメータは全部で 25,450 個。")


def test_refuses_branches(refused: Callable[..., None]) -> None:
    import keras
    from keras import layers

    image = keras.Input((8, 8, 1))
    joined = layers.Add(name="join")([layers.Conv2D(2, 1)(image), layers.Conv2D(2, 1)(image)])
    model = keras.Model(image, layers.Flatten()(joined), name="fork")
    refused(
        lambda: plot_network(model),
        en="Only a chain of layers can be drawn to scale; the model 'fork' branches at 'join', so use "
        "keras.utils.plot_model.",
        ja="縮尺図にできるのは一列につながった層だけですが、モデル 'fork' は 'join' で枝分かれしているため、"
        "keras.utils.plot_model を使ってください。",
    )


def test_refuses_a_layer_called_twice(refused: Callable[..., None]) -> None:
    import keras
    from keras import layers

    image = keras.Input((8,))
    twice = layers.Dense(8, name="twice")
    model = keras.Model(image, twice(twice(image)), name="loop")
    refused(
        lambda: plot_network(model),
        en="Only a chain of layers can be drawn to scale; the model 'loop' branches at 'twice', so use "
        "keras.utils.plot_model.",
        ja="縮尺図にできるのは一列につながった層だけですが、モデル 'loop' は 'twice' で枝分かれしているため、"
        "keras.utils.plot_model を使ってください。",
    )


def test_refuses_a_model_without_shapes(refused: Callable[..., None]) -> None:
    import keras
    from keras import layers

    model = keras.Sequential([layers.Dense(3)], name="open")
    refused(
        lambda: plot_network(model),
        en="The shapes of the model 'open' are not known yet; start it with keras.Input(shape).",
        ja="モデル 'open' の形状がまだ決まっていないため、先頭に keras.Input(shape) を置いてください。",
    )


def test_refuses_sizes_left_open(refused: Callable[..., None]) -> None:
    import keras
    from keras import layers

    model = keras.Sequential([keras.Input((None, None, 1)), layers.Conv2D(2, 3)])
    refused(
        lambda: plot_network(model),
        en="A network can be drawn to scale only if every size is fixed; "
        "'Input' has shape (None, None, None, 1).",
        ja="ネットワークの縮尺図を描くには、すべての大きさが決まっている必要があります"
        "（'Input' の形状は (None, None, None, 1) です）。",
    )


@pytest.mark.parametrize(("name", "lang"), [("cnn", "en"), ("cnn", "ja"), ("deep", "ja")])
def test_picture(models: Models, name: str, lang: str, same_picture: Callable[..., None]) -> None:
    with i18n.using(lang):
        same_picture(plot_network(models[name]).figure, f"network-{name}-{lang}")
