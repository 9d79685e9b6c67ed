"""The parts where students live: a notebook in a real JupyterLab, each shown by one line."""

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tatamilab.data import load

pytestmark = pytest.mark.slow

CELLS = [
    "from tatamilab.data import load\n"
    "from tatamilab.models import worksheet_cnn\n"
    "from tatamilab.session import LiveRun, Sample\n"
    "from tatamilab.widgets import DigitPad, NetworkEditor, PixelArithmetic, SampleSlider, Training\n"
    "model = worksheet_cnn(filters=8)",
    "DigitPad(model)",
    "PixelArithmetic(model)",
    "SampleSlider()",
    "NetworkEditor()",
    "Training(LiveRun(worksheet_cnn, Sample.of(load('mnist', data_size=600)), epochs=2))",
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a JupyterLab whose folder holds the notebook."""
    folder = tmp_path_factory.mktemp("notebooks")
    cells = [
        {
            "cell_type": "code",
            "id": f"c{k}",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for k, source in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (folder / "parts.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    own = {f"JUPYTER_{name}_DIR": str(folder / ".jupyter" / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    server = subprocess.Popen(
        [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
            f"--port={port}", "--IdentityProvider.token=", f"--ServerApp.root_dir={folder}",
            "--LabApp.expose_app_in_browser=True", "--LabApp.news_url=", "--LabApp.check_for_updates_class="
            "jupyterlab.NeverCheckForUpdate",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**os.environ, **own, "LC_ALL": "C.UTF-8"},
    )  # fmt: skip
    address = f"http://127.0.0.1:{port}/lab"
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{address}/tree/parts.ipynb", timeout=5).close()
            break
        except OSError:
            assert server.poll() is None
            try:
                server.wait(0.5)
            except subprocess.TimeoutExpired:
                continue
    yield address
    server.terminate()
    server.wait(180)  # it ends its kernels first


@pytest.fixture(scope="module")
def notebook(lab: str, chromium: Any) -> Iterator[Any]:
    """The notebook, every cell of which was run; nothing was asked of any other machine."""
    wrong: list[str] = []
    page = chromium.new_page(viewport={"width": 1400, "height": 1000})
    page.set_default_timeout(120_000)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on(
        "request",
        lambda request: (
            request.url.startswith("http") and "127.0.0.1" not in request.url and wrong.append(request.url)
        ),
    )
    page.goto(f"{lab}/tree/parts.ipynb?reset")
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    page.wait_for_function(
        "window.jupyterapp?.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
    )
    page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.locator(".tl-live").wait_for(state="attached")
    yield page
    page.close()
    assert wrong == []


def part(page: Any, name: str) -> Any:
    """The part, scrolled to: JupyterLab makes what is far off only then."""
    found = page.locator(f".tl-{name}")
    found.scroll_into_view_if_needed()
    return found


def is_painted(canvas: Any) -> bool:
    """Whether more than one colour is on it."""
    return bool(
        canvas.evaluate(
            "node => new Set(new Uint32Array(node.getContext('2d').getImageData(0, 0, node.width, node.height)"
            ".data.buffer)).size > 1"
        )
    )


def test_a_digit_is_drawn_and_read(notebook: Any, tmp_path: Path) -> None:
    pad = part(notebook, "pad")
    draw = pad.locator(".tl-draw")
    draw.hover(position={"x": 140, "y": 50})
    notebook.mouse.down()
    box = draw.bounding_box()
    notebook.mouse.move(box["x"] + 140, box["y"] + 230, steps=12)
    notebook.mouse.up()
    pad.locator(".tl-bars .tl-most").wait_for()
    assert is_painted(pad.locator(".tl-maps canvas").first)
    pad.locator(".tl-doctor:not([hidden])").wait_for()
    assert is_painted(pad.locator(".tl-moved canvas"))
    assert "169 places" in pad.locator(".tl-moved p").inner_text()

    digit = load("mnist").x_test[0, :, :, 0]
    paper = 230 - np.pad(digit.repeat(8, 0).repeat(8, 1), 90) * 0.7
    Image.fromarray(paper.astype(np.uint8)).save(tmp_path / "photo.jpg")
    pad.locator("input[type=file]").set_input_files(tmp_path / "photo.jpg")
    pad.locator(".tl-photo figure").nth(2).wait_for()
    assert all(is_painted(pad.locator(".tl-photo canvas").nth(k)) for k in range(3))


def test_a_number_is_taken_apart(notebook: Any) -> None:
    pixel = part(notebook, "pixel")
    assert is_painted(pixel.locator("canvas").first)
    before = pixel.locator("table").first.inner_text()
    pixel.locator("canvas[tabindex]").focus()
    notebook.keyboard.press("ArrowLeft")
    notebook.wait_for_function(
        "text => document.querySelector('.tl-pixel table').innerText !== text", arg=before
    )


def test_the_slider_trains_both(notebook: Any) -> None:
    slider = part(notebook, "sample")
    known = "document.querySelector('.tl-of-cnn b').textContent.endsWith('%')"
    notebook.wait_for_function(known)
    for _ in range(4):
        slider.locator("input[type=range]").press("ArrowLeft")
    notebook.wait_for_function("document.querySelector('.tl-sample .tl-count').textContent === '50'")
    notebook.wait_for_function(f"{known} && !document.querySelector('.tl-sample .tl-row button').disabled")
    assert is_painted(slider.locator(".tl-plot"))


def test_a_network_is_changed(notebook: Any) -> None:
    editor = part(notebook, "editor")
    editor.get_by_label("kernel").first.fill("3")
    notebook.wait_for_function(
        "document.querySelector('.tl-editor .tl-arithmetic').textContent === '3×3×1×32 + 32 = 320'"
    )
    assert is_painted(editor.locator(".tl-drawing"))


def test_a_training_runs(notebook: Any) -> None:
    live = part(notebook, "live")
    live.get_by_role("button", name="Start", exact=True).click()
    notebook.wait_for_function("document.querySelector('.tl-live .tl-first').disabled")
    assert "After epoch 2" in live.locator("[aria-live]").inner_text()
    assert is_painted(live.locator(".tl-map canvas"))
