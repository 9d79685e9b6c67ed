"""The page without a browser: what is on it, what becomes of it when it is closed, and what a part may be sent."""

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from threading import Event
from typing import Any
from weakref import ref

import pytest

from browser import PATIENCE_MS
from tatamilab.lab.sessions import Sessions
from tatamilab.session import Blueprint, LiveRun, Phase, Sample, Setup
from tatamilab.session.sample import mnist


def made(setup: Setup) -> LiveRun:
    network = Blueprint.parse("c2k5_p2_d6")
    return LiveRun(network.build, Sample.of(mnist(), images=600), epochs=10_000, seed=setup.seed)


class Opened:
    """A page: what NiceGUI knows of it."""

    def __init__(self, user: Any, sessions: Sessions) -> None:
        self.user, self.sessions = user, sessions

    async def page(self, address: str = "/") -> Any:
        await self.user.open(address)
        return self.user.client

    def said(self) -> list[str]:
        elements = self.user.client.elements.values()
        return [str(one.props["innerHTML"]) for one in elements if "innerHTML" in one.props]

    def part(self, name: str) -> Any:
        """The part of this class, as it stands on the page."""
        elements = self.user.client.elements.values()
        return next(one for one in elements if type(getattr(one, "_part", None)).__name__ == name)


Work = Callable[[Opened], Coroutine[Any, Any, None]]


@pytest.fixture
def on_page(tmp_path: Path) -> Callable[[Work], None]:
    """Runs it with the laboratory in this process, in a thread of its own, as the browser's tests leave a loop here."""
    os.environ.setdefault("NICEGUI_STORAGE_PATH", str(tmp_path / "storage"))
    from nicegui.testing import user_simulation

    from tatamilab.lab import page

    @asynccontextmanager
    async def opened() -> AsyncIterator[Opened]:
        async with user_simulation() as user:
            sessions = Sessions(made, tmp_path / "runs")
            page.add(sessions)
            yield Opened(user, sessions)
            await asyncio.to_thread(sessions.close)

    async def whole(work: Work) -> None:
        async with opened() as lab:
            await work(lab)

    def run(work: Work) -> None:
        ours = {name: module for name, module in sys.modules.items() if name.split(".")[0] == "tatamilab"}
        try:
            with ThreadPoolExecutor(1) as apart:
                apart.submit(lambda: asyncio.run(whole(work))).result()
        finally:
            sys.modules.update(ours)  # NiceGUI forgets the modules of pages, and the packages they are in

    return run


async def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE_MS / 1000
    while not true():
        assert time.monotonic() < end
        await asyncio.sleep(0.005)


def test_what_is_wrong_in_an_address_and_what_takes_long_is_said(on_page: Callable[[Work], None]) -> None:
    async def work(lab: Opened) -> None:
        await lab.page("/?lang=ja&images=%3Cscript%3E&net=c32k5z_c32k5z&epochs=200")
        said = "\n".join(lab.said())
        assert "アドレスの誤り：images：20 ～ 60,000 の整数" in said
        assert "<script>" not in said
        assert "この学習には、このパソコンで約 " in said
        await lab.page("/?net=c128k15z_c128k15z")
        assert "more than the 100,000,000 that the laboratory trains" in "\n".join(lab.said())

    on_page(work)


def test_a_page_that_is_gone_pauses_its_run_and_stops_its_study(on_page: Callable[[Work], None]) -> None:
    async def work(lab: Opened) -> None:
        client = await lab.page()
        training, slider = lab.part("Training"), lab.part("SampleSlider")
        run, rivals = training._part._run, slider._part._rivals
        training._up({"set": {"command": {"sequence": 1, "name": "start"}}})
        slider._up({"set": {"asked": {"sequence": 1, "what": "measure"}}})
        await until(lambda: run.moment().phase is Phase.RUNNING and rivals.sight().busy)
        client.delete()
        await until(lambda: run.moment().phase is Phase.PAUSED and not rivals.sight().busy)
        await until(lambda: not run._thread.is_alive() and not rivals._thread.is_alive())

    on_page(work)


def test_what_is_pressed_to_be_trained_is_trained_on_the_page_that_opens(
    on_page: Callable[[Work], None],
) -> None:
    async def work(lab: Opened) -> None:
        await lab.page()
        editor, asked = lab.part("NetworkEditor"), []
        lab.user.client.open = asked.append
        blocks = [block.model_dump() for block in Blueprint.parse("c2k5_p2_d6").blocks]
        editor._up({"set": {"edited": {"sequence": 1, "blocks": blocks, "images": 600, "use": True}}})
        await until(lambda: asked)
        assert asked == ["/?net=c2k5_p2_d6&images=600"]
        assert "Press “Start”." in "".join(lab.said())
        await lab.page(asked[0])
        run = lab.part("Training")._part._run
        assert run.moment().phase is Phase.RUNNING
        assert "Press “Start”." not in "".join(lab.said())
        run.pause()
        await lab.page(asked[0])
        assert lab.part("Training")._part._run is run
        assert run.moment().phase is Phase.PAUSED

    on_page(work)


