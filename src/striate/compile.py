"""Compiles training steps and nest programs: connects the stages of plan, llvm and runtime."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from striate import __version__
from striate.errors import NestError
from striate.functions.optimizer.base import Optimizer
from striate.graph.step import TrainingStep
from striate.llvm.machine import LoadedObject, compile_object, generator_digest, host, versions
from striate.llvm.program import write_program
from striate.nests import NestProgram
from striate.plan.fingerprint import fingerprint
from striate.plan.lower import lower, lower_optimizer
from striate.plan.lower_nests import lower_nests
from striate.plan.manifest import Manifest
from striate.plan.plan import Plan, make_plan
from striate.plan.signature import SCALARS
from striate.plan.simplify import simplify
from striate.plan.statement import Lowered
from striate.plan.target import Target
from striate.runtime.cache import ObjectCache, key_of
from striate.runtime.executable import Binding, Executable
from striate.shapes import Array, Shape


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


class CompiledNests:
    """A nest program as machine code; :func:`compile_nests` makes it.

    It can be called from several threads, each of which runs it on its own arrays in turn.

    Parameters
    ----------
    program
        The nests.
    executable
        Their machine code.
    """

    def __init__(self, program: NestProgram, executable: Executable) -> None:
        self.program = program
        self.executable = executable
        self.shapes = {name: s for nest in program.nests for name, s in nest.shapes.items()}
        """Shape of each array, by name."""

    def __call__(
        self, inputs: Mapping[str, Array], outputs: Mapping[str, Array] | None = None
    ) -> dict[str, Array]:
        """Compute the outputs.

        Parameters
        ----------
        inputs
            The program's inputs by name, in the shapes for which it was compiled. They are
            converted to float32.
        outputs
            Arrays to write the outputs to, contiguous float32; by default new ones.

        Returns
        -------
        dict
            The outputs by name.

        Raises
        ------
        NestError
            If an array is missing, or has another shape or, for an output, another dtype.
        """
        for name in outputs or ():
            if name not in self.program.outputs:
                raise NestError(
                    f"`{name}` isn't an output of the program; expected "
                    f"{', '.join(self.program.outputs)}. Use one of these names."
                )
        results = {
            name: np.empty(self.shapes[name], np.float32) for name in self.program.outputs
        } | dict(outputs or {})
        binding = Binding(self.executable)
        binding.bind(SCALARS, np.zeros(1, np.float32))
        for name in self.program.inputs:
            if name not in inputs:
                raise NestError(
                    f"The input `{name}` is missing; expected {', '.join(self.program.inputs)}. "
                    "Pass an array for each."
                )
            binding.bind(name, self._checked(name, np.asarray(inputs[name])))
        for name, array in results.items():
            self._checked(name, array)
            if array.dtype != np.float32 or not array.flags.c_contiguous:
                raise NestError(
                    f"The output `{name}` has dtype {array.dtype}; expected contiguous float32. "
                    f"Use np.empty({array.shape}, np.float32)."
                )
            binding.bind(name, array)
        binding.run()
        return results

    def _checked(self, name: str, array: Array) -> Array:
        """Return an array if it has the shape for which the program was compiled."""
        if name not in self.shapes or array.shape != self.shapes[name]:
            raise NestError(
                f"`{name}` has shape {array.shape}; expected {self.shapes.get(name)}. A program "
                "is compiled for fixed shapes: bind it to others, and compile it again."
            )
        return array


def compile_nests(
    program: NestProgram, *, threads: int | None = None, target: Target | None = None
) -> CompiledNests:
    """Compile a nest program to machine code, or load it from the cache.

    The same stages compile the steps of a network. The program has one set of arrays and no axis of
    images, so neighboring entries of an output are in the lanes of a vector.

    Parameters
    ----------
    program
        Nests of :func:`striate.nests.bind_program`.
    threads
        Number of threads; ``None`` for the current setting. Results don't depend on it.
    target
        The processor; by default this one.

    Returns
    -------
    CompiledNests
        A function from inputs to outputs, all float32.

    Raises
    ------
    NestError
        If a nest uses the index ``q``.

    Examples
    --------
    Cross-correlation of an image with a kernel:

    >>> from striate.nests import bind_program
    >>> shapes = {"w": (2, 2), "a": (3, 4), "z": (2, 3)}
    >>> program = bind_program(["z[i,j] += w[u,v] * a[i + u, j + v]"], shapes=shapes)
    >>> correlate = compile_nests(program)
    >>> image = np.arange(12.0).reshape(3, 4)
    >>> correlate({"w": np.ones((2, 2)), "a": image})["z"]
    array([[10., 14., 18.],
           [26., 30., 34.]], dtype=float32)
    """
    chosen = target or host()
    return CompiledNests(program, load_lowered(lower_nests(program), 1, chosen, threads=threads))


def llvm_ir(plan: Plan) -> dict[str, str]:
    """Return the LLVM IR of each function of a plan's program, by name."""
    functions = write_program(plan).functions
    return {name: "\n".join(f.lines()) for name, f in functions.items() if f.blocks}


def assembly(plan: Plan) -> str:
    """Return the machine code of a plan as assembly."""
    return compile_object(write_program(plan), plan.target, assembly=True)
