"""CIFAR-10's binary archive, with five records a file in place of 10,000."""

import dataclasses
import hashlib
import io
import tarfile
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pytest

from tatamilab.data import cache as data_cache
from tatamilab.data import catalogue, load, loading
from tatamilab.data.cifar import read_cifar10
from tatamilab.errors import DataFileError

FILES = [*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]


def records(seed: int) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, (5, 32, 32, 3), np.uint8), rng.integers(0, 10, 5).astype(np.uint8)


def write_archive(path: Path, left_out: str = "", cut: int = 0) -> Path:
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for seed, name in enumerate(FILES):
            if name == left_out:
                continue
            images, labels = records(seed)
            planes = images.transpose(0, 3, 1, 2).reshape(5, -1)
            content = np.hstack([labels[:, None], planes]).tobytes()[: 5 * 3073 - cut]
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def test_arrays(tmp_path):
    x_train, y_train, x_test, y_test = read_cifar10(write_archive(tmp_path / "a.tar.gz"), remedy="")
    np.testing.assert_array_equal(x_train, np.concatenate([records(i)[0] for i in range(5)]))
    np.testing.assert_array_equal(y_train, np.concatenate([records(i)[1] for i in range(5)]))
    np.testing.assert_array_equal(x_test, records(5)[0])
    np.testing.assert_array_equal(y_test, records(5)[1])


def test_load_reads_only_the_archive_with_the_published_hash(tmp_path, cache, monkeypatch):
    archive = write_archive(tmp_path / "cifar-10-binary.tar.gz")
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    with pytest.raises(DataFileError, match="is not the published file"):
        load("cifar10", mirror=str(tmp_path))
    (file,) = catalogue.CIFAR10.files
    known = dataclasses.replace(catalogue.CIFAR10, files=(dataclasses.replace(file, sha256=sha256),))
    for module in (data_cache, loading):
        monkeypatch.setattr(module, "CATALOGUE", MappingProxyType({"cifar10": known}))
    data = load("cifar10", mirror=str(tmp_path))
    assert data.image_shape == (32, 32, 3)
    assert data.class_names[0] == "airplane"
    assert data.provenance.hashes == {"cifar-10-binary.tar.gz": sha256}
    assert data.provenance.licence is None


def test_a_file_is_missing(tmp_path, refused):
    path = write_archive(tmp_path / "a.tar.gz", left_out="test_batch.bin")
    name = "cifar-10-batches-bin/test_batch.bin"
    refused(
        lambda: read_cifar10(path, remedy="look again"),
        error=DataFileError,
        en=f"{path} is not CIFAR-10's binary archive (it has no {name}); look again.",
        ja=f"{path} は CIFAR-10 のバイナリ版アーカイブではありません（{name} が入っていません）。look again。",
    )


def test_records_are_cut(tmp_path):
    with pytest.raises(DataFileError, match=r"binary archive \(it is damaged\)"):
        read_cifar10(write_archive(tmp_path / "a.tar.gz", cut=1), remedy="")


@pytest.mark.parametrize("content", [b"", b"no archive"])
def test_no_archive(tmp_path, content):
    path = tmp_path / "a.tar.gz"
    path.write_bytes(content)
    with pytest.raises(DataFileError, match="is not CIFAR-10's binary archive"):
        read_cifar10(path, remedy="")


def test_truncated_archive(tmp_path):
    path = write_archive(tmp_path / "a.tar.gz")
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(DataFileError, match="is not CIFAR-10's binary archive"):
        read_cifar10(path, remedy="")