def test_nothing_is_left_of_a_page_that_is_gone(on_page: Callable[[Work], None]) -> None:
    from ipywidgets.widgets.widget import _instances

    async def work(lab: Opened) -> None:
        before = set(_instances)
        client = await lab.page()
        part = ref(lab.part("Training")._part)
        assert len(_instances) > len(before)
        client.delete()
        await until(lambda: set(_instances) <= before)  # what other pages have left may still be going
        lab.user.client = None
        del client
        await until(lambda: (gc.collect(), part() is None)[1])

    on_page(work)


def test_what_is_made_for_a_page_after_it_has_gone_ends_at_once(on_page: Callable[[Work], None]) -> None:
    async def work(lab: Opened) -> None:
        from tatamilab.lab.page import _when_gone

        client, ended = await lab.page(), []
        client.delete()
        _when_gone(client, lambda: ended.append(True))
        assert ended

    on_page(work)


def test_no_click_waits_for_pages_that_are_being_closed(on_page: Callable[[Work], None]) -> None:
    async def work(lab: Opened) -> None:
        from tatamilab.lab.page import _when_gone

        gone, over = await lab.page(), Event()
        for _number in range(100):
            _when_gone(gone, over.wait)
        gone.delete()
        try:
            await lab.page()
            training = lab.part("Training")
            training._up({"set": {"command": {"sequence": 1, "name": "batch"}}})
            await until(lambda: training._part._run.moment().step == 1)
        finally:
            over.set()

    on_page(work)


def test_a_part_that_fails_is_said_in_a_line_and_the_page_goes_on(
    on_page: Callable[[Work], None], caplog: pytest.LogCaptureFixture
) -> None:
    async def work(lab: Opened) -> None:
        await lab.page()
        training = lab.part("Training")
        run = training._part._run
        training._part._run = None
        training._up({"set": {"command": {"sequence": 1, "name": "start"}}})
        await until(lambda: " Training.command: AttributeError: 'NoneType'" in caplog.text)
        assert "Traceback" not in caplog.text
        training._part._run = run
        training._up({"set": {"command": {"sequence": 2, "name": "batch"}}})
        await until(lambda: run.moment().step == 1)

    on_page(work)


def test_what_is_no_message_is_none(on_page: Callable[[Work], None]) -> None:
    async def work(lab: Opened) -> None:
        await lab.page()
        training = lab.part("Training")
        texts = training._part.texts
        for message in (None, 7, "start", [], [{}], {"set": None}, {"set": [1]}, {"set": {"command": "start"}},
                        {"set": {"texts": {"start": "<script>"}}}, {"set": {"_esm": {}}}):  # fmt: skip
            training._up(message)
        await asyncio.sleep(0.05)
        assert training._part.texts == texts
        assert training._part._run.moment().phase is Phase.READY

    on_page(work)


def test_a_flood_of_messages_is_cut_to_the_latest(on_page: Callable[[Work], None]) -> None:
    async def work(lab: Opened) -> None:
        from tatamilab.lab.host import MOST_WAITING

        await lab.page()
        training, heard = lab.part("Training"), []
        training._set = lambda name, value: heard.append(value["sequence"])
        for number in range(1000):
            training._up({"set": {"command": {"sequence": number, "name": "batch"}}})
        await until(lambda: heard and heard[-1] == 999)
        assert heard == list(range(1000 - MOST_WAITING, 1000))

    on_page(work)


def test_what_no_browser_has_confirmed_is_sent_again_as_it_is_by_then(
    on_page: Callable[[Work], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    from nicegui import core

    from tatamilab.lab import host

    sent: list[dict[str, Any]] = []

    async def emit(event: str, message: dict[str, Any], room: str) -> None:
        if event == "down":
            sent.append(message)

    async def work(lab: Opened) -> None:
        await lab.page()
        training = lab.part("Training")
        monkeypatch.setattr(core.sio, "emit", emit)
        monkeypatch.setattr(host, "LOST_S", 0.05)
        training._up({"ready": True})
        await until(lambda: sent)
        assert set(sent[0]["state"]) == {"texts", "moment", "looks"}
        training._part.moment = {**training._part.moment, "status": "later"}
        told = len(sent)
        await until(lambda: len(sent) > told)
        assert json.loads(sent[-1]["state"]["moment"])["status"] == "later"
        monkeypatch.setattr(host, "LOST_S", 3600.0)
        await until(lambda: not training._up({"heard": sent[-1]["sent"]}) and not training._busy)
        known = len(sent)
        for _number in range(20):  # it comes and comes, and confirms nothing
            training._up({"ready": True})
            await asyncio.sleep(0.005)
        assert len(sent) == known + 1
        training._up({"heard": sent[-1]["sent"]})
        await until(lambda: len(sent) == known + 2)

    on_page(work)
