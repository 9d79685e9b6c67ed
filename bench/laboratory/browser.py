"""The page in a real Chromium: what a student waits for, from the hand to the screen."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

WATCHING = Path(__file__).with_name("watching.js")
MOVES, TRIALS, VISITS = 300, 20, 7
FRAME_S = 1 / 60
LOOK_MS = 50
"""Milliseconds between two looks whether what is waited for has come; the page itself takes the time."""

MOST_POINTS = 40
"""Moves of the pen after which the drawing is cleared."""


@contextmanager
def browser() -> Iterator[Browser]:
    """Chromium without a window, as the system has it."""
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        yield opened
        opened.close()


@contextmanager
def page_of(chromium: Browser, address: str) -> Iterator[Page]:
    """The page in a browser that has never seen it."""
    context = chromium.new_context(viewport={"width": 1440, "height": 1000})
    page = context.new_page()
    page.add_init_script(path=WATCHING)
    page.goto(address)
    page.wait_for_selector(".tl-pixel td")
    yield page
    context.close()


def visits(chromium: Browser, address: str) -> dict[str, Any]:
    """First useful paint, bytes and requests elsewhere, with nothing in the cache."""
    useful, sizes, outside = [], [], 0
    for _number in range(VISITS):
        context = chromium.new_context(viewport={"width": 1440, "height": 1000})
        page = context.new_page()
        page.add_init_script(path=WATCHING)
        size, asked = [0.0], [""]
        devtools = context.new_cdp_session(page)
        devtools.send("Network.enable")
        devtools.on(
            "Network.loadingFinished", lambda event, size=size: size.append(event["encodedDataLength"])
        )
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.goto(address)
        page.wait_for_function("window.__seen.useful")
        useful.append(page.evaluate("window.__seen.useful"))
        page.wait_for_selector(".tl-pixel td")
        own = (address, address.replace("http", "ws"), "blob:", "data:")
        outside += sum(bool(url) and not url.startswith(own) for url in asked)
        sizes.append(sum(size) / 1024)
        context.close()
    return {
        "useful_ms": _share(useful, 50),
        "useful_worst_ms": max(useful),
        "kib": max(sizes),
        "outside": outside,
    }


def pen(page: Page, *, training: bool) -> dict[str, Any]:
    """From the pen's move to the paint of the probabilities and maps that it has led to."""
    if training:
        _click(page, "Start")
    pad = page.locator(".tl-draw")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    page.evaluate("Object.assign(window.__seen, { moves: [], sent: [], painted: [] })")
    for number in range(MOVES):
        turn = number % MOST_POINTS
        x = box["x"] + box["width"] * (0.3 + 0.4 * (turn % 20) / 20)
        y = box["y"] + box["height"] * (0.2 + 0.6 * turn / MOST_POINTS)
        began = time.perf_counter()
        page.mouse.move(x, y)
        if turn == 0:
            page.mouse.down()
        if turn == MOST_POINTS - 1:
            page.mouse.up()
            page.locator(".tl-pen button").first.click()
        time.sleep(max(0.0, FRAME_S - (time.perf_counter() - began)))
    page.mouse.up()
    page.wait_for_timeout(1000)
    seen = page.evaluate("window.__seen")
    if training:
        _click(page, "Pause")
    return _summary([took for move in seen["moves"] if (took := _answered(move, seen)) is not None])


def _answered(move: float, seen: dict[str, Any]) -> float | None:
    sent = next((number for number, at in seen["sent"] if at >= move), None)
    if sent is None:
        return None
    return next((at - move for number, at in seen["painted"] if number >= sent), None)


def curve(page: Page) -> dict[str, Any]:
    """From the click on Start to the first frame with a curve in it."""
    took = []
    for _number in range(TRIALS):
        _click(page, "Begin again")
        page.wait_for_function("document.querySelector('.tl-status').textContent.startsWith('Ready')")
        page.wait_for_timeout(200)
        page.evaluate("window.__awaitCurve()")
        _click(page, "Start")
        page.wait_for_function("window.__seen.curve", polling=LOOK_MS)
        took.append(page.evaluate("window.__seen.curve - window.__seen.clicked"))
        _click(page, "Pause")
    _click(page, "Begin again")
    return _summary(took)


def slider(page: Page) -> dict[str, Any]:
    """From the move of the slider to 600 images to the scores of both networks on screen."""
    part = page.locator(".tl-sample")
    part.scroll_into_view_if_needed()
    _scores(page)
    first, both = [], []
    for number in range(TRIALS // 2):
        part.locator("select").first.select_option(str(number))
        part.locator("input").first.press("ArrowLeft")
        page.wait_for_timeout(100)
        _scores(page)
        page.evaluate("window.__awaitScores()")
        part.locator("input").first.press("ArrowRight")
        page.wait_for_function("window.__seen.scores.length === 2", polling=LOOK_MS)
        seen = page.evaluate("window.__seen")
        first.append(seen["scores"][0] - seen["slid"])
        both.append(seen["scores"][1] - seen["slid"])
    return {"first": _summary(first), "both": _summary(both)}


def _scores(page: Page) -> None:
    page.wait_for_function(
        "[...document.querySelectorAll('.tl-scores b')].every((one) => one.textContent !== '…')"
    )
    page.wait_for_function(
        "!document.querySelector('.tl-scores .tl-muted').textContent.startsWith('training')"
    )


def training_s(page: Page) -> float:
    """Seconds from the click on Start to the end of the training."""
    _click(page, "Begin again")
    page.wait_for_function("document.querySelector('.tl-status').textContent.startsWith('Ready')")
    page.wait_for_timeout(500)
    page.evaluate("window.__awaitEnd()")
    _click(page, "Start")
    page.wait_for_function("window.__seen.over", timeout=180_000, polling=LOOK_MS)
    return float(page.evaluate("window.__seen.over - window.__seen.clicked")) / 1000


def _click(page: Page, name: str) -> None:
    page.locator(".tl-live").get_by_role("button", name=name, exact=True).click()


def _share(values: list[float], share: float) -> float:
    return round(float(np.percentile(values, share)), 1)


def _summary(values: list[float]) -> dict[str, Any]:
    return {
        "n": len(values),
        **{f"p{share}_ms": _share(values, share) for share in (50, 95)},
        "worst_ms": round(max(values), 1),
    }
