"""Film the laboratory for the README: `python tools/lab_picture.py` opens it, trains, draws a digit, and writes
`docs/images/lab.webp` and, for the Japanese page, `lab.ja.webp`.

What is seen is the real page in Chromium: a training that begins untrained, and a seven drawn while it goes on.
"""

import itertools
import math
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
SCREEN = {"width": 1280, "height": 800}
WIDTH = 800
"""Pixels across, as the README shows it."""
FRAME_MS, LAST_MS = 160, 2400
STROKE = [(0.28, 0.25), (0.72, 0.25), (0.62, 0.45), (0.52, 0.65), (0.46, 0.82)]
"""A seven, as shares of the pad's width and height."""


@contextmanager
def laboratory(lang: str) -> Iterator[str]:
    """The address of a laboratory of its own."""
    tatami = Path(sys.executable).with_name("tatami")
    with tempfile.TemporaryDirectory() as folder:
        command = [tatami, "lab", "--no-open", "--lang", lang, "--port", "8095", "--data-dir", folder]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, encoding="utf-8")
        try:
            assert server.stdout
            found = re.search(r"http://[^/\s]+/", server.stdout.readline())
            assert found, "the laboratory did not say where it is"
            yield found[0]
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(20)


def film(page: Any) -> Iterator[Image.Image]:
    """The frames, one after the other."""

    def frame() -> Image.Image:
        shot = Image.open(BytesIO(page.screenshot())).convert("RGB")
        return shot.resize((WIDTH, WIDTH * shot.height // shot.width), Image.Resampling.LANCZOS)

    yield from [frame()] * 3
    page.locator(".tl-first").first.click()
    for _ in range(14):
        page.wait_for_timeout(FRAME_MS)
        yield frame()
    top = page.locator(".tl-pad").bounding_box()["y"] - 90
    for _ in range(6):
        page.mouse.wheel(0, top / 6)
        page.wait_for_timeout(FRAME_MS // 2)
        yield frame()
    box = page.locator(".tl-draw").bounding_box()
    points = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in STROKE]
    page.mouse.move(*points[0])
    page.mouse.down()
    for (x0, y0), (x1, y1) in itertools.pairwise(points):
        for share in (1 / 3, 2 / 3, 1):
            page.mouse.move(x0 + share * (x1 - x0), y0 + share * (y1 - y0))
            page.wait_for_timeout(FRAME_MS // 3)
        page.wait_for_timeout(FRAME_MS)
        yield frame()
    page.mouse.up()
    for _ in range(12):
        page.wait_for_timeout(FRAME_MS)
        yield frame()


def main() -> None:
    """Film both languages."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for lang, name in (("en", "lab.webp"), ("ja", "lab.ja.webp")):
            with laboratory(lang) as address:
                page = browser.new_page(viewport=SCREEN, color_scheme="light")
                page.goto(address)
                page.wait_for_selector(".tl-pixel td")
                frames = list(film(page))
                page.close()
            path = IMAGES / name
            durations = [FRAME_MS] * (len(frames) - 1) + [LAST_MS]
            frames[0].save(
                path,
                save_all=True,
                append_images=frames[1:],
                duration=durations,
                loop=0,
                quality=60,
                method=6,
            )
            print(f"{path}: {len(frames)} frames, {math.ceil(path.stat().st_size / 1024)} KiB")


if __name__ == "__main__":
    main()
