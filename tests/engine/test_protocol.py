"""Every interleaving of the threads of a step: each piece is done once, no stage begins early, all stop together."""

import pytest
from protocol import Design, Wrong, explore


@pytest.mark.parametrize(
    "design",
    [
        Design(threads=2, steps=2, pieces=2, stops=True),
        Design(threads=2, steps=3, pieces=3),
        Design(threads=3, steps=1, pieces=2, stops=True),
        Design(threads=3, steps=3, pieces=3),
        Design(threads=3, steps=3, pieces=3, stops=True),
    ],
    ids=str,
)
def test_every_interleaving_is_right(design: Design) -> None:
    assert explore(design) > 100


@pytest.mark.parametrize(
    ("mistake", "wrong"),
    [
        (Design(threads=2, steps=1, pieces=2, exchanges=False), "a piece is done twice"),
        (Design(threads=2, steps=1, pieces=2, missing=1), "a stage begins before|a piece is done twice"),
        (Design(threads=2, steps=1, pieces=2, missing=-1), "threads wait for ever"),
        (Design(threads=2, steps=1, pieces=2, growing=False), "a piece was left out, or done twice"),
        (Design(threads=2, steps=2, pieces=2, stops=True, agreed=False), "threads"),
    ],
    ids=[
        "no exchange",
        "a meeting too short",
        "a meeting too long",
        "one ticket for all",
        "a stop nobody agreed on",
    ],
)
def test_a_mistake_is_seen(mistake: Design, wrong: str) -> None:
    with pytest.raises(Wrong, match=wrong):
        explore(mistake)
