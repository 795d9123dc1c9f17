"""Other ways to compute an element of what a function computes, next to its equations.

A convolution, its two derivatives and many other functions can be computed in more than one way:
with the matrix of im2col, with the large matrix of shared weights, with the rotated kernel. A kind
returns those that it has from :meth:`~striate.functions.base.Function.other_ways`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

WayName = Literal["im2col", "matrix", "rotated kernel", "correlation", "row of ones"]
"""The ways that kinds state."""


@dataclass(frozen=True, kw_only=True)
class OtherWay:
    """An element, computed in another way than by the function's equations.

    Parameters
    ----------
    name
        Name of the way.
    how
        What is computed, in a few words.
    sources
        The equations of the texts, as a ``Sources`` section cites them.
    value
        The element.
    """

    name: WayName
    how: str
    sources: str
    value: float


EXPECTED: Mapping[str, tuple[WayName, ...]] = MappingProxyType(
    {
        "z": ("im2col", "matrix", "rotated kernel"),
        "da": ("im2col", "matrix", "rotated kernel"),
        "dw": ("im2col", "matrix", "correlation"),
    }
)
"""The ways that the texts have for a convolution, by symbol.

If a function lacks one of them, its reason is shown.
"""
