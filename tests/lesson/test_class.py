"""Forty hand-ins with twenty kinds of trouble among them: each named, each harmless."""

import csv
import io
import json
import os
import struct
import time
import zipfile
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from made_up import ANSWER, filled_in, result, results_of

from tatamilab import i18n
from tatamilab.cli import main
from tatamilab.lesson import handins, report
from tatamilab.lesson.classroom import gather, render, summarise, table
from tatamilab.lesson.classroom.archives import is_outside, members
from tatamilab.lesson.classroom.page import verdict
from tatamilab.lesson.students import Student

NOW = datetime(2026, 4, 1, 13, 5).astimezone()
N_HONEST = 20
BOTH = {"B2-1-1": "Filter 3 is an edge.", "B2-1-2": ANSWER}


def who(k: int) -> Student:
    return Student(f"22X{k:04d}", f"学生{k}", f"s{k}@example.org")


def notebook(k: int, **changed: object) -> bytes:
    given = {"who": (who(k),), "kept": results_of(who(k).id, k), "answers": BOTH, **changed}
    return json.dumps(filled_in(**given), ensure_ascii=False).encode()  # type: ignore[arg-type]


def page(k: int, **changed: object) -> bytes:
    found = handins.notebook_content(notebook(k, **changed))
    return report.render(report.compose([found], (), NOW)).encode()


def zipped(**files: bytes) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, inside in files.items():
            archive.writestr(name, inside)
    return content.getvalue()


def lying(bomb: bytes) -> bytes:
    """The same zip, whose directory says that its member is small."""
    content = bytearray(bomb)
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 24 : directory + 28] = struct.pack("<I", 100)
    return bytes(content)


def japanese_windows(name: str, inside: bytes) -> bytes:
    """A zip whose names are in cp932 and not marked as anything."""
    raw = name.encode("cp932")
    stand_in = "x" * len(raw)
    return zipped(**{stand_in: inside}).replace(stand_in.encode(), raw)


@pytest.fixture(scope="module")
def troubled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("handed in")
    bomb = zipped(**{"bomb.html": b"0" * 210_000_000})
    for k in range(N_HONEST):
        (folder / f"{k}.html").write_bytes(page(k))
    script = "<img src=x onerror=alert(1)>"
    troubles: dict[str, bytes] = {
        "script.ipynb": notebook(20, who=(Student("22X0020", f"{script}</title><script>alert(2)</script>", ""),)),
        "formula.ipynb": notebook(21, who=(Student("22X0021", "=HYPERLINK(1)", ""),)),
        "answers missing.html": page(22, answers={}),
        "no results.html": page(23, kept=[]),
        "nobody.html": page(24, who=()),
        "somebody else's draw.html": page(25, kept=results_of("22X9999")),
        "copied.html": page(26, kept=results_of("22X0003", 3)),
        "wide id.html": page(27, who=(Student("２２ｘ００２７ ", "全角", ""),)),
        "changed.html": page(28).replace(b'"loss": 0.5', b'"loss": 0.1', 1),
        "contradiction.html": page(29).replace(b'"correct": 8', b'"correct": 9', 1),
        "lms.zip": zipped(**{"学生30/b2-1.ipynb": notebook(30), "学生31/r.html": page(31)}),
        "windows.zip": japanese_windows("学生32_レポート.html", page(32)),
        "climbing.zip": zipped(**{"../../climbed.html": page(33), "/absolute.html": page(34)}),
        "bomb.zip": bomb,
        "lying bomb.zip": lying(bomb),
        "nested.zip": zipped(**{"a.zip": zipped(**{"b.zip": zipped(**{"c.html": page(35)})})}),
        "damaged.zip": b"PK\x03\x04" + b"\0" * 40,
        "damaged.html": b"<html><script id=\"tatamilab-report\">{</script>",
        "a poem.html": "春はあけぼの".encode(),
        "empty.ipynb": b"",
        "virus.exe": b"MZ",
        "two, old.html": page(36, kept=results_of("22X0036", 90)),
    }  # fmt: skip
    for name, content in troubles.items():
        (folder / name).write_bytes(content)
    (folder / "two, new.html").write_bytes(page(36))
    os.utime(folder / "two, old.html", (0, 1_000_000_000))
    with (folder / "half a gigabyte.html").open("wb") as sparse:
        sparse.truncate(500 * 2**20)
    (folder / "link.html").symlink_to("/etc/passwd")
    (folder / ".DS_Store").write_bytes(b"x")
    return folder


