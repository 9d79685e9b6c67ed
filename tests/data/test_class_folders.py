"""Folders of class folders with images."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tatamilab import i18n
from tatamilab.data import load
from tatamilab.data.class_folders import IMAGE_SUFFIXES
from tatamilab.errors import BadInput, DataFileError

GREY = np.random.default_rng(0).integers(0, 256, (40, 12, 10), np.uint8)


def save(array: np.ndarray, path: Path, **options: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(array).save(path, **options)
    return path


@pytest.fixture
def grey_folder(tmp_path):
    """Ten images of each of two classes, all 12×10 and grey."""
    folder = tmp_path / "shapes"
    for n in range(20):
        save(GREY[n], folder / ("round" if n % 2 else "angular") / f"{n:02}.png")
    return folder


def as_found(data):
    """Images of `data` as bytes, with their class, whatever the order."""
    images, labels = np.concatenate([data.x_train, data.x_test]), np.concatenate([data.y_train, data.y_test])
    return {x.tobytes(): data.class_names[y] for x, y in zip(images, labels, strict=True)}


def test_images_of_one_small_size_stay_as_they_are(grey_folder):
    data = load(grey_folder)
    assert data.name == "shapes"
    assert data.class_names == ("angular", "round")
    assert data.image_shape == (12, 10, 1)
    assert (len(data.x_train), len(data.x_test)) == (16, 4)
    assert np.bincount(data.y_test).tolist() == [2, 2]
    assert as_found(data) == {GREY[n].tobytes(): "round" if n % 2 else "angular" for n in range(20)}
    assert data.provenance.notes == (
        "4 images drawn for testing, one in 5 of each class (seed 0)",
        "training images shuffled (seed 0)",
        "greyscale, one channel",
    )


def test_training_images_are_not_in_the_order_of_their_classes(grey_folder):
    """Keras cuts the validation part from the end: in the order of folders it would hold one class only."""
    labels = load(grey_folder).y_train.tolist()
    assert labels != sorted(labels)


def test_the_same_folder_gives_the_same_arrays_and_another_gives_another_hash(grey_folder):
    first, again = load(grey_folder), load(grey_folder)
    np.testing.assert_array_equal(first.x_train, again.x_train)
    assert first.provenance == again.provenance
    save(GREY[39], grey_folder / "round" / "01.png")
    assert load(grey_folder).provenance.hashes != first.provenance.hashes


def test_train_and_test_folders(tmp_path):
    for n in range(8):
        part = "test" if n < 2 else "train"
        save(GREY[n], tmp_path / part / ("round" if n % 2 else "angular") / f"{n}.png")
    data = load(tmp_path)
    assert (len(data.x_train), len(data.x_test)) == (6, 2)
    np.testing.assert_array_equal(data.x_test[..., 0], GREY[:2])
    assert data.y_test.tolist() == [0, 1]
    assert data.provenance.notes[0] == "training and test images as the folders train and test give them"


def test_a_class_for_testing_only(tmp_path, refused):
    for n, where in enumerate(["train/a", "train/b", "test/a", "test/c"]):
        save(GREY[n], tmp_path / where / "1.png")
    refused(
        lambda: load(tmp_path),
        en=f"Every class for testing needs images for training; {tmp_path}/test/c has no counterpart among "
        "a, b.",
        ja=f"テスト用のクラスには学習用の画像も必要ですが、{tmp_path}/test/c に対応するクラスが学習用（a, b）に"
        "ありません。",
    )


def test_large_and_uneven_images_are_cut_and_resized(tmp_path):
    left_half_white = np.zeros((100, 200, 3), np.uint8)
    left_half_white[:, :100] = 255
    for n in range(3):
        save(left_half_white, tmp_path / "wide" / f"{n}.png")
        save(np.full((90, 70, 3), (255, 0, 0), np.uint8), tmp_path / "tall" / f"{n}.jpg", quality=95)
    data = load(tmp_path)
    assert data.image_shape == (28, 28, 3)
    wide = data.x_train[data.y_train == 1][0]
    assert wide[:, :13].min() > 200
    assert wide[:, 15:].max() < 50
    tall = data.x_train[data.y_train == 0][0]
    assert (tall[..., 0] > 240).all()
    assert (tall[..., 1:] < 15).all()
    assert data.provenance.notes[2:] == (
        "images cut to their central square and resized to 28×28, from 70×90 to 200×100 (columns×rows)",
        "colour, three channels (red, green, blue)",
    )
    with i18n.using("ja"):
        assert load(tmp_path).provenance.notes == (
            "各クラスの 5 枚に 1 枚、計 2 枚をテスト用に抽出（シード 0）",
            "学習用の画像の順序をシャッフル（シード 0）",
            "画像の中央を正方形に切り抜き、28×28 に縮小・拡大（元の大きさは 70×90 から 200×100、横×縦）",
            "カラー（赤・緑・青の 3 チャネル）",
        )


def test_grey_images_saved_in_colour_are_grey(tmp_path):
    for n in range(4):
        save(np.repeat(GREY[n][..., None], 3, axis=-1), tmp_path / "ab"[n % 2] / f"{n}.png")
    assert load(tmp_path).image_shape == (12, 10, 1)


def test_one_colour_image_makes_all_colour(grey_folder):
    save(np.full((12, 10, 3), (200, 0, 0), np.uint8), grey_folder / "round" / "red.png")
    assert load(grey_folder).image_shape == (12, 10, 3)


def test_16_bits_transparency_and_orientation(tmp_path):
    deep = np.full((12, 10), 0x8000, np.uint16)
    clear = np.zeros((12, 10, 4), np.uint8)
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned by 90°
    for n in range(2):
        save(deep, tmp_path / "deep" / f"{n}.png")
        save(clear, tmp_path / "clear" / f"{n}.png")
        save(np.zeros((10, 12), np.uint8), tmp_path / "turned" / f"{n}.png", exif=turned)
    data = load(tmp_path)
    assert data.image_shape == (12, 10, 1)
    assert [int(data.x_test[data.y_test == label].mean()) for label in range(3)] == [255, 128, 0]
    assert data.provenance.notes[-1] == "transparent parts shown on white"


@pytest.mark.parametrize("suffix", sorted(IMAGE_SUFFIXES))
def test_every_suffix_can_be_read(tmp_path, suffix):
    for name, level in (("dark", 10), ("light", 240)):
        for n in range(2):
            save(np.full((9, 9), level, np.uint8), tmp_path / name / f"{n}{suffix}")
    data = load(tmp_path)
    assert abs(int(data.x_test[data.y_test == 0].mean()) - 10) <= 3
    assert abs(int(data.x_test[data.y_test == 1].mean()) - 240) <= 3


def test_other_files_and_hidden_ones_are_left_alone(grey_folder):
    (grey_folder / "round" / "notes.txt").write_text("hello")
    (grey_folder / "round" / "._01.png").write_bytes(b"what macOS leaves behind")
    (grey_folder / ".git").mkdir()
    (grey_folder / "__MACOSX").mkdir()
    assert len(load(grey_folder).class_names) == 2


def test_no_images(tmp_path, refused):
    suffixes = ", ".join(sorted(IMAGE_SUFFIXES))
    refused(
        lambda: load(tmp_path),
        en=f"{tmp_path} has no images: it must hold one folder of images for each class ({suffixes}).",
        ja=f"{tmp_path} に画像がありません。クラスごとに 1 つのフォルダを作り、画像（{suffixes}）を"
        "入れてください。",
    )


def test_a_class_without_images(grey_folder, refused):
    (grey_folder / "empty").mkdir()
    refused(
        lambda: load(grey_folder),
        en=f"The class folder {grey_folder}/empty has no image that can be read; put images into it, or "
        "remove it.",
        ja=f"クラスのフォルダ {grey_folder}/empty に読める画像がありません。画像を入れるか、"
        "フォルダを削除してください。",
    )


def test_one_image_only(tmp_path, refused):
    save(GREY[0], tmp_path / "a" / "1.png")
    save(GREY[1], tmp_path / "b" / "1.png")
    refused(
        lambda: load(tmp_path),
        en="Each class needs at least two images, one to train on and one to test on; a has 1.",
        ja="各クラスには学習用とテスト用に少なくとも 2 枚の画像が必要ですが、a には 1 枚しかありません。",
    )


def test_one_class_only(grey_folder):
    shutil.rmtree(grey_folder / "round")
    with pytest.raises(BadInput, match="at least two classes; shapes has 1"):
        load(grey_folder)


@pytest.mark.parametrize("content", [b"", b"no image", b"\x89PNG\r\n\x1a\n broken"])
def test_an_unreadable_image(grey_folder, refused, content):
    bad = grey_folder / "round" / "bad.png"
    bad.write_bytes(content)
    refused(
        lambda: load(grey_folder),
        error=DataFileError,
        en=f"Cannot read the image {bad}: it is damaged, or no image; repair or remove it, or leave "
        "unreadable images out with --skip-bad.",
        ja=f"画像 {bad} を読めません（壊れているか、画像ではありません）。修復または削除するか、"
        "--skip-bad を付けて読めない画像を除いてください。",
    )
    data = load(grey_folder, skip_bad=True)
    assert len(data.x_train) + len(data.x_test) == 20
    assert data.provenance.notes[-1] == "1 unreadable images left out: round/bad.png"


def test_a_truncated_image(grey_folder):
    path = grey_folder / "round" / "01.png"
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataFileError, match=r"Cannot read the image .*01\.png: it is damaged"):
        load(grey_folder)


@pytest.mark.parametrize("pixels", [15_000, 7_000], ids=["more than the limit", "far more than the limit"])
def test_a_decompression_bomb(grey_folder, monkeypatch, refused, pixels):
    bomb = save(np.zeros((200, 100), np.uint8), grey_folder / "round" / "bomb.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", pixels)
    refused(
        lambda: load(grey_folder),
        error=DataFileError,
        en=f"Cannot read the image {bomb}: it has more than {pixels:,} pixels; repair or remove it, or leave "
        "unreadable images out with --skip-bad.",
        ja=f"画像 {bomb} を読めません（{pixels:,} 画素を超えています）。修復または削除するか、"
        "--skip-bad を付けて読めない画像を除いてください。",
    )
