"""Sentences put together as each language does."""

from collections.abc import Iterable

from tatamilab.i18n import language


def sentences(parts: Iterable[str]) -> str:
    """The sentences that are not empty, one after the other: with spaces between them, in Japanese without.

    Example:
        >>> from tatamilab import i18n
        >>> with i18n.using("en"):
        ...     sentences(["One.", "", "Two."])
        'One. Two.'
    """
    return ("" if language() == "ja" else " ").join(part for part in parts if part)
