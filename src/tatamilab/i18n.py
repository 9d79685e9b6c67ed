"""Two languages, one source of truth.

Every text that a person can see passes through `_`. Message ids are the English sentences; the
catalogues `locale/ja` and `locale/en` hold what is shown. A message is translated when it is made, in the
language of the moment: the one a `using` block names, else the one `set_language` chose, else the locale's.
"""

import gettext as _gettext
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from importlib.resources import files

LANGUAGES = ("ja", "en")

_scoped: ContextVar[str | None] = ContextVar("tatamilab_language", default=None)
_chosen: str | None = None


def language() -> str:
    """The language in force here: "ja" or "en"."""
    return _scoped.get() or _chosen or _from_locale()


def set_language(lang: str | None) -> None:
    """Choose the language of this process; `None` goes back to the locale's.

    Raises:
        ValueError: `lang` is not in `LANGUAGES`.
    """
    global _chosen
    _chosen = lang if lang is None else _known(lang)


@contextmanager
def using(lang: str | None) -> Iterator[None]:
    """Use `lang` inside the block, in this thread only; `None` changes nothing.

    Example:
        >>> with using("ja"):
        ...     language()
        'ja'
    """
    token = _scoped.set(language() if lang is None else _known(lang))
    try:
        yield
    finally:
        _scoped.reset(token)


def _(message: str, **values: object) -> str:
    """The text of `message` in the language in force, its `{names}` filled in with `values`."""
    text = _catalogue(language()).gettext(message)
    return text.format(**values) if values else text


def _known(lang: str) -> str:
    if lang not in LANGUAGES:
        raise ValueError(f"unknown language {lang!r}; known: {', '.join(LANGUAGES)}")
    return lang


def _from_locale() -> str:
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "ja" if value.startswith("ja") else "en"
    return "en"


@cache
def _catalogue(lang: str) -> _gettext.NullTranslations:
    path = files(__package__).joinpath("locale", lang, "LC_MESSAGES", "tatamilab.mo")
    with path.open("rb") as compiled:
        return _gettext.GNUTranslations(compiled)
