"""A plan's kernels, and the functions that Python calls.

    train(table, tid):     for each step: for each stage: claim pieces, meet at the barrier
    infer(table, tid):     claim chunks until all images are done; meet
    gradient(table, tid):  the same, forward and back to the input: of a plan `of_input`

Thread 0 adds up statistics, agrees to a request to stop, and publishes the step: Python only looks.
"""

from functools import cache

from llvmlite import ir

from tatamilab.engine.emit import team
from tatamilab.engine.emit.kernel import Build, Kernel
from tatamilab.engine.emit.values import F64, I8, I64, POINTER, Value
from tatamilab.engine.kernels import data, loss
from tatamilab.engine.kernels.context import Context
from tatamilab.engine.memory import HALTS_ON_NAN, PROGRESS, WANTS_LOSS, WANTS_OUTPUTS, buffers, slots
from tatamilab.engine.operations import Call, Emit, parameter_stages, penalties, prediction, training_stages
from tatamilab.engine.plan import Plan
from tatamilab.engine.target import IMAGES_PER_CHUNK


def assemble(plan: Plan, function: str) -> ir.Module:
    """The module of `function`, "train", "infer" or "gradient", and the kernels that it calls."""
    module = ir.Module(f"tatamilab_{plan.hash}_{function}")
    module.triple = plan.target.triple
    build = Build(
        module=module,
        target=plan.target,
        buffers={b.name: b for b in buffers(plan)},
        slots=slots(plan),
        max_chunks=plan.max_chunks,
        schedule=plan.schedule,
        checked=plan.checked,
    )
    {"train": _train, "infer": _infer, "gradient": _gradient}[function](plan, build)
    return module


@cache
def kernel_names(plan: Plan) -> tuple[str, ...]:
    """All kernels, in the order in which the profile counts them."""
    names = [f"infer.{call.name}" for call in prediction(plan)]
    if plan.training:
        stages = [*training_stages(plan), *parameter_stages(plan)]
        names += [call.name for stage in stages for call in stage]
    return tuple(names)


def _emit(plan: Plan, build: Build, call: Call, *, training: bool) -> ir.Function:
    k = Kernel(build, call.name if training else f"infer.{call.name}", infer=not training)
    call.emit(k, Context(k, plan, training=training))
    return k.finish()


def _gradient(plan: Plan, build: Build) -> None:
    assert plan.of_input
    (stage,) = training_stages(plan)  # what nothing trains never waits for the whole batch
    stored = Call(name="scatter", what="scatter", block=None, emit=data.scatter_gradient, pieces=1)
    functions = [_emit(plan, build, call, training=True) for call in [*stage, stored]]

    k = Kernel(build, "gradient", exported=True)
    n = k.slot("n_images")
    count = _chunks(k, n)

    def chunk(piece: ir.Value) -> None:
        first = k.ir.mul(piece, I64(IMAGES_PER_CHUNK))
        for function in functions:
            k.ir.call(function, [k.table, k.tid, piece, first, n, count, I64(0)])

    team.pieces(k, count, k.slot("ticket"), chunk)
    team.barrier(k, I64(1))
    k.finish()


def _infer(plan: Plan, build: Build) -> None:
    functions = [_emit(plan, build, call, training=False) for call in prediction(plan)]
    store = Kernel(build, "infer.outputs", infer=True)
    data.scatter(store, Context(store, plan, training=False))
    measure = []
    if plan.training:
        emits: dict[str, Emit] = {"gather_targets": data.gather_targets, "loss": loss.evaluate}
        emits |= {call.name: call.emit for call in penalties(plan)}
        for name, emit in emits.items():
            k = Kernel(build, f"infer.{name}", infer=True)
            emit(k, Context(k, plan, training=False))
            measure.append(k.finish())
    store_outputs = store.finish()

    k = Kernel(build, "infer", exported=True)
    n, wants = k.slot("n_images"), k.slot("wants")
    count = _chunks(k, n)

    def chunk(piece: ir.Value) -> None:
        first = k.ir.mul(piece, I64(IMAGES_PER_CHUNK))
        arguments = [k.table, k.tid, piece, first, n, count, I64(0)]
        for function in functions:
            _run(plan, k, function, arguments)
        for bit, wanted in ((WANTS_OUTPUTS, [store_outputs]), (WANTS_LOSS, measure)):
            with k.when(k.ir.icmp_signed("!=", k.ir.and_(wants, I64(bit)), I64(0))):
                for function in wanted:
                    k.ir.call(function, arguments)

    team.pieces(k, count, k.slot("ticket"), chunk)
    team.barrier(k, I64(1))
    if plan.training:
        first_thread = k.ir.icmp_signed("==", k.tid, I64(0))
        asked = k.ir.icmp_signed("!=", k.ir.and_(wants, I64(WANTS_LOSS)), I64(0))
        with k.when(k.ir.and_(first_thread, asked)):
            loss.sum_statistics(k, count, 1 + len(plan.training.metrics))
    k.finish()


