"""Plan → machine code in memory, by way of the cache; the only user of `llvmlite.binding` beside `target`."""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from llvmlite import binding

from tatamilab.engine import cache as object_cache
from tatamilab.engine.availability import EngineUnavailable
from tatamilab.engine.plan import Plan
from tatamilab.engine.target import Target, host_triple
from tatamilab.errors import BadInput
from tatamilab.i18n import _

DUMP_VARIABLE = "TATAMI_DUMP"


class Loaded:
    """Machine code in memory, its symbols resolved; alive as long as this object.

    Raises:
        EngineUnavailable: LLVM refuses.
    """

    def __init__(self, code: bytes, target: Target) -> None:
        with _told():
            empty = binding.parse_assembly(f'target triple = "{target.triple}"')
            self._engine = binding.create_mcjit_compiler(empty, _machine(target))
            self._engine.add_object_file(binding.ObjectFileRef.from_data(code))
            self._engine.finalize_object()

    def function(self, name: str) -> Any:
        """An exported function (table, tid), which releases the interpreter's lock while it runs."""
        address = self._engine.get_function_address(name)
        return ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(address)


class Code:
    """Machine code of a plan, alive as long as this object.

    Each of its functions ("train", "infer") is compiled, or taken from the cache, when it is first asked for.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._loaded: dict[str, Loaded] = {}
        self._functions: dict[str, Any] = {}

    def function(self, name: str) -> Any:
        """A function (table, tid), which releases the interpreter's lock while it runs.

        Raises:
            Unsupported: a layer, loss or optimizer has no native form.
            EngineUnavailable: LLVM refuses.
        """
        if name not in self._functions:
            self._loaded[name] = Loaded(machine_code(self._plan, name), self._plan.target)
            self._functions[name] = self._loaded[name].function(name)
        return self._functions[name]


def machine_code(plan: Plan, function: str) -> bytes:
    """The object file of one of a plan's functions; written to `TATAMI_DUMP` on the way, if that is set.

    Raises:
        Unsupported: a layer, loss or optimizer has no native form.
        EngineUnavailable: LLVM refuses.
        BadInput: what `TATAMI_DUMP` names cannot be written.
    """
    dumping = os.environ.get(DUMP_VARIABLE)
    name = object_cache.key(plan, function)
    code = None if dumping else object_cache.read(name)
    if code is None:
        from tatamilab.engine.assemble import assemble

        text = str(assemble(plan, function))
        code = compiled(text, plan.target)
        object_cache.write(name, code)
        if dumping:
            from tatamilab.engine.dump import dump

            try:
                dump(dumping, plan, function, text)
            except OSError as problem:
                raise BadInput(
                    _(
                        "{name} names {folder}, which cannot be written: {problem}.",
                        name=DUMP_VARIABLE,
                        folder=dumping,
                        problem=problem.strerror,
                    )
                ) from problem
    return code


def compiled(text: str, target: Target) -> bytes:
    """LLVM IR → an object file.

    The optimiser's passes changed neither speed nor bits of this IR when measured: code generation is enough.
    """
    with _told():
        code: bytes = _machine(target).emit_object(_parsed(text))
    return code


def assembly(text: str, target: Target) -> str:
    """LLVM IR → assembly to be read."""
    with _told():
        lines: str = _machine(target).emit_assembly(_parsed(text))
    return lines


def _parsed(text: str) -> Any:
    module = binding.parse_assembly(text)
    module.verify()
    return module


@cache
def _initialised(*, native: bool) -> None:
    if native:
        binding.initialize_native_target()
        binding.initialize_native_asmprinter()
    else:
        binding.initialize_all_targets()
        binding.initialize_all_asmprinters()


def _machine(target: Target) -> Any:
    _initialised(native=_architecture(target.triple) == _architecture(host_triple()))
    return binding.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=3, jit=True
    )


def _architecture(triple: str) -> str:
    return triple.partition("-")[0]


@contextmanager
def _told() -> Iterator[None]:
    """What LLVM says of its failures, as ours."""
    try:
        yield
    except (RuntimeError, OSError) as problem:
        first = str(problem).partition("\n")[0]
        raise EngineUnavailable(
            _("LLVM cannot compile this model: {problem}.", problem=first.rstrip("."))
        ) from problem
