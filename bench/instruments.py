"""How long each part of `tatami explain` takes, for a run that is there.

    python bench/instruments.py RUN

Run it on a machine that has nothing else to do. The first call trains the network that knows shuffled labels.
"""

import sys
import time
from collections.abc import Callable
from pathlib import Path

from threadpoolctl import threadpool_limits

from tatamilab import backend, i18n

backend.choose()
from tatamilab import instruments  # noqa: E402
from tatamilab.experiment import explained_behaviour  # noqa: E402
from tatamilab.experiment.explained_pictures import picture  # noqa: E402
from tatamilab.experiment.explained_run import ExplainedRun, read_explained  # noqa: E402
from tatamilab.instruments.activity import as_batch  # noqa: E402
from tatamilab.instruments.attribution import Attribution  # noqa: E402


def parts(run: ExplainedRun) -> dict[str, Callable[[], object]]:
    """What is timed, by the instrument's number and name: its numbers, its words and its drawing."""
    model, before, after, image = run.model, run.before, run.after, run.dataset.x_test[0]

    def drawn(words: str, figure: object) -> object:
        return picture("", words, figure)

    return {
        "1 filters": lambda: drawn(
            instruments.describe_filters(model, before=before), instruments.plot_filters(model, before=before)
        ),
        "2 one pixel": lambda: drawn(
            instruments.describe_pixel(model, image), instruments.plot_pixel(model, image)
        ),
        "2 maps": lambda: drawn(
            instruments.describe_activation_maps(model, image), instruments.plot_activation_maps(model, image)
        ),
        "3 where the change lies": lambda: drawn(
            instruments.describe_where_change_lies(before, after, run.patches),
            instruments.plot_where_change_lies(before, after, run.patches),
        ),
        "4 scores": lambda: drawn(
            instruments.describe_filter_scores(after, before), instruments.plot_filter_scores(after, before)
        ),
        "8 accuracy": lambda: explained_behaviour._accuracy(run),
        "8 sure mistakes": lambda: explained_behaviour._mistakes(run),
        "9 maps of one network": lambda: Attribution(model).maps(as_batch(model, image)[0], 7),
        "9 maps of three networks": lambda: explained_behaviour._attribution(run),
        "10 exciting patches": lambda: explained_behaviour._likes(run),
        "10 planes": lambda: explained_behaviour._plane(run),
    }


def main() -> None:
    i18n.set_language("en")
    began = time.perf_counter()
    run = read_explained(Path(sys.argv[1]))
    print(f"{'run and data read':28s}{time.perf_counter() - began:6.2f} s")
    with threadpool_limits(1, user_api="blas"):
        _ = run.arrays
        for name, part in parts(run).items():
            began = time.perf_counter()
            part()
            print(f"{name:28s}{time.perf_counter() - began:6.2f} s")


if __name__ == "__main__":
    main()
