"""Other ways to compute an element of a convolution or of its derivatives.

A convolution and a transposed convolution use the same product, ``sum(y * w * x)``, of an image
``x[q, l, *x]`` under the kernels, kernels ``w[h, k, *u]``, and an array ``y[q, h, *i]`` at their
positions. Each element of one of the three is a sum of products of the other two:

==========  ======================  =================================
element of  convolution             transposed convolution
==========  ======================  =================================
``y``       ``z`` from ``w, a``     ``da`` from ``w, dz``
``x``       ``da`` from ``w, dz``   ``z`` from ``w, a``
``w``       ``dw`` from ``a, dz``   ``dw`` from ``dz, a``
==========  ======================  =================================

For each there are three ways. That of im2col is a product of matrices in which the image is written
as columns of windows. That of the convolution matrix (Hagan 8.12) needs one row or one column of
it, so the matrix is never built as a whole. The third correlates or convolves whole maps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Literal

import numpy as np

from striate.functions.ways import OtherWay
from striate.maths.columns import col2im, im2col, pad, pad_adjoint
from striate.maths.feature_maps import oriented
from striate.maths.matrices import pixels_under
from striate.maths.padding import PaddingMode
from striate.maths.signal import convolve, cross_correlate, rot180
from striate.maths.windows import Axis
from striate.shapes import Array, Shaped

Part = Literal["x", "y", "w"]
"""The image, the array at the positions, or the kernels."""


@dataclass(frozen=True, kw_only=True, eq=False)
class KernelProduct:
    """The arrays of the product, and how the kernel moves.

    Parameters
    ----------
    x_name, y_name
        What the image and the array at the positions are called: ``A``, ``dZ``.
    x, y, w
        The arrays; ``None`` for ``x`` or ``y`` if it is the one whose element is computed.
    axes, groups, mode, flip
        As for :func:`striate.maths.feature_maps.correlate`.
    """

    x_name: str
    y_name: str
    x: Shaped[Array, "q l *x"] | None
    y: Shaped[Array, "q h *i"] | None
    w: Shaped[Array, "h k *u"]
    axes: Sequence[Axis]
    groups: int
    mode: PaddingMode = "zeros"
    flip: bool = False

    def ways(self, part: Part, index: tuple[int, ...]) -> tuple[OtherWay, ...]:
        """Compute an element of one of the arrays from the other two."""
        match part:
            case "x":
                return self._at_pixel(index)
            case "y":
                return self._at_position(index)
            case "w":
                return self._at_weight(index)

    def _at_position(self, index: tuple[int, ...]) -> tuple[OtherWay, ...]:
        """Compute element ``(q, h, *i)`` of ``y``: kernels times the windows at a position."""
        assert self.x is not None
        q, h, *position = index
        kernels = oriented(self.w, flip=self.flip)[h]
        group = h // (len(self.w) // self.groups)
        image = self.x[q, group * len(kernels) : (group + 1) * len(kernels)]
        place = int(np.ravel_multi_index(position, [axis.output for axis in self.axes]))
        padded = pad(image, self.axes, self.mode)
        windows = im2col(padded, self.axes).reshape(kernels.size, -1)
        pixels = pixels_under(self.axes, self.mode)[place]
        inside = pixels >= 0
        row = np.zeros((len(image), prod(image.shape[1:])))
        np.add.at(row.T, pixels[inside], _flat(kernels).T[inside])
        rotated = rot180(_apart(kernels, [axis.dilation for axis in self.axes]), rank=self._rank)
        full = sum(convolve(p, k, padding="full") for p, k in zip(padded, rotated, strict=True))
        last = tuple(
            axis.reach - 1 + axis.stride * i for axis, i in zip(self.axes, position, strict=True)
        )
        return (
            OtherWay(
                name="im2col",
                how="a row of the kernels times a column of windows",
                sources="Wolter 5",
                value=float(kernels.reshape(-1) @ windows[:, place]),
            ),
            OtherWay(
                name="matrix",
                how=f"a row of the convolution matrix times vec({self.x_name})",
                sources="Hagan 8.12",
                value=float(row.reshape(-1) @ image.reshape(-1)),
            ),
            OtherWay(
                name="rotated kernel",
                how=f"full convolution of {self.x_name} with the rotated kernel",
                sources="Wichmann 1.7",
                value=float(np.asarray(full)[last]),
            ),
        )

    def _at_pixel(self, index: tuple[int, ...]) -> tuple[OtherWay, ...]:
        """Compute element ``(q, l, *x)`` of ``x``: the windows that contain a pixel."""
        assert self.y is not None
        q, l, *pixel = index
        group, k = divmod(l, self.w.shape[1])
        count = len(self.w) // self.groups
        maps = slice(group * count, (group + 1) * count)
        kernels = oriented(self.w, flip=self.flip)[maps, k]
        # Output padding may make room for more positions than there are: those hold zero.
        missing = [axis.output - n for axis, n in zip(self.axes, self.y.shape[2:], strict=True)]
        y = np.pad(self.y[q, maps], [(0, 0), *((0, n) for n in missing)])
        columns = _flat(kernels).T @ _flat(y)
        spread = col2im(columns.reshape(kernels.shape[1:] + y.shape[1:]), self.axes)
        number = int(np.ravel_multi_index(pixel, [axis.length for axis in self.axes]))
        place, tap = np.nonzero(pixels_under(self.axes, self.mode) == number)
        column = np.zeros((len(y), prod(y.shape[1:])))
        np.add.at(column.T, place, _flat(kernels).T[tap])
        return (
            OtherWay(
                name="im2col",
                how=f"transposed kernels times {self.y_name}, added back to the pixels",
                sources="Wolter 8",
                value=float(pad_adjoint(spread, self.axes, self.mode)[tuple(pixel)]),
            ),
            OtherWay(
                name="matrix",
                how=f"a column of the convolution matrix times vec({self.y_name})",
                sources="Hagan 8.12",
                value=float(column.reshape(-1) @ y.reshape(-1)),
            ),
            OtherWay(
                name="rotated kernel",
                how=f"full correlation of {self.y_name} with the rotated kernel",
                sources="Hagan 8.45",
                value=float(self._through_rotated_kernels(kernels, y)[tuple(pixel)]),
            ),
        )

    def _at_weight(self, index: tuple[int, ...]) -> tuple[OtherWay, ...]:
        """Compute element ``(h, k, *u)`` of ``w``: the pixels under a weight at all positions."""
        assert self.x is not None
        assert self.y is not None
        h, k, *tap = index
        lengths = [axis.window for axis in self.axes]
        if self.flip:
            tap = [r - 1 - u for r, u in zip(lengths, tap, strict=True)]
        l = h // (len(self.w) // self.groups) * self.w.shape[1] + k
        x, y = self.x[:, l], self.y[:, h]
        padded = pad(x, self.axes, self.mode)
        # Output padding may make room for more positions than there are.
        places = tuple(slice(n) for n in y.shape[1:])
        windows = im2col(padded, self.axes)[(slice(None), *tap, *places)]
        under = pixels_under(self.axes, self.mode)[:, np.ravel_multi_index(tap, lengths)]
        pixels = under.reshape([axis.output for axis in self.axes])[places].reshape(-1)
        inside = pixels >= 0
        correlated = (
            cross_correlate(
                image,
                kernel,
                stride=[axis.dilation for axis in self.axes],
                dilation=[axis.stride for axis in self.axes],
            )
            for image, kernel in zip(padded, y, strict=True)
        )
        return (
            OtherWay(
                name="im2col",
                how=f"a row of {self.y_name} times a row of windows",
                sources="Wolter 7",
                value=float(y.reshape(-1) @ windows.reshape(-1)),
            ),
            OtherWay(
                name="matrix",
                how=f"{self.y_name} vec({self.x_name})ᵀ, summed where the matrix has this weight",
                sources="Hagan 8.12",
                value=float((_flat(y)[:, inside] * _flat(x)[:, pixels[inside]]).sum()),
            ),
            OtherWay(
                name="correlation",
                how=f"correlation of {self.x_name} with {self.y_name} as the kernel",
                sources="Hagan 8.48",
                value=float(sum(one[tuple(tap)] for one in correlated)),
            ),
        )

    def _through_rotated_kernels(self, kernels: Array, y: Array) -> Array:
        """Correlate maps with rotated kernels, in full, and add the results up.

        With a stride, zeros lie between the derivatives; with dilation, between the weights. Pixels
        after the last window get 0.
        """
        rotated = rot180(_apart(kernels, [axis.dilation for axis in self.axes]), rank=self._rank)
        spread = _apart(y, [axis.stride for axis in self.axes])
        full = sum(
            cross_correlate(one, kernel, padding="full")
            for one, kernel in zip(spread, rotated, strict=True)
        )
        padded = np.zeros([axis.before + axis.length + axis.end for axis in self.axes])
        padded[tuple(slice(n) for n in np.shape(full))] = full
        return pad_adjoint(padded, self.axes, self.mode)

    @property
    def _rank(self) -> int:
        """Number of pixel axes."""
        return len(self.axes)


def _flat(maps: Shaped[Array, "n *x"]) -> Shaped[Array, "n pixels"]:
    """Write each map as a vector."""
    return maps.reshape(len(maps), -1)


def _apart(maps: Shaped[Array, "n *x"], steps: Sequence[int]) -> Shaped[Array, "n *y"]:
    """Insert zeros between the pixels of maps, so that neighbors are ``steps`` pixels apart."""
    lengths = [(n - 1) * step + 1 for n, step in zip(maps.shape[1:], steps, strict=True)]
    result = np.zeros((len(maps), *lengths))
    result[(slice(None), *(slice(None, None, step) for step in steps))] = maps
    return result
