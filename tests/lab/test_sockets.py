"""What comes over the sockets of real students, and of those who are none: whatever it is, nobody else notices."""

import asyncio
import json
import random
import time
from base64 import b64encode
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from browser import PATIENCE_MS
from laboratory.server import free_port, opened
from laboratory.student import Student
from tatamilab.lab.serving import SWEEP_S

SMALL = "?net=c2k5_p2_d6&images=600&epochs=200"
LONG = "?net=c8k5_p2_d20&images=6000&epochs=200"
ENDLESS = "?net=c2k5_p2_d6&epochs=200"
"""More steps than there is time to click for."""
LONGER_THAN_A_SWEEP = "?net=c32k3_p2_c64k3_p2_d128&images=60000&epochs=200"


class Room:
    """Who has come; all leave in the end."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._students: list[Student] = []

    async def enter(self, query: str = SMALL, student: Student | None = None) -> Student:
        """A new student, or one more page of one who is there."""
        came = await Student.enter(self.address, query, student and student.session)
        self._students.append(came)
        return came

    async def close(self) -> None:
        for student in self._students:
            await student.leave()


@pytest.fixture
def within(address: str) -> Callable[[Callable[[Room], Coroutine[Any, Any, None]]], None]:
    """Runs it in a thread of its own: the browser's tests leave a running loop in this one."""

    async def whole(work: Callable[[Room], Coroutine[Any, Any, None]]) -> None:
        room = Room(address)
        try:
            await work(room)
        finally:
            await room.close()

    def run(work: Callable[[Room], Coroutine[Any, Any, None]]) -> None:
        with ThreadPoolExecutor(1) as apart:
            apart.submit(lambda: asyncio.run(whole(work))).result()

    return run


Within = Callable[[Callable[[Room], Coroutine[Any, Any, None]]], None]


def phase(state: dict[str, Any]) -> str:
    return str(state["training"]["moment"]["phase"])


async def answers(student: Student) -> bool:
    """Whether a click is answered."""
    before = student.state["training"]["moment"]["status"]
    await student.ask("training", "command", name="batch")
    await student.until(lambda state: state["training"]["moment"]["status"] != before)
    return True


async def start_or_pause(student: Student) -> None:
    """A click whose answer is seen also by who stands in line."""
    name, then = ("pause", "paused") if phase(student.state) == "running" else ("start", "running")
    await student.ask("training", "command", name=name)
    await student.until(lambda state: phase(state) == then)


MALFORMED = [
    "",
    "4",
    "9",
    "42",
    "42{",
    "garbage",
    '42["event"]',
    '42["event",null]',
    '42["event",{"client_id":[]}]',
    '42["event",{"client_id":"$ME"}]',
    '42["event",{"client_id":"$ME","id":{},"args":[]}]',
    '42["event",{"client_id":"$ME","id":$PART,"listener_id":"none","args":"none"}]',
    '42["event",{"client_id":"$ME","id":$PART,"listener_id":"$LISTENER","args":["{"]}]',
    '42["event",{"client_id":"$ME","id":$PART,"listener_id":"$LISTENER","args":["[1]"]}]',
    '42["event",{"client_id":"$ME","id":$PART,"listener_id":"$LISTENER","args":["{\\"set\\": 7}"]}]',
    '42["event",{"client_id":"$ME","id":$PART,"listener_id":"$LISTENER","args":["{\\"set\\": {\\"texts\\": {}}}"]}]',
    '42["ack",{"client_id":"$ME","next_message_id":"none"}]',
    '42["ack",{"client_id":"$ME","next_message_id":1000000000}]',
    '42["javascript_response",{"client_id":"$ME"}]',
    '42["javascript_response",{"client_id":"$ME","request_id":[]}]',
    '42["handshake",{}]',
    '42["handshake",{"client_id":"$ME","tab_id":"none","document_id":"none","next_message_id":"none"}]',
    '42["log",{"client_id":"$ME","level":"error","message":"\\u001b[31mTraceback"}]',
    '42["connect"]',
    '42["no such event",1,2,3]',
    '451-["event",{"_placeholder":true,"num":0}]',
    "44",
    "41",
]


