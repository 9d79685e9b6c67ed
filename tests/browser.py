"""A real Chromium for the tests that need one, and what axe-core says of a page in it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT

CHROMIUM = shutil.which("chromium")

PATIENCE_MS = 60_000
"""For a machine on which much else goes on; what must be quick is measured, not tested."""

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
"""Tags of axe-core: WCAG 2.2 up to AA, and what its makers advise beyond."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where changes are judged, a test in the browser that fails is run once more; the report names each that was.

    A browser, a server and a training on two shared cores can keep a page waiting longer than any test allows for. What
    is wrong fails twice. No other test is run again: there, what fails once in a while is what is looked for.
    """
    if os.environ.get("CI"):
        for item in items:
            if "chromium" in getattr(item, "fixturenames", ()):
                item.add_marker(pytest.mark.flaky(reruns=1))


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """The browser; where there is none, tests are skipped, but never where changes are judged."""
    if CHROMIUM is None:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing("Chromium is not installed: apt-get install chromium")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


def violations(page: Any, *, but: tuple[str, ...] = ()) -> list[str]:
    """What axe-core finds wrong on a page, a line for each kind.

    Args:
        page: Playwright's.
        but: CSS selectors of what is not ours.
    """
    page.evaluate(AXE_SCRIPT)
    found = page.evaluate(
        "([rules, but]) => axe.run({exclude: but}, {runOnly: rules, resultTypes: ['violations']})",
        [RULES, list(but)],
    )
    return [
        f"{one['id']}: {one['help']} ({len(one['nodes'])}): {one['nodes'][0]['html'][:200]} "
        f"{one['nodes'][0].get('failureSummary', '')[:300]}"
        for one in found["violations"]
    ]


def check_pages(chromium: Any, paths: list[Path]) -> None:
    """Nothing is wrong with any of these files, in the light and in the dark; and no page is wider than a phone."""
    for path in paths:
        for scheme in ("light", "dark"):
            with chromium.new_context(color_scheme=scheme, bypass_csp=True) as context:
                opened = context.new_page()
                opened.goto(path.as_uri())
                assert violations(opened) == [], f"{path.name}, {scheme}"
        opened = chromium.new_page(viewport={"width": 390, "height": 800})
        opened.goto(path.as_uri())
        assert opened.evaluate("document.documentElement.scrollWidth <= innerWidth"), path.name
        opened.close()
