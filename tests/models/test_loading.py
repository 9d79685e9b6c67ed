"""`load_model`: names, seeds, and whether the model fits the data."""

import numpy as np
import pytest

from tatamilab.models import BUILT_IN, load_model

SHAPE = (28, 28, 1)


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in(name):
    model = load_model(name, SHAPE, 10, seed=0)
    assert model.input_shape == (None, *SHAPE)
    assert model.output_shape == (None, 10)


def test_the_same_seed_gives_the_same_weights_and_another_gives_others():
    first, again, other = (load_model("bpnn", SHAPE, 10, seed=seed).get_weights() for seed in (3, 3, 4))
    for one, same in zip(first, again, strict=True):
        np.testing.assert_array_equal(one, same)
    assert not np.array_equal(first[0], other[0])


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seed_out_of_range(refused, seed):
    refused(
        lambda: load_model("cnn", SHAPE, 10, seed=seed),
        en=f"The seed must be from 0 to 4294967295; received {seed}.",
        ja=f"シードは 0 から 4294967295 まででなければなりませんが、{seed} が指定されました。",
    )


@pytest.mark.parametrize(
    ("spec", "nearest"), [("cn", "cnn"), ("BPNN", "bpnn"), ("cnn-smalldata", "cnn-small-data")]
)
def test_unknown_name_with_a_near_one(refused, spec, nearest):
    refused(
        lambda: load_model(spec, SHAPE, 10, seed=0),
        en=f"Unknown model '{spec}'; the nearest known name is '{nearest}'.",
        ja=f"'{spec}' というモデルはありません。最も近い名前は '{nearest}' です。",
    )


@pytest.mark.parametrize("spec", ["resnet50", "", "model.h5"])
def test_unknown_name_with_no_near_one(refused, spec):
    refused(
        lambda: load_model(spec, SHAPE, 10, seed=0),
        en=f"Unknown model '{spec}'; known are cnn, bpnn, cnn-small-data, a FILE.keras, or MODULE:FUNCTION.",
        ja=f"'{spec}' というモデルはありません。cnn, bpnn, cnn-small-data、FILE.keras、MODULE:FUNCTION の"
        "いずれかを指定してください。",
    )


def test_images_too_small(refused):
    refused(
        lambda: load_model("cnn", (4, 4, 1), 10, seed=0),
        en="The model 'cnn' cannot take images of 4×4×1 (rows×columns×channels), which are too small for its "
        "layers: use larger images or another model.",
        ja="モデル 'cnn' では、4×4×1（縦×横×チャネル）の画像は層に対して小さすぎます。"
        "大きな画像か別のモデルを使ってください。",
    )
