"""A program whose phases can be run alone, over and over: to measure them."""

from collections.abc import Sequence

from llvmlite import ir

from striate.llvm.builder import I64, PTR, VOID, Builder, Value
from striate.llvm.program import write_program
from striate.plan.plan import Plan


def write_again(plan: Plan) -> ir.Module:
    """Write the module of a plan, with a function for each phase alone.

    Parameters
    ----------
    plan
        What to compute.

    Returns
    -------
    ir.Module
        As :func:`~striate.llvm.program.write_program` gives it, and ``phase 0 again``, ...: of the
        context, a worker's own memory, and how often to do all tasks of the phase, one after
        another.
    """
    module = write_program(plan)
    for number, phase in enumerate(plan.phases):
        _write_phase(module, number, phase.tasks)
    return module


def _write_phase(module: ir.Module, number: int, tasks: int) -> None:
    """Write the function that does one phase so many times."""
    type_ = ir.FunctionType(VOID, [PTR, PTR, I64])
    function = ir.Function(module, type_, f"phase {number} again")
    function.attributes.add("nounwind")
    b = Builder(module, function)
    context, local, rounds = function.args
    phase = module.globals[f"phase {number}"]

    def each(task: Value, _: Sequence[Value]) -> list[Value]:
        b.ir.call(phase, [context, local, task])
        return []

    def body(_: Value, __: Sequence[Value]) -> list[Value]:
        return b.loop(0, tasks, 1, each)

    b.loop(0, rounds, 1, body)
    b.ir.ret_void()
