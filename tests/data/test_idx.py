"""IDX files, good and bad."""

import gzip
import hashlib
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from tatamilab.data.idx import LARGEST_BYTES, read_idx
from tatamilab.errors import DataFileError

LABELS = np.array([3, 1, 2], np.uint8)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(
    array=arrays(np.uint8, array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5)),
    suffix=st.sampled_from(["", ".gz"]),
)
def test_reads_back_what_was_written(write_idx, array, suffix):
    path = write_idx(array, f"file-ubyte{suffix}")
    read = read_idx(path, array.ndim, remedy="")
    np.testing.assert_array_equal(read.array, array)
    content = path.read_bytes()
    assert read.sha256 == hashlib.sha256(gzip.decompress(content) if suffix else content).hexdigest()


def test_array_cannot_be_written_to(write_idx):
    read = read_idx(write_idx(LABELS, "labels"), 1, remedy="")
    with pytest.raises(ValueError, match="read-only"):
        read.array[0] = 0


def test_missing(tmp_path, refused):
    path = tmp_path / "none"
    refused(
        lambda: read_idx(path, 1, remedy="look again"),
        error=DataFileError,
        en=f"Cannot read {path}: No such file or directory; look again.",
        ja=f"{path} を読めません（No such file or directory）。look again。",
    )


@pytest.mark.parametrize("name", ["labels", "labels.gz"])
def test_images_where_labels_belong(write_idx, refused, name):
    path = write_idx(np.zeros((2, 3, 3)), name)
    refused(
        lambda: read_idx(path, 1, remedy="look again"),
        error=DataFileError,
        en=f"{path} is not an IDX file of unsigned bytes with 1 axes: it begins with 00 00 08 03, "
        "not 00 00 08 01; look again.",
        ja=f"{path} は 1 軸の符号なしバイトの IDX ファイルではありません（先頭は 00 00 08 03、"
        "正しくは 00 00 08 01）。look again。",
    )


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"PK\3\4 something else", bytes([0, 0, 0x0D, 1, 0, 0, 0, 0])]
)
def test_not_idx(tmp_path, content):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(DataFileError, match="is not an IDX file"):
        read_idx(path, 1, remedy="")


@pytest.mark.parametrize(("n_bytes", "declared", "held"), [(10, 3, 2), (8, 3, 0), (6, 8, 6)])
def test_truncated(write_idx, refused, n_bytes, declared, held):
    path = write_idx(LABELS, "labels")
    path.write_bytes(path.read_bytes()[:n_bytes])
    refused(
        lambda: read_idx(path, 1, remedy="look again"),
        error=DataFileError,
        en=f"{path} is truncated: {declared} bytes must follow, {held} do; look again.",
        ja=f"{path} は途中で切れています（{declared} バイトのはずが {held} バイト）。look again。",
    )


def test_truncated_gzip_is_noticed_at_every_length(write_idx):
    path = write_idx(np.arange(200), "labels.gz")
    whole = path.read_bytes()
    for n_bytes in range(len(whole)):
        path.write_bytes(whole[:n_bytes])
        with pytest.raises(DataFileError):
            read_idx(path, 1, remedy="")


def test_a_flipped_bit_in_gzip_is_noticed_or_changes_the_hash(write_idx):
    path = write_idx(np.arange(200), "labels.gz")
    whole = path.read_bytes()
    honest = read_idx(path, 1, remedy="")
    for at in range(10, len(whole)):  # what comes before is the header of gzip: time and system
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        with pytest.raises(DataFileError):
            read_idx(path, 1, remedy="")
    assert honest.sha256


@pytest.mark.parametrize("name", ["labels", "labels.gz"])
def test_trailing_bytes(tmp_path, write_idx, refused, name):
    path = write_idx(LABELS, name)
    content = gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 3, 3, 1, 2, 9])) if name.endswith("gz") else None
    path.write_bytes(content or path.read_bytes() + b"\0")
    refused(
        lambda: read_idx(path, 1, remedy="look again"),
        error=DataFileError,
        en=f"{path} goes on after the 3 bytes that its header declares; look again.",
        ja=f"{path} には、ヘッダにある 3 バイトの後に余分なデータがあります。look again。",
    )


def test_damaged_gzip(write_idx, refused):
    path = write_idx(np.arange(200), "labels.gz")
    content = bytearray(path.read_bytes())
    content[-6] ^= 1  # in the checksum
    path.write_bytes(content)
    refused(
        lambda: read_idx(path, 1, remedy="look again"),
        error=DataFileError,
        en=f"{path} is damaged: its gzip compression does not fit together; look again.",
        ja=f"{path} は壊れています（gzip の内容に矛盾があります）。look again。",
    )


def test_other_shape(write_idx, refused):
    path = write_idx(np.zeros((2, 3, 3)), "images")
    refused(
        lambda: read_idx(path, 3, shape=(2, 28, 28), remedy="look again"),
        error=DataFileError,
        en=f"{path} declares the shape 2×3×3, but 2×28×28 is expected; look again.",
        ja=f"{path} のヘッダにある形 2×3×3 は、想定（2×28×28）と合いません。look again。",
    )


def test_declares_too_much(tmp_path, refused):
    path = tmp_path / "images"
    path.write_bytes(bytes([0, 0, 8, 3]) + np.array([1 << 31, 28, 28], ">u4").tobytes())
    refused(
        lambda: read_idx(path, 3, remedy="look again"),
        error=DataFileError,
        en=f"{path} declares the shape 2147483648×28×28, but at most {LARGEST_BYTES} bytes is expected; "
        "look again.",
        ja=f"{path} のヘッダにある形 2147483648×28×28 は、想定（最大 {LARGEST_BYTES} バイト）と合いません。"
        "look again。",
    )


def test_gzip_that_inflates_beyond_its_header_is_cut_off(tmp_path: Path):
    path = tmp_path / "bomb.gz"
    path.write_bytes(gzip.compress(bytes([0, 0, 8, 1, 0, 0, 0, 10]) + bytes(100 << 20)))
    tracemalloc.start()
    try:
        with pytest.raises(DataFileError, match="goes on after the 10 bytes"):
            read_idx(path, 1, remedy="")
        assert tracemalloc.get_traced_memory()[1] < 5 << 20
    finally:
        tracemalloc.stop()
