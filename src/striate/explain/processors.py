"""Processors by name: to see the machine code for one that is not at hand."""

import difflib

from striate.errors import OptionError
from striate.llvm.machine import describe
from striate.plan.statement import LANES
from striate.plan.target import Target

_AVX2 = "+avx2,+fma"
_AVX512 = "+avx512f,+avx512vl,+avx512bw,+avx512dq,+avx512cd,+avx2,+fma"
_X86 = "x86_64-unknown-linux-gnu"
_ARM = "aarch64-unknown-linux-gnu"

# LLVM knows all instructions of these; the features are what schedules depend on.
_KNOWN = {
    "haswell": (_AVX2, _X86),
    "skylake": (_AVX2, _X86),
    "skylake-avx512": (_AVX512, _X86),
    "icelake-server": (_AVX512, _X86),
    "sapphirerapids": (_AVX512, _X86),
    "znver2": (_AVX2, _X86),
    "znver3": (_AVX2, _X86),
    "znver4": (_AVX512, _X86),
    "znver5": (_AVX512, _X86),
    "cortex-a72": ("", _ARM),
    "neoverse-n1": ("", _ARM),
    "neoverse-v1": ("", _ARM),
    "apple-m1": ("", _ARM),
}

PROCESSORS = tuple(_KNOWN)
"""Names that :func:`processor` takes, as LLVM has them."""


def processor(name: str) -> Target:
    """Describe a processor.

    Parameters
    ----------
    name
        One of :data:`PROCESSORS`.

    Returns
    -------
    striate.plan.target.Target

    Raises
    ------
    OptionError
        If it is none of them.
    """
    if name not in _KNOWN:
        near = difflib.get_close_matches(name, PROCESSORS, n=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise OptionError(
            f"{name!r} is not a processor that striate can describe. "
            f"{meant}It knows {', '.join(PROCESSORS)}. "
            "Choose one of these, or leave it out: then it is this machine's."
        )
    return describe(name, *_KNOWN[name])


def described(target: Target) -> str:
    """Say in words what a schedule knows of a processor.

    Parameters
    ----------
    target
        The processor.

    Returns
    -------
    str

    Examples
    --------
    >>> print(described(processor("haswell")))
    haswell has 16 registers of 8 numbers: room for 8 vectors of 16.
    In a cycle it can do 2 multiply-adds of whole registers.
    """
    rate = f"{target.fused_per_cycle:g} multiply-add{'s' * (target.fused_per_cycle != 1)}"
    whole = "whole registers" if target.fused_per_cycle != 1 else "a whole register"
    return (
        f"{target.name} has {target.registers} registers of {target.register_lanes} numbers: room "
        f"for {target.vectors} vectors of {LANES}. "
        f"In a cycle it can do {rate} of {whole}."
    )
