"""Small files of every kind that the data layer reads."""

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tatamilab.data import Dataset, load

WriteIdx = Callable[..., Path]


def idx_bytes(array: np.ndarray) -> bytes:
    sizes = np.array(array.shape, ">u4").tobytes()
    return bytes([0, 0, 8, array.ndim]) + sizes + array.astype(np.uint8).tobytes()


@pytest.fixture
def write_idx(tmp_path: Path) -> WriteIdx:
    """Write an array as IDX, compressed if the name says so."""

    def write(array: np.ndarray, name: str) -> Path:
        content = idx_bytes(array)
        path = tmp_path / name
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        return path

    return write


@pytest.fixture(scope="session")
def mnist() -> Dataset:
    """All of MNIST."""
    return load("mnist")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder of the test's own."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("TATAMI_CACHE_DIR", str(folder))
    return folder