def test_malformed_messages_harm_nobody(within: Within) -> None:
    async def work(room: Room) -> None:
        witness, attacker = await room.enter(), await room.enter()
        part, listener = attacker._ids["training"]
        for raw in MALFORMED:
            if attacker.socket.closed:
                await attacker.connect()
            for name, value in (("$ME", attacker.client), ("$PART", str(part)), ("$LISTENER", listener)):
                raw = raw.replace(name, value)
            with suppress(ConnectionError):  # what was sent before may have closed it
                await attacker.socket.send_str(raw)
        with suppress(ConnectionError):
            await attacker.socket.send_bytes(b"\xff\x00")
        await asyncio.sleep(0.1)
        await attacker.leave(keep_browser=True)
        again = await room.enter(SMALL, attacker)
        assert await answers(again)
        assert await answers(witness)

    within(work)


def test_sockets_out_of_order_are_refused_and_the_page_goes_on(within: Within) -> None:
    async def work(room: Room) -> None:
        student = await room.enter()
        for wrong in (
            {"client_id": "none"},
            {"tab_id": "another"},
            {"next_message_id": "x"},
            {"document_id": ""},
        ):
            await student.connect(**wrong)
            assert student.greeting.startswith("44")
        await student.connect()
        assert await answers(student)
        async with student.session.ws_connect(
            f"{room.address.replace('http', 'ws')}_nicegui_ws/socket.io/?EIO=4&transport=websocket",
            headers={"Origin": room.address.rstrip("/")},
        ) as early:
            event = {"client_id": student.client, "id": 1, "listener_id": "x", "args": []}
            await early.send_str("42" + json.dumps(["event", event]))
        assert await answers(student)

    within(work)


def test_what_is_of_another_page_is_left_alone(within: Within) -> None:
    async def work(room: Room) -> None:
        victim, attacker = await room.enter(), await room.enter()
        number, listener = victim._ids["training"]
        order = json.dumps({"set": {"command": {"name": "start"}}})
        event = {"id": number, "client_id": victim.client, "listener_id": listener, "args": [order]}
        await attacker.socket.send_str("42" + json.dumps(["event", event]))
        assert await answers(attacker)
        assert phase(victim.state) == "ready"

    within(work)


def test_an_oversized_message_closes_its_socket(within: Within) -> None:
    async def work(room: Room) -> None:
        student = await room.enter()
        with suppress(ConnectionError):  # it may be closed before all of it is sent
            await student.send("pad", {"set": {"drawing": {"pixels": "A" * 2**21}}})
        async with asyncio.timeout(PATIENCE_MS / 1000):
            await student.listening
        # the latter two where the line was cut while the rest was on its way
        assert student.socket.close_code in (1009, 1006, None)
        await student.connect()
        assert await answers(student)

    within(work)


VALUES: list[object] = [
    None, True, -1, 0, 1e308, 10**30, "", "<script>alert(1)</script>", "../../etc/passwd", [], {}, "x" * 10_000,
]  # fmt: skip
"""What no page of ours would send in a trait."""

NAMES = {
    ("training", "command"): (
        "start",
        "pause",
        "batch",
        "reset",
        "learning_rate",
        "batch_size",
        "look_at",
        "<script>",
    ),
    ("slider", "asked"): ("train", "measure", "stop", "clear"),
    ("runs", "command"): ("keep", "delete", "restore", "export"),
}


def test_nonsense_in_every_trait_stops_nothing(within: Within) -> None:
    async def work(room: Room) -> None:
        student = await room.enter()
        for value in VALUES:
            for (part, trait), names in NAMES.items():
                for name in names:
                    given = dict.fromkeys(("value", "id", "kind", "size", "draw", "seed", "model"), value)
                    await student.ask(part, trait, name=name, what=name, sequence=value, **given)
            for part, trait in (
                ("pad", "drawing"),
                ("pad", "photo"),
                ("pixels", "asked"),
                ("mistakes", "chosen"),
            ):
                keys = (
                    "pixels",
                    "prepare",
                    "settled",
                    "rows",
                    "columns",
                    "image",
                    "layer",
                    "filter",
                    "true",
                    "page",
                )
                await student.ask(part, trait, **dict.fromkeys(keys, value), sequence=value)
            await student.ask("editor", "edited", blocks=value, images=value, sequence=value)
        await student.ask("slider", "asked", what="stop", sequence="last")
        await student.until(lambda state: state["slider"]["shown"].get("sequence") == "last")
        await student.ask("training", "command", name="reset")
        await student.until(lambda state: phase(state) == "ready")
        assert await answers(student)
        await student.ask("runs", "command", name="delete", id="<script>", sequence=1)
        await student.until(lambda state: "<script>" in state["runs"]["shown"]["said"])
        assert not any("alert" in script for script in student.scripts)

    within(work)