@pytest.fixture(scope="module")
def gathered(troubled: Path):
    began = time.process_time()
    with i18n.using("en"):
        found = gather(troubled)
    assert time.process_time() - began < 20
    return found


@pytest.fixture(scope="module")
def summary(gathered):
    with i18n.using("en"):
        return summarise(gathered)


def row_of(summary, student_id: str):
    (row,) = [row for row in summary.rows if any(one.id == student_id for one in row.who)]
    return row


def test_every_honest_hand_in_is_whole(summary) -> None:
    for k in range(N_HONEST):
        row = row_of(summary, f"22X{k:04d}")
        assert row.missing == ()
        assert row.first == ((8900 - k) / 1e4, (8500 - k) / 1e4)
        assert row.own == ((9000 - 2 * k) / 1e4, (8600 - k) / 1e4)


@pytest.mark.parametrize(
    ("student_id", "missing"),
    [
        ("22X0022", ("answer B2-1-1", "answer B2-1-2")),
        ("22X0023", ("4 of 4 results of B2-1-2",)),
        ("22X0029", ("1 of 4 results of B2-1-2",)),
        ("22X0030", ()),
        ("22X0031", ()),
        ("22X0032", ()),
        ("22X0033", ()),
        ("22X0034", ()),
        ("２２ｘ００２７", ()),
    ],
)
def test_who_is_missing_what(summary, student_id: str, missing: tuple[str, ...]) -> None:
    assert row_of(summary, student_id).missing == missing


def test_a_sample_of_somebody_else_is_missing_as_ones_own(summary) -> None:
    row = row_of(summary, "22X0025")
    assert row.missing == ("2 of 4 results of B2-1-2",)
    assert row.own == (None, None)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("bomb.zip/bomb.html", "It is larger than 200 MB once unpacked."),
        ("lying bomb.zip/bomb.html", "It is damaged."),
        ("nested.zip/a.zip/b.zip", "It is a zip in a zip in a zip."),
        ("damaged.zip", "It is not a zip, or a damaged one."),
        ("damaged.html", "It holds no results that tatami report wrote."),
        ("a poem.html", "It holds no results that tatami report wrote."),
        ("empty.ipynb", "It is not a notebook."),
        ("virus.exe", "It is no report (.html), no notebook (.ipynb) and no run."),
        ("half a gigabyte.html", "It is larger than 200 MB."),
        ("link.html", "It is a link, and links are not followed."),
        (
            "climbing.zip/../../climbed.html",
            "Its name points out of the zip; it was read, and nothing was written.",
        ),
        (
            "climbing.zip//absolute.html",
            "Its name points out of the zip; it was read, and nothing was written.",
        ),
    ],
)
def test_what_cannot_be_read_is_named(summary, name: str, reason: str) -> None:
    assert (name, reason) in summary.unread


def test_nothing_else_is_named_and_nothing_was_written(summary, troubled: Path) -> None:
    assert len(summary.unread) == 12
    assert not list(troubled.parent.glob("climbed*"))


@pytest.mark.parametrize(
    "note",
    [
        "two, old.html: a newer one of the same student counts.",
        "somebody else's draw.html: the draw is not the one of the student ID.",
        "copied.html: the draw is not the one of the student ID.",
        "changed.html: 'cnn-small-data, first 600' was changed after it was kept.",
        "contradiction.html: The numbers of the result 'cnn-small-data, first 600' contradict each other.",
    ],
)
def test_notes(summary, note: str) -> None:
    assert note in summary.notes


