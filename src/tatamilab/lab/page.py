"""What is on the page: the worksheet's experiment, ready to start, and what can be asked of the network in training.

The address holds the whole setup. A change of the network opens another address, so that the browser's ways back and
forward work, and a link can be handed out.
"""

import asyncio
from collections.abc import Callable
from html import escape
from importlib.resources import files
from typing import Any

from fastapi import Request
from nicegui import Client, app, core, ui

from tatamilab.errors import BadInput
from tatamilab.i18n import LANGUAGES, _, language, using
from tatamilab.instruments.words import sentences
from tatamilab.lab.host import ENDING, Hosted
from tatamilab.lab.sessions import Sessions, Visit
from tatamilab.session import Phase, Setup
from tatamilab.session.blueprint import WORKSHEET
from tatamilab.session.moment import Kept
from tatamilab.session.setup import LONG_S
from tatamilab.session.speed import estimated_s
from tatamilab.widgets import (
    DigitPad,
    Explain,
    Mistakes,
    NetworkEditor,
    PixelArithmetic,
    Runs,
    SampleSlider,
    Training,
)
from tatamilab.widgets.part import Part

NAMES = {"ja": "日本語", "en": "English"}
"""Each language in itself."""

SLOWEST_S = 60.0
"""Seconds in which a page must be there: a network that is new here is compiled first."""

PAGES_AT_ONCE = 2
"""Pages that are filled side by side: it is work for one thread, and clicks on pages that are open wait for it."""


def add(sessions: Sessions) -> None:
    """Add the page to the application."""
    style = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
    filling = asyncio.Semaphore(PAGES_AT_ONCE)

    @ui.page("/", title="tatami lab", dark=None, response_timeout=SLOWEST_S)
    async def index(request: Request) -> None:
        asked = request.query_params.get("lang")
        lang = asked if asked in LANGUAGES else None
        with using(lang):
            setup, wrong = Setup.read(request.query_params)
            browser = app.storage.browser["id"]
            ui.add_css(style)
            ui.add_head_html(f'<script>document.documentElement.lang = "{language()}"</script>')
            visit = await asyncio.to_thread(_entered, sessions, browser, setup, ui.context.client)
            async with filling:
                await _Page(sessions, browser, visit, lang).fill(wrong)


