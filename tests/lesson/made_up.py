"""Results and filled-in worksheets, made up without training anything."""

import json
from typing import Any

import numpy as np

from tatamilab.files import sha256
from tatamilab.lesson.results import MIME, Recipe, Result, packed
from tatamilab.lesson.students import Student, draw_of
from tatamilab.lesson.worksheets import notebook_of

ARCHITECTURE = {
    "cnn-small-data": (
        "Conv2D 24×24×32 (832) → MaxPooling2D 12×12×32 → Flatten 4608 → Dense 128 (589952) → Dense 10 (1290)",
        592_074,
    ),
    "bpnn": ("Flatten 784 → Dense 32 (25120) → Dense 10 (330)", 25_450),
}
ANSWER = "The CNN beats the BPNN by 4 points; <script>alert(1)</script> **because** weights are shared."


def result(
    model: str = "bpnn", draw: int | None = None, *, wrong: int = 1500, label: str = "", seed: int = 0
) -> Result:
    """A result of the task on 600 images, with as many mistakes as asked for."""
    rng = np.random.default_rng([wrong, draw or 0, len(model), seed])
    missed = np.zeros(10_000, bool)
    missed[rng.permutation(10_000)[:wrong]] = True
    architecture, n_parameters = ARCHITECTURE[model]
    return Result(
        label=label or f"{model}, {'first' if draw is None else 'own'} 600",
        task="B2-1-2",
        architecture=architecture,
        n_parameters=n_parameters,
        recipe=Recipe(model, "mnist", 600, draw, 50, 128, 0.1, "adam", 0.001, seed),
        steps_per_epoch=5,
        history={
            "accuracy": [0.5, 0.99],
            "val_accuracy": [0.4, 0.9],
            "loss": [2.0, 0.1],
            "val_loss": [2.0, 0.3],
        },
        loss=0.5,
        correct=10_000 - wrong,
        n=10_000,
        wrong=packed(missed),
        predictions=sha256(missed.tobytes() + model.encode()),
        trainer="tatamilab",
        plan="0123456789abcdef",
        data_hashes={"test images": "0" * 64},
        versions={"python": "3.11.7", "keras": "3.15.1"},
        machine={"architecture": "x86_64"},
    )


def results_of(student_id: str, spread: int = 0) -> list[Result]:
    """The four results of B2-1-2."""
    draw = draw_of(student_id)
    return [
        result("cnn-small-data", wrong=1100 + spread),
        result("bpnn", wrong=1500 + spread),
        result("cnn-small-data", draw, wrong=1000 + 2 * spread),
        result("bpnn", draw, wrong=1400 + spread),
    ]


def filled_in(
    who: tuple[Student, ...], kept: list[Result], answers: dict[str, str], lang: str = "en"
) -> dict[str, Any]:
    """A B2-1 worksheet as JSON, with results among its outputs and answers in their cells."""
    notebook = json.loads(json.dumps(notebook_of("b2-1", lang, who)))
    for cell in notebook["cells"]:
        task = cell["metadata"].get("tatamilab", {}).get("answer")
        if task in answers:
            cell["source"] = f"**Answer {task}**\n\n{answers[task]}"
        if cell["id"] == "2-2":
            cell["outputs"] = [
                {
                    "output_type": "display_data",
                    "metadata": {},
                    "data": {"text/plain": str(one), MIME: one.to_json()},
                }
                for one in kept
            ]
    return notebook
