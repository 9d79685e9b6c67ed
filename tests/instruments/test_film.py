from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from matplotlib.animation import FFMpegWriter
from matplotlib.figure import Figure
from PIL import Image

from tatamilab import i18n
from tatamilab.instruments.film import Film, animate_filters, check_film_path, save_film

SamePicture = Callable[[Figure, str], None]


@pytest.fixture
def film() -> Film:
    steps = np.array([0, 1, 5, 20])
    start, end = np.random.default_rng(0).normal(size=(2, 5, 5, 1, 8)).astype(np.float32)
    kernels = np.stack([start + (end - start) * step / 20 for step in steps])
    history = {"accuracy": [0.5, 0.8], "val_accuracy": [0.6, 0.7], "loss": [1.0, 0.5], "val_loss": [1.1, 0.9]}
    return Film(steps, kernels.astype(np.float32), 10, history)


@pytest.fixture
def coarse(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few dots an inch, so that writing is quick."""
    monkeypatch.setattr("tatamilab.instruments.film._DPI", 30)


def test_each_frame_shows_the_filters_of_its_step(film: Film) -> None:
    with i18n.using("en"):
        animation = animate_filters(film)
        titles = []
        for number, kernel in enumerate(film.kernels):
            image, title, norms, epochs = animation._func(number)
            shown = image.get_array().compressed()
            assert np.array_equal(np.sort(shown), np.sort(kernel.ravel()))
            assert norms.get_xdata()[0] == film.steps[number]
            assert epochs.get_xdata()[0] == film.steps[number] / 10
            titles.append(title.get_text())
        low, high = image.get_clim()
        assert (-low, high) == (np.abs(film.kernels).max(), np.abs(film.kernels).max())
    assert titles[0] == "Before training"
    assert titles[-1] == "After step 20 (epoch 2)"
    animation._draw_was_started = True  # matplotlib warns of one that is never written


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_picture_of_a_frame(film: Film, lang: str, same_picture: SamePicture) -> None:
    with i18n.using(lang):
        animation = animate_filters(film)
        animation._func(2)
        same_picture(animation._fig, f"film-{lang}")
    animation._draw_was_started = True


@pytest.mark.usefixtures("coarse")
def test_a_gif_holds_every_moment_and_stays_at_the_last(film: Film, tmp_path: Path) -> None:
    drawn: list[tuple[int, int]] = []
    save_film(animate_filters(film), tmp_path / "film.gif", lambda *frame: drawn.append(frame))
    assert drawn == [(n, len(drawn)) for n in range(len(film.steps) + 12)]
    assert [path.name for path in tmp_path.iterdir()] == ["film.gif"]
    with Image.open(tmp_path / "film.gif") as picture:
        assert picture.n_frames == 4
        durations = []
        for frame in range(4):
            picture.seek(frame)
            durations.append(picture.info["duration"])
        assert durations[3] > 10 * durations[2]


@pytest.mark.usefixtures("coarse")
def test_a_page_needs_no_network(film: Film, tmp_path: Path) -> None:
    save_film(animate_filters(film), tmp_path / "film.html")
    page = (tmp_path / "film.html").read_text(encoding="utf-8")
    assert "http" not in page.replace("http-equiv", "")
    assert "<link" not in page
    assert page.count("data:image/png;base64,") >= 4
    assert "fa-pause::before" in page


@pytest.mark.skipif(not FFMpegWriter.isAvailable(), reason="MP4 is written by ffmpeg, which is not installed")
@pytest.mark.usefixtures("coarse")
def test_an_mp4_is_one(film: Film, tmp_path: Path) -> None:
    save_film(animate_filters(film), tmp_path / "film.mp4")
    assert [path.name for path in tmp_path.iterdir()] == ["film.mp4"]
    assert (tmp_path / "film.mp4").read_bytes()[4:8] == b"ftyp"


def test_refuses_what_is_no_film(
    tmp_path: Path, refused: Callable[..., None], monkeypatch: pytest.MonkeyPatch
) -> None:
    refused(
        lambda: check_film_path(Path("film.avi")),
        en="A film is written as .gif, .mp4, .html; received film.avi.",
        ja="動画の形式は .gif、.mp4、.html のいずれかです（film.avi が渡されました）。",
    )
    monkeypatch.setattr(FFMpegWriter, "isAvailable", classmethod(lambda cls: False))
    refused(
        lambda: check_film_path(Path("a.mp4")),
        en="MP4 needs the program ffmpeg, which is not installed; a.gif can be written instead.",
        ja="MP4 には ffmpeg が必要ですが、インストールされていません。代わりに a.gif なら書き出せます。",
    )
