"""`TATAMI_DUMP=DIR`: what was compiled, to be read."""

from pathlib import Path
from pprint import pformat

from tatamilab.engine.jit import assembly
from tatamilab.engine.memory import buffers
from tatamilab.engine.operations import Call, parameter_stages, prediction, training_stages
from tatamilab.engine.plan import Plan
from tatamilab.files import write_whole


def dump(folder: str, plan: Plan, function: str, text: str) -> Path:
    """Write graph, plan, IR and assembly of a function of a plan; return the folder they are in.

    Args:
        folder: where each plan gets a folder of its own, named by its hash and target.
        plan: what is compiled.
        function: "train" or "infer".
        text: its LLVM IR.
    """
    here = Path(folder).expanduser() / f"{plan.hash}-{plan.target.name}"
    here.mkdir(parents=True, exist_ok=True)
    write_whole(here / "graph.txt", f"{pformat(plan.graph)}\n\n{pformat(plan.training)}\n")
    write_whole(here / "plan.txt", plan_as_text(plan))
    write_whole(here / f"{function}.ll", text)
    write_whole(here / f"{function}.s", assembly(text, plan.target))
    return here


def plan_as_text(plan: Plan) -> str:
    """Blocks, stages with their kernels, and buffers, a line each."""
    lines = [
        f"plan {plan.hash}",
        f"{plan.target}",
        f"batch of {plan.batch_size}: {plan.max_chunks} chunks",
        "",
    ]
    lines += ["blocks"]
    for block in plan.blocks:
        after = "".join([", relu" if block.relu else "", f", {block.pool.name}" if block.pool else ""])
        reads = " ".join(block.inputs) or "-"
        lines.append(f"  {block.name} {block.shape} = {type(block.node).__name__}{after} of {reads}")
    for title, calls in _stages(plan):
        lines += ["", title]
        lines += [f"  {call.name} ×{call.pieces}: {call.equation}" for call in calls]
    lines += ["", "buffers"]
    for buffer in buffers(plan):
        size = "the caller's" if buffer.external else f"{buffer.content_bytes} bytes a {buffer.scope}"
        lines.append(f"  {buffer.name} {buffer.dtype} {buffer.shape} margin {buffer.margin}: {size}")
    return "\n".join(lines) + "\n"


def _stages(plan: Plan) -> list[tuple[str, list[Call]]]:
    if plan.training is None:
        return [("prediction", prediction(plan))]
    stages = [*training_stages(plan), *parameter_stages(plan)]
    return [(f"stage {number}", calls) for number, calls in enumerate(stages)]
