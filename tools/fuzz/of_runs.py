"""Readers of what runs, checkpoints, controls, the laboratory and the engine keep on disk."""

import hashlib
import io
import json
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path

import numpy as np

from fuzz.reader import Reader, at, packed
from tatamilab.engine import cache as object_cache
from tatamilab.engine import schedule
from tatamilab.engine.loop import State
from tatamilab.experiment import RunOptions, folder, record, saving
from tatamilab.experiment.checkpoint import Saved
from tatamilab.experiment.control_recipe import Recipe
from tatamilab.experiment.control_store import SETTINGS, Store, Trained, recipe_in
from tatamilab.files import sha256
from tatamilab.lesson import handins
from tatamilab.session.curve import Point
from tatamilab.session.moment import Kept, Phase, Progress
from tatamilab.session.setup import Setup
from tatamilab.session.shelf import Shelf
from tatamilab.store import folders

RECORD = {
    "schema": 1, "status": "finished", "error": None, "started": "2026-01-01T00:00:00+09:00",
    "command": "tatami run", "options": {**RunOptions(data_size=600).as_dict()},
    "data": {"name": "mnist", "source": "", "licence": None, "hashes": {"x": "0"}, "notes": [],
             "class_names": ["0", "1"], "image_shape": [4, 4, 1], "n_train": 5, "n_validation": 1, "n_test": 4},
    "model": {"name": "cnn", "n_parameters": 9, "layers": [
        {"name": "dense", "type": "Dense", "output_shape": [2], "n_parameters": 9}], "file_sha256": None},
    "training": {"trainer": "tatamilab", "reason": "", "steps_per_epoch": 1, "epochs_begun": 2,
                 "stopped_at": None, "plan": "ab"},
    "untrained": None,
    "trained": {"loss": 0.5, "accuracy": 0.75, "correct": 3, "n": 4, "low": 0.1, "high": 0.9},
    "timings_s": {"training": 1.0}, "versions": {"keras": "3"}, "machine": {"cpu_name": "x"},
}  # fmt: skip
HISTORY = b"epoch,accuracy,loss,val_accuracy,val_loss\n1,0.5,1.5,0.25,nan\n2,0.75,1.0,0.5,inf\n"


def npz(**arrays: object) -> bytes:
    written = io.BytesIO()
    np.savez(written, allow_pickle=False, **arrays)
    return written.getvalue()


@cache
def predictions() -> bytes:
    return npz(
        probabilities=np.eye(4, 2, dtype=np.float32), predicted=np.zeros(4), y_test=np.array([0, 1, 0, 1])
    )


def record_seeds() -> Sequence[bytes]:
    return [json.dumps(RECORD).encode()]


def read_record(content: bytes, here: Path) -> None:
    path = at(here, folder.RECORD, content)
    folders.read(path)
    record.read(here)


def read_history(content: bytes, here: Path) -> None:
    saving.read_history(at(here, folder.HISTORY, content))


def read_predictions(content: bytes, here: Path) -> None:
    saving.read_predictions(at(here, folder.PREDICTIONS, content))


def read_whole_run(content: bytes, here: Path) -> None:
    """A run of which one file is given: the first byte says which."""
    files = {folder.RECORD: record_seeds()[0], folder.HISTORY: HISTORY, folder.PREDICTIONS: predictions()}
    if content:
        files[sorted(files)[content[0] % 3]] = content[1:]
    for name, written in files.items():
        at(here, name, written)
    handins.read_run(here)


def run_seeds() -> Sequence[bytes]:
    kinds = [
        np.zeros((4, 0), np.float32),
        np.full((4, 2), "a"),
        np.zeros((4, 2), "S1"),
        np.zeros((4, 2), "i1,f8"),
    ]
    odd = [*kinds, np.full((4, 2), np.nan)]
    labels = np.zeros(4, np.int64)
    return [
        b"\0" + HISTORY,
        b"\1" + predictions(),
        *(b"\1" + npz(probabilities=one, y_test=labels) for one in odd),
        b"\2" + record_seeds()[0],
    ]


@cache
def checkpoint_members() -> dict[str, bytes]:
    told = {
        "format": 1,
        "of": {"options": {}},
        "epoch": 2,
        "history": {"loss": [1.0, 0.5]},
        "generators": [],
    }
    return {"told.npy": npy_text(json.dumps(told)), "variable0.npy": npy_of(np.zeros((2, 2), np.float32))}


def npy_of(array: np.ndarray) -> bytes:
    written = io.BytesIO()
    np.save(written, array, allow_pickle=False)
    return written.getvalue()


def npy_text(text: str) -> bytes:
    return npy_of(np.array(text))


def sealed(content: bytes) -> bytes:
    return sha256(content).encode() + b"\n" + content


def read_checkpoint(content: bytes, here: Path) -> None:
    Saved.read(at(here, folder.CHECKPOINT, content))


