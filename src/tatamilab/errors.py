"""What can go wrong, and who should mend it.

    TatamiError
    ├── BadInput (also ValueError)       what the user gave cannot be used; exit code 2
    │   └── DataFileError                a data file is missing, truncated, corrupt or not what it claims
    ├── MissingExtra (also ImportError)  an optional dependency is not installed; exit code 2
    └── OutputError (also OSError)       the disk refused what we had to write; exit code 2

A message is one sentence in the user's language: the rule, what was received, where, and what to do.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tatamilab.i18n import _


class TatamiError(Exception):
    """Anything that tatamilab raises on purpose."""


class BadInput(TatamiError, ValueError):
    """What the user gave cannot be used."""


class DataFileError(BadInput):
    """A data file is missing, truncated, corrupt or not what it claims to be."""


class OutputError(TatamiError, OSError):
    """A folder or file could not be written."""


class MissingExtra(TatamiError, ImportError):
    """An optional dependency is not installed.

    Args:
        extra: the name in brackets, as in `pip install "tatamilab[lab]"`.
        module: the module that could not be imported.
    """

    def __init__(self, extra: str, module: str) -> None:
        super().__init__(
            _(
                "{module} is not installed; it comes with the extra [{extra}]: "
                'pip install "tatamilab[{extra}]"',
                module=module,
                extra=extra,
            )
        )
        self.extra = extra


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn the operating system's refusals inside the block into one sentence about `path`.

    Raises:
        OutputError: the disk refused.
    """
    try:
        yield
    except OutputError:
        raise  # it speaks for itself
    except OSError as error:
        raise OutputError(
            _("{path} could not be written: {reason}.", path=path, reason=error.strerror or error)
        ) from error
