"""What is on the page: the worksheet's experiment, ready to start, and what can be asked of the network in training."""

from collections.abc import Callable
from html import escape
from importlib.resources import files
from typing import Any

from fastapi import Request
from nicegui import app, ui

from tatamilab.errors import BadInput
from tatamilab.i18n import LANGUAGES, _, language, using
from tatamilab.lab.host import Hosted
from tatamilab.lab.sessions import Sessions
from tatamilab.session import LiveRun
from tatamilab.widgets import DigitPad, PixelArithmetic, SampleSlider, Training

NAMES = {"ja": "日本語", "en": "English"}
"""Each language in itself."""


def add(sessions: Sessions) -> None:
    """Add the page to the application."""
    style = files(__package__).joinpath("page.css").read_text(encoding="utf-8")

    @ui.page("/", title="tatami lab", dark=None)
    def index(request: Request) -> None:
        asked = request.query_params.get("lang")
        with using(asked if asked in LANGUAGES else None):
            browser = app.storage.browser["id"]
            run = sessions.enter(browser)
            ui.context.client.on_delete(lambda: sessions.leave(browser))
            ui.add_css(style)
            ui.add_head_html(f'<script>document.documentElement.lang = "{language()}"</script>')
            _fill(run)


def _fill(run: LiveRun) -> None:
    with ui.element("main").classes("lab"):
        with ui.element("header"):
            with ui.element("div"):
                _text("h1", _("See a network learn to read digits"))
                _text("p", _("The worksheet's network, on 54,000 digits of MNIST. Press Start."))
            with ui.element("nav"):
                for name in LANGUAGES:
                    if name != language():
                        _text("a", NAMES[name]).props(f'href="/?lang={name}" hreflang={name} lang={name}')
        _section(
            _("Train"),
            _("Each filter begins as noise. Watch the curves, and watch what the filters turn into."),
            lambda: Training(run),
        )
        _section(
            _("Draw your own"),
            _("The network reads along as you draw, also while it is being trained."),
            lambda: DigitPad(run, run.sample.class_names),
        )
        _section(
            _("How many images?"),
            _("A CNN against a plain network without convolutions. Each touch trains both anew."),
            lambda: SampleSlider(),
        )
        _section(
            _("Inside one number"),
            _("All that a layer does is multiply, add and compare. Here is every number of it."),
            lambda: PixelArithmetic(run),
        )


def _section(title: str, text: str, make: Callable[[], Any]) -> None:
    with ui.element("section").props(f'aria-label="{title}"'):
        _text("h2", title)
        _text("p", text)
        try:
            Hosted(make())
        except BadInput as reason:
            _text("p", str(reason)).props('role="alert"')


def _text(tag: str, text: str) -> ui.html:
    return ui.html(escape(text), tag=tag, sanitize=False)
