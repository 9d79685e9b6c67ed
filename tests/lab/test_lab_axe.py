"""The laboratory's page with every part open as axe-core sees it: nothing is wrong, in both languages and schemes."""

from collections.abc import Callable
from typing import Any

import pytest

from browser import violations


def open_every_part(page: Any) -> None:
    """Train a little, draw, look for mistakes, train the slider's networks, and keep the run."""
    page.locator(".tl-live button").nth(2).click()
    page.locator(".tl-live .tl-says:not(:empty)").wait_for()
    page.locator(".tl-draw").focus()
    page.keyboard.press("Space")
    for _ in range(8):
        page.keyboard.press("ArrowDown")
    page.locator(".tl-doctor:not([hidden])").wait_for()
    page.locator(".tl-mistakes button").first.click()
    page.locator(".tl-mistakes figure").first.wait_for()
    page.locator(".tl-sample").scroll_into_view_if_needed()
    page.wait_for_function("document.querySelector('.tl-of-cnn b').textContent !== '…'")
    page.locator(".tl-runs .tl-first").click()
    page.locator(".tl-run").first.wait_for()


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("lang", ["ja", "en"])
def test_nothing_is_wrong(page: Callable[..., Any], lang: str, scheme: str) -> None:
    opened = page(f"?lang={lang}&images=600&epochs=2", color_scheme=scheme)
    open_every_part(opened)
    assert violations(opened) == []
