"""Shows an anywidget on a NiceGUI page: traits may be set from any thread, the newest state goes to the browser.

NiceGUI's own `ui.anywidget` sends all traits back with each change, and so overwrites what was set meanwhile.
"""

import asyncio
import threading
from typing import Any

from nicegui import core
from nicegui.element import Element

from tatamilab.widgets.part import Part

GAP_S = 1 / 60
"""Seconds from one message's arrival in the browser to the next message."""

LOST_S = 5.0
"""Seconds after which a browser that confirms nothing is left alone, until it asks again."""


class Hosted(Element, component="host.js"):
    """One part for one browser; the part is closed with the page.

    Args:
        part: made for this page only.
    """

    def __init__(self, part: Part) -> None:
        super().__init__()
        self._part = part
        self._lock = threading.Lock()
        self._changed: set[str] = set()
        self._busy = self._ready = False
        self._task: asyncio.Task[None] | None = None
        self._props.update(esm=str(part._esm), css=str(part._css), state=self._state(part.traits_down()))
        self.on("widget_up", lambda event: self._up(event.args), ["set", "ready"])
        part.observe(self._on_change, part.traits_down())
        self.client.on_delete(part.close)

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
            self._task = asyncio.create_task(self._send_down())

    async def _send_down(self) -> None:
        """Send what has changed until nothing has; waiting for the browser keeps a fast training from flooding it."""
        try:
            while not self.is_deleted:
                with self._lock:
                    names, self._changed = self._changed, set()
                if not names:
                    return
                await self.run_method("down", self._state(names), timeout=LOST_S)
                await asyncio.sleep(GAP_S)
        except (TimeoutError, RuntimeError):
            self._ready = False  # the page is gone; one that comes back says that it is ready
        finally:
            self._busy = False

    def _up(self, message: dict[str, Any]) -> None:
        if message.get("ready"):
            self._ready = True
            with self._lock:
                self._changed |= set(self._part.traits_down())
            self._kick()
        for name, value in (message.get("set") or {}).items():
            if name in self._part.traits_up() and isinstance(value, dict):
                setattr(self._part, name, value)
