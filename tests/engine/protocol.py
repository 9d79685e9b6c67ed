"""How threads share a step, as a small machine whose every interleaving can be looked at.

A thread's program is that of `emit/team.py` and `assemble.py`, one atomic access to shared memory a line:

    for each step:
        look whether the team has agreed to stop; if so, end
        for each stage:
            for each piece, from my own share on:
                seen = flags[piece]                      # a plain look saves the exchange
                if seen != ticket:
                    before = exchange(flags[piece], ticket)
                    if before != ticket: begin and end the work on that piece
            arrived += 1
            wait until arrived ≥ threads × meetings so far
            (thread 0, behind the stages that compute) agree to stop if that was asked

Memory is sequentially consistent here, which the code reaches where it matters: every arrival is a read-modify-write
with acquire and release, and whoever waits reads with acquire, so that all work before a meeting is seen after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Design:
    """What is explored; the defaults are the engine's, every other value is a planted mistake.

    Args:
        threads, steps, pieces: how many; a step has two stages, one before and one behind the decision to stop.
        exchanges: a claim is one exchange, not a look and then a write.
        missing: arrivals that a meeting does not wait for.
        growing: a stage's ticket differs from those of the stages before.
        agreed: threads look at what thread 0 has published, not at the request itself.
        stops: whether a stop is asked for, at any moment.
    """

    threads: int = 3
    steps: int = 3
    pieces: int = 3
    exchanges: bool = True
    missing: int = 0
    growing: bool = True
    agreed: bool = True
    stops: bool = False


STAGES = 2

START, LOOK, CLAIM, WRITE, WORK, ARRIVE, WAIT, PUBLISH, END = range(9)


@dataclass(frozen=True)
class Thread:
    """Where a thread is, and what it remembers."""

    at: int = START
    step: int = 0
    stage: int = 0
    tried: int = 0


@dataclass(frozen=True)
class State:
    """Shared memory, the threads, and how often each piece of each stage has been done."""

    threads: tuple[Thread, ...]
    flags: tuple[int, ...]
    done: tuple[int, ...]
    arrived: int = 0
    asked: bool = False
    stop: bool = False


class Wrong(Exception):
    """Something that must never be."""


def explore(design: Design) -> int:
    """Look at every state that any interleaving reaches.

    Returns:
        How many there are.

    Raises:
        Wrong: a piece is done twice or not at all, a stage begins before the one before it is over, threads wait for
            ever, or end at different steps.
    """
    n = STAGES * design.steps * design.pieces
    first = State((Thread(),) * design.threads, (0,) * design.pieces, (0,) * n)
    seen, left = {first}, [first]
    while left:
        state = left.pop()
        after = list(_successors(design, state))
        if not after:
            _check_end(design, state)
        for one in after:
            if one not in seen:
                seen.add(one)
                left.append(one)
    return len(seen)


def _check_end(design: Design, state: State) -> None:
    if any(thread.at != END for thread in state.threads):
        raise Wrong("threads wait for ever")
    if len({thread.step for thread in state.threads}) > 1:
        raise Wrong("threads end at different steps")
    whole = STAGES * design.pieces * state.threads[0].step
    if state.done != (1,) * whole + (0,) * (len(state.done) - whole):
        raise Wrong("a piece was left out, or done twice")


def _successors(design: Design, state: State) -> Iterator[State]:
    if design.stops and not state.asked:
        yield replace(state, asked=True)
    for who, thread in enumerate(state.threads):
        yield from _moves(design, state, who, thread)


def _moves(design: Design, state: State, who: int, thread: Thread) -> Iterator[State]:
    """The next atomic access of one thread; none while it waits."""
    number = thread.step * STAGES + thread.stage
    ticket = 1 + number if design.growing else 1
    piece = (who * design.pieces // design.threads + thread.tried) % design.pieces
    done = number * design.pieces + piece

    def moved(at: int, *, tried: int | None = None, **shared: object) -> State:
        changed = replace(thread, at=at, tried=thread.tried if tried is None else tried)
        return _with(replace(state, **shared), who, changed)  # type: ignore[arg-type]

    if thread.at == START:
        stop = state.stop if design.agreed else state.asked
        yield moved(END if stop or thread.step == design.steps else LOOK)
    elif thread.at == LOOK:
        yield moved(CLAIM) if state.flags[piece] != ticket else _next_piece(design, state, who, thread)
    elif thread.at == CLAIM and not design.exchanges:
        yield moved(WRITE)  # it looked, it saw the piece free, and writes later
    elif thread.at in (CLAIM, WRITE):
        flags = _put(state.flags, piece, ticket)
        free = thread.at == WRITE or state.flags[piece] != ticket
        yield moved(WORK, flags=flags) if free else _next_piece(design, state, who, thread)
    elif thread.at == WORK:
        if not all(state.done[: number * design.pieces]):
            raise Wrong("a stage begins before the one before it is over")
        if state.done[done]:
            raise Wrong("a piece is done twice")
        yield _next_piece(design, replace(state, done=_put(state.done, done, 1)), who, thread)
    elif thread.at == ARRIVE:
        yield moved(WAIT, arrived=state.arrived + 1)
    elif thread.at == WAIT:
        if state.arrived >= design.threads * (number + 1) - design.missing:
            yield moved(PUBLISH)
    elif thread.at == PUBLISH:
        publishes = who == 0 and thread.stage == 0 and state.asked
        after = replace(thread, at=LOOK, stage=thread.stage + 1, tried=0)
        if after.stage == STAGES:
            after = Thread(step=thread.step + 1)
        yield _with(replace(state, stop=state.stop or publishes), who, after)


def _next_piece(design: Design, state: State, who: int, thread: Thread) -> State:
    tried = thread.tried + 1
    at = LOOK if tried < design.pieces else ARRIVE
    return _with(state, who, replace(thread, at=at, tried=tried))


def _with(state: State, who: int, thread: Thread) -> State:
    return replace(state, threads=(*state.threads[:who], thread, *state.threads[who + 1 :]))


def _put(values: tuple[int, ...], at: int, value: int) -> tuple[int, ...]:
    return (*values[:at], value, *values[at + 1 :])
