"""Checks of what the compiled engine supports: the processor, and functions with equations."""

from collections.abc import Sequence

from striate.errors import Argument, EngineError, Message, Use
from striate.functions import registry
from striate.functions.pixel_weights import has_weighted_form
from striate.graph.step import TrainingStep
from striate.llvm.machine import host
from striate.plan.target import Architecture, Target, architecture_of, enabled


def this_processor() -> Target:
    """Describe this machine's processor; raise if striate can't generate code for it."""
    try:
        target = host()
    except RuntimeError as error:
        raise EngineError(
            f"The compiled engine cannot run: LLVM doesn't support this processor ({error}).",
            remedy=Message(Use("engine", "numpy"), "."),
        ) from error
    x86 = architecture_of(target.triple) is Architecture.X86
    if x86 and not {"fma", "avx2"} <= enabled(target.features):
        raise EngineError(
            f"The compiled engine cannot run: this processor ({target.name}) lacks AVX2 and FMA, "
            "which its machine code needs.",
            remedy=Message(Use("engine", "numpy"), "."),
        )
    return target


def without_equations(step: TrainingStep) -> list[str]:
    """List the functions of a step that define no index equations, with their layers."""
    shapes = step.shapes()
    found = [
        f"{registry.name_of(operation.function)} ({operation.layer})"
        for operation in step.forward
        if not operation.function.states_equations
        or operation.function.lowering(*(shapes[name] for name in operation.inputs)) is None
    ]
    # Whether a loss defines equations doesn't depend on the shape of its targets.
    found += [
        f"{registry.name_of(end.loss)} (loss)"
        for end in step.losses
        if not end.loss.states_equations
        or end.loss.lowering(shapes[end.reads], shapes[end.reads]) is None
    ]
    return found


def require_pixel_weights(step: TrainingStep) -> None:
    """Raise if a loss can't be compiled with weights of pixels."""
    shapes = step.shapes()
    for end in step.losses:
        stated = end.loss.lowering(shapes[end.reads], shapes[end.reads])
        if stated is None or not has_weighted_form(stated):
            raise EngineError(
                f"The compiled engine cannot weight the pixels of {registry.name_of(end.loss)}, "
                "because none of its equations begins with `l[q] += `.",
                remedy=Message(
                    "Sum the losses of the pixels in such an equation, or use ",
                    Argument("engine", "numpy"),
                    ".",
                ),
            )


def require_equations(missing: Sequence[str]) -> None:
    """Raise if any functions define no index equations."""
    if missing:
        raise EngineError(
            f"The compiled engine cannot compute {', '.join(missing)}, because the class defines "
            "no index equations.",
            remedy=Message(
                "Define them in its `lowering` method, or use ", Argument("engine", "numpy"), "."
            ),
        )
