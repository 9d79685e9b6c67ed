"""The code on the pages, run: what is quick by every test, English; all of it by the slow ones, in both languages."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import blocks
import pytest
from shown import LANGUAGES, pages

import tatamilab

WITH_CODE = {
    language: {
        name: page for name, page in pages(language).items() if any(one.runs for one in blocks.blocks(page))
    }
    for language in LANGUAGES
}

LONG = {"howto/add-a-layer", "howto/own-model", "reproducibility", "tutorial"}
"""Pages that train for more than a few seconds: for the slow tests alone."""


@pytest.fixture(autouse=True)
def _as_before(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """What a page switches on is switched off, what it adds to the engine is taken away, its files are forgotten."""
    from tatamilab.engine import operations, verify
    from tatamilab.engine.frontend import layers

    monkeypatch.setattr(operations, "OPERATIONS", dict(operations.OPERATIONS))
    monkeypatch.setattr(layers, "RULES", dict(layers.RULES))
    monkeypatch.setattr(verify, "RULES", verify.RULES)
    monkeypatch.setenv("TATAMI_CACHE_DIR", os.environ["TATAMI_CACHE_DIR"])
    yield
    tatamilab.restore()
    for name, module in list(sys.modules.items()):
        if str(tmp_path) in str(getattr(module, "__file__", "")):
            del sys.modules[name]


def _check(page: Path, output: blocks.Block | None, printed: str) -> None:
    if output is not None:
        assert blocks.alike(output.code, printed), (
            f"{page}:{output.line} says\n{output.code}and it is\n{printed}"
        )


@pytest.mark.parametrize("name", sorted(WITH_CODE["en"].keys() - LONG))
def test_quick_blocks(name: str, tmp_path: Path) -> None:
    page, session = WITH_CODE["en"][name], blocks.Session(tmp_path, "en")
    for block, output in blocks.pairs(page):
        if not block.slow:
            _check(page, output, session.run(block))


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", WITH_CODE["en"])
def test_all_blocks(name: str, language: str) -> None:
    page = WITH_CODE[language][name]
    for (_block, output), printed in zip(blocks.pairs(page), blocks.run_apart(page, language), strict=True):
        _check(page, output, printed)
