"""A program whose phases can be run alone, over and over: to measure them."""

from collections.abc import Sequence

from striate.llvm.builder import Builder
from striate.llvm.program import write_program
from striate.llvm.text import I64, PTR, VOID, Module, Value
from striate.plan.plan import Plan


def write_again(plan: Plan) -> Module:
    """Write the module of a plan, with a function for each phase alone.

    Parameters
    ----------
    plan
        What to compute.

    Returns
    -------
    Module
        As :func:`~striate.llvm.program.write_program` gives it, and ``phase 0 again``, ...: of the
        context, a worker's own memory, and how often to do all tasks of the phase, one after
        another.
    """
    module = write_program(plan)
    for number, phase in enumerate(plan.phases):
        _write_phase(module, number, phase.tasks)
    return module


def _write_phase(module: Module, number: int, tasks: int) -> None:
    """Write the function that does one phase so many times."""
    function = module.function(f"phase {number} again", VOID, [PTR, PTR, I64])
    b = Builder(function)
    context, local, rounds = function.args
    phase = module.functions[f"phase {number}"]

    def each(task: Value, _: Sequence[Value]) -> list[Value]:
        b.call(phase, [context, local, task])
        return []

    def body(_: Value, __: Sequence[Value]) -> list[Value]:
        return b.loop(0, tasks, 1, each)

    b.loop(0, rounds, 1, body)
    b.ret_void()
