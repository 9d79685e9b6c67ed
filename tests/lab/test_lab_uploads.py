"""Photographs and texts of every bad kind, given to the page in a real browser: a sentence, and nothing runs."""

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

from tatamilab.data import load

SCRIPT = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def photograph() -> np.ndarray:
    """Test image 0, a 7, as a dark pen on light paper."""
    digit = load("mnist").x_test[0, :, :, 0].repeat(8, 0).repeat(8, 1)
    return (230 - np.pad(digit, 60) * 0.7).astype(np.uint8)


def huge() -> bytes:
    """A PNG of 100 megapixels in some kilobytes."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        check = zlib.crc32(kind + content)
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)

    side = 10_000
    lines = zlib.compress((b"\0" + b"\xff" * (side // 8)) * side, 9)
    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


NO_PICTURE = "This file is not a picture that the browser can open."
BAD: dict[str, tuple[bytes, str]] = {
    "empty.png": (b"", NO_PICTURE),
    "words.png": (b"not a picture at all", NO_PICTURE),
    "half.png": (huge()[:12] + bytes(60), NO_PICTURE),
    "huge.png": (huge(), "This picture has more than 50 million pixels: make it smaller first."),
    f"{SCRIPT.replace('/', '')}.png": (b"x", NO_PICTURE),
}


@pytest.fixture
def pad(page: Callable[..., Any]) -> Iterator[Any]:
    opened = page("?images=600")
    ran = alerts(opened)
    yield opened
    assert ran == []


def alerts(page: Any) -> list[str]:
    """What scripts of the given texts will have said, if they run."""
    ran: list[str] = []
    page.on("dialog", lambda dialog: (ran.append(dialog.message), dialog.dismiss()))
    return ran


def give(page: Any, path: Path) -> None:
    page.locator(".tl-pad input[type=file]").set_input_files(path)


def said(page: Any) -> str:
    """What is said of the file, once something is."""
    page.wait_for_function("document.querySelector('.tl-pad [role=status]').textContent !== ''")
    return str(page.locator(".tl-pad [role=status]").inner_text())


def test_what_is_no_photograph_is_said(pad: Any, tmp_path: Path) -> None:
    for name, (content, reason) in BAD.items():
        (tmp_path / name).write_bytes(content)
        give(pad, tmp_path / name)
        assert said(pad) == reason, name
        pad.get_by_role("button", name="Clear").click()


@pytest.mark.slow
def test_a_picture_without_a_digit_is_said(pad: Any, tmp_path: Path) -> None:
    small = "A photograph must have at least 8×8 pixels; this one has 1×1."
    blank = "No writing is seen on this picture: it needs dark strokes on light paper."
    for name, side, reason in (("one.png", 1, small), ("blank.png", 300, blank)):
        grey = np.full((side, side), 230)
        Image.fromarray(grey.astype(np.uint8)).save(tmp_path / name)
        give(pad, tmp_path / name)
        assert said(pad) == reason
        assert pad.locator(".tl-photo figure").count() == 0
        pad.get_by_role("button", name="Clear").click()


def read_as(page: Any, path: Path) -> list[float]:
    """Probabilities of what was made of the photograph."""
    page.get_by_role("button", name="Clear").click()
    expect(page.locator(".tl-bars .tl-most")).to_have_count(0)
    give(page, path)
    page.locator(".tl-photo figure").nth(2).wait_for()
    page.locator(".tl-bars .tl-most").wait_for()
    return [float(text.rstrip("%")) for text in page.locator(".tl-bars span").all_inner_texts()]


@pytest.mark.slow
def test_turned_by_exif_or_transparent_it_is_the_same_digit(pad: Any, tmp_path: Path) -> None:
    upright = Image.fromarray(photograph())
    upright.save(tmp_path / "upright.png")
    turned, exif = upright.rotate(90, expand=True), Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees clockwise
    turned.save(tmp_path / "turned.jpg", exif=exif, quality=95)
    clear = Image.new("RGBA", upright.size, (0, 0, 0, 0))
    dark = np.asarray(upright) < 200
    clear.putdata([(0, 0, 0, 255) if one else (0, 0, 0, 0) for one in dark.ravel()])
    clear.save(tmp_path / "clear.png")
    pad.get_by_role("button", name="Start", exact=True).click()  # untrained it reads all alike
    pad.wait_for_function("document.querySelector('.tl-live .tl-first').disabled")
    expected = read_as(pad, tmp_path / "upright.png")
    assert np.abs(np.subtract(read_as(pad, tmp_path / "turned.jpg"), expected)).max() < 10
    assert read_as(pad, tmp_path / "clear.png")


@pytest.mark.slow
def test_no_text_field_takes_a_script(page: Callable[..., Any]) -> None:
    opened = page(f"?net={SCRIPT}&images={SCRIPT}&epochs={SCRIPT}&rate={SCRIPT}&seed={SCRIPT}&lang={SCRIPT}")
    ran = alerts(opened)
    assert opened.locator("[role=alert]").count() == 5
    for field in opened.locator(".tl-editor input").all():
        field.focus()
        opened.keyboard.type(SCRIPT)
    opened.evaluate("document.activeElement.blur()")
    opened.wait_for_timeout(200)
    assert opened.evaluate("document.querySelectorAll('img[src=x], .lab script').length") == 0
    assert ran == []
