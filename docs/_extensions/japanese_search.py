"""Searches Japanese by pairs of neighbouring characters: no dictionary, and no word that a dictionary lacks.

「畳み込み層」 is found by every part of it that has two characters or more, since a page matches when it has
all pairs of what was typed. Words in Latin letters stay words, in small letters as Sphinx's script looks them up.
The index is made here and asked in the browser, so the rule is written twice: in Python and in JavaScript.
"""

import re

from sphinx.application import Sphinx
from sphinx.search import SearchLanguage

PIECE = re.compile(r"[a-z0-9_.+-]+|[\u3005-\u30ff\u3400-\u9fff\uff66-\uff9f]+", re.IGNORECASE)
"""A run of Latin letters and digits, or one of kana and kanji."""


class Pairs(SearchLanguage):
    """Japanese without a dictionary."""

    lang = "ja"
    language_name = "Japanese"
    js_splitter_code = """
function splitQuery(query) {
    const pieces = query.match(/[a-z0-9_.+-]+|[\\u3005-\\u30ff\\u3400-\\u9fff\\uff66-\\uff9f]+/gi) || [];
    return pieces.flatMap(piece => {
        if (piece.length < 3 || piece.charCodeAt(0) < 0x80) return [piece];
        return Array.from({length: piece.length - 1}, (_, at) => piece.slice(at, at + 2));
    });
}
"""

    def split(self, input: str) -> list[str]:
        """Words in Latin letters, and every pair of neighbours of a run of Japanese.

        Example:
            >>> Pairs({}).split("CNN の畳み込み層")
            ['CNN', 'の畳', '畳み', 'み込', '込み', 'み層']
        """
        return [pair for piece in PIECE.findall(input) for pair in _pairs(piece)]

    def word_filter(self, word: str) -> bool:
        """Whether a word is kept: of one letter only Japanese ones."""
        return len(word) > 1 or not word.isascii()


def _pairs(piece: str) -> list[str]:
    if len(piece) < 3 or piece[0].isascii():
        return [piece]
    return [piece[at : at + 2] for at in range(len(piece) - 1)]


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect to Sphinx."""
    app.add_search_language(Pairs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
