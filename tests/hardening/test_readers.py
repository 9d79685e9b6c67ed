"""Damaged and hostile input to every reader: taken, or refused in one sentence; never anything else.

`tools/fuzz/campaign.py` gives a million; here are those that once found something, and some at random.
"""

import warnings
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fuzz.mutation import mutant
from fuzz.reader import attempt
from fuzz.readers import READERS

CORPUS = Path(__file__).parent / "corpus"
SLOW = {"keras", "keras-config", "keras-weights", "hand-ins", "class-folders", "notebook-to-report", "store"}
"""Readers of whom the default tier asks little."""


@pytest.fixture(autouse=True)
def _cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TATAMI_CACHE_DIR", str(tmp_path_factory.getbasetemp() / "cache"))


def many(name: str, folder: Path, n: int) -> None:
    reader = READERS[name]
    seeds = list(reader.seeds())

    @given(which=st.integers(0, len(seeds) - 1), chance=st.integers(0, 2**32 - 1))
    @settings(
        max_examples=n,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    def check(which: int, chance: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            attempt(reader, mutant(Random(chance), seeds[which]), folder)

    check()


@pytest.mark.parametrize("name", READERS)
def test_what_was_written_is_read(name: str, tmp_path: Path) -> None:
    """The seeds are what they are taken for; else damage to them would test little."""
    assert any(attempt(READERS[name], seed, tmp_path) for seed in READERS[name].seeds())


@pytest.mark.parametrize(
    "path", sorted(CORPUS.glob("*/*")), ids=lambda path: f"{path.parent.name}/{path.name}"
)
def test_what_once_found_something(path: Path, tmp_path: Path) -> None:
    attempt(READERS[path.parent.name], path.read_bytes(), tmp_path)


@pytest.mark.parametrize("name", READERS)
def test_some_damage(name: str, tmp_path: Path) -> None:
    many(name, tmp_path, 3 if name in SLOW else 25)


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_more_damage(name: str, tmp_path: Path) -> None:
    many(name, tmp_path, 40 if name in SLOW else 500)
