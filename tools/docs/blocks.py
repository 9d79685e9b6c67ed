"""The code blocks of the pages: found, run, and compared with what the page says that they print.

What stands behind the language of a block says what becomes of it:

    ```python               is run by every test of the pages
    ```python slow          is run by the slow tests
    ```python file=NAME     is written to a file NAME, for blocks that follow; any language can be
    ```sh, ```sh slow       commands, a line each, run likewise
    ```text output          what the block before it prints
    ```LANGUAGE illustration    is only looked at

The blocks of a page are run in their order, in one namespace and an empty folder.
"""

import contextlib
import io
import json
import math
import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from pathlib import Path
from typing import Any

from markdown_it import MarkdownIt

from tatamilab import i18n

LOCALES = {"en": "C.UTF-8", "ja": "ja_JP.UTF-8"}
RUN = ("python", "sh")
NUMBER = re.compile(r"(?<![\w.])[-+−]?\d[\d,]*\.\d+(?:e[-+]?\d+)?")
"""Numbers with a point: measured ones, that another processor has a little different. Whole ones are counted."""


@dataclass(frozen=True)
class Block:
    """One fenced block of a page.

    Attributes:
        page: the file.
        line: its first line of code, from 1.
        language: the first word of its fence.
        words: the other words of its fence.
        code: what is in it.
    """

    page: Path
    line: int
    language: str
    words: tuple[str, ...]
    code: str

    @property
    def file(self) -> str | None:
        """The file that it is written to, if it is."""
        return next((word.removeprefix("file=") for word in self.words if word.startswith("file=")), None)

    @property
    def slow(self) -> bool:
        """Whether only the slow tests run it."""
        return "slow" in self.words

    @property
    def runs(self) -> bool:
        """Whether it is run."""
        return self.language in RUN and self.file is None and "illustration" not in self.words

    @property
    def is_output(self) -> bool:
        """Whether it is what the block before it prints."""
        return self.language == "text" and self.words == ("output",)

    @property
    def complaint(self) -> str | None:
        """Why nobody could say what is to become of it, or None."""
        where = f"{self.page.name}:{self.line}"
        known = self.file or self.is_output or self.words == ("illustration",)
        if known or (self.language in RUN and self.words in ((), ("slow",))):
            return None
        return f"{where}: {' '.join(('```' + self.language, *self.words))} says neither how it is run nor that it isn't"


@cache
def blocks(page: Path) -> tuple[Block, ...]:
    """The fenced blocks of a page in their order, without Sphinx's directives."""
    tokens = MarkdownIt("commonmark").parse(page.read_text(encoding="utf-8"))
    found = []
    for token in tokens:
        if token.type == "code_block":
            assert token.map is not None
            found.append(Block(page, token.map[0] + 1, "", (), token.content))
        if token.type != "fence" or token.info.startswith("{"):
            continue
        assert token.map is not None
        language, *words = token.info.split() or [""]
        found.append(Block(page, token.map[0] + 2, language, tuple(words), token.content))
    return tuple(found)


def pairs(page: Path) -> Iterator[tuple[Block, Block | None]]:
    """Each block that does something, with the output that the page says it has."""
    found = blocks(page)
    for block, after in zip_longest(found, found[1:]):
        if block.runs or block.file:
            yield block, after if after is not None and after.is_output else None


class Session:
    """The blocks of one page, run one after another.

    Args:
        folder: where they run; what they write stays there.
        language: of what the program says.
    """

    def __init__(self, folder: Path, language: str) -> None:
        self.folder = folder
        self.language = language
        self.namespace: dict[str, Any] = {"__name__": "__page__"}

    def run(self, block: Block) -> str:
        """Do what a block says; return what it prints."""
        if block.file:
            (self.folder / block.file).write_text(block.code, encoding="utf-8")
            return ""
        return self._python(block) if block.language == "python" else self._commands(block)

    def _python(self, block: Block) -> str:
        printed = io.StringIO()
        code = compile("\n" * (block.line - 1) + block.code, str(block.page), "exec")
        sys.path.insert(0, str(self.folder))  # where a script or a notebook finds its neighbours
        try:
            with (
                contextlib.chdir(self.folder),
                contextlib.redirect_stdout(printed),
                i18n.using(self.language),
            ):
                exec(code, self.namespace)
        finally:
            sys.path.remove(str(self.folder))
        return printed.getvalue()

    def _commands(self, block: Block) -> str:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        printed = ""
        for line in block.code.splitlines():
            command = shlex.split(line, comments=True)
            if not command:
                continue
            done = subprocess.run(
                command,
                cwd=self.folder,
                env={**os.environ, "PATH": path, "COLUMNS": "96", "LANG": LOCALES[self.language]},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode:
                raise AssertionError(f"{block.page.name}:{block.line}: {line}\n{done.stdout}{done.stderr}")
            printed += done.stdout
        return printed


def run_apart(page: Path, language: str) -> list[str]:
    """What all the blocks of a page print, in a process of their own that knows of no backend: as a reader's would.

    Raises:
        AssertionError: a block failed.
    """
    environment = {name: value for name, value in os.environ.items() if name != "KERAS_BACKEND"}
    environment["LANG"] = LOCALES[language]
    command = [sys.executable, __file__, str(page), language]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        raise AssertionError(f"{page}: {done.stderr}")
    printed: list[str] = json.loads(done.stdout.splitlines()[-1])
    return printed


def alike(said: str, printed: str) -> bool:
    """Whether a page says what was printed: the same words and whole numbers, and measured numbers close by.

    A line "…" of the page stands for any lines.

    Example:
        >>> alike("10000 images, accuracy 0.9731", "10000 images, accuracy 0.9744")
        True
        >>> alike("10000 images, accuracy 0.9731", "9999 images, accuracy 0.9731")
        False
    """
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…" else _pattern(line) + r"\n" for line in _lines(said)
    )
    match = re.fullmatch(pattern, "".join(line + "\n" for line in _lines(printed)))
    if match is None:
        return False
    pairs_of_numbers = zip(NUMBER.findall(said), match.groups(), strict=True)
    return all(math.isclose(_number(a), _number(b), rel_tol=0.1, abs_tol=0.02) for a, b in pairs_of_numbers)


def _lines(text: str) -> list[str]:
    return [" ".join(line.split()) for line in text.strip().splitlines()]


def _pattern(line: str) -> str:
    """A line as an expression with a group for each measured number."""
    return f"({NUMBER.pattern})".join(re.escape(part) for part in NUMBER.split(line))


def _number(text: str) -> float:
    return float(text.replace(",", "").replace("−", "-"))


if __name__ == "__main__":
    PAGE, LANGUAGE = Path(sys.argv[1]), sys.argv[2]
    with tempfile.TemporaryDirectory() as temporary:
        session = Session(Path(temporary), LANGUAGE)
        print(json.dumps([session.run(block) for block, _output in pairs(PAGE)]))
