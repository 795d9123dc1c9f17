"""Receptive fields: the pixels of the input image that a position of a feature map depends on.

Everything here is about one axis; the axes of an image are independent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise

import numpy as np

from striate.errors import ShapeError
from striate.maths.windows import Axis
from striate.shapes import Array, Int


@dataclass(frozen=True)
class ReceptiveField:
    r"""The pixels of the input image that positions of a feature map depend on, along one axis.

    Position i depends on the ``size`` pixels that start at :math:`start + jump \cdot i`.

    Parameters
    ----------
    size
        Pixels from the first to the last pixel that one position depends on.
    jump
        Pixels from the field of one position to the field of the next.
    start
        First pixel of the field of position 0; negative if it is in the padding.

    Sources
    -------
    Hagan 8.8 (the local receptive field); Wichmann 3.3.

    Examples
    --------
    Two convolutions of 3 x 3 see as much as one of 5 x 5:

    >>> once = ReceptiveField().through(Axis(length=9, window=3))
    >>> once.through(Axis(length=7, window=3))
    ReceptiveField(size=5, jump=1, start=0)
    """

    size: int = 1
    jump: int = 1
    start: int = 0

    def through(self, axis: Axis) -> "ReceptiveField":
        r"""Place another window on the feature map.

        .. math:: size' = size + d (r - 1) \, jump, \quad jump' = S^t \, jump, \quad
            start' = start - P_{before} \, jump

        Parameters
        ----------
        axis
            How the window moves along the feature map that this field belongs to.

        Returns
        -------
        ReceptiveField
            Of the feature map that the window makes.

        Sources
        -------
        Hagan 8.18; Wichmann 3.1.
        """
        return ReceptiveField(
            size=self.size + (axis.reach - 1) * self.jump,
            jump=self.jump * axis.stride,
            start=self.start - axis.before * self.jump,
        )

    def joined(self, other: "ReceptiveField") -> "ReceptiveField":
        """Cover two fields with one: several layers feed the same map, position by position.

        Parameters
        ----------
        other
            The field through the other branch.

        Returns
        -------
        ReceptiveField
            From the first pixel that either sees to the last.

        Raises
        ------
        ShapeError
            If the branches have different jumps.

        Sources
        -------
        Hagan 8.20 (several layers n connected to layer m).

        Examples
        --------
        A residual block: a 3 x 3 convolution and a direct connection.

        >>> ReceptiveField(size=3, start=-1).joined(ReceptiveField())
        ReceptiveField(size=3, jump=1, start=-1)
        """
        if self.jump != other.jump:
            raise ShapeError(
                f"Joined branches must have the same jump, got {self.jump} and {other.jump} "
                "pixels. Use strides with the same product in both branches."
            )
        start = min(self.start, other.start)
        end = max(self.start + self.size, other.start + other.size)
        return ReceptiveField(size=end - start, jump=self.jump, start=start)


def receptive_field(chain: Sequence[Axis]) -> ReceptiveField:
    """Follow one axis through a chain of windows, from the input image on.

    Parameters
    ----------
    chain
        How each layer's window moves, first layer first.

    Returns
    -------
    ReceptiveField
        Of the last feature map.

    Raises
    ------
    ShapeError
        If a layer's input is not as long as the output before it.

    Sources
    -------
    Hagan 8.18; Wichmann 3.1, 3.3.

    Examples
    --------
    Wichmann's network 39 -> 37 -> 17 -> 7:

    >>> receptive_field([Axis(length=39, window=3), Axis(length=37, window=5, stride=2),
    ...                  Axis(length=17, window=5, stride=2)])
    ReceptiveField(size=15, jump=4, start=0)
    """
    _require_chain(chain)
    return reduce(ReceptiveField.through, chain, ReceptiveField())


def uncovered_pixels(chain: Sequence[Axis]) -> Int[Array, "n"]:
    """List the pixels of the input image that no position of the last feature map depends on.

    They are lost where the floor in the size formula leaves a remainder, or where a stride is
    longer than its window.

    Parameters
    ----------
    chain
        How each layer's window moves, first layer first.

    Returns
    -------
    Array
        Numbers of the pixels along this axis, counted from 0.

    Raises
    ------
    ShapeError
        If a layer's input is not as long as the output before it.

    Sources
    -------
    Wichmann 2.3; Hagan 8.18 (corrected: with the floor).

    Examples
    --------
    A 2 x 2 window with stride 2 after a 2 x 2 convolution: of 6 pixels the last one is never used.

    >>> uncovered_pixels([Axis(length=6, window=2), Axis(length=5, window=2, stride=2)])
    array([5])
    """
    _require_chain(chain)
    if not chain:
        return np.arange(0)
    seen = np.arange(chain[-1].output)
    for axis in reversed(chain):
        taps = np.arange(axis.window) * axis.dilation
        under = np.add.outer(seen * axis.stride - axis.before, taps)
        seen = np.unique(under[(under >= 0) & (under < axis.length)])
    return np.setdiff1d(np.arange(chain[0].length), seen)


def _require_chain(chain: Sequence[Axis]) -> None:
    """Raise if the output of a window isn't the input of the next."""
    for k, (axis, following) in enumerate(pairwise(chain), start=1):
        if axis.output != following.length:
            raise ShapeError(
                f"Window {k} of the chain produces {axis.output} pixels ({axis.formula()}), but "
                f"window {k + 1} has length={following.length}. Use length={axis.output}."
            )
