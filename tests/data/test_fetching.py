"""Fetching, from a mirror on this machine; the official addresses are not tried."""

import gzip
import hashlib
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from tatamilab.data import CATALOGUE, Dataset, fetch, list_datasets, load, verify
from tatamilab.data.catalogue import FASHION_MNIST, KMNIST
from tatamilab.errors import BadInput, DataFileError, OutputError

DEBIAN = Path("/usr/share/datasets/fashion-mnist")
FILES = [file.name for file in FASHION_MNIST.files]


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Say nothing."""


def serve(folder: Path) -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(folder))) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="module")
def debian() -> Path:
    if not DEBIAN.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail("Debian's package dataset-fashion-mnist must be installed where CI=true")
        pytest.skip("Debian's package dataset-fashion-mnist is not installed")
    return DEBIAN


@pytest.fixture(scope="module")
def mirror(debian: Path) -> Iterator[str]:
    yield from serve(debian)


@pytest.fixture
def bad_mirror(tmp_path: Path) -> Iterator[str]:
    """A mirror whose first file is another one than Fashion-MNIST's."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    images = bytes([0, 0, 8, 3, 0, 0, 0xEA, 0x60, 0, 0, 0, 28, 0, 0, 0, 28]) + bytes(60_000 * 28 * 28)
    (folder / FILES[0]).write_bytes(gzip.compress(images, 1))
    yield from serve(folder)


def is_fashion_mnist(data: Dataset) -> bool:
    return (
        data.name == "fashion-mnist"
        and data.x_train.shape == (60_000, 28, 28, 1)
        and data.y_train[:8].tolist() == [9, 0, 0, 3, 0, 2, 7, 2]
        and np.bincount(data.y_test).tolist() == [1000] * 10
        and data.class_names[9] == "Ankle boot"
        and data.provenance.licence == "MIT"
    )


def test_from_a_server(cache, mirror):
    told = []
    data = load("fashion-mnist", mirror=mirror, progress=lambda *one: told.append(one))
    assert is_fashion_mnist(data)
    for name in FILES:
        size = (DEBIAN / name).stat().st_size
        steps = [(arrived, total) for file, arrived, total in told if file == name]
        assert {total for _arrived, total in steps} == {size}
        assert [arrived for arrived, _total in steps] == sorted(arrived for arrived, _total in steps)
        assert steps[-1] == (size, size)
    assert sorted(path.name for path in (cache / "data" / "fashion-mnist").iterdir()) == sorted(FILES)


@pytest.fixture(scope="module")
def fetched(debian: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder into which Fashion-MNIST has been fetched from a folder."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TATAMI_CACHE_DIR", str(folder))
        assert fetch("fashion-mnist", str(debian)) == folder / "data" / "fashion-mnist"
    return folder


def test_from_the_cache(fetched, monkeypatch):
    def refuse(*_args, **_kwargs):
        raise AssertionError("what is in the cache must not be fetched")

    monkeypatch.setenv("TATAMI_CACHE_DIR", str(fetched))
    monkeypatch.setattr(socket, "socket", refuse)
    assert is_fashion_mnist(load("fashion-mnist"))


def test_fetch_mends_what_is_damaged_and_keeps_the_rest(fetched, debian, cache):
    shutil.copytree(fetched, cache)
    folder = cache / "data" / "fashion-mnist"
    damaged, kept = folder / FILES[3], folder / FILES[1]
    damaged.write_bytes(damaged.read_bytes()[:-9])
    with pytest.raises(DataFileError, match=r"fetch it again with `tatami data fetch fashion-mnist`\.$"):
        verify("fashion-mnist")
    before = kept.stat().st_mtime_ns
    fetch("fashion-mnist", str(debian))
    assert damaged.read_bytes() == (debian / FILES[3]).read_bytes()
    assert kept.stat().st_mtime_ns == before


def test_states(cache, tmp_path):
    assert {one.known.name: one.state for one in list_datasets()} == {
        "mnist": "packaged",
        "fashion-mnist": "absent",
        "kmnist": "absent",
        "cifar10": "absent",
    }
    folder = cache / "data" / "kmnist"
    folder.mkdir(parents=True)
    for n, file in enumerate(KMNIST.files, 1):
        (folder / file.name).touch()
        states = {one.known.name: one.state for one in list_datasets()}
        assert states["kmnist"] == ("cached" if n == 4 else "incomplete")


