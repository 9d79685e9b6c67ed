from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from PIL import Image

from tatamilab import i18n
from tatamilab.errors import OutputError
from tatamilab.instruments import plot_learning_curves, save_figure

HISTORY = {"loss": [2.0, 1.0], "accuracy": [0.5, 0.6]}


def test_png_and_svg_with_the_same_bytes_each_time(tmp_path: Path) -> None:
    with i18n.using("ja"):
        for folder in ("a", "b"):
            (tmp_path / folder).mkdir()
            paths = save_figure(plot_learning_curves(HISTORY), tmp_path / folder, "curves")
            assert paths == [tmp_path / folder / "curves.png", tmp_path / folder / "curves.svg"]
    for suffix in ("png", "svg"):
        first, second = ((tmp_path / folder / f"curves.{suffix}").read_bytes() for folder in ("a", "b"))
        assert first == second
    assert "<dc:date>" not in (tmp_path / "a" / "curves.svg").read_text(encoding="utf-8")


def test_png_has_150_dots_an_inch(tmp_path: Path) -> None:
    png, _svg = save_figure(Figure(figsize=(4, 2)), tmp_path, "empty")
    with Image.open(png) as image:
        assert image.size == (600, 300)


def test_svg_needs_no_font(tmp_path: Path) -> None:
    with i18n.using("ja"):
        _png, svg = save_figure(plot_learning_curves(HISTORY), tmp_path, "curves")
    assert "<text" not in svg.read_text(encoding="utf-8")


def test_a_figure_that_fails_leaves_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(self: Figure, path: Path, **_options: object) -> None:
        Path(path).write_bytes(b"half")
        raise MemoryError

    monkeypatch.setattr(Figure, "savefig", breaks)
    with pytest.raises(MemoryError):
        save_figure(Figure(), tmp_path, "broken")
    assert list(tmp_path.iterdir()) == []


def test_refuses_a_folder_that_is_not_there(tmp_path: Path, refused: Callable[..., None]) -> None:
    path = tmp_path / "missing" / "x.png"
    refused(
        lambda: save_figure(Figure(), tmp_path / "missing", "x"),
        en=f"The figure {path} could not be written (No such file or directory); free some space or choose "
        "another folder.",
        ja=f"図 {path} を書き込めなかったため、空き容量を増やすか、別のフォルダを指定してください"
        "（No such file or directory）。",
        error=OutputError,
    )
