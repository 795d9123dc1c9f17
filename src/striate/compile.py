"""From a training step to a program that runs: the stages, in order."""

from collections.abc import Sequence

from striate.functions.update.base import Update
from striate.graph.step import TrainingStep
from striate.llvm.machine import Code, compile_object, host
from striate.llvm.program import write_program
from striate.plan.lower import lower, lower_update
from striate.plan.plan import Plan, make_plan
from striate.plan.target import Target
from striate.runtime.executable import Executable
from striate.shapes import Shape


def plan_step(
    step: TrainingStep,
    images: int,
    *,
    training: bool,
    target_shapes: Sequence[Shape] = (),
    target: Target | None = None,
) -> Plan:
    """Plan a training step, or a pass without training."""
    lowered = lower(step, training=training, target_shapes=target_shapes)
    return make_plan(lowered, images, target or host())


def plan_update(update: Update, size: int, *, target: Target | None = None) -> Plan:
    """Plan an update."""
    return make_plan(lower_update(update, size), 1, target or host())


def load(plan: Plan, *, threads: int | None = None) -> Executable:
    """Write, compile and load a plan."""
    code = compile_object(write_program(plan), plan.target)
    return Executable(plan, Code(code, plan.target), threads=threads)
