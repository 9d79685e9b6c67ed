"""A run's page and the page that explains it as axe-core sees them: nothing is wrong, in the light and in the dark."""

from pathlib import Path
from typing import Any

import pytest
from shared_run import OPTIONS, Finished

from browser import check_pages
from tatamilab import i18n
from tatamilab.experiment import RunOptions, Watcher, folder, run
from tatamilab.experiment.explaining import explain


def test_the_page_of_a_run(finished: Finished, chromium: Any) -> None:
    check_pages(chromium, [finished.folder / folder.PAGE])


@pytest.mark.slow
@pytest.mark.parametrize("lang", i18n.LANGUAGES)
def test_a_run_and_its_explanation(lang: str, tmp_path: Path, chromium: Any) -> None:
    made = run(RunOptions(out=tmp_path / "run", **{**OPTIONS, "lang": lang}), Watcher())
    with i18n.using(lang):
        explain(made.folder)
    check_pages(chromium, [made.folder / folder.PAGE, made.folder / folder.EXPLAIN_PAGE])
