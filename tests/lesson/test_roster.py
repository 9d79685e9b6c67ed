"""The list of a class: as spreadsheets save it, and what is no list."""

from pathlib import Path

import pytest

from tatamilab import i18n
from tatamilab.cli import main
from tatamilab.lesson.classroom import read_roster
from tatamilab.lesson.students import Student

LIST = "学生証番号,氏名,備考\r\n22X0001,学生1,\r\n\r\n22x 0099, 欠席 太郎 ,a@example.org\r\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp932"])
def test_everyone_but_the_heading(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(LIST.encode(encoding))
    assert read_roster(path) == (
        Student("22X0001", "学生1", ""),
        Student("22x 0099", "欠席 太郎", "a@example.org"),
    )


@pytest.mark.parametrize(
    "content",
    [
        bytes(range(256)),
        b"PK\x03\x04\x14\x00\x06\x00list.keras 2026",
        b"22X0001,\x00\r\n",
        "22X0001,学生".encode("utf-16"),
    ],
)
def test_what_is_no_list(content: bytes, tmp_path: Path, refused) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    refused(
        lambda: read_roster(path),
        en=f"{path} is no list of a class: it must be a table (.csv) in UTF-8, or as Excel in Japan saves it.",
        ja=f"{path} は名簿ではありません。UTF-8 か、日本語版 Excel で保存した表（.csv）を指定してください。",
    )


@pytest.mark.parametrize("content", ["", "ID,name\n", "Hanako,22X0001\n"])
def test_a_list_of_nobody(content: str, tmp_path: Path, refused) -> None:
    path = tmp_path / "list.csv"
    path.write_text(content)
    refused(
        lambda: read_roster(path),
        en=f"{path} names nobody: its first column must hold the student IDs.",
        ja=f"{path} にはだれも載っていません。1 列目は学生証番号にしてください。",
    )


def test_no_such_list(tmp_path: Path, refused) -> None:
    refused(
        lambda: read_roster(tmp_path / "no.csv"),
        en=f"There is no list {tmp_path / 'no.csv'}.",
        ja=f"名簿 {tmp_path / 'no.csv'} はありません。",
    )
    refused(
        lambda: read_roster(tmp_path),
        en=f"{tmp_path} is a folder; name the list of the class itself (.csv).",
        ja=f"{tmp_path} はフォルダです。名簿のファイル（.csv）を指定してください。",
    )


def test_the_list_is_not_written_over_by_the_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("class.csv").write_bytes(LIST.encode())
    with pytest.raises(SystemExit) as ended:
        main(["class", "collect", "in", "--roster", "class.csv", "--lang", "en"])
    i18n.set_language(None)
    assert ended.value.code == 2
    assert capsys.readouterr().err == (
        "The list class.csv would be written over; choose another page with --out.\n"
    )
    assert Path("class.csv").read_bytes() == LIST.encode()
