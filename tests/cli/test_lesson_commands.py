"""What the commands of a lesson refuse: one sentence in either language; exit code 2; nothing written."""

from pathlib import Path

import pytest

NO_ID = 'A student ID has letters or digits, and none of / \\ : * ? " < > |; received {value!r}.'
NO_ID_JA = (
    '学生証番号には文字か数字が必要で、/ \\ : * ? " < > | は使えません。指定された値は {value!r} です。'
)
NO_ADDRESS = (
    "An e-mail address has an @ with something before and behind it, as in hanako@example.org; "
    "received {value!r}."
)
NO_ADDRESS_JA = (
    "メールアドレスは hanako@example.org のように、@ の前と後ろに文字が必要です。"
    "指定された値は {value!r} です。"
)
EMPTY = "The option {option} is empty; give it a value, or leave it out."
EMPTY_JA = "オプション {option} の値が空です。値を書くか、オプションごと省いてください。"
NEEDS = "{command} needs {name}; see '{command} --help'."
NEEDS_JA = "{command} には {name} が必要です。'{command} --help' を参照してください。"


@pytest.mark.parametrize("command", [["worksheet", "b2-1"], ["report", "nowhere.ipynb"]])
@pytest.mark.parametrize(
    ("flag", "value", "english", "japanese"),
    [
        ("--student-id", "../../x", NO_ID, NO_ID_JA),
        ("--student-id", "22X1234、a\\b", NO_ID, NO_ID_JA),
        ("--student-id", "－－", NO_ID, NO_ID_JA),
        ("--student-id", "２２Ｘ／１", NO_ID, NO_ID_JA),
        ("--email", "notmail", NO_ADDRESS, NO_ADDRESS_JA),
        ("--email", "@example.org", NO_ADDRESS, NO_ADDRESS_JA),
        ("--email", "a b@example.org", NO_ADDRESS, NO_ADDRESS_JA),
        ("--student-id", "", EMPTY, EMPTY_JA),
        ("--name", " 、", EMPTY, EMPTY_JA),
        ("--email", " ", EMPTY, EMPTY_JA),
    ],
)
def test_who_hands_in(
    tatami, tmp_path: Path, command: list[str], flag: str, value: str, english: str, japanese: str
) -> None:
    for lang, sentence in (("en", english), ("ja", japanese)):
        said = tatami(*command, flag, value, "--lang", lang)
        shown = value.rpartition("、")[2]
        assert (said.code, said.out) == (2, "")
        assert said.err == sentence.format(option=flag, value=shown) + "\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("written", ["22X-1234", "２２ｘ １２３４", "s.yamada_1", "理工 22、23"])
def test_ids_as_they_are_written(tatami, written: str) -> None:
    said = tatami("worksheet", "b2-1", "--student-id", written, "--email", "a@b.jp, c@d.jp", "--lang", "en")
    assert said.code == 0
    assert said.out.startswith("Written to b2-1.ipynb.")


@pytest.mark.parametrize(
    ("words", "english", "japanese"),
    [
        (
            ["worksheet", "b2-1", "--out", "folder"],
            f"folder is a folder; name the file itself, such as {Path('folder', 'b2-1.ipynb')}.",
            f"folder はフォルダです。{Path('folder', 'b2-1.ipynb')} のように、ファイルを指定してください。",
        ),
        (
            ["worksheet", "b2-1", "--out", "folder", "--format", "py"],
            f"folder is a folder; name the file itself, such as {Path('folder', 'b2-1.py')}.",
            f"folder はフォルダです。{Path('folder', 'b2-1.py')} のように、ファイルを指定してください。",
        ),
        (
            ["worksheet", "b2-1", "--out", "lesson"],
            "The name of a worksheet's file ends in .ipynb, .py, .html, unless --format says what it is; received "
            "lesson.",
            "ワークシートのファイル名は .ipynb, .py, .html のどれかで終わるようにするか、"
            "--format で形式を指定してください。"
            "指定されたのは lesson です。",
        ),
        (
            ["worksheet", "b2-1", "--format", "ipyn"],
            "A worksheet can be ipynb, py, html; received 'ipyn'. The nearest is ipynb.",
            None,
        ),
        (
            ["worksheet", "b2-1", "--format", ""],
            "A worksheet can be ipynb, py, html; received ''.",
            "ワークシートの形式は ipynb, py, html のいずれかですが、'' が指定されました。",
        ),
        (["notebook", "run"], NEEDS.format(command="tatami notebook run", name="FILE.ipynb"),
         NEEDS_JA.format(command="tatami notebook run", name="FILE.ipynb")),
        (["verify"], NEEDS.format(command="tatami verify", name="REPORT.html"),
         NEEDS_JA.format(command="tatami verify", name="REPORT.html")),
        (
            ["notebook", "run", "folder"],
            "folder is a folder; name the notebook itself (.ipynb).",
            "folder はフォルダです。ノートブックのファイル（.ipynb）を指定してください。",
        ),
    ],
)  # fmt: skip
def test_refused(tatami, tmp_path: Path, words: list[str], english: str, japanese: str | None) -> None:
    (tmp_path / "folder").mkdir()
    for lang, sentence in (("en", english), ("ja", japanese)):
        said = tatami(*words, "--lang", lang)
        assert (said.code, said.out) == (2, "")
        if sentence is not None:
            assert said.err == sentence + "\n"
    assert [path.name for path in tmp_path.rglob("*")] == ["folder"]


def test_a_format_may_be_named_apart_from_the_file(tatami, tmp_path: Path) -> None:
    assert tatami("worksheet", "b2-1", "--out", "lesson", "--format", "py").code == 0
    assert (tmp_path / "lesson").read_text(encoding="utf-8").startswith("# ---")
