"""Which language is spoken, and where."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

from tatamilab import i18n
from tatamilab.i18n import _, language, set_language, using

MESSAGE = "The batch size must be at least 1; received {received}."
EN = "The batch size must be at least 1; received 0."
JA = "バッチサイズは 1 以上でなければなりませんが、0 が指定されました。"


@pytest.fixture(autouse=True)
def no_language_chosen(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    yield
    set_language(None)


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, "en"),
        ({"LANG": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja"}, "ja"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "C.UTF-8", "LC_MESSAGES": "ja_JP.UTF-8"}, "ja"),
        ({"LANG": "ja_JP.UTF-8", "LC_ALL": ""}, "ja"),
    ],
)
def test_the_locale_decides_by_default(monkeypatch, environment, expected):
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert language() == expected


def test_what_is_chosen_wins_over_the_locale_and_a_block_over_both(monkeypatch):
    monkeypatch.setenv("LANG", "ja_JP.UTF-8")
    set_language("en")
    assert _(MESSAGE, received=0) == EN
    with using("ja"):
        assert _(MESSAGE, received=0) == JA
        with using("en"):
            assert language() == "en"
        with using(None):
            assert language() == "ja"
        assert language() == "ja"
    assert language() == "en"
    set_language(None)
    assert language() == "ja"


def test_a_block_ends_with_an_exception():
    with pytest.raises(RuntimeError), using("ja"):
        raise RuntimeError
    assert language() == "en"


@pytest.mark.parametrize("choose", [set_language, lambda lang: using(lang).__enter__()])
def test_an_unknown_language(choose):
    with pytest.raises(ValueError, match=r"^unknown language 'fr'; known: ja, en$"):
        choose("fr")


def test_a_block_holds_in_its_own_thread():
    inside, checked = threading.Event(), threading.Event()
    heard = []

    def other():
        inside.wait(60)
        heard.append(language())
        checked.set()

    thread = threading.Thread(target=other)
    thread.start()
    with using("ja"):
        inside.set()
        assert checked.wait(60)
    thread.join()
    assert heard == ["en"]


def test_a_block_reaches_a_thread_that_is_given_its_context():
    with using("ja"), ThreadPoolExecutor(1) as pool:
        assert pool.submit(copy_context().run, language).result() == "ja"


def test_a_message_without_values_is_not_formatted():
    assert _("100 % {raw}") == "100 % {raw}"


def test_both_catalogues_are_there():
    for lang in i18n.LANGUAGES:
        with using(lang):
            assert (_(MESSAGE) == MESSAGE) == (lang == "en")


@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_no_difference_that_rounds_to_nought_has_a_minus(lang):
    messages = i18n._catalogue(lang)._catalog.values()
    assert [message for message in messages if re.search(r":\+[,.]", message)] == []
