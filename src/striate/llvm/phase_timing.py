"""A program whose phases can be run alone and repeatedly, to measure them."""

from collections.abc import Sequence

from striate.llvm.builder import Builder
from striate.llvm.ir import I64, PTR, VOID, IRModule, IRValue
from striate.llvm.program import write_program
from striate.plan.plan import Plan


def write_phase_timing(plan: Plan) -> IRModule:
    """Generate the module of a plan, with an additional function for each phase.

    Parameters
    ----------
    plan
        The plan.

    Returns
    -------
    IRModule
        The module of :func:`~striate.llvm.program.write_program`, with functions ``phase 0 again``,
        ``phase 1 again`` and so on. Their arguments are a call's control block, a thread's scratch
        memory, and the number of times to run all tasks of the phase, one after another.
    """
    module = write_program(plan)
    for number, phase in enumerate(plan.phases):
        _write_phase(module, number, phase.tasks)
    return module


def _write_phase(module: IRModule, number: int, tasks: int) -> None:
    """Emit the function that repeats one phase."""
    function = module.function(f"phase {number} again", VOID, [PTR, PTR, I64])
    b = Builder(function)
    context, scratch, rounds = function.args
    phase = module.functions[f"phase {number}"]

    def each(task: IRValue, _: Sequence[IRValue]) -> list[IRValue]:
        b.call(phase, [context, scratch, task])
        return []

    def body(_: IRValue, __: Sequence[IRValue]) -> list[IRValue]:
        return b.loop(0, tasks, 1, each)

    b.loop(0, rounds, 1, body)
    b.ret_void()
