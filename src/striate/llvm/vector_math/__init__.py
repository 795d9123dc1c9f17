"""Mathematical functions as vector code, with the same bits on every processor.

Each function writes instructions for a float32 scalar or vector, without branches, tables or calls.
The code determines which multiply-adds are fused, so every processor with fused multiply-adds
returns the same bits, except for the payload of NaN. "Within 1 ulp" means the correctly rounded
value or a float32 number next to it. A denormal result may be zero, whether or not the processor
flushes denormal numbers.
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
"""The functions of one argument in expressions of nests, by name."""

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
