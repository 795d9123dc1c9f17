"""Descriptions of common processors, to see the machine code for another than this machine's."""

import difflib

from striate.errors import OptionError
from striate.llvm.machine import describe
from striate.plan.statement import LANES
from striate.plan.target import Target

_AVX2 = "+avx2,+fma"
_AVX512 = "+avx512f,+avx512vl,+avx512bw,+avx512dq,+avx512cd,+avx2,+fma"
_X86 = "x86_64-unknown-linux-gnu"
_ARM = "aarch64-unknown-linux-gnu"

# LLVM has a description of each; the features are those that loop schedules depend on.
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
"""LLVM's names of the processors that :func:`processor` describes."""


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
        If the name isn't one of them.
    """
    if name not in _KNOWN:
        near = difflib.get_close_matches(name, PROCESSORS, n=1)
        meant = f"Did you mean {near[0]}? " if near else ""
        raise OptionError(
            f"Unknown processor {name!r}. {meant}Choose from {', '.join(PROCESSORS)}, "
            "or omit it for this machine's."
        )
    return describe(name, *_KNOWN[name])


def described(target: Target) -> str:
    """Describe the properties of a processor that loop schedules depend on.

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
    haswell has 16 vector registers of 8 numbers, enough for 8 vectors of 16.
    It issues 2 vector multiply-adds per cycle.
    """
    rate = f"{target.fused_per_cycle:g} vector multiply-add{'s' * (target.fused_per_cycle != 1)}"
    return (
        f"{target.name} has {target.registers} vector registers of {target.register_lanes} "
        f"numbers, enough for {target.vectors} vectors of {LANES}. It issues {rate} per cycle."
    )
