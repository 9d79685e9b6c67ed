"""What is under way: a bar in a terminal, lines elsewhere, nothing if it is to be quiet."""

import io

import pytest
from rich.console import Console

from tatamilab.cli import under_way
from tatamilab.cli.under_way import UnderWay


def _show(*, quiet: bool = False) -> None:
    with UnderWay(quiet=quiet) as shown:
        shown.line("first [red]")
        shown.far("Training", 3, 12)
        shown.line("second")


def test_a_file_gets_the_lines_alone(capsys: pytest.CaptureFixture[str]) -> None:
    _show()
    assert capsys.readouterr() == ("first [red]\nsecond\n", "")


def test_quiet_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    _show(quiet=True)
    assert capsys.readouterr() == ("", "")


def test_a_terminal_gets_a_bar_below_the_lines_and_its_cursor_back(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=80, highlight=False)
    monkeypatch.setattr(under_way, "Console", lambda **_options: terminal)
    _show()
    written = terminal.file.getvalue()
    assert "first [red]" in written
    assert written.index("second") < written.rindex("Training")
    assert " 25%" in written
    assert written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")


def test_a_quiet_terminal_stays_empty(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=80)
    monkeypatch.setattr(under_way, "Console", lambda **_options: terminal)
    _show(quiet=True)
    assert terminal.file.getvalue() == ""
