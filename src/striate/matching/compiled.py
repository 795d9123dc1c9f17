"""The sums over each window of a tile as machine code: exact, for small templates in bytes.

A nest program states the sums as index equations, and :func:`striate.compile.compile_nests` turns
it into vector code, as it does for the layers of a network::

    z[i,j]   += w[l,u,v] * a[l, i + u, j + v]      products with the template
    t[l,i,j] += m[k,u,v] * a[l, i + u, j + v]      sums, if there is a mask (k = l or 0)
    b[i,j]   += m[k,u,v] * s[k, i + u, j + v]      sums of squares, if there is a mask

Machine code computes in float32. It holds every integer up to 2**24, so sums over integers are
exact as long as no partial sum is larger. By the inequality of Cauchy and Schwarz, no partial sum
exceeds the root of the template's sum of squares times that of the window. Tiles that are not
certain to stay below the limit are left to the FFT.
"""

from functools import lru_cache

import numpy as np

from striate.compile import CompiledNests, compile_nests
from striate.matching.scratch import Scratch
from striate.matching.sums import UNIT, Rounding, Sums, complete
from striate.matching.template import Template
from striate.matching.window_sums import column_sums, row_sums
from striate.nests import bind_program
from striate.shapes import Array, Float

TILE = (128, 256)
"""Rows and columns of the positions that a program computes."""

_EXACT = float(1 << 24)
"""From this integer on, float32 doesn't hold all integers."""


class CompiledKernel:
    """A template, as the input of a compiled program.

    Parameters
    ----------
    template
        A template whose pixels and weights are integers.
    """

    def __init__(self, template: Template) -> None:
        self.template = template
        high, wide = template.size
        masks = 0 if template.weights is None else template.weights.shape[2]
        self.program = _program((high, wide), template.channels, masks)
        # The kernel must consist of integers, which the mean is not.
        self.shift = np.rint(template.means)
        kernel = template.every_weight * (template.pixels - self.shift)
        self.norm = float(np.linalg.norm(kernel))
        self.inputs = {"w": np.ascontiguousarray(np.moveaxis(kernel, 2, 0), np.float32)}
        if template.weights is not None:
            weights = np.moveaxis(template.weights, 2, 0)
            self.inputs["m"] = np.ascontiguousarray(weights, np.float32)


def compiled_sums(
    kernel: CompiledKernel,
    channels: Float[Array, "channels rows columns"],
    center: Float[Array, "channels"],
    scratch: Scratch,
) -> Sums | None:
    """Compute the sums over each window of a tile.

    Parameters
    ----------
    kernel
        The template.
    channels
        The tile: for each channel its pixels minus the center, which are integers. It has at least
        the columns of the program's tiles; those beyond the scene are zero.
    center
        What was subtracted.
    scratch
        Where the sums are kept.

    Returns
    -------
    Sums or None
        ``None`` if they may not be exact.
    """
    t = kernel.template
    rows, columns = channels.shape[1] - t.size[0] + 1, channels.shape[2]
    # No pixel, and no window of pixels, is further from the center.
    most = float(np.abs(channels).max()) ** 2 * t.total
    if max(kernel.norm * most**0.5, most if t.weights is not None else 0) >= _EXACT:
        return None
    found = _run(kernel, channels, scratch)
    shape = (rows, columns)
    products, squares = scratch.array(shape), scratch.array(shape)
    totals = scratch.array((t.channels, *shape))
    _widen(found["z"], products)
    if t.weights is None:
        column_sums(channels, columns, t.size[0], totals, squares, scratch)
    else:
        _widen(found["b"], squares)
        for one, total in zip(found["t"], totals, strict=True):
            _widen(one, total)
    fractions = t.means - kernel.shift
    if fractions.any():
        for total, part in zip(totals, fractions, strict=True):
            if t.weights is None:
                count = columns - t.size[1] + 1
                total = row_sums(total, count, t.size[1], scratch)  # noqa: PLW2901
            products[:, : total.shape[1]] -= part * total
    products /= t.contrast
    # Integers, apart from the products with the mean's fraction.
    norms = kernel.norm / t.contrast + float(np.abs(fractions * t.roots / t.contrast).sum())
    return Sums(
        center=center,
        products=products,
        of_rows=complete(totals, squares),
        width=t.size[1] if t.weights is None else 1,
        factors=1 / t.roots,
        exact=False,
        most=0,
        rounding=Rounding(4 * UNIT * t.channels * norms * most**0.5, 0, 0, UNIT),
        scratch=scratch,
    )


def _widen(sums: Float[Array, "rows columns"], wide: Float[Array, "r c"]) -> None:
    """Copy sums to a wider array; its last columns become 0."""
    wide[:, : sums.shape[1]] = sums[: len(wide)]
    wide[:, sums.shape[1] :] = 0


def _run(
    kernel: CompiledKernel, channels: Float[Array, "channels rows columns"], scratch: Scratch
) -> dict[str, Array]:
    """Run the program on a tile."""
    t, shapes = kernel.template, kernel.program.shapes
    inputs = {**kernel.inputs, "a": scratch.array(shapes["a"], np.float32)}
    for target, channel in zip(inputs["a"], channels, strict=True):
        target[: len(channel)] = channel[:, : target.shape[1]]
        target[len(channel) :] = 0
    if t.weights is not None:
        squares = inputs["a"] * inputs["a"]
        each = t.weights.shape[2] > 1
        inputs["s"] = squares if each else squares.sum(axis=0, keepdims=True)
    names = kernel.program.program.outputs
    return kernel.program(inputs, {x: scratch.array(shapes[x], np.float32) for x in names})


@lru_cache(maxsize=32)
def _program(size: tuple[int, int], channels: int, masks: int) -> CompiledNests:
    """Compile the program for templates of one size."""
    high, wide = (n + r - 1 for n, r in zip(TILE, size, strict=True))
    shapes: dict[str, tuple[int, ...]] = {"w": (channels, *size), "a": (channels, high, wide)}
    equations = ["z[i,j] += w[l,u,v] * a[l, i + u, j + v]"]
    if masks:
        shapes |= {"m": (masks, *size), "s": (masks, high, wide)}
        which = "l" if masks > 1 else "0"
        equations += [
            f"t[l,i,j] += m[{which},u,v] * a[l, i + u, j + v]",
            "b[i,j] += m[k,u,v] * s[k, i + u, j + v]",
        ]
    shapes |= {"z": TILE, "t": (channels, *TILE), "b": TILE}
    return compile_nests(bind_program(equations, shapes=shapes), threads=1)
