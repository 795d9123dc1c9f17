"""Compiles a training step to a program: connects the stages of plan, llvm and runtime."""

from collections.abc import Sequence
from dataclasses import dataclass

from striate import __version__
from striate.functions.optimizer.base import Optimizer
from striate.graph.step import TrainingStep
from striate.llvm.machine import LoadedObject, compile_object, generator_digest, host, versions
from striate.llvm.program import write_program
from striate.plan.fingerprint import fingerprint
from striate.plan.lower import lower, lower_optimizer
from striate.plan.manifest import Manifest
from striate.plan.plan import Plan, make_plan
from striate.plan.simplify import simplify
from striate.plan.statement import Lowered
from striate.plan.target import Target
from striate.runtime.cache import ObjectCache, key_of
from striate.runtime.executable import Executable
from striate.shapes import Shape


@dataclass(frozen=True, kw_only=True)
class Stages:
    """A step in the stages of compilation.

    Parameters
    ----------
    step
        The operations.
    lowered
        Their index equations.
    simplified
        The equations after simplification.
    plan
        Phases, kernels, loops and allocations.
    """

    step: TrainingStep
    lowered: Lowered
    simplified: Lowered
    plan: Plan


def stages_of(
    step: TrainingStep,
    images: int,
    *,
    training: bool,
    target_shapes: Sequence[Shape] = (),
    target: Target | None = None,
    winograd: bool = True,
) -> Stages:
    """Return all stages before code generation, for inspection."""
    lowered = lower(step, training=training, target_shapes=target_shapes)
    plan = make_plan(lowered, images, target or host(), winograd=winograd)
    return Stages(step=step, lowered=lowered, simplified=simplify(lowered), plan=plan)


def plan_step(
    step: TrainingStep,
    images: int,
    *,
    training: bool,
    target_shapes: Sequence[Shape] = (),
    target: Target | None = None,
) -> Plan:
    """Plan a training step, or inference."""
    lowered = lower(step, training=training, target_shapes=target_shapes)
    return make_plan(lowered, images, target or host())


def plan_optimizer(optimizer: Optimizer, size: int, *, target: Target | None = None) -> Plan:
    """Plan an optimizer."""
    return make_plan(lower_optimizer(optimizer, size), 1, target or host())


def load(plan: Plan, *, threads: int | None = None) -> Executable:
    """Write, compile and load the program of a plan."""
    code = compile_object(write_program(plan), plan.target)
    return Executable(plan, LoadedObject(code, plan.target), threads=threads)


def load_lowered(
    lowered: Lowered,
    images: int,
    target: Target,
    *,
    threads: int | None = None,
    winograd: bool = True,
) -> Executable:
    """Compile statements to a program, or load it from the cache."""
    cache = ObjectCache()
    made_of = (fingerprint(lowered), f"{images} {winograd}", fingerprint(target))
    key = key_of(*made_of, versions(), generator_digest(), __version__)
    kept = cache.get(key)
    if kept is None:
        plan = make_plan(lowered, images, target, winograd=winograd)
        kept = Manifest.of(plan).pack(compile_object(write_program(plan), target))
        cache.put(key, kept)
    manifest, code = Manifest.unpack(kept)
    return Executable(manifest, LoadedObject(code, target), threads=threads)


def llvm_ir(plan: Plan) -> dict[str, str]:
    """Return the LLVM IR of each function of a plan's program, by name."""
    functions = write_program(plan).functions
    return {name: "\n".join(f.lines()) for name, f in functions.items() if f.blocks}


def assembly(plan: Plan) -> str:
    """Return the machine code of a plan as assembly."""
    return compile_object(write_program(plan), plan.target, assembly=True)