def test_files_known_by_their_own_hash_alone_are_checked(cache, refused):
    folder = cache / "data" / "kmnist"
    folder.mkdir(parents=True)
    (folder / "train-images-idx3-ubyte.gz").write_bytes(b"something else")
    path, received = folder / "train-images-idx3-ubyte.gz", hashlib.sha256(b"something else").hexdigest()
    expected = KMNIST.files[0].sha256
    refused(
        lambda: verify("kmnist"),
        error=DataFileError,
        en=f"{path} is not the published file: its SHA-256 is {received}, not {expected}; "
        "fetch it again with `tatami data fetch kmnist`.",
        ja=f"{path} は公開されているファイルと異なります（SHA-256 は {received}、正しくは {expected}）。"
        "`tatami data fetch kmnist` で取得し直してください。",
    )


def test_a_wrong_file_is_not_kept(cache, bad_mirror):
    with pytest.raises(DataFileError) as caught:
        fetch("fashion-mnist", bad_mirror)
    assert "is not the published file: its SHA-256 is" in str(caught.value)
    assert str(caught.value).endswith(
        f"; what was fetched from {bad_mirror}/{FILES[0]} was not kept: "
        "name another source with --data-mirror."
    )
    assert list((cache / "data" / "fashion-mnist").iterdir()) == []


def test_a_server_without_the_file(cache, bad_mirror, refused):
    refused(
        lambda: fetch("kmnist", f"{bad_mirror}/nowhere"),
        error=DataFileError,
        en=f"Cannot fetch {bad_mirror}/nowhere/{FILES[0]}: 404 File not found; check the connection, or name "
        "a mirror with --data-mirror.",
        ja=f"{bad_mirror}/nowhere/{FILES[0]} を取得できません（404 File not found）。ネットワーク接続を"
        "確認するか、--data-mirror でミラーを指定してください。",
    )


def test_no_server(cache, refused):
    with socket.socket() as taken:  # so that nobody else listens there
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}"
        refused(
            lambda: fetch("cifar10", address),
            error=DataFileError,
            en=f"Cannot fetch {address}/cifar-10-binary.tar.gz: no connection; check the connection, or name a "
            "mirror with --data-mirror.",
            ja=f"{address}/cifar-10-binary.tar.gz を取得できません（接続できません）。ネットワーク接続を"
            "確認するか、--data-mirror でミラーを指定してください。",
        )


def test_a_folder_without_the_file(cache, tmp_path, refused):
    refused(
        lambda: fetch("kmnist", str(tmp_path)),
        error=DataFileError,
        en=f"The mirror {tmp_path} has no readable file {FILES[0]}; it must hold the files under their "
        "official names.",
        ja=f"ミラー {tmp_path} に読めるファイル {FILES[0]} がありません。"
        "公式のファイル名のまま置いてください。",
    )


@pytest.mark.parametrize("mirror", ["ftp://127.0.0.1/x", "/no/such/folder", "localhost:80"])
def test_no_mirror(cache, mirror, refused):
    refused(
        lambda: fetch("kmnist", mirror),
        error=BadInput,
        en=f"A mirror is an http(s) address or a folder; received {mirror!r}, which is neither.",
        ja=f"ミラーには http(s) のアドレスかフォルダを指定してください。{mirror!r} はどちらでもありません。",
    )


def test_a_cache_that_cannot_be_written(tmp_path, monkeypatch, refused):
    (tmp_path / "cache").write_text("a file, not a folder")
    (tmp_path / "mirror").mkdir()
    (tmp_path / "mirror" / FILES[0]).touch()
    monkeypatch.setenv("TATAMI_CACHE_DIR", str(tmp_path / "cache"))
    refused(
        lambda: fetch("kmnist", str(tmp_path / "mirror")),
        error=OutputError,
        en=f"Cannot write to the cache folder {tmp_path / 'cache'}: Not a directory; set TATAMI_CACHE_DIR to "
        "a folder that can be written.",
        ja=f"キャッシュ用のフォルダ {tmp_path / 'cache'} に書き込めません（Not a directory）。"
        "書き込めるフォルダを環境変数 TATAMI_CACHE_DIR に設定してください。",
    )


@pytest.mark.parametrize("known", CATALOGUE.values(), ids=lambda known: known.name)
def test_catalogue_is_whole(known):
    assert len(known.class_names) == 10
    assert known.title
    assert len({file.name for file in known.files}) == {"idx": 4, "cifar": 1}[known.layout]
    for file in known.files:
        hashes = [value for value in (file.sha256, file.content_sha256) if value]
        assert hashes
        assert all(len(value) == 64 and int(value, 16) for value in hashes)
        assert known.packaged or (file.url and file.url.endswith("/" + file.name) and file.sha256)
