"""The directive `commands`: the help of every command of `tatami`, as it says it itself, in the page's language."""

import os
from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from tatamilab import i18n

PROGRAM = "tatami"


def helps(language: str) -> Iterator[tuple[str, str]]:
    """Each command with its help, groups before their commands; the language must be the first asked for."""
    i18n.set_language(language)
    import typer

    from tatamilab.cli.app import app

    with patch.dict(os.environ, {"COLUMNS": "96", "LINES": "40"}):
        yield from _of(typer.main.get_command(app), PROGRAM)


def _of(command: Any, path: str) -> Iterator[tuple[str, str]]:
    context = command.make_context(path, [], resilient_parsing=True)
    context.info_name = path
    yield path, command.get_help(context)
    for name, one in getattr(command, "commands", {}).items():
        yield from _of(one, f"{path} {name}")


class Commands(SphinxDirective):
    """A section for each command."""

    def run(self) -> list[nodes.Node]:
        """Make the sections."""
        sections: list[nodes.Node] = []
        for path, text in helps(self.config.language):
            section = nodes.section(ids=[path.replace(" ", "-")], names=[path])
            section += nodes.title("", path)
            block = nodes.literal_block(text, text)
            block["language"] = "text"
            section += block
            sections.append(section)
        return sections


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_directive("commands", Commands)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
