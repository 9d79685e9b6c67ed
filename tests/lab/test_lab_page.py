"""A student's way over the page, in a real Chromium."""

from collections.abc import Callable
from typing import Any

import pytest

Page = Callable[..., Any]


def status(page: Any) -> str:
    return str(page.locator(".tl-status").inner_text())


def draw_a_one(page: Any) -> None:
    pad = page.locator(".tl-draw")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 50)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 230, steps=12)
    page.mouse.up()


def test_train_then_draw_and_be_read(page: Page) -> None:
    opened = page()
    assert status(opened) == "Ready: 10 epochs of 422 steps, seed 1"
    opened.get_by_role("button", name="One epoch").click()
    opened.wait_for_function(
        "document.querySelector('.tl-status').textContent.startsWith('epoch 2 of 10, step 0')"
    )
    draw_a_one(opened)
    opened.wait_for_selector(".tl-bars .tl-most")
    opened.wait_for_function(
        "document.querySelector('.tl-pad [aria-live]').textContent.startsWith('Read as 1')"
    )
    opened.reload()
    opened.wait_for_selector(".tl-pixel td")
    assert status(opened).startswith("epoch 2 of 10")


def test_by_keyboard_alone(page: Page) -> None:
    opened = page()
    opened.locator(".tl-draw").focus()
    opened.keyboard.press("Space")
    for _ in range(8):
        opened.keyboard.press("ArrowDown")
    opened.wait_for_selector(".tl-bars .tl-most")
    opened.keyboard.press("Delete")
    opened.wait_for_function(
        "document.querySelector('.tl-pad [aria-live]').textContent === 'Nothing is drawn.'"
    )
    canvas = opened.locator(".tl-pixel canvas[tabindex]")
    canvas.focus()
    before = opened.locator(".tl-pixel table").first.inner_text()
    opened.keyboard.press("ArrowLeft")
    opened.wait_for_function(
        "text => document.querySelector('.tl-pixel table').innerText !== text", arg=before
    )


@pytest.mark.parametrize("width", [390, 1024])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_the_screen_in_japanese(page: Page, width: int, scheme: str) -> None:
    opened = page("?lang=ja", viewport={"width": width, "height": 800}, color_scheme=scheme)
    assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert opened.evaluate("document.documentElement.lang") == "ja"
    assert opened.locator("h1").inner_text() == "ネットワークが数字を読めるようになるまで"
    assert opened.locator(".tl-pad").get_attribute("data-scheme") == scheme


def test_two_pages_of_a_browser_show_one_run(page: Page) -> None:
    first = page()
    second = first.context.new_page()
    second.goto(first.url)
    second.wait_for_selector(".tl-pixel td")
    first.get_by_role("button", name="One batch").click()
    second.wait_for_function("document.querySelector('.tl-status').textContent.includes('step 1 of 422')")