def test_photographs_that_are_none_are_said(within: Within) -> None:
    def pixels(n: int, grey: int = 255) -> str:
        return b64encode(bytes([grey]) * n).decode()

    none = "This is not a picture that the pad can read."
    blank = "No writing is seen on this picture: it needs dark strokes on light paper."
    photos: list[tuple[object, object, object, str]] = [
        (10_000, 10_000, pixels(100), none),
        (640, 640, pixels(640), none),
        (0, 0, "", none),
        (-1, 5, pixels(5), none),
        ("640", None, pixels(9), none),
        (8, 8, "<svg onload=alert(1)>", none),
        (1, 1, pixels(1), "A photograph must have at least 8×8 pixels; this one has 1×1."),
        (640, 640, pixels(640 * 640), blank),
    ]

    async def work(room: Room) -> None:
        student = await room.enter()
        for number, (rows, columns, content, problem) in enumerate(photos):
            await student.ask(
                "pad", "photo", rows=rows, columns=columns, pixels=content, sequence=number + 100
            )
            await student.until(
                lambda state, number=number: state["pad"]["developed"].get("sequence") == number + 100
            )
            assert student.state["pad"]["developed"]["problem"] == problem, (rows, columns)
        assert await answers(student)

    within(work)


def test_a_rate_at_which_it_diverges_is_said_and_can_be_mended(within: Within) -> None:
    async def work(room: Room) -> None:
        student = await room.enter(f"{SMALL}&rate=10")
        await student.ask("training", "command", name="learning_rate", value=1e20)
        await student.ask("training", "command", name="start")
        await student.until(lambda state: phase(state) == "diverged")
        assert student.state["training"]["moment"]["says"].startswith("The loss is no longer a number")
        await student.ask("training", "command", name="learning_rate", value=0.001)
        await student.ask("training", "command", name="reset")
        await student.until(lambda state: phase(state) == "ready")
        assert await answers(student)

    within(work)


def test_two_tabs_on_one_run_command_it_crosswise(within: Within) -> None:
    async def work(room: Room) -> None:
        first = await room.enter()
        second = await room.enter(SMALL, first)
        for number in range(12):
            names = ("start", "reset", "pause", "batch", "other_seed")
            for tab, shift in ((first, 0), (second, 2)):
                await tab.ask("training", "command", name=names[(number + shift) % 5])
        for tab, rate in ((first, 0.002), (second, 0.003)):  # then it has done all that was asked before
            await tab.ask("training", "command", name="learning_rate", value=rate)
            await tab.until(lambda state, rate=rate: state["training"]["moment"]["learning_rate"] == rate)
        await first.ask("training", "command", name="reset")
        await first.until(lambda state: phase(state) == "ready")
        await first.ask("training", "command", name="batch")
        for tab in (first, second):
            await tab.until(lambda state: "step 1 of 5" in state["training"]["moment"]["status"])

    within(work)


def test_the_address_follows_what_is_chosen(within: Within) -> None:
    async def work(room: Room) -> None:
        student = await room.enter()
        await student.ask("training", "command", name="other_seed")
        await student.ask("training", "command", name="learning_rate", value=0.0123456)
        await student.ask("training", "command", name="batch")
        await student.until(lambda _state: any("rate=0.0123&seed=2" in script for script in student.scripts))
        await student.until(lambda state: "step 1 of 5" in state["training"]["moment"]["status"])
        await student.leave(keep_browser=True)
        again = await room.enter(f"{SMALL}&rate=0.0123&seed=2", student)
        assert "step 1 of 5" in again.state["training"]["moment"]["status"]

    within(work)


@pytest.mark.slow
def test_a_page_is_there_before_networks_that_are_built_for_another(within: Within) -> None:
    async def work(room: Room) -> None:
        first = await room.enter()
        new = [random.sample(range(17, 49), 3) for _number in range(3)]  # that have never been compiled here
        addresses = ["?net=c{}k3-tanh_n_c{}k5-tanh_n_p2_d{}".format(*sizes) for sizes in new]
        begun = [asyncio.create_task(room.enter(address, first)) for address in addresses]
        await asyncio.sleep(0.05)
        await room.enter()
        assert sum(page.done() for page in begun) < 2, (
            "one is built after the other, and a page is there sooner"
        )
        await asyncio.gather(*begun)

    within(work)


