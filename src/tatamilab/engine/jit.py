"""LLVM IR → machine code in memory; the only user of `llvmlite.binding` beside `target`."""

import ctypes
from functools import cache
from typing import Any

from llvmlite import binding, ir

from tatamilab.engine.plan import Plan
from tatamilab.engine.target import Target


@cache
def _initialised() -> None:
    binding.initialize_native_target()
    binding.initialize_native_asmprinter()


def _machine(target: Target) -> Any:
    _initialised()
    return binding.Target.from_triple(target.triple).create_target_machine(
        cpu=target.cpu, features=target.features, opt=3, jit=True
    )


class Code:
    """Machine code of one module, alive as long as this object.

    The optimiser's passes changed neither speed nor bits of this IR when measured: code generation is enough.
    """

    def __init__(self, module: ir.Module, target: Target, kernels: list[str]) -> None:
        self.kernels = kernels
        parsed = binding.parse_assembly(str(module))
        parsed.verify()
        self._engine = binding.create_mcjit_compiler(parsed, _machine(target))
        self._engine.finalize_object()

    def function(self, name: str) -> Any:
        """An exported function (table, tid), which releases the interpreter's lock while it runs."""
        address = self._engine.get_function_address(name)
        return ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)(address)


def compile_plan(plan: Plan) -> Code:
    """The machine code of a plan."""
    from tatamilab.engine.assemble import assemble, profiled

    module = assemble(plan)
    return Code(module, plan.target, profiled(module))
