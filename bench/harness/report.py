"""What was measured, as text to read and as JSON to keep."""

from collections.abc import Mapping
from dataclasses import asdict

from harness.cases import Bound, Case, Ratio
from harness.race import Measured, Missing

Results = Mapping[str, Measured | Missing]


def heading(facts: Mapping) -> str:
    """What was measured on."""
    named = ("tatamilab", "llvmlite", "numpy", "keras")
    versions = ", ".join(f"{name} {facts['versions'][name]}" for name in named)
    return "\n".join(
        [
            f"{facts['cpu_name']} ({facts['vector_extension']}), {facts['physical_cores']} cores used, "
            f"{facts['precision']}",
            f"{facts['platform']}; Python {facts['python']}, {versions}; commit {facts['commit']}",
            f"load before the start {facts['load_at_start']}: on a busy machine trust ratios, not values",
        ]
    )


def verdict(goal: Ratio | Bound, value: float) -> str:
    """Which of its two goals a value reaches.

    Example:
        >>> verdict(Ratio("ours", "theirs", at_least=9, aim=14), 9.5)
        'reached, aim not'
    """
    if goal.reaches(value, goal.aim):
        return "aim reached"
    return "reached, aim not" if goal.reaches(value, goal.at_least) else "NOT REACHED"


def comparisons(case: Case, results: Results) -> list[dict]:
    """Every goal of the case that could be measured, with its value and verdict."""
    minima = {name: r.minimum for name, r in results.items() if isinstance(r, Measured)}
    found = []
    for goal in case.goals:
        if goal.programs <= minima.keys():
            value = goal.value(minima)
            found.append({**asdict(goal), "value": value, "verdict": verdict(goal, value)})
    return found


def as_text(case: Case, results: Results) -> str:
    """The table of a case: a line a program, then a line a goal."""
    width = max(len(program.label) for program in case.programs.values())
    lines = [f"{case.name}: {case.title}", f"  {'':{width}}  {'min':>9} {'median':>9}  {case.unit}"]
    for name, result in results.items():
        label = f"  {case.programs[name].label:{width}}"
        if isinstance(result, Missing):
            lines.append(f"{label}  not measured: {result.reason}")
            continue
        checks = "  ".join(f"{check} {value:.4f}" for check, value in result.checks.items())
        versions = "  ".join(f"{package} {version}" for package, version in result.versions.items())
        lines.append(f"{label}  {result.minimum:9.4f} {result.median:9.4f}  {checks}  {versions}".rstrip())
    goals = ["  " + _goal_line(case, goal) for goal in comparisons(case, results)]
    return "\n".join(lines + goals)


def _goal_line(case: Case, goal: Mapping) -> str:
    of = case.programs[goal["of"]].label
    if "than" in goal:
        what, unit = f"{of} over {case.programs[goal['than']].label}", "×"
        asked = "at least {at_least:g}×, aim {aim:g}×"
    else:
        what, unit = of, f" {case.unit}"
        asked = f"below {{at_least:g}} {case.unit}, aim below {{aim:g}} {case.unit}"
    return f"→ {what}: {goal['value']:.3g}{unit} ({asked.format(**goal)}): {goal['verdict']}"


def as_json(case: Case, results: Results) -> dict:
    """Everything about a case, for the record."""
    programs = {}
    for name, result in results.items():
        programs[name] = {"label": case.programs[name].label, **asdict(result)}
        if isinstance(result, Measured):
            programs[name] |= {"minimum": result.minimum, "median": result.median}
    return {
        "title": case.title,
        "unit": case.unit,
        "programs": programs,
        "goals": comparisons(case, results),
    }
