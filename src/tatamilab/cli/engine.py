"""`tatami engine`: what the native engine makes of a model, and what it keeps on disk."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tatamilab.cli import usage
from tatamilab.cli.command import Command, group, lang_option, option
from tatamilab.cli.quiet import choose_backend
from tatamilab.cli.suggestions import data_sets, model_names
from tatamilab.errors import BadInput
from tatamilab.i18n import _

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tatamilab.engine.explain import KernelFacts
    from tatamilab.engine.measure import Ceiling, Reached
    from tatamilab.engine.plan import Plan
    from tatamilab.engine.tune import Trial

BATCH_SIZE = 128
TARGETS = ("avx512", "avx2", "sse4", "neon")

app = group(_("What the native engine makes of a model, and what it keeps on disk."))

Model = Annotated[
    str | None,
    typer.Argument(
        metavar="MODEL",
        show_default=False,
        help=_("A known model, a FILE.keras, or MODULE:FUNCTION"),
        autocompletion=model_names,
    ),
]

Data = Annotated[
    str | None,
    option(
        "--data",
        metavar="NAME",
        help=_("For images of this data set"),
        default="mnist",
        complete=data_sets,
    ),
]

BatchSize = Annotated[
    str | None, option("--batch-size", metavar="N", help=_("Images in a step"), default=BATCH_SIZE)
]


@app.command("clear-cache", cls=Command, help=_("Remove the compiled code that is kept on disk."))
def clear_cache(lang: Annotated[str | None, lang_option()] = None) -> None:
    """Remove all entries and say how much that was."""
    from tatamilab.engine import cache

    before = cache.summary()
    cache.clear()
    print(
        _(
            "Removed {megabytes:.1f} MB of compiled code from {folder}.",
            megabytes=before.n_bytes / 1e6,
            folder=before.folder,
        )
    )


@app.command(
    "explain", cls=Command, help=_("Show the kernels that a model is compiled to, and their bounds.")
)
def explain(
    context: typer.Context,
    model: Model = None,
    data: Data = None,
    batch_size: BatchSize = None,
    target: Annotated[
        str | None,
        option(
            "--target",
            metavar="|".join(TARGETS),
            help=_("For this vector unit"),
            default=_("the widest here"),
        ),
    ] = None,
    measure: Annotated[
        bool, option("--measure", help=_("Run it too, and show the time beside the bound"))
    ] = False,
    as_json: Annotated[bool, option("--json", help=_("Print JSON"))] = False,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Print a table of the kernels of a step of training."""
    from tatamilab.engine.explain import explain as explain_plan

    if model is None:
        raise usage.missing_argument("MODEL", context.command_path)
    plan = _plan(model, data or "mnist", batch_size, target, measure=measure)
    facts = explain_plan(plan)
    ceiling, times = _measured(plan) if measure else (None, {})
    if as_json:
        print(json.dumps(_as_json(plan, facts, ceiling, times), indent=2, ensure_ascii=False))
    else:
        _print_table(plan, facts, ceiling, times)


@app.command(
    "tune", cls=Command, help=_("Measure which schedule trains a model fastest here; keep it in a file.")
)
def tune(
    context: typer.Context,
    model: Model = None,
    data: Data = None,
    batch_size: BatchSize = None,
    out: Annotated[
        str | None,
        option("--out", metavar="FILE", help=_("Where the table goes"), default="schedule.json"),
    ] = None,
    lang: Annotated[str | None, lang_option()] = None,
) -> None:
    """Try schedules one after the other, and write the fastest."""
    if model is None:
        raise usage.missing_argument("MODEL", context.command_path)
    plan = _plan(model, data or "mnist", batch_size, None, measure=True)
    path = Path(out or "schedule.json")
    if not os.access(path.parent, os.W_OK) or path.is_dir():
        raise BadInput(_("{path} cannot be written.", path=path))
    from tatamilab.engine import tune as tuning
    from tatamilab.engine.schedule import VARIABLE

    assert plan.training
    best = tuning.tune(
        plan.graph, plan.training, target=plan.target, batch_size=plan.batch_size, tell=_tell_trial
    )
    tuning.write(path, plan.target.name, best)
    print(_("Written to {path}; it is used where {variable} names it.", path=path, variable=VARIABLE))


def _tell_trial(trial: "Trial") -> None:
    print(f"{trial.name:<17}{trial.value:>4}  ×{trial.speed:.3f}{'  ✓' if trial.taken else ''}", flush=True)


