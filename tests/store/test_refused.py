"""What is no store, or can't be used: one sentence in both languages, and nothing harmed."""

import errno
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from tatamilab.errors import OutputError
from tatamilab.i18n import using
from tatamilab.store import Member, RunRow, RunStatus, StudyStore, connecting

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
        store.add_study("old", "mine", {}, [Member("a", "cnn", 60, 0, 0, 0)])
        store.close()
        event.listen(
            store._database.engine,
            "connect",
            lambda connection, _: connection.execute("PRAGMA query_only = ON"),
        )
        assert len(store.rows()) == 1
        store.add_study("old", "mine", {}, [Member("a", "cnn", 60, 0, 0, 0)])
        refused(
            lambda: store.add_study("a", "b", {}, [Member("a", "cnn", 60, 0, 0, 0)]),
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


def test_a_store_in_a_folder_of_a_folder_that_is_not_there(refused: Refused, tmp_path: Path) -> None:
    folder = tmp_path / "no" / "dir"
    address = sqlite_address(folder / "x.db")
    refused(
        lambda: StudyStore(address),
        en=f"There is no folder {folder} for the store {address}; make it, or name another store with --store.",
        ja=f"保存先 {address} を置くフォルダ {folder} がありません。"
        "フォルダを作るか、--store で別の保存先を指定してください。",
    )
    assert os.listdir(tmp_path) == []
    folder.parent.mkdir()
    StudyStore(address).close()
    assert (folder / "x.db").is_file()


def test_a_store_inside_a_file(refused: Refused, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    address = sqlite_address(tmp_path / "file" / "x.db")
    reason = os.strerror(errno.EEXIST)
    refused(
        lambda: StudyStore(address),
        en=f"The store {address} cannot be used: {reason}.",
        ja=f"保存先 {address} を使えません（{reason}）。",
        error=OutputError,
    )


def test_a_server_that_does_not_answer(refused: Refused) -> None:
    assert connecting.PATIENCE_S == 5
    refused(
        lambda: StudyStore("postgresql://a:secret@127.0.0.1:9/x"),
        en="The store postgresql://a:***@127.0.0.1:9/x cannot be used: nothing answers at this address.",
        ja="保存先 postgresql://a:***@127.0.0.1:9/x を使えません（このアドレスからの応答がありません）。",
        error=OutputError,
    )


def test_a_database_that_is_not_there(postgres_database: str, refused: Refused) -> None:
    address = postgres_database.rpartition("/")[0] + "/none"
    refused(
        lambda: StudyStore(address),
        en=f"The store {address} cannot be used: there is no such database.",
        ja=f"保存先 {address} を使えません（そのようなデータベースはありません）。",
        error=OutputError,
    )


@pytest.mark.parametrize(
    ("said", "en"),
    [
        ('FATAL:  password authentication failed for user "a"', "the password is wrong, or none was given"),
        ("fe_sendauth: no password supplied", "the password is wrong, or none was given"),
        ('FATAL:  role "a" does not exist', "there is no such user"),
        ("failed to resolve host 'x': [Errno -2] Name or service not known", "there is no such host"),
        ("connection timeout expired", "it does not answer within 5 s"),
        ("permission denied for schema public", "this user may not do that"),
        ("unable to open database file", "the file can't be opened"),
        ("database or disk is full", "the disk is full"),
    ],
)
def test_what_drivers_say_is_said_in_our_words(said: str, en: str, tmp_path: Path) -> None:
    address = sqlite_address(tmp_path / "x.db")
    with (
        StudyStore(address) as store,
        using("en"),
        pytest.raises(OutputError) as caught,
        connecting.speaking_of(store._database.engine),
    ):
        raise OperationalError("", {}, Exception(said))
    assert str(caught.value) == f"The store {address} cannot be used: {en}."


def test_a_reason_that_nobody_foresaw(tmp_path: Path, refused: Refused) -> None:
    address = sqlite_address(tmp_path / "x.db")
    with StudyStore(address) as store:

        def fail() -> None:
            with connecting.speaking_of(store._database.engine):
                raise OperationalError("", {}, Exception("the dog ate it"))

        refused(
            fail,
            en=f"The store {address} cannot be used; `TATAMI_DEBUG=1` shows why.",
            ja=f"保存先 {address} を使えません。`TATAMI_DEBUG=1` を付けて実行すると、理由が表示されます。",
            error=OutputError,
        )