def _train(plan: Plan, build: Build) -> None:
    assert plan.training
    stages = training_stages(plan)
    functions = [_pieces(plan, build, stage) for stage in stages]
    endings = [_pieces(plan, build, stage) for stage in parameter_stages(plan)]

    k = Kernel(build, "train", exported=True)
    n_images, n_steps = k.slot("n_images"), k.slot("n_steps")
    batch = k.slot("batch")
    meetings = plan.n_meetings
    with k.each(n_steps, name="step") as step_index:
        step = k.number(step_index)
        agreed = k.ir.load(team.counter(k, "stop_agreed"), typ=I64, align=8)
        with k.when(k.ir.icmp_signed("==", agreed, I64(0)), likely=True):
            first = k.ir.mul(step, batch)
            end = k.ir.add(first, batch)
            end = k.ir.select(k.ir.icmp_signed("<", end, n_images), end, n_images)
            chunks = _chunks(k, k.ir.sub(end, first))
            met = k.ir.mul(step, I64(meetings))
            ticket = k.ir.add(k.slot("ticket"), met)
            for number, stage in enumerate(functions):
                whole_batch = stages[number][0].alone
                count = I64(stage[-1][-1]) if whole_batch else chunks

                def work(
                    piece: ir.Value, stage: list[Pieces] = stage, whole_batch: bool = whole_batch
                ) -> None:
                    at = k.ir.add(first, k.ir.mul(piece, I64(IMAGES_PER_CHUNK)))
                    for function, _start, _stop in stage:
                        begin = first if whole_batch else at
                        _run(plan, k, function, [k.table, k.tid, piece, begin, end, chunks, step])

                team.pieces(k, count, k.ir.add(ticket, I64(number)), work)
                team.barrier(k, k.ir.add(met, I64(number + 1)))
            _publish(plan, k, chunks, step)

            for number, ending in enumerate(endings, start=len(stages)):

                def end_step(piece: ir.Value, ending: list[Pieces] = ending) -> None:
                    for function, start, stop in ending:
                        inside = k.ir.and_(
                            k.ir.icmp_signed(">=", piece, I64(start)), k.ir.icmp_signed("<", piece, I64(stop))
                        )
                        with k.when(inside):
                            mine = k.ir.sub(piece, I64(start))
                            _run(plan, k, function, [k.table, k.tid, mine, first, end, chunks, step])

                team.pieces(k, I64(ending[-1][-1]), k.ir.add(ticket, I64(number)), end_step)
                team.barrier(k, k.ir.add(met, I64(number + 1)))
    k.finish()


Pieces = tuple[ir.Function, int, int]
"""A function of a stage of parameters, its first piece and the last + 1."""


def _pieces(plan: Plan, build: Build, stage: list[Call]) -> list[Pieces]:
    out, at = [], 0
    for call in stage:
        out.append((_emit(plan, build, call, training=True), at, at + call.pieces))
        at += call.pieces
    return out


def _run(plan: Plan, k: Kernel, function: ir.Function, arguments: list[ir.Value]) -> None:
    """Call a kernel; with `profile`, count its calls, all its cycles, and those of its fastest call."""
    if not plan.profile:
        k.ir.call(function, arguments)
        return
    clock = k.intrinsic("llvm.readcyclecounter", I64, [])
    before = k.ir.call(clock, [])
    k.ir.call(function, arguments)
    spent = k.ir.sub(k.ir.call(clock, []), before)
    row = kernel_names(plan).index(function.name)
    counts = k.view("profile", element="scalar")
    calls, total, least = (counts[row, column].v for column in range(3))
    fastest = k.ir.or_(k.ir.icmp_signed("<", spent, least), k.ir.icmp_signed("==", calls, I64(0)))
    counts[row, 0] = Value(k, k.ir.add(calls, I64(1)))
    counts[row, 1] = Value(k, k.ir.add(total, spent))
    counts[row, 2] = Value(k, k.ir.select(fastest, spent, least))


def _chunks(k: Kernel, images: ir.Value) -> ir.Value:
    return k.ir.sdiv(k.ir.add(images, I64(IMAGES_PER_CHUNK - 1)), I64(IMAGES_PER_CHUNK))


def _publish(plan: Plan, k: Kernel, chunks: ir.Value, step: ir.Value) -> None:
    """Thread 0: totals, the request to stop, and how many steps are done."""
    assert plan.training
    with k.when(k.ir.icmp_signed("==", k.tid, I64(0))):
        loss.sum_statistics(k, chunks, 1 + len(plan.training.metrics))
        request = k.ir.load_atomic(team.counter(k, "stop_request"), "monotonic", 8, typ=I64)
        request = k.ir.or_(request, _must_halt(k))
        k.ir.store(request, team.counter(k, "stop_agreed"))
        team.store_atomic(k, k.ir.add(step, I64(1)), team.counter(k, "step"), "release")


def _must_halt(k: Kernel) -> ir.Value:
    """1 if the caller asked to halt on a loss that is not finite, and the sum so far is not; else 0."""
    at = k.ir.gep(k.slot("progress", POINTER), [I64(64 * len(PROGRESS))], source_etype=I8)
    total = k.ir.load(at, typ=F64, align=8)
    zero_or_nan = k.ir.fsub(total, total)
    broken = k.ir.fcmp_unordered("uno", zero_or_nan, zero_or_nan)
    asked = k.ir.and_(k.slot("wants"), I64(HALTS_ON_NAN))
    return k.ir.and_(asked, k.ir.zext(broken, I64))