def read_told(content: bytes, here: Path) -> None:
    """What a checkpoint tells, behind a seal that is right."""
    members = {**checkpoint_members(), "told.npy": npy_text(content.decode("utf-8", "replace"))}
    read_checkpoint(sealed(packed(members)), here)


def told_seeds() -> Sequence[bytes]:
    return [str(np.load(io.BytesIO(checkpoint_members()["told.npy"]))).encode()]


STATE = {"format": 1, "iterations": 3, "epoch": 0, "step": 3, "random": {"bit_generator": "PCG64", "state": {}},
         "seed": 1, "learning_rate": 0.001, "n_images": 60, "batch_size": 8}  # fmt: skip


def state_bytes(told: str) -> bytes:
    zero = np.zeros(2, np.float32)
    return npz(state=told, **{"weights:a": zero, "slot0:a": zero})


def read_state(content: bytes, here: Path) -> None:
    State.load(at(here, "state.npz", content))


def read_state_told(content: bytes, here: Path) -> None:
    read_state(state_bytes(content.decode("utf-8", "replace")), here)


def read_shelf(content: bytes, here: Path) -> None:
    """A kept run of the laboratory whose `run.json` is given."""
    place = here / "0123abcd"
    place.mkdir(exist_ok=True)
    at(place, "state.npz", state_bytes(json.dumps(STATE)))
    at(place, "run.json", content)
    shelf = Shelf(here)
    shelf.entries()
    shelf.newest(Setup())
    shelf.take("0123abcd")


@cache
def shelf_seeds() -> Sequence[bytes]:
    with tempfile.TemporaryDirectory() as here:
        progress = Progress("0123abcd", Phase.PAUSED, (Point(0.5, 10, 1.0, 0.5),), (), 10.0, 128)
        Shelf(Path(here)).keep(Setup(), Kept(progress, State({}, [], 0, 0, 0, {}, 1, 0.001, 60, 8)))
        return [Path(here, "0123abcd", "run.json").read_bytes()]


def read_recipe(content: bytes, here: Path) -> None:
    at(here, SETTINGS, content)
    recipe_in(here)


@cache
def recipe_seed() -> bytes:
    here = Path(tempfile.mkdtemp())
    try:
        Store(here, Recipe())
        return (here / SETTINGS).read_bytes()
    finally:
        shutil.rmtree(here)


@cache
def trained_seed() -> bytes:
    kernels, components = np.zeros((1, 2, 2, 1, 1), np.float32), np.zeros((4, 2, 2, 1))
    return npz(**vars(Trained(1, 0, 4, np.zeros(1, np.int64), kernels, components)))


def read_trained(content: bytes, here: Path) -> None:
    at(here, SETTINGS, recipe_seed())
    at(here, "arm-0.npz", content)
    store = Store(here, Recipe())
    assert store.has("arm", 0)
    store.load("arm", 0)


NAME = "0" * 32


def read_object(content: bytes, _here: Path) -> None:
    """Machine code is given only if it is what was written."""
    place = object_cache.folder()
    place.mkdir(parents=True, exist_ok=True)
    path = at(place, NAME + object_cache.SUFFIX, content)
    code = object_cache.read(NAME)
    whole = content == object_cache.MAGIC + hashlib.sha256(code or b"").digest() + (code or b"")
    assert (code is not None) == whole == path.exists()


def object_seeds() -> Sequence[bytes]:
    return [
        object_cache.MAGIC + hashlib.sha256(code).digest() + code for code in (b"", b"\x7fELF machine code")
    ]


def read_schedules(content: bytes, here: Path) -> None:
    schedule.read(at(here, "table.json", content), "avx2")


READERS = (
    Reader("run-record", read_record, record_seeds, 8),
    Reader("run", read_whole_run, run_seeds, 4),
    Reader("history", read_history, lambda: [HISTORY], 20),
    Reader("predictions", read_predictions, lambda: [predictions()], 5),
    Reader("checkpoint", read_checkpoint, lambda: [sealed(packed(checkpoint_members()))], 10),
    Reader("checkpoint-told", read_told, told_seeds, 4),
    Reader("state", read_state, lambda: [state_bytes(json.dumps(STATE))], 5),
    Reader("state-told", read_state_told, lambda: [json.dumps(STATE).encode()], 4),
    Reader("shelf", read_shelf, shelf_seeds, 4),
    Reader("recipe", read_recipe, lambda: [recipe_seed()], 15),
    Reader("controls", read_trained, lambda: [trained_seed()], 4),
    Reader("object-cache", read_object, object_seeds, 30),
    Reader(
        "schedules",
        read_schedules,
        lambda: [json.dumps({"avx2": {field.name: 2 for field in fields(schedule.Schedule)}}).encode()],
        20,
    ),
)
