"""Damage: bytes changed anywhere, and JSON that stays JSON while what stands in it does not stay sensible."""

import json
from collections.abc import Iterator
from random import Random
from typing import Any

NASTY: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, -(2**63), 10**400, 1e308, -1e308, 5e-324,
    float("nan"), float("inf"), float("-inf"), "", "0", "nan", "\ud800", "\x00", "a\nb", "x" * 5000,
    "../../etc/passwd", "<script>alert(1)</script>", "ja", "𝟙", [], {}, [[]], [None], {"": None}, [0] * 300,
)  # fmt: skip
"""What nobody expects to find in a field."""

DEEP = 3000
"""Levels of nesting that no reader should follow."""


def damaged(random: Random, content: bytes) -> bytes:
    """The same bytes with some flipped, cut out, doubled, or put in."""
    out = bytearray(content)
    for _turn in range(random.choice((1, 1, 2, 4, 16))):
        at = random.randrange(len(out) + 1)
        much = random.choice((1, 2, 4, 8, 64, 1024))
        match random.randrange(6):
            case 0 if out:
                out[at % len(out)] ^= 1 << random.randrange(8)
            case 1 if out:
                out[at % len(out)] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
            case 2:
                del out[at : at + much]
            case 3:
                out[at:at] = random.randbytes(much)
            case 4:
                out[at:at] = out[at : at + much]
            case _:
                del out[at:]
    return bytes(out)


def damaged_json(random: Random, content: bytes) -> bytes | None:
    """The same JSON with a value replaced, a key lost, or one too many; None if it is none."""
    try:
        whole = json.loads(content)
    except (ValueError, RecursionError):
        return None
    if random.random() < 0.02:
        return b"[" * DEEP + b"]" * DEEP
    places = list(_places(whole))
    if not places:
        return json.dumps(random.choice(NASTY)).encode()
    for _turn in range(random.choice((1, 1, 1, 2, 3))):
        holder, key = random.choice(places)
        if isinstance(holder, dict) and random.random() < 0.2:
            holder.pop(key, None)
        elif random.random() < 0.1:
            _extend(random, holder)
        elif isinstance(holder, dict) or key < len(holder):
            holder[key] = random.choice(NASTY)
    return json.dumps(whole).encode()


def _extend(random: Random, holder: Any) -> None:
    if isinstance(holder, dict):
        holder[random.choice(("extra", "", "class_name", "__class__", "schema"))] = random.choice(NASTY)
    else:
        holder.append(random.choice(NASTY))


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in lists and dicts, outermost first."""
    waiting = [value]
    while waiting:
        holder = waiting.pop(0)
        keys = (
            holder.keys()
            if isinstance(holder, dict)
            else range(len(holder))
            if isinstance(holder, list)
            else ()
        )
        for key in keys:
            yield holder, key
            waiting.append(holder[key])


def mutant(random: Random, content: bytes) -> bytes:
    """Damage of either kind."""
    changed = damaged_json(random, content) if random.random() < 0.5 else None
    return damaged(random, content) if changed is None else changed
