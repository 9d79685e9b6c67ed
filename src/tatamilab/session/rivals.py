"""`Rivals`: a CNN and a plain network trained on the same few images, again with every setting; and how sure that is.

They are made one at a time, in a thread, while someone watches; the newest wish wins.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from tatamilab.data import Dataset
from tatamilab.errors import BadInput
from tatamilab.i18n import _
from tatamilab.session.contest import BPNN, CNN, MODELS, Arms, Contest, Setting
from tatamilab.session.turns import HERE, Turns
from tatamilab.session.worker import Worker
from tatamilab.study import streams

SIZES = (20, 50, 100, 200, 400, 600, 1000, 2000, 5000)
"""Numbers of images that are offered, those for validation included."""

PLANNED = 20
"""Draws of the small study."""

MOST_DRAWS = 1000


@dataclass(frozen=True)
class Outcome:
    """What came of a setting.

    Attributes:
        setting: which.
        cnn: share of the test images that the CNN reads rightly.
        bpnn: likewise the plain network; both NaN where a loss was not finite.
        elapsed_s: seconds from the wish to the result.
    """

    setting: Setting
    cnn: float
    bpnn: float
    elapsed_s: float


@dataclass(frozen=True)
class Sight:
    """All that is to be shown at one moment; immutable.

    Attributes:
        setting: what was asked for last.
        shares: of the test images that are read rightly with this setting, by arm, as far as known.
        outcomes: of all settings so far, in order, each setting once, the latest last.
        busy: whether something is being trained.
        differences: CNN - BPNN of the draws of the small study at this size, in their order.
        planned: how many there are to be; 0 while no study was asked for.
        n_test: test images.
        n_sharing: trainings that share this machine now.
        place: in the line of those who wait for a share of it, from 1; 0 for one that has it.
        problem: why the last training failed; empty if it did not.
    """

    setting: Setting
    shares: Mapping[str, float]
    outcomes: tuple[Outcome, ...]
    busy: bool
    differences: tuple[float, ...]
    planned: int
    n_test: int
    n_sharing: int
    place: int
    problem: str


class Rivals(Worker[Setting, Outcome | None]):
    """Trains both networks anew for whatever is asked.

    Args:
        data: what the images are drawn from, and tested on.
        epochs: passes over the sample.
        turns: who may compute when.
    """

    def __init__(self, data: Dataset, *, epochs: int = 50, turns: Turns = HERE) -> None:
        super().__init__("tatami rivals", turns)
        self._data, self._epochs = data, epochs
        self._known: dict[Setting, Outcome] = {}
        self._shown: tuple[Setting, ...] = ()
        self._arms: dict[str, Arms] = {}
        self._contest: Contest | None = None
        self._has_news = False
        self._setting = Setting()
        self._wanted: list[Setting] = []
        self._study: tuple[Setting, ...] = ()

    # -- what is asked of it ---------------------------------------------------------------------------------

    def ask(self, setting: Setting) -> None:
        """Train for this setting; what is in hand for another one ends after its slice.

        Raises:
            BadInput: a number that makes no sense.
        """
        setting = self._checked(setting)
        with self._changed:
            same_question = self._study and _question(setting) == _question(self._study[0])
            self._setting = setting
            self._study = self._study if same_question else ()
            self._want([setting, *self._study])
        self._tell()

    def measure(self) -> None:
        """Begin the small study behind the present setting: both networks on `PLANNED` random draws."""
        with self._changed:
            self._study = tuple(replace(self._setting, draw=draw, seed=0) for draw in range(PLANNED))
            self._want([self._setting, *self._study])
        self._tell()

    def stop(self) -> None:
        """Leave undone what is not done; what is there stays."""
        with self._changed:
            self._want([])
        self._tell()

    def clear(self) -> None:
        """Forget the points of earlier settings; what was trained stays known."""
        with self._changed:
            self._shown = self._shown[-1:]
        self._tell()

    def close(self) -> None:
        """Leave undone what is not done, and end the thread."""
        self.stop()
        super().close()

    def wait(self, timeout_s: float = 60.0) -> None:
        """Wait until nothing is left to do."""
        self._wait(timeout_s)

    # -- what it tells ---------------------------------------------------------------------------------------

    def sight(self) -> Sight:
        """How it stands."""
        with self._changed:
            done = [self._known[one] for one in self._study if one in self._known]
            return Sight(
                setting=self._setting,
                shares=self._shares(),
                outcomes=tuple(self._known[one] for one in self._shown),
                busy=bool(self._wanted),
                differences=tuple(one.cnn - one.bpnn for one in done),
                planned=len(self._study),
                n_test=len(self._data.y_test),
                n_sharing=self._turns.n_sharing,
                place=self._seat.place,
                problem=self.problem,
            )

    def _shares(self) -> Mapping[str, float]:
        known = self._known.get(self._setting)
        if known is not None:
            return MappingProxyType({CNN: known.cnn, BPNN: known.bpnn})
        if self._contest is not None and self._contest.setting == self._setting:
            return MappingProxyType(dict(self._contest.shares))
        return MappingProxyType({})

    # -- the thread ------------------------------------------------------------------------------------------

    def _want(self, settings: list[Setting]) -> None:
        self._wanted = settings
        self._wake()

    def _take(self) -> Setting:
        return self._wanted[0]

    def _do(self, setting: Setting) -> Outcome | None:
        """Train for a slice; the outcome once both networks are tested."""
        if setting in self._known:
            return self._known[setting]
        if self._contest is None or self._contest.setting != setting:
            if self._contest is not None:
                self._contest.end()
            if setting.model not in self._arms:
                self._arms[setting.model] = Arms(self._data, setting.model, self._epochs)
            self._contest = Contest(self._data, self._arms[setting.model], setting)
        self._has_news = self._contest.go_on()
        if not self._contest.is_over:
            return None
        shares = self._contest.shares
        return Outcome(setting, shares[CNN], shares[BPNN], self._contest.elapsed_s)

    def _keep(self, setting: Setting, outcome: Outcome | None) -> bool:
        if outcome is None:
            return self._has_news
        self._known[setting] = outcome
        if setting == self._setting:
            self._shown = (*(one for one in self._shown if one != setting), setting)
        self._wanted = [one for one in self._wanted if one != setting]
        return True

    def _give_up(self) -> None:
        self._wanted, self._contest = [], None

    def _checked(self, setting: Setting) -> Setting:
        n = len(self._data.x_train)
        if not 2 <= setting.size <= n or not streams.FIRST <= setting.draw < MOST_DRAWS:
            raise BadInput(
                _(
                    "The size must be from 2 to {n} images, the draw from 0 to {draws}; received {size} and {draw}.",
                    n=n,
                    draws=MOST_DRAWS - 1,
                    size=setting.size,
                    draw=setting.draw,
                )
            )
        if not 0 <= setting.seed < MOST_DRAWS or setting.model not in MODELS:
            raise BadInput(
                _(
                    "The seed must be from 0 to {seeds}, the model one of {known}; received {seed} and {model!r}.",
                    seeds=MOST_DRAWS - 1,
                    known=", ".join(MODELS),
                    seed=setting.seed,
                    model=setting.model,
                )
            )
        return setting


def _question(setting: Setting) -> tuple[int, str]:
    return setting.size, setting.model
