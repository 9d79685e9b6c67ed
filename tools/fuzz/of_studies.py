"""Readers of studies as people write them, and of the stores in which they are kept."""

import json
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from fuzz.reader import Reader, at
from tatamilab.data import Dataset, Provenance
from tatamilab.store import Member, RunRow, RunStatus, StudyStore
from tatamilab.study.contrast import Contrast
from tatamilab.study.design import check_sizes
from tatamilab.study.specification import Study, make_study, read_study
from tatamilab.study.stopping import half_width_asked

TOML = b"""
name = "mine"
sizes = [200, 600]
draws = 4
contrasts = ["wide - narrow"]
[recipe]
epochs = 3
[arms.wide]
model = "cnn-small-data"
options = {filters = 32}
[arms.narrow]
filters = 4
"""
FACTORS = (
    b'name = "f"\n[factors]\nmodel = ["cnn", "bpnn"]\nlearning_rate = [0.1, 1e-3]\nfrozen = [true, false]\n'
)


@cache
def few() -> Dataset:
    x, y = np.zeros((600, 2, 2, 1), np.uint8), np.arange(600) % 2
    return Dataset("few", x, y, x, y, ("0", "1"), Provenance("made up"))


def checked(study: Study) -> None:
    """What every study goes through before anything is trained."""
    study.recipes()
    study.asked()
    check_sizes(study, few())


def read_toml(content: bytes, folder: Path) -> None:
    checked(read_study(at(folder, "mine.toml", content)))


def read_settings(content: bytes, _folder: Path) -> None:
    try:
        settings = json.loads(content)
    except (ValueError, RecursionError):
        return
    if isinstance(settings, dict):
        checked(make_study("here", settings))


def settings_seeds() -> Sequence[bytes]:
    import tomllib

    return [json.dumps(tomllib.loads(text.decode())).encode() for text in (TOML, FACTORS)]


@cache
def store_seed() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "store.db")
        with StudyStore(f"sqlite:///{path}") as store:
            store.add_study("abc", "mine", {"draws": 2}, [Member("k1", "cnn", 60, 0, 0, 0)])
            labels = np.zeros(3, np.uint8)
            store.save(RunRow("k1", {"size": 600}, RunStatus.FINISHED, test_accuracy=0.5), labels, labels)
        return path.read_bytes()


def read_store(content: bytes, folder: Path) -> None:
    for beside in folder.glob("store.db*"):
        beside.unlink()
    with StudyStore(f"sqlite:///{at(folder, 'store.db', content)}", create=False) as store:
        for study in store.studies():
            store.members(study.id)
        store.labels([row.key for row in store.rows()])


def read_contrast(content: bytes, _folder: Path) -> None:
    contrast = Contrast.read(content.decode("utf-8", "replace"))
    assert sum(sign for sign, _arm in contrast.terms) == 0


def read_rule(content: bytes, _folder: Path) -> None:
    assert half_width_asked(content.decode("utf-8", "replace")) > 0


READERS = (
    Reader("study-toml", read_toml, lambda: [TOML, FACTORS], 10),
    Reader("study-settings", read_settings, settings_seeds, 8),
    Reader("store", read_store, lambda: [store_seed()], 0.3),
    Reader("contrast", read_contrast, lambda: [b"cnn - bpnn", b"a - b - c + d"], 60),
    Reader("stopping-rule", read_rule, lambda: [b"ci<0.5pp", b" ci < 12 %"], 60),
)
