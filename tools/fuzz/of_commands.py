"""Command lines: understood up to the point where work would begin."""

import contextlib
import io
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import typer

from fuzz.reader import Reader
from tatamilab.experiment import RunOptions

LINES = (
    "run --data mnist --data-size 600 --epochs 3 --lr 0.01 --seed 3 --optimizer adam --json",
    "study b2-1-2 --draws 4 --sizes 200,600 --until ci<0.5pp --on local:2 --store sqlite:///x.db",
    "--lang ja report a.ipynb --out b.html",
    "lab --port 8080 --host 127.0.0.1 --token abc --no-open",
    "engine explain cnn --measure --target avx2",
    "data verify mnist",
    "class make folder --help",
)


@cache
def command() -> Any:
    from tatamilab.cli.app import app

    return typer.main.get_command(app)


def understood(content: bytes, _folder: Path) -> None:
    """Words are parted by zero bytes; what is parsed makes options, and nothing is begun."""
    words = content.decode("utf-8", "surrogateescape").split("\0")
    now, parent = command(), None
    name = "tatami"
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(typer.Exit):
        while True:
            context = now.make_context(name, words, parent=parent)
            words = [*getattr(context, "protected_args", ()), *context.args]
            if not hasattr(now, "commands"):
                break
            if not words:
                return
            name, now, words = now.resolve_command(context, words)
            parent = context
        if name == "run":
            known = RunOptions.__dataclass_fields__
            RunOptions(
                **{key: value for key, value in context.params.items() if key in known and value is not None}
            )


def seeds() -> Sequence[bytes]:
    return ["\0".join(line.split()).encode() for line in LINES]


READERS = (Reader("command-line", understood, seeds, 4),)