@pytest.mark.parametrize(
    ("edits", "notes"),
    [
        (
            [(">89.00%<", ">98.00%<")],
            [
                "1.html: 'cnn-small-data, first 600': the page says Test accuracy '98.00%', but 89.00% was computed."
            ],
        ),
        (
            [('"学生0"', '"学生9"')],
            [
                "1.html: What the report holds was changed after it was made: names or answers, not the results."
            ],
        ),
        (
            [(f'data-number="results/{k}/{name}"', "") for k in (0, 1) for name in ("loss", "seed", "draw")],
            [
                "1.html: 'cnn-small-data, first 600': the page no longer shows Loss, which was 0.5000.",
                "1.html: 'cnn-small-data, first 600': the page no longer shows Draw, which was the first.",
                "1.html: 'cnn-small-data, first 600': the page no longer shows Seed, which was 0.",
                "1.html: changed in 3 more places, which tatami verify names.",
            ],
        ),
    ],
)
def test_a_report_edited_by_hand_is_named(
    edits: list[tuple[str, str]], notes: list[str], tmp_path: Path, capsys, tatami_lesson: Callable[..., int]
) -> None:
    with i18n.using("en"):
        content = page(0).decode()
        for old, new in edits:
            assert old in content
            content = content.replace(old, new)
        (tmp_path / "1.html").write_text(content, encoding="utf-8")
        assert list(summarise(gather(tmp_path)).notes) == notes
    assert (
        tatami_lesson(
            "class", "collect", str(tmp_path), "--out", str(tmp_path / "class.html"), "--lang", "en"
        )
        == 0
    )
    told = f"Notes on the page, such as of what was edited by hand: {len(notes)}"
    assert told in capsys.readouterr().out.splitlines()


def test_a_copied_network_is_the_same_run_and_a_common_sample_is_not(summary) -> None:
    assert summary.same == (("3.html", "copied.html"),)


def test_draws_are_pooled_and_the_first_600_told_apart(summary) -> None:
    pairs = [row.own for row in summary.rows if None not in row.own]
    assert len(pairs) == summary.pooled.difference.n
    assert summary.pooled.difference.mean == pytest.approx(np.mean([a - b for a, b in pairs]))
    assert "somebody else's draw.html" not in [row.source for row in summary.rows if row.own[0]]
    with i18n.using("en"):
        assert verdict(summary).endswith("The CNN is better on samples of 600.")


