"""What is asked of a study's arms: a difference, or a difference of differences."""

import re
from dataclasses import dataclass

from tatamilab.errors import BadInput
from tatamilab.i18n import _

_SIGNED = re.compile(r"\s([+-])\s")


@dataclass(frozen=True)
class Contrast:
    """A sum of arms with signs, such as "cnn - bpnn" or "cnn - cnn-permuted - bpnn + bpnn-permuted".

    Attributes:
        text: as it was written.
        terms: (sign, arm), the sign 1 or -1; as many of one as of the other.
    """

    text: str
    terms: tuple[tuple[int, str], ...]

    @classmethod
    def read(cls, text: str) -> "Contrast":
        """The contrast that `text` writes down.

        Raises:
            BadInput: it is no sum of as many arms with a minus as without.

        Example:
            >>> Contrast.read("cnn - bpnn").terms
            ((1, 'cnn'), (-1, 'bpnn'))
        """
        first, *rest = _SIGNED.split(text.strip())
        pairs = zip(rest[::2], rest[1::2], strict=True)
        terms = ((1, first), *((1 if sign == "+" else -1, arm.strip()) for sign, arm in pairs))
        if sum(sign for sign, _arm in terms) != 0 or not all(arm for _sign, arm in terms):
            raise BadInput(
                _(
                    "A contrast compares arms, as in 'cnn - bpnn' or 'a - b - c + d'; received {text!r}.",
                    text=text,
                )
            )
        return cls(text.strip(), terms)

    @property
    def arms(self) -> tuple[str, ...]:
        """The arms it names, in order."""
        return tuple(arm for _sign, arm in self.terms)

    @property
    def signs(self) -> dict[str, int]:
        """1 or -1 by arm."""
        return {arm: sign for sign, arm in self.terms}

    @property
    def is_simple(self) -> bool:
        """Whether it is one arm against another."""
        return len(self.terms) == 2
