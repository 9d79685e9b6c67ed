"""The page by keyboard alone: from opening it to an own digit that is explained; no trap, and focus is always seen."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

FOCUSED = """() => {
  const node = document.activeElement, style = getComputedStyle(node), box = node.getBoundingClientRect();
  return {
    tag: node.tagName, name: node.getAttribute("aria-label") || node.labels?.[0]?.textContent || node.textContent,
    part: node.closest("section")?.id ?? "", top: box.top + scrollY,
    isSeen: node.matches(":focus-visible") && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
  };
}"""
MOST = 400


def go_to(page: Any, name: str) -> None:
    """Press Tab until what has this name has the focus."""
    for _ in range(MOST):
        page.keyboard.press("Tab")
        if page.evaluate(FOCUSED)["name"].startswith(name):
            return
    raise AssertionError(f"{name} cannot be reached")


@pytest.mark.slow
def test_from_opening_to_an_explained_digit(page: Callable[..., Any]) -> None:
    opened = page("?images=600&epochs=20")
    go_to(opened, "Start")
    opened.keyboard.press("Enter")
    opened.wait_for_function("document.querySelector('.tl-live .tl-first').disabled")
    go_to(opened, "Drawing pad")
    for _ in range(10):
        opened.keyboard.press("ArrowUp")
    opened.keyboard.press("Space")
    for _ in range(20):
        opened.keyboard.press("ArrowDown")
    opened.wait_for_function(
        "document.querySelector('.tl-pad [aria-live]').textContent.startsWith('Read as ')"
    )
    doctor = opened.locator(".tl-doctor")
    doctor.wait_for()
    assert "of 169 places" in doctor.locator("p").inner_text()
    assert doctor.locator(".tl-nearest canvas").count() == 6
    resting = opened.locator(".tl-steps canvas").nth(2)
    expect(resting).to_have_attribute("aria-label", re.compile("^Covered at row "))
    assert opened.locator(".tl-mistakes td button[tabindex='0']").count() == 1
    go_to(opened, "Question")
    opened.keyboard.press("ArrowDown")
    opened.locator(".tl-explain figure").wait_for()  # hidden until it is drawn
    assert "filters" in opened.locator(".tl-explain figcaption").inner_text()


@pytest.mark.slow
def test_every_part_is_reached_in_order_and_left_again(page: Callable[..., Any]) -> None:
    opened = page("?images=600&epochs=2")
    opened.get_by_role("button", name="One epoch").click()
    opened.wait_for_function("document.querySelector('.tl-status').textContent.startsWith('epoch 2')")
    opened.get_by_role("button", name="Keep this run").click()
    opened.get_by_role("button", name="Delete").first.wait_for()
    opened.get_by_role("button", name="Look for mistakes").click()
    opened.locator(".tl-mistakes figure").first.wait_for()
    opened.evaluate("document.activeElement.blur(); getSelection().removeAllRanges(); scrollTo(0, 0)")
    opened.locator("h1").click()  # from here on the Tab key begins at the top
    stops = []
    for _ in range(MOST):
        opened.keyboard.press("Tab")
        stops.append(opened.evaluate(FOCUSED))
        if stops[-1]["tag"] == "BODY":
            break
    assert stops.pop()["tag"] == "BODY", "the focus never leaves the page"
    unseen = [stop["name"] for stop in stops if not stop["isSeen"]]
    assert unseen == []
    parts = [stop["part"] for stop in stops]
    in_order = list(dict.fromkeys(parts))
    assert in_order == ["", "train", "draw", "inside", "mistakes", "explain", "images", "network", "runs"]
    assert parts == sorted(parts, key=in_order.index), "the focus jumps back to an earlier part"


@pytest.mark.slow
def test_nothing_moves_by_itself_where_that_is_not_wanted(page: Callable[..., Any]) -> None:
    opened = page(reduced_motion="reduce")
    assert opened.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == "auto"
    moving = "document.getAnimations().map(one => one.effect.getTiming().duration).filter(ms => ms > 1)"
    assert opened.evaluate(moving) == []