def run_like(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any folder with a `run.json` is a run whose only result is told by the name in it."""

    def read_run(path: Path) -> handins.HandIn:
        label = (path / "run.json").read_text()
        kept = handins.Kept(result(wrong=1000 + len(label), label=label), True)
        return handins.HandIn(results=[kept])

    monkeypatch.setattr(handins, "read_run", read_run)


def put_run(folder: Path, label: str) -> None:
    folder.mkdir(parents=True)
    (folder / "run.json").write_text(label)


def test_runs_belong_to_the_student_in_whose_folder_they_lie(tmp_path: Path, monkeypatch) -> None:
    run_like(monkeypatch)
    put_run(tmp_path / "Hanako" / "runs" / "20260401-130500-cnn-0", "one")
    put_run(tmp_path / "Hanako" / "second try", "another")
    (tmp_path / "Hanako" / "b2-1.ipynb").write_bytes(notebook(1))
    (tmp_path / "Hanako" / "report.html").write_bytes(page(1))
    (tmp_path / "2.ipynb").write_bytes(notebook(2))
    summary = summarise(gather(tmp_path))
    assert summary.notes == ()  # that the notebook lies beside its report is no news
    row = row_of(summary, "22X0001")
    assert {one.label for one in row.results} >= {"one", "another"}
    assert len(row.results) == 6
    assert len(row_of(summary, "22X0002").results) == 4


def test_runs_alone_are_named_after_a_folder(tmp_path: Path, monkeypatch) -> None:
    run_like(monkeypatch)
    put_run(tmp_path / "22X0001" / "20260401-130500-cnn-0", "one")
    put_run(tmp_path / "22X0001" / "20260401-140500-cnn-1", "another")
    put_run(tmp_path / "week 1" / "22X0002", "third")
    put_run(tmp_path / "20260401-150500-cnn-2", "fourth")
    rows = summarise(gather(tmp_path)).rows
    assert {(row.who[0].name, len(row.results)) for row in rows} == {
        ("22X0001", 2),
        ("22X0002", 1),
        ("20260401-150500-cnn-2", 1),
    }


def test_a_run_between_two_students_is_nobodys(tmp_path: Path, monkeypatch) -> None:
    run_like(monkeypatch)
    put_run(tmp_path / "pair" / "their run", "one")
    for k in (1, 2):
        (tmp_path / "pair" / f"{k}.ipynb").write_bytes(notebook(k))
    assert sorted(len(row.results) for row in summarise(gather(tmp_path)).rows) == [1, 4, 4]


def test_too_few_for_an_answer(tmp_path: Path) -> None:
    (tmp_path / "one.html").write_bytes(page(1))
    with i18n.using("en"):
        assert verdict(summarise(gather(tmp_path))) == "Samples with both networks: 1, too few for an answer."


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_the_page_is_harmless(summary, lang: str) -> None:
    with i18n.using(lang):
        html = render(summary)
    assert "<script" not in html
    assert "<img src=x" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in html
    assert html.count('class="digits"') == 1


def test_without_names(summary, gathered) -> None:
    with i18n.using("en"):
        found = summarise(gathered, anonymous=True)
        shown = render(found, anonymous=True) + table(found)
    for word in (
        "22X",
        "２２",
        "学生",
        "example.org",
        "onerror",
        "HYPERLINK",
        "copied",
        ".html",
        ".zip",
        "is an edge",
    ):
        assert word not in shown
    assert sorted(row.own for row in found.rows if row.own[0]) == sorted(
        r.own for r in summary.rows if r.own[0]
    )
    assert [row.own for row in found.rows] != [row.own for row in summary.rows]
    assert found.pooled == summary.pooled


def test_the_table(summary) -> None:
    with i18n.using("ja"):
        content = table(summary).encode()
    assert content.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))
    assert rows[0][0] == "学生証番号"
    assert rows[0][-1] == "BPNN（自分の 600 枚）"
    assert len(rows) == 1 + len(summary.rows)
    assert {len(row) for row in rows} == {9}
    assert not [cell for row in rows for cell in row if cell.startswith(("=", "+", "-", "@"))]
    assert "'=HYPERLINK(1)" in [row[1] for row in rows]


def test_the_hardest_digits_are_those_most_networks_missed(tmp_path: Path) -> None:
    networks = [result("cnn-small-data", k, wrong=1000 + k, label=str(k)) for k in range(3)]
    (tmp_path / "a.ipynb").write_bytes(notebook(1, kept=networks))
    summary = summarise(gather(tmp_path))
    wrong = sum(one.mistakes.astype(int) for one in networks)
    assert [one.wrong for one in summary.hard] == sorted(wrong, reverse=True)[:20]
    assert all(wrong[one.image] == one.wrong and one.n == 3 for one in summary.hard)


def test_a_password(tmp_path: Path) -> None:
    content = bytearray(zipped(**{"a.html": b"x"}))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + offset] |= 1
    with i18n.using("en"):
        assert list(members(io.BytesIO(bytes(content)))) == ["a.html: It is locked with a password."]


@pytest.mark.parametrize(
    ("name", "outside"),
    [
        ("a/b.html", False),
        ("../a", True),
        ("/a", True),
        ("C:\\a", True),
        ("a\\..\\..\\b", True),
        ("a..b", False),
    ],
)
def test_names_that_point_outside(name: str, outside: bool) -> None:
    assert is_outside(name) is outside


def test_a_page_made_to_take_forever(tmp_path: Path) -> None:
    for k, hostile in enumerate(
        (b'<script id="tatamilab-report">' * 200_000, b'data-number="' * 400_000, b"<" * 5_000_000)
    ):
        (tmp_path / f"{k}.html").write_bytes(hostile)
    began = time.process_time()
    assert len(gather(tmp_path).unread) == 3
    assert time.process_time() - began < 3


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp932"])
def test_the_command_with_a_list_of_the_class(
    encoding: str, tmp_path: Path, capsys, monkeypatch, tatami_lesson: Callable[..., int]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    Path("in/1.html").write_bytes(page(1))
    Path("in/2.html").write_bytes(page(2))
    Path("list.csv").write_bytes(
        "学生証番号,氏名\r\n22X0001,学生1\r\n22x 0099,欠席 太郎\r\n".encode(encoding)
    )
    assert tatami_lesson("class", "collect", "in", "--roster", "list.csv", "--lang", "ja") == 0
    said = capsys.readouterr().out
    assert "class.html" in said
    html = Path("class.html").read_text(encoding="utf-8")
    assert "提出 2 件" in html
    assert "欠席 太郎" in html
    assert Path("class.csv").read_bytes().startswith(b"\xef\xbb\xbf")


def test_no_such_folder(refused) -> None:
    refused(
        lambda: gather(Path("nowhere")),
        en="There is no folder nowhere.",
        ja="フォルダ nowhere はありません。",
    )


def test_a_file_in_the_place_of_the_folder(tmp_path: Path, refused) -> None:
    path = tmp_path / "1.html"
    path.write_bytes(page(1))
    refused(
        lambda: gather(path),
        en=f"{path} is a file, not a folder; name the folder that it lies in.",
        ja=f"{path} はフォルダではなくファイルです。それが入っているフォルダを指定してください。",
    )


@pytest.mark.parametrize("beside", [{}, {"x.npz": b"x", "x.toml": b"x"}])
def test_a_folder_without_any_hand_in(
    beside: dict[str, bytes], tmp_path: Path, capsys, monkeypatch, tatami_lesson: Callable[..., int]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("in").mkdir()
    for name, content in beside.items():
        Path("in", name).write_bytes(content)
    assert tatami_lesson("class", "collect", "in", "--lang", "en") == 2
    said = capsys.readouterr()
    assert said.err == (
        "Nothing was handed in: in holds no report (.html), no notebook (.ipynb) and no run that can be read.\n"
    )
    assert said.out.splitlines() == (
        [
            "Not read: x.toml: It is no report (.html), no notebook (.ipynb) and no run.",
            "Passed over, as no hand-ins: x.npz.",
        ]
        if beside
        else []
    )
    assert [path.name for path in tmp_path.iterdir()] == ["in"]


def test_what_lies_beside_hand_ins_is_named_but_not_a_packed_runs_own_files(tmp_path: Path) -> None:
    (tmp_path / "1.html").write_bytes(page(1))
    for name in "bcdefghijklm":
        (tmp_path / f"{name}.txt").write_bytes(b"x")
    run = {
        "run/run.json": b"{}",
        "run/index.html": b"<html>",
        "run/figures/a.png": b"x",
        "run/trained.keras": b"x",
    }
    (tmp_path / "a.zip").write_bytes(zipped(**run, **{"notes.txt": b"x", "index.html": b"x"}))
    with i18n.using("en"):
        found = summarise(gather(tmp_path))
        assert found.passed_over == ("a.zip/notes.txt", *(f"{name}.txt" for name in "bcdefghijklm"))
        assert [name for name, _reason in found.unread] == ["a.zip/index.html", "a.zip/run"]
        listed = ", ".join(["a.zip/notes.txt", *(f"{name}.txt" for name in "bcdefghij")])
        assert f"Passed over, as no hand-ins: {listed} and 3 more." in render(found)
        hidden = render(summarise(gather(tmp_path), anonymous=True), anonymous=True)
    assert "Passed over, as no hand-ins: 13 files." in hidden
    assert "notes.txt" not in hidden


def test_no_heading_over_answers_that_nobody_wrote(tmp_path: Path) -> None:
    (tmp_path / "1.html").write_bytes(page(1, answers={}))
    with i18n.using("en"):
        assert "<h2>Answers</h2>" not in render(summarise(gather(tmp_path)))
        (tmp_path / "2.html").write_bytes(page(2))
        assert "<h2>Answers</h2>" in render(summarise(gather(tmp_path)))


@pytest.fixture
def tatami_lesson() -> Callable[..., int]:
    def call(*words: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(list(words))
        i18n.set_language(None)
        return int(ended.value.code or 0)

    return call
