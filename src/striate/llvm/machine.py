# pyright: standard
"""Processors and their machine code: modules compiled to objects, objects loaded."""

import hashlib
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import llvmlite
from llvmlite import binding

from striate.llvm.ir import IRModule
from striate.plan.target import Target

GENERATOR = ("nests", "plan", "llvm")
"""The packages that turn lowered statements into machine code."""

GENERATOR_MODULES = ("maths/philox.py", "maths/pixel_map.py")
"""Modules outside of these packages on which the machine code depends."""


@cache
def _initialize() -> None:
    """Let LLVM know its targets, once."""
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()


def versions() -> str:
    """Name the versions that machine code depends on."""
    llvm = ".".join(map(str, binding.llvm_version_info))
    return f"llvmlite {llvmlite.__version__}, LLVM {llvm}"


@cache
def generator_digest() -> str:
    """Return a digest of the code generator's source, for the keys of cached machine code.

    It covers every module that turns lowered statements into machine code. What comes before, such
    as the equations of a layer, is in the statements themselves.
    """
    digest = hashlib.sha256()
    package = Path(__file__).parents[1]
    folders = [(package / name).rglob("*.py") for name in GENERATOR]
    for path in sorted(chain((package / name for name in GENERATOR_MODULES), *folders)):
        digest.update(path.read_bytes())
    return digest.hexdigest()


@cache
def host() -> Target:
    """Describe the processor of this machine."""
    _initialize()
    features = binding.get_host_cpu_features()
    triple = binding.get_process_triple()
    return describe(binding.get_host_cpu_name(), features.flatten(), triple)


def describe(name: str, features: str, triple: str) -> Target:
    """Describe a processor by its features, as LLVM writes them."""
    has = {f[1:] for f in features.split(",") if f.startswith("+")}
    halves = name == "znver4"  # it does one half of such a register after the other
    if "avx512f" in has and "avx512vl" in has:
        lanes, registers, each = 16, 32, 1.0 if halves else 2.0
    elif "fma" in has and "avx2" in has:
        lanes, registers, each = 8, 16, 2.0
    else:
        lanes, registers, each = 4, 32, 2.0
    return Target(
        name=name,
        features=features,
        triple=triple,
        register_lanes=lanes,
        registers=registers,
        fused_per_cycle=each,
        loads_per_cycle=each,
    )


def compile_object(module: IRModule, target: Target, *, assembly: bool = False) -> Any:
    """Compile a module to an object, or to assembly.

    Parameters
    ----------
    module
        The program.
    target
        For which processor.
    assembly
        Whether to give a text instead of an object.

    Returns
    -------
    bytes or str
        The object as a linker takes it.
    """
    _initialize()
    machine = binding.Target.from_triple(target.triple).create_target_machine(
        cpu=target.name, features=target.features, opt=3, reloc="pic", codemodel="default"
    )
    parsed = binding.parse_assembly(str(module))
    parsed.verify()
    # None of LLVM's passes over the program: loops, tiles and what is computed once are written as
    # they shall be. They took as long as the rest and gained nothing (LeNet-5, November 2026).
    return machine.emit_assembly(parsed) if assembly else machine.emit_object(parsed)


class LoadedObject:
    """Machine code in memory.

    Parameters
    ----------
    code
        An object.
    target
        The processor that it is for; this machine's.
    """

    def __init__(self, code: bytes, target: Target) -> None:
        _initialize()
        machine = binding.Target.from_triple(target.triple).create_target_machine(
            cpu=target.name, features=target.features, opt=3
        )
        empty = binding.parse_assembly(f'target triple = "{target.triple}"')
        # Code and constants side by side, for code reaches 2 GiB: placed apart, LLVM aborts.
        self._engine = binding.create_mcjit_compiler(empty, machine, use_lmm=True)
        self._engine.add_object_file(binding.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Give where a function begins."""
        return self._engine.get_function_address(name)
