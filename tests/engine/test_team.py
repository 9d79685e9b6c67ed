"""The threads of a program: every job once, on all of them, however often it is handed over."""

import numpy as np
import pytest

from tatamilab.engine.team import Job, Team


@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_job_handed_over_again_runs_once_on_every_thread(n: int) -> None:
    team, ran = Team(n), []
    first, second = (Job(lambda _table, thread: ran.append(thread), np.zeros(1), {}) for _ in range(2))
    for job in (first, first, second, first):
        team.take(job)
    while not second.wait(1.0):
        pass
    assert first.over
    assert sorted(ran) == sorted([*range(n)] * 2)