def _plan(spec: str, data: str, batch_size: str | None, target: str | None, *, measure: bool) -> "Plan":
    from tatamilab.engine.availability import require_engine

    require_engine()
    size = BATCH_SIZE if batch_size is None else usage.whole_number("--batch-size", batch_size)
    if size < 1:
        raise BadInput(_("--batch-size must be at least 1; received {received}.", received=size))
    choose_backend()
    from tatamilab.data import known_dataset
    from tatamilab.engine.frontend import lower, lower_training
    from tatamilab.engine.plan import Plan
    from tatamilab.engine.schedule import chosen
    from tatamilab.models import load_model

    known = known_dataset(data)
    model = load_model(spec, known.image_shape, len(known.class_names), seed=0)
    if not model.compiled:
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    target_ = _target(target, measure=measure)
    return Plan(
        graph=lower(model),
        training=lower_training(model),
        batch_size=size,
        target=target_,
        profile=measure,
        measured=chosen(target_.name),
    )


def _target(name: str | None, *, measure: bool) -> Any:
    from tatamilab.engine.target import NAMED, choose, runnable

    name = name or os.environ.get("TATAMI_TARGET")
    if name is not None and name not in NAMED:
        raise BadInput(
            _("Unknown target {name!r}; known ones are {known}.", name=name, known=", ".join(NAMED))
        )
    if measure and name is not None and name not in runnable():
        raise BadInput(
            _(
                "The target {name!r} cannot be measured here; this processor runs {able}.",
                name=name,
                able=", ".join(runnable()),
            )
        )
    return NAMED[name] if name in NAMED and name not in runnable() else choose(name)


def _measured(plan: "Plan") -> "tuple[Ceiling, dict[str, Reached]]":
    from tatamilab.engine import measure

    ceiling = measure.ceiling(plan.target)
    return ceiling, measure.reached(plan, ceiling.ticks_per_s)


def _as_json(
    plan: "Plan", facts: "tuple[KernelFacts, ...]", ceiling: "Ceiling | None", times: "dict[str, Reached]"
) -> dict[str, Any]:
    kernels = []
    for kernel in facts:
        row = asdict(kernel) | {"moved_bytes": kernel.moved_bytes, "flops_per_byte": kernel.intensity}
        if ceiling and kernel.name in times:
            row |= asdict(times[kernel.name])
            row["bound_s"] = kernel.bound_s(ceiling.flops_per_s, ceiling.bytes_per_s)
        kernels.append(row)
    return {
        "plan": plan.hash,
        "target": plan.target.name,
        "batch_size": plan.batch_size,
        "ceiling": asdict(ceiling) if ceiling else None,
        "kernels": kernels,
    }


def _print_table(
    plan: "Plan", facts: "tuple[KernelFacts, ...]", ceiling: "Ceiling | None", times: "dict[str, Reached]"
) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    columns = [
        _("kernel"),
        _("calls"),
        _("loops"),
        _("sums"),
        _("multiply-adds an image"),
        _("KB"),
        _("flop/byte"),
    ]
    columns += [_("µs a call"), _("bound"), _("reached")] if ceiling else []
    for number, column in enumerate(columns):
        table.add_column(column, justify="left" if number in (0, 2) else "right", overflow="fold")
    for kernel in facts:
        cells = [
            kernel.name,
            str(kernel.pieces),
            kernel.schedule,
            str(kernel.accumulators or ""),
            f"{kernel.multiply_adds * kernel.pieces / plan.batch_size:,.0f}",
            f"{kernel.moved_bytes / 1e3:,.1f}",
            f"{kernel.intensity:.1f}",
        ]
        if ceiling and kernel.name in times:
            bound, fastest = (
                kernel.bound_s(ceiling.flops_per_s, ceiling.bytes_per_s),
                times[kernel.name].fastest_s,
            )
            cells += [
                f"{fastest * 1e6:.1f}",
                f"{bound * 1e6:.1f}",
                f"{bound / fastest:.0%}" if fastest else "",
            ]
        table.add_row(*cells)
    console = Console(width=None if os.isatty(1) else 160, highlight=False, emoji=False, markup=False)
    console.print(
        _(
            "Plan {hash} for {target}: batches of {batch_size}, in chunks of 16 images",
            hash=plan.hash,
            target=plan.target.name,
            batch_size=plan.batch_size,
        )
    )
    if ceiling:
        console.print(
            _(
                "One core here: {flops:.0f} GFLOP/s between registers, "
                "{bytes:.0f} GB/s in the second-level cache",
                flops=ceiling.flops_per_s / 1e9,
                bytes=ceiling.bytes_per_s / 1e9,
            )
        )
    console.print()
    console.print(table)
    console.print()
    width = max(len(kernel.name) for kernel in facts)
    for kernel in facts:
        console.print(f"{kernel.name:<{width}}  {kernel.equation}", soft_wrap=True)
        console.print(f"{'':<{width}}  {_sizes(kernel.reads)} → {_sizes(kernel.writes)}", soft_wrap=True)


def _sizes(buffers: "Mapping[str, int]") -> str:
    return ", ".join(f"{name} {n_bytes / 1e3:.1f} KB" for name, n_bytes in buffers.items())
