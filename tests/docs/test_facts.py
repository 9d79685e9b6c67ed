"""The scripts that measure what the pages show, in short form."""

import json
from pathlib import Path

import facts
import pytest
import refresh
from shown import FACTS, LANGUAGES

KNOWN = json.loads(FACTS.read_text(encoding="utf-8"))


@pytest.mark.slow
@pytest.mark.parametrize("part", facts.PARTS)
def test_a_part_can_be_measured_again(part: str, tmp_path: Path) -> None:
    folder = tmp_path / part
    folder.mkdir()
    measured = facts.measure(part, folder, short=True)
    words = facts.draw(measured, tmp_path)
    expected = {name for name in KNOWN[part]["values"] if not name.startswith(("avx", "sse", "neon"))}
    assert expected <= set(measured.values)
    assert set(words) == set(KNOWN[part]["figures"])
    for name in words:
        assert all(words[name][language] for language in LANGUAGES)
        assert words[name]["en"] != words[name]["ja"]
        assert (tmp_path / f"{name}.ja.png").stat().st_size > 5_000


def test_every_part_says_where_and_when_it_was_measured() -> None:
    assert set(KNOWN) == set(facts.PARTS)
    for part in KNOWN.values():
        assert part["date"] >= "2026"
        assert part["machine"]["cpu"]
        assert part["machine"]["versions"]["tatamilab"]


def test_a_stale_number_is_found() -> None:
    known = {"part": {"values": {"score": 0.9876, "n": 10_000}, "figures": {}}}
    text = "right on <!--=part.score:.1%-->97.0%<!--/--> of <!--=part.n:,-->10,000<!--/-->"
    now = refresh.filled(text, Path("page.md"), "en", known)
    assert now == "right on <!--=part.score:.1%-->98.8%<!--/--> of <!--=part.n:,-->10,000<!--/-->"
    assert refresh.filled(now, Path("page.md"), "en", known) == now


def test_a_number_that_nobody_measured_is_refused() -> None:
    with pytest.raises(KeyError):
        refresh.filled(
            "<!--=part.other-->1<!--/-->", Path("page.md"), "en", {"part": {"values": {}, "figures": {}}}
        )
