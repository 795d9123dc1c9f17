"""What can be compiled: which kinds state equations, for which processor."""

from collections.abc import Sequence

from striate.errors import EngineError
from striate.functions import registry
from striate.graph.step import TrainingStep
from striate.llvm.machine import host
from striate.plan.target import Target
from striate.shapes import Shape


def this_processor() -> Target:
    """Describe this machine's processor; raise where it lacks what the machine code needs."""
    try:
        target = host()
    except RuntimeError as error:
        raise EngineError(
            f"The compiled engine cannot run: LLVM has no code for this processor ({error}). "
            'It writes the machine code. Choose engine="numpy".'
        ) from error
    intel = target.triple.startswith(("x86_64", "i686"))
    if intel and not {"+fma", "+avx2"} <= set(target.features.split(",")):
        raise EngineError(
            f"The compiled engine cannot run: this processor ({target.name}) has no fused "
            "multiply-adds on AVX2 registers. Its machine code is made of them. "
            'Choose engine="numpy".'
        )
    return target


def silent(step: TrainingStep) -> list[str]:
    """Name the kinds of a step that state no equation, with their layers."""
    shapes = shapes_of(step)
    silent = [
        f"{registry.name_of(operation.function)} ({operation.layer})"
        for operation in step.forward
        if not operation.function.states_equations
        or operation.function.lowering(*(shapes[name] for name in operation.inputs)) is None
    ]
    # Whether a loss states equations does not depend on the form of its targets.
    silent += [
        f"{registry.name_of(end.loss)} (loss)"
        for end in step.losses
        if not end.loss.states_equations
        or end.loss.lowering(shapes[end.reads], shapes[end.reads]) is None
    ]
    return silent


def require_equations(silent: Sequence[str]) -> None:
    """Raise where kinds state no equation."""
    if silent:
        raise EngineError(
            f"The compiled engine cannot compute {', '.join(silent)}. It compiles the equations "
            "that a kind states beside its NumPy code, and there are none. "
            'State them in the lowering of the kind, or choose engine="numpy".'
        )


def shapes_of(step: TrainingStep) -> dict[str, Shape]:
    """Give the shape of every array of the forward pass."""
    return step.shapes()
