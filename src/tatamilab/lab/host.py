"""Shows an anywidget on a NiceGUI page: traits may be set from any thread, the newest state goes to the browser.

NiceGUI's own `ui.anywidget` sends all traits back with each change, and so overwrites what was set meanwhile. Its
`run_method` has the browser compile each message as a program, and keeps it for those who come back; here the newest
state is sent to them anyway.

What the browser asks for is done in a thread, one thing of a part after the other: a part that builds a network or
covers a drawing bit by bit keeps nobody else's page waiting.
"""

import asyncio
import logging
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from nicegui import core
from nicegui.element import Element
from nicegui.json import dumps

from tatamilab.widgets.part import Part

LOST_S = 5.0
"""Seconds after which a browser that confirms nothing is asked anew."""

MOST_WAITING = 64
"""Messages to a part that wait to be done; of more, the oldest are dropped."""

THREADS = ThreadPoolExecutor(64, thread_name_prefix="tatami page")
"""In which parts do what is asked of them: enough for a class, as who waits for a network to be built, or reads ten
thousand images, must keep no other's click waiting."""

ENDING = ThreadPoolExecutor(4, thread_name_prefix="tatami page end")
"""In which what a page has left behind is ended: that may wait for a portion of work in hand, and no click for it."""


class Hosted(Element, component="host.js"):
    """One part for one browser.

    Args:
        part: made for this page only, and closed with it by whoever made it.
    """

    def __init__(self, part: Part) -> None:
        super().__init__()
        self._part = part
        self._lock = threading.Lock()
        self._changed: set[str] = set()
        self._busy = self._ready = False
        self._sent, self._heard, self._confirms = 0, asyncio.Event(), True
        self._asked: deque[tuple[str, dict[str, Any]]] = deque(maxlen=MOST_WAITING)
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._props.update(
            esm=str(part._esm), css=str(part._css), number=self.id, state=self._state(part.traits_down())
        )
        self.on("widget_up", lambda event: self._up(event.args), ["set", "ready", "heard"])
        part.observe(self._on_change, part.traits_down())

    def _state(self, names: "list[str] | set[str]") -> dict[str, Any]:
        return {name: getattr(self._part, name) for name in names}

    def _on_change(self, change: Any) -> None:
        """Called in whatever thread has set the trait."""
        with self._lock:
            self._changed.add(change["name"])
        if core.loop is not None and not core.loop.is_closed():
            core.loop.call_soon_threadsafe(self._kick)

    def _kick(self) -> None:
        if self._ready and not self._busy and not self.is_deleted:
            self._busy = True
            self._tasks["down"] = asyncio.create_task(self._send_down())

    async def _send_down(self) -> None:
        """Send what has changed until nothing has; waiting for the browser keeps a fast training from flooding it."""
        try:
            while not self.is_deleted:
                with self._lock:
                    names, self._changed = self._changed, set()
                if not names:
                    return
                try:
                    await self._send(names)
                except TimeoutError:  # asleep, or its answer got lost: it is told again
                    with self._lock:
                        self._changed |= names
        finally:
            self._busy = False

    async def _send(self, names: set[str]) -> None:
        """Send these traits.

        Raises:
            TimeoutError: the browser does not say that it has them.
        """
        self._sent += 1
        self._heard.clear()
        # each trait as a string: in anything else Socket.IO would look for bytes, number by number
        state = {name: dumps(value) for name, value in self._state(names).items()}
        message = {"part": self.id, "sent": self._sent, "state": state}
        await core.sio.emit("down", message, room=self.client.id)
        await asyncio.wait_for(self._heard.wait(), LOST_S)

    def _up(self, message: object) -> None:
        """What a browser has sent, which may be anything."""
        if not isinstance(message, dict):
            return
        if message.get("ready"):
            self._ready = True
            with self._lock:
                self._changed |= set(self._part.traits_down())
            if self._confirms:  # it has come back; what was on its way to it is not waited for
                self._confirms = False
                self._heard.set()
            self._kick()
        if message.get("heard") == self._sent:
            self._confirms = True
            self._heard.set()
        given = message.get("set")
        for name, value in given.items() if isinstance(given, dict) else ():
            if name in self._part.traits_up() and isinstance(value, dict):
                self._asked.append((name, value))
        if self._asked and "up" not in self._tasks:
            self._tasks["up"] = asyncio.create_task(self._obey())

    async def _obey(self) -> None:
        try:
            while self._asked and not self.is_deleted:
                await asyncio.get_running_loop().run_in_executor(THREADS, self._set, *self._asked.popleft())
        finally:
            del self._tasks["up"]

    def _set(self, name: str, value: dict[str, Any]) -> None:
        """Hand it to the part; what no page of ours would send may fail there, and must not do more."""
        try:
            setattr(self._part, name, value)
        except Exception as problem:
            log = logging.getLogger(__name__)
            log.warning("%s.%s: %s: %s", type(self._part).__name__, name, type(problem).__name__, problem)
            log.debug("", exc_info=problem)
