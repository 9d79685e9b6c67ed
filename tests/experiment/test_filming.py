"""A film of a run: its own training again, to the same bits."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from shared_run import Finished

from tatamilab import i18n
from tatamilab.errors import OutputError
from tatamilab.experiment import filming, saving
from tatamilab.experiment.filming import film, moments
from tatamilab.instruments.film import Film


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[Film]:
    """What would be drawn; drawing and writing are tested with the instrument."""
    films: list[Film] = []
    monkeypatch.setattr(filming, "animate_filters", films.append)
    monkeypatch.setattr(filming, "save_film", lambda _animation, path, _drawn: path.write_bytes(b"film"))
    return films


def test_a_film_goes_from_the_run_s_start_to_its_end(
    finished: Finished, tmp_path: Path, shown: list[Film]
) -> None:
    folder = Path(shutil.copytree(finished.folder, tmp_path / "run"))
    told: list[str] = []
    moved: list[tuple[str, int, int]] = []
    with i18n.using("en"):
        made = film(folder, n_frames=6, told=told.append, far=lambda *far: moved.append(far))
    assert (made.path, made.is_same) == (folder / "film.gif", True)
    taken = shown[0]
    assert taken.steps.tolist() == [0, 1, 2, 3, 6, 10]  # 540 images in batches of 128: 5 steps an epoch
    assert len(taken.history["val_accuracy"]) == 2
    changes = np.abs(np.diff(taken.kernels, axis=0)).sum(axis=(1, 2, 3, 4))
    assert (changes > 0).all()
    assert told == ["The run is trained again: 10 steps", "The film is drawn: 6 moments"]
    assert moved == [("Training", step, 10) for step in range(1, 11)]


def test_moments_are_distinct_and_end_with_the_last_step() -> None:
    for n_steps, n in ((1, 2), (1, 240), (5, 48), (4220, 48), (100_000, 240)):
        found = moments(n_steps, n)
        assert (np.diff(found) > 0).all()
        assert (found[0], found[-1]) == (0, n_steps)
        assert len(found) <= n


def test_refuses_before_anything_is_trained(
    finished: Finished, tmp_path: Path, refused: Callable[..., None], shown: list[Film]
) -> None:
    refused(
        lambda: film(finished.folder, n_frames=1),
        en="A film has from 2 to 240 frames; received 1.",
        ja="動画のコマ数は2〜240です（1 が渡されました）。",
    )
    refused(
        lambda: film(finished.folder, out=tmp_path / "film.avi"),
        en=f"A film is written as .gif, .mp4, .html; received {tmp_path / 'film.avi'}.",
        ja=f"動画の形式は .gif、.mp4、.html のいずれかです（{tmp_path / 'film.avi'} が渡されました）。",
    )
    reason = os.strerror(errno.ENOENT)
    path = tmp_path / "nodir" / "film.gif"
    refused(
        lambda: film(finished.folder, out=path),
        en=f"Writing to {path} failed: {reason}; choose another folder with --out.",
        ja=f"{path} への書き込みに失敗しました（{reason}）。--out で別のフォルダを指定してください。",
        error=OutputError,
    )
    refused(
        lambda: film(tmp_path),
        en=f"{tmp_path} is not the folder of a run: it holds no readable run.json.",
        ja=f"{tmp_path} は実験結果のフォルダではありません。読み取れる run.json がありません。",
    )
    assert not shown


@pytest.mark.parametrize("content", ["epoch,loss\n1\n", "epoch,loss\n1,low\n", 'epoch,"loss\n'])
def test_a_damaged_history_is_refused(tmp_path: Path, refused: Callable[..., None], content: str) -> None:
    path = tmp_path / "history.csv"
    saving.save_history({"loss": [0.5, float("nan")]}, path)
    assert saving.read_history(path) == {"loss": [0.5, pytest.approx(float("nan"), nan_ok=True)]}
    path.write_text(content)
    refused(
        lambda: saving.read_history(path),
        en=f"{path} is damaged or missing.",
        ja=f"{path} がないか、壊れています。",
    )
