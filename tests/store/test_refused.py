"""What is no store, or can't be used: one sentence in both languages, and nothing harmed."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event

from tatamilab.errors import OutputError
from tatamilab.i18n import using
from tatamilab.store import RunRow, RunStatus, StudyStore, connecting

Refused = Callable[..., None]
NO_STORE = {
    "en": "{} is not a store of studies; name another with --store, and nothing in this one is changed.",
    "ja": "{} は調査の保存先ではありません。--store で別の保存先を指定してください。"
    "このファイルは変更していません。",
}


def sqlite_address(path: Path) -> str:
    return f"sqlite:///{path}"


def test_a_port_that_is_no_number(refused: Refused) -> None:
    address = "postgresql://a@127.0.0.1:abc/x"
    refused(
        lambda: StudyStore(address),
        en=f"{address!r} is no address of a store; write sqlite:///FILE or postgresql://USER@HOST/NAME.",
        ja=f"{address!r} は保存先のアドレスではありません。"
        "sqlite:///FILE か postgresql://USER@HOST/NAME と書いてください。",
    )


def test_no_address(refused: Refused) -> None:
    refused(
        lambda: StudyStore("class.db"),
        en="'class.db' is no address of a store; write sqlite:///FILE or postgresql://USER@HOST/NAME.",
        ja="'class.db' は保存先のアドレスではありません。"
        "sqlite:///FILE か postgresql://USER@HOST/NAME と書いてください。",
    )


@pytest.mark.parametrize("content", [b"just some text, long enough", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_file_that_is_none(refused: Refused, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.db"
    path.write_bytes(content)
    address = sqlite_address(path)
    refused(
        lambda: StudyStore(address),
        **{lang: text.format(address) for lang, text in NO_STORE.items()},
    )
    assert path.read_bytes() == content


def test_another_programs_database(tmp_path: Path, refused: Refused) -> None:
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE mine (x)")
    other.close()
    before = path.read_bytes()
    address = sqlite_address(path)
    refused(
        lambda: StudyStore(address),
        **{lang: text.format(address) for lang, text in NO_STORE.items()},
    )
    assert path.read_bytes() == before


def test_a_newer_store(tmp_path: Path, refused: Refused) -> None:
    address = sqlite_address(tmp_path / "x.db")
    StudyStore(address).close()
    with sqlite3.connect(tmp_path / "x.db") as newer:
        newer.execute("UPDATE tatamilab_version SET version_num = '9001'")
    newer.close()
    refused(
        lambda: StudyStore(address),
        en=f"The store {address} was written by a newer tatamilab (layout 9001, this one knows 0001); update "
        "tatamilab, or name another with --store.",
        ja=f"保存先 {address} は新しい版の tatamilab で書かれています（形式 9001、この版が読めるのは 0001）。"
        "tatamilab を更新するか、--store で別の保存先を指定してください。",
    )


def test_a_locked_store(tmp_path: Path, refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connecting, "PATIENCE_S", 0.1)
    address = sqlite_address(tmp_path / "x.db")
    with StudyStore(address) as store:
        holder = sqlite3.connect(tmp_path / "x.db")
        holder.execute("BEGIN IMMEDIATE")
        refused(
            lambda: store.add_study("a", "b", {}, []),
            en=f"The store {address} is locked by another program for more than 0.1 s; close that program.",
            ja=f"保存先 {address} は別のプログラムに 0.1 秒以上ロックされています。そのプログラムを終了してください。",
            error=OutputError,
        )
        holder.close()
        store.add_study("a", "b", {}, [])
        assert len(store.studies()) == 1


def test_a_store_that_can_only_be_read(tmp_path: Path, refused: Refused) -> None:
    with StudyStore(sqlite_address(tmp_path / "x.db")) as store:
        store.save(RunRow("a", {}, RunStatus.FINISHED))
        store.close()
        event.listen(
            store._database.engine,
            "connect",
            lambda connection, _: connection.execute("PRAGMA query_only = ON"),
        )
        assert len(store.rows()) == 1
        refused(
            lambda: store.add_study("a", "b", {}, []),
            en=f"The store {store.address} can only be read; name another with --store.",
            ja=f"保存先 {store.address} は読み取り専用です。--store で別の保存先を指定してください。",
            error=OutputError,
        )


def test_a_store_that_is_not_there(tmp_path: Path, refused: Refused) -> None:
    address = sqlite_address(tmp_path / "x.db")
    refused(
        lambda: StudyStore(address, create=False),
        en=f"There is no store {address} yet; `tatami study b2-1-2` makes one.",
        ja=f"保存先 {address} はまだありません。`tatami study b2-1-2` を実行すると作られます。",
    )
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", r"^The store postgresql://a:\*\*\*@127\.0\.0\.1:9/x cannot be used: [^\n]*\.$"),
        ("ja", r"^保存先 postgresql://a:\*\*\*@127\.0\.0\.1:9/x を使えません（[^\n]*）。$"),
    ],
)
def test_a_server_that_does_not_answer(lang: str, said: str) -> None:
    assert connecting.PATIENCE_S == 5
    with using(lang), pytest.raises(OutputError, match=said):
        StudyStore("postgresql://a:secret@127.0.0.1:9/x")
