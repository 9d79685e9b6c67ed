"""A student without a screen: opens the page as a browser does, over real sockets, and does what its parts would do."""

import asyncio
import html
import json
import re
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlencode

import aiohttp

KNOWN_BY = {
    "training": "moment",
    "pad": "reading",
    "pixels": "answer",
    "mistakes": "mistakes",
    "explain": "explained",
    "editor": "described",
    "runs": "file",
    "slider": "asked",
}
"""A trait of each part that no other has; the slider's, which goes up, is found by its state."""


class Student:
    """One page, open.

    Attributes:
        state: of each part, by name: its traits as they came down last.
        listening: reads what comes over the socket until it is closed.
        greeting: what the socket was answered: "40…" where it was let in.
        scripts: what the page was told to run.
        reloads: how often the server asked for a reload, as it does where a session is lost.
    """

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self.address, self.session = address, session
        self.state: dict[str, dict[str, Any]] = {}
        self.reloads = 0
        self.scripts: list[str] = []
        self._ids: dict[str, tuple[int, str]] = {}
        self._names: dict[int, str] = {}
        self._asked = 0
        self.listening: asyncio.Task[None] | None = None
        self._news = asyncio.Condition()
        self._tab, self._document, self._next = uuid.uuid4(), uuid.uuid4(), 0

    @classmethod
    async def enter(
        cls, address: str, query: str = "", session: aiohttp.ClientSession | None = None
    ) -> "Student":
        """Open the page and its socket.

        Args:
            address: of the laboratory.
            query: of the page's address.
            session: a browser that was there before; a new one if None.
        """
        jar = aiohttp.CookieJar(unsafe=True)
        student = cls(address, session or aiohttp.ClientSession(cookie_jar=jar))
        try:
            async with student.session.get(address + query) as answer:
                page = await answer.text()
            student._read(page)
            await student.connect()
        except BaseException:
            await student.leave()
            raise
        return student

    def _read(self, page: str) -> None:
        """Find the parts on a page."""
        found = re.search(r"parseElements\(String\.raw`(.*?)`\)", page, re.DOTALL)
        client = re.search(r"'client_id': '([^']+)'", page)
        assert found, page[:2000]
        assert client
        self.client = client[1]
        for number, element in json.loads(html.unescape(found[1])).items():
            state = (element.get("props") or {}).get("state")
            if not isinstance(state, dict):
                continue
            name = next((name for name, trait in KNOWN_BY.items() if trait in state), "slider")
            listener = next(one["listener_id"] for one in element["events"] if one["type"] == "widget_up")
            self._ids[name], self._names[int(number)] = (int(number), listener), name
            self.state[name] = state

    async def connect(self, **more: object) -> None:
        """Open a socket for the page; one that was open before is closed.

        Args:
            more: of the socket's address, instead of what belongs there.
        """
        query = {
            "EIO": 4,
            "transport": "websocket",
            "client_id": self.client,
            "next_message_id": self._next,
            "implicit_handshake": "true",
            "document_id": self._document,
            "tab_id": self._tab,
            **more,
        }
        await self._hang_up()
        self.socket = await self.session.ws_connect(
            f"{self.address.replace('http', 'ws')}_nicegui_ws/socket.io/?{urlencode(query)}",
            headers={"Origin": self.address.rstrip("/")},
            max_msg_size=2**24,
        )
        assert (await self.socket.receive_str()).startswith("0")
        await self.socket.send_str("40")
        self.greeting = await self.socket.receive_str()
        self.listening = asyncio.create_task(self._listen())
        if self.greeting.startswith("40"):
            for name in self._ids:
                await self.send(name, {"ready": True})

    async def _listen(self) -> None:
        with suppress(ConnectionError):  # the line may be cut while an answer goes out
            async for message in self.socket:
                if message.data == "2":
                    await self.socket.send_str("3")
                elif isinstance(message.data, str) and message.data.startswith("42"):
                    event, *given = json.loads(message.data[2:])
                    if event == "down":
                        await self._take(**given[0])
                    elif event == "run_javascript":
                        await self._run(given[0])

    async def _take(self, part: int, sent: int, state: dict[str, str]) -> None:
        name = self._names[part]
        self.state[name].update({trait: json.loads(value) for trait, value in state.items()})
        await self._tell()
        await self.send(name, {"heard": sent})

    async def _run(self, asked: dict[str, Any]) -> None:
        self._next = asked["_id"] + 1
        if "location.reload" in asked["code"]:
            self.reloads += 1
        else:
            self.scripts.append(asked["code"])
        await self._tell()
        if "request_id" in asked:
            answer = {"request_id": asked["request_id"], "client_id": self.client, "result": True}
            await self.socket.send_str("42" + json.dumps(["javascript_response", answer]))
        await self.socket.send_str(
            "42" + json.dumps(["ack", {"client_id": self.client, "next_message_id": self._next}])
        )

    async def _tell(self) -> None:
        async with self._news:
            self._news.notify_all()

    async def send(self, part: str, message: object) -> None:
        """Send a message of a part."""
        number, listener = self._ids[part]
        event = {"id": number, "client_id": self.client, "listener_id": listener}
        await self.socket.send_str("42" + json.dumps(["event", {**event, "args": [json.dumps(message)]}]))

    async def ask(self, part: str, trait: str, **value: object) -> None:
        """Set a trait of a part, as its module would: the number tells apart what is asked twice in the same words."""
        self._asked += 1
        await self.send(part, {"set": {trait: {"sequence": self._asked, **value}}})

    async def until(
        self, true: Callable[[dict[str, dict[str, Any]]], object], limit_s: float = 30.0
    ) -> float:
        """Wait for a state of the parts; returns the seconds that it took.

        Raises:
            TimeoutError: it did not come.
        """
        began = time.perf_counter()
        async with self._news:
            await asyncio.wait_for(self._news.wait_for(lambda: true(self.state)), limit_s)
        return time.perf_counter() - began

    async def leave(self, *, keep_browser: bool = False) -> None:
        """Close the page."""
        await self._hang_up()
        if not keep_browser:
            await self.session.close()

    async def _hang_up(self) -> None:
        if self.listening is not None:
            self.listening.cancel()
            with suppress(asyncio.CancelledError):
                await self.listening
            with suppress(ConnectionError):  # the line may be cut
                await self.socket.close()
