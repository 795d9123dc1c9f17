"""Mathematical functions as vector code: polynomials of its own, the same bits on every processor.

Each function writes instructions for a float32 number or a vector of them, without a branch, a
table or a call. Every multiply-add is fused, or is not, by what stands here; so a processor with
fused multiply-adds gives the same bits as any other, NaN's own bits excepted. "Within 1 ulp" means:
the correctly rounded value or a float32 number beside it. A result that would be denormal may be
zero, whether or not the processor is set to flush denormal numbers.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from striate.llvm.builder import Builder
from striate.llvm.ir import IRValue
from striate.llvm.vector_math.error_function import erf
from striate.llvm.vector_math.exponential import exp, expm1, tanh
from striate.llvm.vector_math.logarithm import log, log1p
from striate.llvm.vector_math.power import power
from striate.llvm.vector_math.simple import absolute, reciprocal_square_root, sign, sqrt

FUNCTIONS: Mapping[str, Callable[[Builder, IRValue], IRValue]] = MappingProxyType(
    {
        "exp": exp,
        "log": log,
        "log1p": log1p,
        "expm1": expm1,
        "tanh": tanh,
        "erf": erf,
        "sqrt": sqrt,
        "abs": absolute,
        "sign": sign,
    }
)
"""The functions of one argument that expressions of nests know, by their names there."""

__all__ = [
    "FUNCTIONS",
    "absolute",
    "erf",
    "exp",
    "expm1",
    "log",
    "log1p",
    "power",
    "reciprocal_square_root",
    "sign",
    "sqrt",
    "tanh",
]
