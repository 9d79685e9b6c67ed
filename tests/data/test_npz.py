"""`.npz` files in Keras's layout."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tatamilab.data import load, npz
from tatamilab.errors import BadInput, DataFileError
from tatamilab.files import sha256

RNG = np.random.default_rng(0)
GOOD = {
    "x_train": RNG.integers(0, 256, (6, 4, 5), np.uint8),
    "y_train": np.array([0, 1, 2, 0, 1, 2]),
    "x_test": RNG.integers(0, 256, (3, 4, 5), np.uint8),
    "y_test": np.array([2, 1, 0]),
}


@pytest.fixture
def write(tmp_path):
    def to_file(**changed: object) -> Path:
        path = tmp_path / "mine.npz"
        np.savez_compressed(path, **{k: v for k, v in (GOOD | changed).items() if v is not None})
        return path

    return to_file


def test_grey(write):
    path = write()
    data = load(path)
    assert data.name == "mine"
    assert data.image_shape == (4, 5, 1)
    assert data.class_names == ("0", "1", "2")
    np.testing.assert_array_equal(data.x_train[..., 0], GOOD["x_train"])
    np.testing.assert_array_equal(data.y_test, GOOD["y_test"])
    assert data.provenance.source == str(path)
    assert data.provenance.hashes == {"mine.npz": sha256(path.read_bytes())}


def test_colour_labels_in_a_column_and_class_names(write):
    data = load(
        str(
            write(
                x_train=np.zeros((6, 4, 5, 3), np.uint8),
                x_test=np.zeros((3, 4, 5, 3), np.uint8),
                y_train=GOOD["y_train"][:, None],
                class_names=np.array(["猫", "犬", "鳥", "魚"]),
            )
        )
    )
    assert data.image_shape == (4, 5, 3)
    assert data.class_names == ("猫", "犬", "鳥", "魚")
    assert data.y_train.tolist() == GOOD["y_train"].tolist()


@pytest.mark.parametrize(
    ("array", "kind", "shape"),
    [
        (GOOD["x_train"].astype(np.float32) / 255, "float32", (6, 4, 5)),
        (GOOD["x_train"].astype(np.int64), "int64", (6, 4, 5)),
        (GOOD["x_train"].reshape(6, 20), "uint8", (6, 20)),
    ],
)
def test_images_of_another_kind(write, refused, array, kind, shape):
    path = write(x_train=array)
    refused(
        lambda: load(path),
        en=f"Images must be uint8 (0–255) with the axes n×h×w or n×h×w×c; x_train in {path} is {kind} with "
        f"the shape {shape}.",
        ja=f"画像は n×h×w または n×h×w×c の uint8（0〜255）でなければなりませんが、{path} の "
        f"x_train は {kind} で、形は {shape} です。",
    )


@pytest.mark.parametrize(
    ("array", "kind", "shape"),
    [
        (np.eye(3), "float64", (3, 3)),
        (np.array([0.0, 1.0, 2.0]), "float64", (3,)),
        (np.eye(3, dtype=np.int64), "int64", (3, 3)),
        (np.int64(3), "int64", ()),
    ],
)
def test_labels_of_another_kind(write, refused, array, kind, shape):
    path = write(y_test=array)
    refused(
        lambda: load(path),
        en=f"Labels must be integers, one for each image; y_test in {path} is {kind} with the shape {shape}.",
        ja=f"正解ラベルは画像 1 枚につき 1 つの整数でなければなりませんが、{path} の y_test は {kind} で、"
        f"形は {shape} です。",
    )


@pytest.mark.parametrize(
    ("labels", "received", "missing"),
    [
        ([1, 2, 3, 1, 2, 3], "1, 2, 3", 0),
        ([0, 2, 2, 0, 0, 2], "0, 2", 1),
    ],
)
def test_labels_with_a_gap(write, refused, labels, received, missing):
    path = write(y_train=np.array(labels))
    refused(
        lambda: load(path),
        en=f"Classes must be numbered 0, 1, 2, … without a gap; in {path} (y_train) the labels are "
        f"{received}, and {missing} is missing: renumber them.",
        ja=f"クラスの番号は 0、1、2、… と連続していなければなりませんが、{path} (y_train) の正解ラベルは "
        f"{received} で、{missing} がありません。番号を振り直してください。",
    )


def test_a_label_below_0(write, refused):
    path = write(y_train=np.array([-1, 0, 1, 0, 1, 0]))
    refused(
        lambda: load(path),
        en=f"Classes are numbered from 0 up; in {path} (y_train) a label is -1: renumber them.",
        ja=f"クラスの番号は 0 から始まりますが、{path} (y_train) に正解ラベル -1 があります。"
        "番号を振り直してください。",
    )


def test_test_label_without_a_class(write):
    with pytest.raises(BadInput, match="Labels must be from 0 to 2; in the test data of mine, label 0 is 7"):
        load(write(y_test=np.array([7, 0, 1])))


def test_one_class_only(write):
    with pytest.raises(BadInput, match="at least two classes; mine has 1"):
        load(write(y_train=np.zeros(6, int), y_test=np.zeros(3, int)))


def test_more_images_than_labels(write):
    with pytest.raises(BadInput, match="the training data of mine has 6 images and 3 labels"):
        load(write(y_train=np.array([0, 1, 2])))


def test_an_array_is_missing(write, refused):
    path = write(x_test=None, y_test=None)
    refused(
        lambda: load(path),
        error=DataFileError,
        en=f"An .npz file must hold the arrays x_train, y_train, x_test, y_test; {path} lacks x_test, "
        "y_test.",
        ja=f".npz ファイルには配列 x_train, y_train, x_test, y_test が必要ですが、{path} には "
        "x_test, y_test がありません。",
    )


def test_pickles_are_refused(write, refused):
    path = write(y_train=np.array([0, 1, 2, None, 1, 2], object))
    refused(
        lambda: load(path),
        error=DataFileError,
        en=f"{path} is not a whole .npz file of plain arrays (it holds Python objects); save it again with np.savez.",
        ja=f"{path} は通常の配列だけを収めた完全な .npz ファイルではありません（Python のオブジェクトが入っています）。"
        "np.savez で保存し直してください。",
    )


def test_no_zip_or_truncated(write):
    path = write()
    for content in (b"", b"no zip", path.read_bytes()[:-30], path.read_bytes()[:200]):
        path.write_bytes(content)
        with pytest.raises(DataFileError, match=r"is not a whole \.npz file .*\(it is no zip archive\)"):
            load(path)


def test_a_changed_byte(write):
    path = write()
    content = bytearray(path.read_bytes())
    content[150] ^= 0xFF
    path.write_bytes(content)
    with pytest.raises(DataFileError, match=r"is not a whole \.npz file"):
        load(path)


def test_too_large_to_unpack(write, refused, monkeypatch):
    path = write()
    with zipfile.ZipFile(path) as members:
        declared = sum(member.file_size for member in members.infolist())
    monkeypatch.setattr(npz, "LARGEST_BYTES", 100)
    refused(
        lambda: load(path),
        error=DataFileError,
        en=f"{path} would unpack to {declared} bytes, and at most 100 are allowed; keep fewer or smaller "
        "images in it.",
        ja=f"{path} は展開すると {declared} バイトになり、上限の 100 バイトを超えます。"
        "画像を減らすか小さくしてください。",
    )


def test_an_array_that_claims_more_than_it_holds(write):
    path = write()
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (1 << 50, 28, 28)}
    )
    with zipfile.ZipFile(path, "w") as members:
        for name, array in GOOD.items():
            if name == "x_train":
                members.writestr("x_train.npy", header.getvalue() + b"\0" * 100)
            else:
                with members.open(f"{name}.npy", "w") as member:
                    np.lib.format.write_array(member, array)
    with pytest.raises(DataFileError, match=r"is not a whole \.npz file"):
        load(path)
