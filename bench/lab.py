"""How quickly the laboratory answers: one student in a real Chromium, and a class of thirty.

    python bench/lab.py                        everything, about ten minutes
    python bench/lab.py --parts page,slider    some of it
    python bench/lab.py --minutes 1            a shorter lesson
    python bench/lab.py --parts calm           the class without any training: what pages alone ask of the server

Needs Chromium (Debian's package `chromium`). Server, browser and class share two cores, as on a student's computer.
Run it on a machine that has nothing else to do.
"""

import argparse
import asyncio
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from harness import machine
from laboratory import browser
from laboratory.classroom import lesson
from laboratory.server import Server, opened
from laboratory.student import Student
from tatamilab.session import Phase

N_STUDENTS, MINUTES, ROUNDS = 30, 5.0, 3

ALONE = """
import time
from tatamilab.lab.serving import live_run
from tatamilab.session import Setup
run = live_run(Setup())
run.step()
run.wait()
run.reset()
began = time.perf_counter()
run.start()
run.wait(600)
print(time.perf_counter() - began)
"""
"""The same training with no page and no server."""

WANTED = {
    ("page", "useful_ms"): ("first useful paint, nothing cached (ms)", 1000),
    ("page", "kib"): ("bytes of a visit (KiB)", 700),
    ("page", "outside"): ("requests elsewhere", 0),
    ("pen", "idle", "p95_ms"): ("pen to prediction and maps, p95 (ms)", 33),
    ("pen", "training", "p95_ms"): ("… while a training runs, p95 (ms)", 60),
    ("curve", "p95_ms"): ("click to first moving curve, p95 (ms)", 250),
    ("slider", "first", "p95_ms"): ("600 × 50 at the slider: the plain network, p95 (ms)", 800),
    ("slider", "both", "p95_ms"): ("… both networks, p95 (ms)", 800),
    ("slowdown", "elsewhere_percent"): ("a training over one without a page, drawn elsewhere (%)", 8),
    ("slowdown", "here_percent"): ("… drawn by the same two cores (%)", 8),
    ("closing", "s"): ("Ctrl-C, while a class of 30 trains (s)", 2),
    ("class", "click_p95_ms"): ("a class of 30: click, p95 (ms)", 250),
    ("class", "lost_sessions"): ("… sessions lost", 0),
    ("class", "memory_slope_mb_per_min"): ("… memory, growth (MB a minute)", 2),
}
"""What is measured, in words, and its limit."""


def page(server: Server) -> dict[str, Any]:
    with browser.browser() as chromium:
        return browser.visits(chromium, server.address)


def pen(server: Server) -> dict[str, Any]:
    """On a training that does not end meanwhile."""
    address = f"{server.address}?epochs=200"
    with browser.browser() as chromium, browser.page_of(chromium, address) as opened_page:
        browser.pen(opened_page, training=False)
        return {
            "idle": browser.pen(opened_page, training=False),
            "training": browser.pen(opened_page, training=True),
        }


def curve(server: Server) -> dict[str, Any]:
    with browser.browser() as chromium, browser.page_of(chromium, server.address) as opened_page:
        return browser.curve(opened_page)


def slider(server: Server) -> dict[str, Any]:
    with browser.browser() as chromium, browser.page_of(chromium, server.address) as opened_page:
        return browser.slider(opened_page)


def slowdown(server: Server) -> dict[str, Any]:
    """The same training without a page; with one that is drawn elsewhere; and drawn by these very cores: in turns."""
    alone, elsewhere, here = [], [], []
    for _number in range(ROUNDS):
        done = subprocess.run([sys.executable, "-c", ALONE], check=True, stdout=subprocess.PIPE, text=True)
        alone.append(float(done.stdout))
        elsewhere.append(asyncio.run(watched_s(server)))
        with browser.browser() as chromium, browser.page_of(chromium, server.address) as opened_page:
            here.append(browser.training_s(opened_page))
    return {
        "alone_s": alone,
        "elsewhere_s": elsewhere,
        "here_s": here,
        "elsewhere_percent": round(100 * (min(elsewhere) / min(alone) - 1), 1),
        "here_percent": round(100 * (min(here) / min(alone) - 1), 1),
    }


async def watched_s(server: Server) -> float:
    """Seconds of a training that a student follows who draws nothing, as on a screen of another machine."""
    student = await Student.enter(server.address)
    try:
        for part in student.state.keys() - {"training"}:
            await student.ask(part, "sight", visible=False)
        await student.ask("training", "command", name="start", value=None)
        return await student.until(
            lambda state: state["training"]["moment"]["phase"] == Phase.FINISHED.value, 180
        )
    finally:
        await student.leave()


def closing(server: Server) -> dict[str, Any]:
    """From Ctrl-C to the end of the server, while a class of thirty is there and trains."""
    return {"s": round(asyncio.run(closed_s(server)), 2)}


async def closed_s(server: Server) -> float:
    """Seconds from the signal until the server has kept all runs and is gone."""
    students = [await Student.enter(server.address) for _number in range(N_STUDENTS)]
    try:
        for student in students:
            await student.ask("training", "command", name="start", value=None)
        await asyncio.gather(
            *(
                student.until(lambda state: len(state["training"]["moment"]["points"]) > 5, 180)
                for student in students
            )
        )
        began = time.perf_counter()
        server.process.send_signal(signal.SIGINT)
        await asyncio.to_thread(server.process.wait, 60)
        return time.perf_counter() - began
    finally:
        for student in students:
            await student.leave()


PARTS: dict[str, Callable[[Server], dict[str, Any]]] = {
    "page": page,
    "pen": pen,
    "curve": curve,
    "slider": slider,
    "slowdown": slowdown,
    "closing": closing,
}


def table(found: dict[str, Any]) -> str:
    """Every figure that was measured beside its limit."""
    lines = []
    for path, (words, limit) in WANTED.items():
        value: Any = found
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None:
            lines.append(f"{words:<56}{value:>10.1f}{'  at most' if value <= limit else '  NOT'} {limit:g}")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", default=",".join([*PARTS, "class"]), metavar="NAMES", help="(all)")
    parser.add_argument("--minutes", type=float, default=MINUTES, help=f"length of the lesson ({MINUTES:g})")
    parser.add_argument("--students", type=int, default=N_STUDENTS, help=f"size of the class ({N_STUDENTS})")
    parser.add_argument("--json", type=Path, default=Path("build/bench/lab.json"), metavar="FILE")
    chosen = parser.parse_args()
    machine.use_cores()
    found: dict[str, Any] = {"machine": machine.facts()}
    print(
        f"{found['machine']['cpu_name']}, {machine.N_CORES} cores, load {found['machine']['load_at_start']}",
        flush=True,
    )
    for name in chosen.parts.split(","):
        with tempfile.TemporaryDirectory(prefix="tatamilab-bench-") as folder, opened(Path(folder)) as server:
            if name in ("class", "calm"):
                found[name] = asyncio.run(
                    lesson(server, chosen.students, 60 * chosen.minutes, trains=name == "class")
                )
            else:
                found[name] = PARTS[name](server)
        print(f"{name}: {json.dumps(found[name])}", flush=True)
    chosen.json.parent.mkdir(parents=True, exist_ok=True)
    chosen.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    print(table(found))


if __name__ == "__main__":
    main()
