"""What tests of every part need."""

from collections.abc import Callable, Iterator

import pytest

from tatamilab import i18n
from tatamilab.errors import BadInput, TatamiError

Refused = Callable[..., None]

pytest_plugins = ["postgres_server", "browser"]


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """No test speaks the language that a command of another test was given."""
    i18n.set_language(None)
    yield
    i18n.set_language(None)


@pytest.fixture
def refused() -> Refused:
    """Check that a call is refused, word for word in both languages."""

    def check(call: Callable[[], object], *, en: str, ja: str, error: type[TatamiError] = BadInput) -> None:
        for lang, expected in (("en", en), ("ja", ja)):
            with i18n.using(lang), pytest.raises(error) as caught:
                call()
            assert str(caught.value) == expected

    return check
