"""Own data: what is recognised, and IDX folders."""

import numpy as np
import pytest

from tatamilab.data import load
from tatamilab.errors import BadInput, DataFileError

RNG = np.random.default_rng(0)
IMAGES, LABELS = RNG.integers(0, 256, (6, 5, 4)), np.array([0, 1, 2, 0, 1, 2])


@pytest.fixture(params=["", ".gz"], ids=["plain", "gzip"])
def idx_folder(request, write_idx, tmp_path):
    write_idx(IMAGES, f"train-images-idx3-ubyte{request.param}")
    write_idx(LABELS, f"train-labels-idx1-ubyte{request.param}")
    write_idx(IMAGES[:3], f"t10k-images-idx3-ubyte{request.param}")
    write_idx(LABELS[:3], f"t10k-labels-idx1-ubyte{request.param}")
    return tmp_path


def test_idx_folder(idx_folder):
    data = load(idx_folder)
    np.testing.assert_array_equal(data.x_train[..., 0], IMAGES)
    np.testing.assert_array_equal(data.y_test, LABELS[:3])
    assert data.name == idx_folder.name
    assert data.class_names == ("0", "1", "2")
    assert sorted(data.provenance.hashes) == [
        "t10k-images-idx3-ubyte",
        "t10k-labels-idx1-ubyte",
        "train-images-idx3-ubyte",
        "train-labels-idx1-ubyte",
    ]


def test_idx_in_colour_and_with_a_dot_in_its_name(write_idx, tmp_path):
    colour = RNG.integers(0, 256, (6, 5, 4, 3))
    write_idx(colour, "train-images.idx4-ubyte")
    write_idx(LABELS, "train-labels.idx1-ubyte")
    write_idx(colour[:3], "t10k-images.idx4-ubyte")
    write_idx(LABELS[:3], "t10k-labels.idx1-ubyte")
    np.testing.assert_array_equal(load(tmp_path).x_train, colour)


def test_idx_file_is_missing(write_idx, tmp_path, refused):
    write_idx(IMAGES, "train-images-idx3-ubyte")
    refused(
        lambda: load(tmp_path),
        error=DataFileError,
        en=f"A folder of IDX files needs exactly one file train-labels?idx1-ubyte*; {tmp_path} has 0.",
        ja=f"IDX ファイルのフォルダには train-labels?idx1-ubyte* がちょうど 1 つ必要ですが、{tmp_path} には "
        "0 個あります。",
    )


def test_idx_file_is_truncated(idx_folder):
    path = next(idx_folder.glob("train-images*"))
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(
        DataFileError, match=r"train-images.* is (truncated|damaged).*; copy it again from its"
    ):
        load(idx_folder)


def test_idx_counts_differ(idx_folder, write_idx):
    write_idx(LABELS[:5], next(idx_folder.glob("train-labels*")).name)
    with pytest.raises(BadInput, match="has 6 images and 5 labels"):
        load(idx_folder)


def test_nothing_there(tmp_path, refused):
    path = tmp_path / "none"
    refused(
        lambda: load(path),
        en=f"There is no file or folder {path}: check the path.",
        ja=f"ファイルまたはフォルダ {path} がありません。パスを確認してください。",
    )


@pytest.mark.parametrize("name", ["x" * 5000, "./" + "x" * 5000, "x" * 5000 + ".npz"])
def test_a_name_longer_than_a_path_can_be(name):
    with pytest.raises(BadInput):
        load(name)


def test_a_file_of_another_kind(tmp_path, refused):
    path = tmp_path / "notes.txt"
    path.write_text("hello")
    refused(
        lambda: load(str(path)),
        en="Own data is a folder with one folder of images for each class, an .npz file, or a folder with "
        f"four IDX files; {path} is none of these.",
        ja="自分のデータには、クラスごとの画像フォルダを収めたフォルダ、.npz ファイル、4 つの IDX ファイルを"
        f"収めたフォルダのいずれかを指定してください。{path} はどれでもありません。",
    )


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("mnits", "mnist"), ("MNIST", "mnist"), ("fashion_mnist", "fashion-mnist"), ("cifar-10", "cifar10")],
)
def test_unknown_name_with_a_near_one(refused, name, nearest):
    refused(
        lambda: load(name),
        en=f"Unknown data set '{name}'; the nearest known name is '{nearest}'.",
        ja=f"'{name}' というデータセットはありません。最も近い名前は '{nearest}' です。",
    )


@pytest.mark.parametrize("name", ["imagenet", ""])
def test_unknown_name_with_no_near_one(refused, name):
    refused(
        lambda: load(name),
        en=f"Unknown data set '{name}', and no file or folder is called so; known names: mnist, "
        "fashion-mnist, kmnist, cifar10.",
        ja=f"'{name}' という名前のデータセットも、ファイルも、フォルダもありません。"
        "使える名前: mnist, fashion-mnist, kmnist, cifar10。",
    )


def test_a_name_wins_over_a_folder_of_that_name_but_not_over_a_path(tmp_path, monkeypatch):
    (tmp_path / "mnist").mkdir()
    monkeypatch.chdir(tmp_path)
    assert load("mnist", data_size=1).provenance.licence == "CC-BY-SA-3.0"
    with pytest.raises(BadInput, match="mnist has no images"):
        load("./mnist")