class _Page:
    """One page, for one browser, on one run."""

    def __init__(self, sessions: Sessions, browser: str, visit: Visit, lang: str | None) -> None:
        self._sessions, self._browser, self._visit, self._lang = sessions, browser, visit, lang
        self._run, self._setup = visit.run, visit.setup
        self._client = ui.context.client

    async def fill(self, wrong: list[str]) -> None:
        """Put everything on it; what was wrong in its address comes first."""
        parts = self._parts()
        made = await asyncio.to_thread(lambda: [_made(make, self._client) for *_rest, make in parts])
        with ui.element("div").classes("lab"):
            self._head([(name, title) for name, title, *_rest in parts])
            for reason in wrong:
                _text("p", _("The address: {reason}", reason=reason)).classes("wrong").props('role="alert"')
            if (seconds := estimated_s(self._setup)) > LONG_S:
                said = _("This training takes about {n:.0f} minutes on this machine.", n=seconds / 60)
                _text("p", said).classes("wrong").props('role="status"')
            for (name, title, text, _make), part in zip(parts, made, strict=True):
                _section(name, title, text, part)
        self._client.on_delete(self._run.subscribe(self._follow))

    def _head(self, places: list[tuple[str, str]]) -> None:
        title = _tag("h1", _("See a network learn to read digits")) + _tag("p", self._about())
        others = "".join(
            _tag("a", NAMES[name], href=_address(self._setup, name), hreflang=name, lang=name)
            for name in LANGUAGES
            if name != language()
        )
        _html("header", f'<div>{title}</div><nav aria-label="{escape(_("Language"))}">{others}</nav>')
        links = "".join(_tag("a", title, href=f"#{name}") for name, title in places)
        _html("nav", links).classes("places").props(f'aria-label="{_("Parts of this page")}"')

    def _about(self) -> str:
        n = len(self._run.sample.x)
        if self._setup.network == WORKSHEET:
            what = _("The worksheet's network, on {n:,} digits of MNIST.", n=n)
        else:
            what = _("Your own network, on {n:,} digits of MNIST.", n=n)
        is_ready = self._run.moment().phase is Phase.READY
        return sentences([what, _("Press “{start}”.", start=_("Start")) if is_ready else ""])

    def _parts(self) -> list[tuple[str, str, str, Callable[[], Part]]]:
        """Of each part: its anchor, title, a sentence, and what makes it."""
        run, setup = self._run, self._setup
        shelf = self._sessions.shelf(self._browser)
        return [
            (
                "train",
                _("Train"),
                _("Each filter begins as noise. Watch the curves, and watch what the filters turn into."),
                lambda: Training(run),
            ),
            (
                "draw",
                _("Draw your own"),
                _("The network reads along as you draw, also while it is being trained."),
                lambda: DigitPad(run, run.sample.class_names),
            ),
            (
                "inside",
                _("Inside one number"),
                _("All that a layer does is multiply, add and compare. Here is every number of it."),
                lambda: PixelArithmetic(run),
            ),
            (
                "mistakes",
                _("Mistakes"),
                _("10,000 digits that it never trained on. Press a number to see the digits behind it."),
                lambda: Mistakes(run),
            ),
            (
                "explain",
                _("Explain the network"),
                _("The questions of tatami explain, asked of this network as it is now."),
                lambda: Explain(run),
            ),
            (
                "images",
                _("How many images?"),
                _("A CNN against a plain network without convolutions. Each touch trains both anew."),
                lambda: SampleSlider(),
            ),
            (
                "network",
                _("Change the network"),
                _(
                    "Put layers together and see what they cost. The address of the page then holds your network."
                ),
                lambda: NetworkEditor(setup, self._train),
            ),
            (
                "runs",
                _("Kept runs"),
                _("Kept on this machine. Runs that differ in the seed alone stand together."),
                lambda: Runs(shelf, run, setup, self._restore),
            ),
        ]

    def _follow(self) -> None:
        """Keep the address in step with what is chosen on the page; called in whatever thread has changed it."""
        if core.loop is not None and self._visit.setup != self._setup:
            self._setup = self._visit.setup
            core.loop.call_soon_threadsafe(self._replace_address)

    def _replace_address(self) -> None:
        if not self._client.is_deleted:
            with self._client:
                ui.navigate.history.replace(_address(self._setup, self._lang))

    def _open(self, setup: Setup) -> None:
        """Go to the page of another setup; called in a thread."""
        if core.loop is not None:
            core.loop.call_soon_threadsafe(self._client.open, _address(setup, self._lang))

    def _train(self, setup: Setup) -> None:
        self._sessions.begin_at_next_page(self._browser, setup)
        self._open(setup)

    def _restore(self, setup: Setup, kept: Kept) -> None:
        self._open(self._sessions.put(self._browser, setup, kept))


def _address(setup: Setup, lang: str | None) -> str:
    parts = [setup.query(), f"lang={lang}" if lang else ""]
    query = "&".join(part for part in parts if part)
    return f"/?{query}" if query else "/"


def _entered(sessions: Sessions, browser: str, setup: Setup, client: Client) -> Visit:
    visit = sessions.enter(browser, setup)
    _when_gone(client, visit.leave)
    return visit


def _made(make: Callable[[], Part], client: Client) -> Part | BadInput:
    """The part, or why this network has none."""
    try:
        part = make()
    except BadInput as reason:
        return reason
    _when_gone(client, part.close)
    return part


def _when_gone(client: Client, end: Callable[[], None]) -> None:
    """Call `end` in a thread when the page is gone; at once if it has gone while what is to end was made."""
    client.on_delete(lambda: ENDING.submit(end))
    if client.is_deleted:
        end()


def _section(name: str, title: str, text: str, part: Part | BadInput) -> None:
    with ui.element("section").props(f'id="{name}" aria-label="{title}"'):
        _html("div", _tag("h2", title) + _tag("p", text))
        if isinstance(part, BadInput):
            _text("p", str(part)).props('role="status"')
        else:
            Hosted(part)


def _text(tag: str, text: str) -> Any:
    return _html(tag, escape(text))


def _html(tag: str, inner: str) -> Any:
    """What stays as it is: one element to the server, however much is in it."""
    return ui.html(inner, tag=tag, sanitize=False)


def _tag(name: str, text: str, **attributes: str) -> str:
    words = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return f"<{name}{words}>{escape(text)}</{name}>"
