"""A page on paper: PDF through a browser that is on this machine."""

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from tatamilab.errors import BadInput, OutputError
from tatamilab.files import whole_file
from tatamilab.i18n import _

BROWSER_VARIABLE = "TATAMI_BROWSER"
"""The environment variable that names a browser of the Chromium family."""

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "msedge",
)
ELSEWHERE = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)
LONGEST_S = 120


def browser() -> str | None:
    """A browser that can print: what `TATAMI_BROWSER` names, else the first of Chromium's family; None without."""
    if named := os.environ.get(BROWSER_VARIABLE):
        return shutil.which(named)
    found = (shutil.which(name) for name in (*NAMES, *ELSEWHERE))
    return next((path for path in found if path), None)


def print_pdf(page: str, path: Path) -> None:
    """Print a page of HTML to a PDF.

    Args:
        page: the whole HTML; nothing is fetched for it.
        path: where the PDF goes.

    Raises:
        BadInput: there is no browser.
        OutputError: the browser failed, or the file can't be written.
    """
    program = browser()
    if program is None:
        raise BadInput(
            _(
                "A PDF needs Chrome, Edge or Chromium, and none was found: make an .html report and print it from "
                "your browser, or name one in {variable}.",
                variable=BROWSER_VARIABLE,
            )
        )
    with TemporaryDirectory(prefix="tatami-") as folder, whole_file(path) as beside:
        source = Path(folder, "page.html")
        source.write_text(page, encoding="utf-8")
        beside.touch()
        command = [
            program,
            "--headless",
            "--disable-gpu",
            "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile",
            f"--print-to-pdf={beside.resolve()}",
            *(["--no-sandbox"] if _is_root() else []),
            source.as_uri(),
        ]
        try:
            done = subprocess.run(command, capture_output=True, timeout=LONGEST_S, check=False)
        except (OSError, subprocess.TimeoutExpired) as problem:
            raise OutputError(
                _("The browser {program} could not print the page.", program=program)
            ) from problem
        if done.returncode or not beside.stat().st_size:
            raise OutputError(_("The browser {program} could not print the page.", program=program))


def _is_root() -> bool:
    """Chromium's sandbox refuses the administrator of a container."""
    return hasattr(os, "geteuid") and os.geteuid() == 0
