"""A class of thirty at one server: how long clicks take, whether a session is lost, whether memory grows."""

import asyncio
import random
import time
from base64 import b64encode
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import numpy as np
import psutil

from laboratory.server import Server
from laboratory.student import Student

THINKS_S = (1.5, 4.5)
"""Seconds between two things that a student does."""

PROBE_S, MEMORY_S = 0.1, 2.0
"""Seconds between two looks at how fast the server answers, and at its memory."""


async def lesson(
    server: Server, n_students: int, length_s: float, *, query: str = "", trains: bool = True
) -> dict[str, Any]:
    """Let students come, train, draw and try for a while.

    Args:
        server: which is open.
        n_students: how many.
        length_s: seconds of work, from when the last has come.
        query: of the page's address.
        trains: if not, they edit networks where they would train one.
    """
    took: dict[str, list[float]] = {"open": [], "click": [], "pen": [], "answer": []}
    lost = 0
    process = psutil.Process(server.process.pid)
    students = [await _come(server.address, query, took["open"]) for _ in range(n_students)]
    memory: list[tuple[float, float]] = []
    end = time.perf_counter() + length_s
    watchers = [
        asyncio.create_task(_probe(server.address, took["answer"])),
        asyncio.create_task(_weigh(process, memory)),
    ]
    cpu = process.cpu_times()
    await asyncio.gather(
        *(
            _work(student, random.Random(number), end, took, trains=trains)
            for number, student in enumerate(students)
        )
    )
    used = process.cpu_times()
    for watcher in watchers:
        watcher.cancel()
    for student in students:
        lost += await _is_lost(student, query)
    return {
        "students": n_students,
        "length_s": length_s,
        **{
            f"{name}_{q}_ms": _ms(values, p)
            for name, values in took.items()
            for q, p in (("p50", 50), ("p95", 95), ("p99", 99))
        },
        "clicks": len(took["click"]),
        "lost_sessions": lost,
        "cores_used": round((used.user + used.system - cpu.user - cpu.system) / length_s, 2),
        **_growth(memory),
    }


async def _come(address: str, query: str, took: list[float]) -> Student:
    began = time.perf_counter()
    student = await Student.enter(address, query)
    took.append(time.perf_counter() - began)
    return student


async def _work(
    student: Student, chance: random.Random, end: float, took: dict[str, list[float]], *, trains: bool
) -> None:
    actions: list[Callable[..., Awaitable[None]]] = [_edit, _edit, _edit, _draw]
    if trains:
        actions = [_click, _click, _click, _draw, _slide]
    await actions[0](student, took["click"])
    while time.perf_counter() < end:
        await asyncio.sleep(chance.uniform(*THINKS_S))
        action = chance.choice(actions)
        await action(student, took["pen"] if action is _draw else took["click"])


async def _click(student: Student, took: list[float]) -> None:
    """Start or pause; a training that is over begins again."""
    phase = student.state["training"]["moment"]["phase"]
    name, then = ("reset", "ready") if phase in ("finished", "diverged") else ("start", "running")
    if phase == "running":
        name, then = "pause", "paused"
    await student.ask("training", "command", name=name)
    took.append(await student.until(lambda state: state["training"]["moment"]["phase"] in (then, "finished")))


async def _edit(student: Student, took: list[float]) -> None:
    """Ask the editor for another network."""
    asked, network = time.time_ns(), [{"kind": "conv", "filters": 8}, {"kind": "dense", "units": 20}]
    await student.ask("editor", "edited", blocks=network, sequence=asked)
    took.append(await student.until(lambda state: state["editor"]["described"].get("sequence") == asked))


async def _draw(student: Student, took: list[float]) -> None:
    """A stroke of a second: the next picture of it once the last is read, as the pad does."""
    ink = np.zeros((112, 112), np.uint8)
    for number in range(20):
        ink[10 + 4 * number : 18 + 4 * number, 50:60] = 255
        asked = time.time_ns()
        await student.ask(
            "pad",
            "drawing",
            pixels=b64encode(ink.tobytes()).decode(),
            prepare=True,
            settled=number == 19,
            sequence=asked,
        )
        took.append(
            await student.until(lambda state, asked=asked: state["pad"]["reading"].get("sequence") == asked)
        )
        await asyncio.sleep(0.05)


async def _slide(student: Student, took: list[float]) -> None:
    """Move the slider; the answer that is waited for is that it is seen, not what comes of it."""
    asked = time.time_ns()
    seed = random.Random(asked).randrange(10)
    await student.ask(
        "slider", "asked", what="train", size=100, draw=0, seed=seed, model="small-data", sequence=asked
    )
    took.append(await student.until(lambda state: state["slider"]["shown"].get("sequence") == asked))


async def _is_lost(student: Student, query: str) -> bool:
    """Whether who closes the page and comes again does not find the training where it was."""
    before = student.state["training"]["moment"]
    await student.leave(keep_browser=True)
    again = await Student.enter(student.address, query, student.session)
    after = again.state["training"]["moment"]
    await again.leave()
    return student.reloads > 0 or (before["phase"] != "ready" and after["phase"] == "ready")


async def _probe(address: str, took: list[float]) -> None:
    """How long a request waits that needs nothing but the server's attention."""
    async with aiohttp.ClientSession() as session:
        while True:
            began = time.perf_counter()
            async with session.get(f"{address}favicon.ico") as answer:
                await answer.read()
            took.append(time.perf_counter() - began)
            await asyncio.sleep(PROBE_S)


async def _weigh(process: psutil.Process, memory: list[tuple[float, float]]) -> None:
    began = time.perf_counter()
    while True:
        memory.append((time.perf_counter() - began, process.memory_info().rss / 2**20))
        await asyncio.sleep(MEMORY_S)


def _ms(values: list[float], share: float) -> float | None:
    return round(1000 * float(np.percentile(values, share)), 1) if values else None


def _growth(memory: list[tuple[float, float]]) -> dict[str, float]:
    """Memory at the end, and its slope over the second half: in the first, films and caches fill."""
    half = np.array(memory[len(memory) // 2 :])
    slope = float(np.polyfit(half[:, 0], half[:, 1], 1)[0]) if len(half) > 2 else float("nan")
    return {"memory_mb": round(half[-1, 1], 0), "memory_slope_mb_per_min": round(60 * slope, 2)}
