"""The MNIST inside the package."""

import gzip
import hashlib
import shutil
import socket
from importlib.resources import files

import numpy as np
import pytest

from tatamilab.data import cache, load, verify
from tatamilab.errors import DataFileError

SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}


@pytest.mark.parametrize(("name", "sha256"), SHA256.items())
def test_files_are_the_canonical_ones(name, sha256):
    packed = files("tatamilab.data").joinpath("mnist", f"{name}.gz").read_bytes()
    assert hashlib.sha256(gzip.decompress(packed)).hexdigest() == sha256


def test_arrays(mnist):
    assert mnist.x_train.shape == (60_000, 28, 28, 1)
    assert mnist.x_test.shape == (10_000, 28, 28, 1)
    assert mnist.y_train.shape == (60_000,)
    assert mnist.y_test.shape == (10_000,)
    assert {a.dtype for a in (mnist.x_train, mnist.y_train, mnist.x_test, mnist.y_test)} == {
        np.dtype("uint8")
    }
    assert mnist.y_train[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]
    assert mnist.y_test[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    assert round(float(mnist.x_train.mean()), 4) == 33.3184
    assert np.bincount(mnist.y_test).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_provenance(mnist):
    assert mnist.class_names == tuple("0123456789")
    assert mnist.n_classes == 10
    assert mnist.image_shape == (28, 28, 1)
    assert mnist.provenance.hashes == SHA256
    assert mnist.provenance.licence == "CC-BY-SA-3.0"
    assert (mnist.provenance.data_size, mnist.provenance.draw, mnist.provenance.balanced) == (
        None,
        None,
        False,
    )


def test_arrays_are_read_only(mnist):
    for array in (mnist.x_train, mnist.y_train, mnist.x_test, mnist.y_test):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1


def test_normalised_is_what_the_worksheet_computes(mnist):
    expected = mnist.x_test.astype(np.float32) / 255.0
    arrays = mnist.normalised()
    assert arrays.x_test.dtype == np.float32
    np.testing.assert_array_equal(arrays.x_test, expected)
    assert arrays.y_test is mnist.y_test
    assert arrays.x_train.shape == (60_000, 28, 28, 1)


def test_no_network(monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("MNIST must not touch the network")

    monkeypatch.setattr(socket, "socket", refuse)
    assert len(load("mnist", mirror="http://127.0.0.1:9", data_size=1).x_train) == 1


@pytest.fixture
def broken_copy(tmp_path, monkeypatch):
    """A copy of the package's folder, to be damaged by the test."""
    folder = tmp_path / "data"
    shutil.copytree(files("tatamilab.data").joinpath("mnist"), folder / "mnist")
    monkeypatch.setattr(cache, "files", lambda _package: folder)
    return folder / "mnist" / "t10k-labels-idx1-ubyte.gz"


@pytest.mark.parametrize("call", [lambda: load("mnist"), lambda: verify("mnist")], ids=["load", "verify"])
def test_a_changed_file_is_refused(broken_copy, refused, call):
    content = bytearray(gzip.decompress(broken_copy.read_bytes()))
    content[8] = 8  # the first test digit is a 7
    broken_copy.write_bytes(gzip.compress(content))
    received = hashlib.sha256(content).hexdigest()
    expected = SHA256["t10k-labels-idx1-ubyte"]
    refused(
        call,
        error=DataFileError,
        en=f"{broken_copy} is not the published file: its SHA-256 is {received}, not {expected}; "
        "reinstall tatamilab.",
        ja=f"{broken_copy} は公開されているファイルと異なります（SHA-256 は {received}、正しくは {expected}）。"
        "tatamilab をインストールし直してください。",
    )


def test_a_truncated_file_is_refused(broken_copy):
    broken_copy.write_bytes(broken_copy.read_bytes()[:-100])
    with pytest.raises(
        DataFileError, match=r"t10k-labels-idx1-ubyte\.gz is truncated.*; reinstall tatamilab\."
    ):
        load("mnist")


def test_a_missing_file_is_refused(broken_copy, cache):
    broken_copy.unlink()
    with pytest.raises(DataFileError, match=r"Cannot read .*t10k-labels.*; reinstall tatamilab\."):
        load("mnist")
