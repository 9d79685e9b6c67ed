"""What is said when something fails that should not: one sentence, and a file with the details."""

import platform
import tempfile
import traceback
from pathlib import Path

from tatamilab import __version__
from tatamilab.i18n import _


def report(error: Exception) -> str:
    """Write what is known about `error` to a file, and return one sentence that names it."""
    kind = type(error).__name__
    details = "".join(traceback.format_exception(error))
    about = f"tatamilab {__version__}, Python {platform.python_version()}, {platform.platform()}\n\n"
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="tatami-report-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(about + details)
    except OSError:
        return _(
            "Something unexpected went wrong ({kind}: {error}); with TATAMI_DEBUG=1 in the environment, "
            "the details are shown here.",
            kind=kind,
            error=_first_line(error),
        )
    return _(
        "Something unexpected went wrong ({kind}: {error}); the details are in {path}, and with "
        "TATAMI_DEBUG=1 in the environment they are shown here.",
        kind=kind,
        error=_first_line(error),
        path=Path(file.name),
    )


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), "")
