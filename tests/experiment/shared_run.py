"""What the tests of a run share: its options, and a watcher that writes down what it is told."""

from dataclasses import dataclass, field
from pathlib import Path

from tatamilab.experiment import (
    EpochResult,
    Figure,
    Phase,
    RunRecord,
    StepProgress,
    TrainingPlan,
    Watcher,
)

OPTIONS = {"data_size": 600, "epochs": 2, "seed": 7, "lang": "ja"}


@dataclass
class Notes(Watcher):
    """Writes down all that a run tells."""

    phases: list[Phase] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    plans: list[TrainingPlan] = field(default_factory=list)
    steps: list[StepProgress] = field(default_factory=list)
    epochs: list[EpochResult] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    records: list[RunRecord] = field(default_factory=list)
    closed: int = 0

    def phase_started(self, phase: Phase) -> None:
        self.phases.append(phase)

    def message(self, text: str) -> None:
        self.texts.append(text)

    def training_started(self, plan: TrainingPlan) -> None:
        self.plans.append(plan)

    def step_finished(self, progress: StepProgress) -> None:
        self.steps.append(progress)

    def epoch_finished(self, result: EpochResult) -> None:
        self.epochs.append(result)

    def figure_drawn(self, figure: Figure) -> None:
        assert figure.png.is_file()
        assert figure.svg.is_file()
        self.figures.append(figure)

    def run_finished(self, record: RunRecord) -> None:
        self.records.append(record)

    def close(self) -> None:
        self.closed += 1


@dataclass(frozen=True)
class Finished:
    """A run and what it told."""

    record: RunRecord
    notes: Notes

    @property
    def folder(self) -> Path:
        return self.record.folder
