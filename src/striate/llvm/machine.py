# pyright: standard
"""Describes processors, compiles modules to object code, and loads object code."""

import hashlib
import os
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import llvmlite
from llvmlite import binding
from llvmlite.binding import ffi

from striate.llvm.ir import IRModule
from striate.plan.target import Target, enabled

GENERATOR = ("nests", "plan", "llvm")
"""The packages that turn lowered statements into machine code."""

GENERATOR_MODULES = ("maths/philox.py", "maths/pixel_map.py")
"""Modules outside these packages on which the machine code depends."""


@cache
def _initialize() -> None:
    """Initialize LLVM's targets, once."""
    binding.initialize_all_targets()
    binding.initialize_all_asmprinters()


def versions() -> str:
    """Return the versions on which machine code depends."""
    llvm = ".".join(map(str, binding.llvm_version_info))
    return f"llvmlite {llvmlite.__version__}, LLVM {llvm}"


@cache
def generator_digest() -> str:
    """Return a digest of the code generator's source, for the keys of cached machine code.

    It covers every module that turns lowered statements into machine code. Earlier inputs, such as
    a layer's equations, are part of the statements themselves.
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
    """Describe a processor by its features in LLVM's notation."""
    has = enabled(features)
    halves = name == "znver4"  # executes a 512-bit operation in two halves
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
    """Compile a module to object code or assembly.

    Parameters
    ----------
    module
        The module.
    target
        The processor.
    assembly
        Whether to return assembly instead of object code.

    Returns
    -------
    bytes or str
        The object file, or the assembly.
    """
    _initialize()
    machine = binding.Target.from_triple(target.triple).create_target_machine(
        cpu=target.name, features=target.features, opt=3, reloc="pic", codemodel="default"
    )
    parsed = binding.parse_assembly(str(module))
    parsed.verify()
    # LLVM's optimization passes are skipped: the IR already has its final loops and tiles, and
    # computes invariants once. The passes doubled the compile time and gained nothing (LeNet-5,
    # November 2026).
    return machine.emit_assembly(parsed) if assembly else machine.emit_object(parsed)


class LoadedObject:
    """Object code in memory.

    Parameters
    ----------
    code
        An object file.
    target
        The processor, which must be this machine's.
    """

    def __init__(self, code: bytes, target: Target) -> None:
        _initialize()
        machine = binding.Target.from_triple(target.triple).create_target_machine(
            cpu=target.name, features=target.features, opt=3
        )
        empty = binding.parse_assembly(f'target triple = "{target.triple}"')
        # Code and constants must be next to each other: code only reaches 2 GiB, and LLVM aborts if
        # they are farther apart.
        self._engine = binding.create_mcjit_compiler(empty, machine, use_lmm=True)
        self._engine.add_object_file(binding.ObjectFileRef.from_data(code))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Return the address of a function."""
        return self._engine.get_function_address(name)


def _enter_llvm() -> None:
    """Wait until no other thread is inside LLVM, and keep all others out."""
    ffi.lib._lock.__enter__()  # noqa: SLF001  # llvmlite has no public way to hold its lock


def _leave_llvm() -> None:
    """Let other threads enter LLVM again."""
    ffi.lib._lock.__exit__()  # noqa: SLF001  # see _enter_llvm


# llvmlite holds a lock during every call of LLVM. If a process is forked while another thread has
# it, the new process waits for it forever: that thread doesn't exist there. LLVM's data structures
# would also be in an arbitrary state. So a fork waits until LLVM is idle.
if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_enter_llvm, after_in_parent=_leave_llvm, after_in_child=_leave_llvm)