@pytest.mark.slow
def test_six_students_train_at_once_and_those_in_line_see_their_place(within: Within) -> None:
    async def work(room: Room) -> None:
        students = [await room.enter(LONG) for _ in range(6)]
        waited: set[int] = set()

        async def train(number: int, student: Student) -> None:
            await student.ask("training", "command", name="start")
            await student.until(lambda state: phase(state) == "running")
            await student.until(lambda state: "you are number" in state["training"]["moment"]["status"])
            waited.add(number)
            await student.until(lambda state: len(state["training"]["moment"]["points"]) > 5)

        await asyncio.gather(*(train(number, student) for number, student in enumerate(students)))
        assert len(waited) == 6
        for student in students:
            await student.ask("training", "command", name="pause")
            await student.until(lambda state: phase(state) == "paused")

    within(work)


async def _behave(student: Student, how: int, length_s: float) -> None:
    if how == 0:  # never reads again, answers nothing
        assert student.listening
        student.listening.cancel()
        await asyncio.sleep(min(20.0, length_s / 3))
    elif how == 1:  # loses its line again and again
        for _ in range(5):
            student.socket.get_extra_info("transport").abort()
            await asyncio.sleep(0.5)
            await student.connect()
    else:
        await asyncio.sleep(min(5.0, length_s / 3))


async def storm(room: Room, n: int, length_s: float) -> list[float]:
    """Students who come, train, read nothing or tear their sockets; returns the seconds of a calm one's clicks."""
    calm, took = await room.enter(ENDLESS), []
    loop = asyncio.get_running_loop()
    end = loop.time() + length_s

    async def rough(number: int) -> None:
        while loop.time() < end:
            student = await Student.enter(room.address, SMALL)
            try:
                await student.ask("training", "command", name="start")
                await _behave(student, number % 3, length_s)
            finally:
                await student.leave()

    crowd = [asyncio.create_task(rough(number)) for number in range(n)]
    while loop.time() < end:
        began = loop.time()
        await start_or_pause(calm)
        took.append(loop.time() - began)
        await asyncio.sleep(0.2)
    for one in crowd:
        one.cancel()
    await asyncio.gather(*crowd, return_exceptions=True)
    await start_or_pause(calm)
    return sorted(took)


async def written_down(folder: Path) -> None:
    """Wait until a server with its runs below `folder` has put one on disk whole that has come some way."""
    end = time.monotonic() + 3 * SWEEP_S
    while not any(len(json.loads(path.read_bytes())["points"]) > 5 for path in folder.rglob("run.json")):
        assert time.monotonic() < end
        await asyncio.sleep(0.5)


@pytest.mark.slow
def test_a_killed_server_is_found_again_with_its_runs(tmp_path: Path) -> None:
    port = free_port()

    async def train(address: str) -> tuple[aiohttp.ClientSession, str]:
        student = await Student.enter(address, LONGER_THAN_A_SWEEP)
        await student.ask("training", "command", name="start")
        await written_down(tmp_path)
        await student.leave(keep_browser=True)
        return student.session, student.state["training"]["moment"]["status"]

    async def look(address: str, browser: aiohttp.ClientSession) -> None:
        student = await Student.enter(address, LONGER_THAN_A_SWEEP, browser)
        assert phase(student.state) == "paused"
        assert len(student.state["training"]["moment"]["points"]) > 5
        assert await answers(student)
        await student.leave()

    async def both() -> None:
        with opened(tmp_path, "--port", str(port)) as server:
            browser, status = await train(server.address)
            assert status.startswith("epoch")
            server.process.kill()
        with opened(tmp_path, "--port", str(port)) as server:
            await look(server.address, browser)

    with ThreadPoolExecutor(1) as apart:
        apart.submit(lambda: asyncio.run(both())).result()


@pytest.mark.slow
def test_slow_and_cut_connections_keep_nobody_waiting(within: Within) -> None:
    async def work(room: Room) -> None:
        assert await storm(room, 20, 20.0)  # every click was answered; how soon, the campaign says

    within(work)


@pytest.mark.campaign
def test_a_hundred_rough_students_for_ten_minutes(within: Within) -> None:
    async def work(room: Room) -> None:
        took = await storm(room, 100, 600.0)
        half, most = took[len(took) // 2], took[len(took) * 19 // 20]
        print(f"{len(took)} clicks, half of them within {half:.3f} s, 95% within {most:.3f} s")
        assert most < 2.0

    within(work)
