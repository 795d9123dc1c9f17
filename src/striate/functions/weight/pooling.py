"""What the pooling kinds share: their window, its sums, and the number of pixels under it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from striate.errors import ShapeError
from striate.functions.base import Seen
from striate.functions.options import FLAG, PADDING, PIXELS, OrNone, option, required
from striate.functions.weight.pixels import require_pixels
from striate.maths import columns, windows
from striate.maths.field_pattern import FieldPattern, complete
from striate.shapes import Array, Float, Shape

ATTRIBUTES = {
    "window": "kernel_shape",
    "stride": "strides",
    "dilation": "dilations",
    "padding": "pads",
    "ceil_mode": "ceil_mode",
}
"""ONNX's names for the options that all pooling kinds have."""


@dataclass(frozen=True, kw_only=True)
class PoolingWindow:
    """The options of every pooling kind, and the output sizes; each map is pooled on its own.

    Parameters
    ----------
    window
        Pixels of the window, one number for all axes or one for each.
    stride
        Step between neighboring windows; ``None`` uses the window size, so windows don't overlap.
    dilation
        Distance between neighboring window pixels.
    padding
        Pixels added around the image (:data:`striate.maths.windows.Padding`).
    ceil_mode
        Whether a last window that only partly fits counts.

    Sources
    -------
    Hagan 8.18, 8.22; Wichmann 5.3.
    """

    window: int | tuple[int, ...] = required(PIXELS, example=2)
    stride: int | tuple[int, ...] | None = option(None, OrNone(PIXELS), example=2)
    dilation: int | tuple[int, ...] = option(1, PIXELS)
    padding: windows.Padding = option("valid", PADDING)
    ceil_mode: bool = option(False, FLAG)

    def axes(self, pixels: Shape) -> tuple[windows.Axis, ...]:
        """Place the window on an image with these pixels."""
        require_pixels(self, pixels)
        return windows.axes(
            pixels,
            window=self.window,
            stride=self.window if self.stride is None else self.stride,
            dilation=self.dilation,
            padding=self.padding,
            ceil_mode=self.ceil_mode,
            what=self,
        )

    def window_axes(self, *shapes: Shape) -> tuple[windows.Axis, ...]:
        return self.axes(shapes[0][1:])

    def field_patterns(self, patterns: tuple[FieldPattern, ...], *shapes: Shape) -> Seen:
        """See what the pixels under the window see."""
        return complete(map(FieldPattern.through, patterns, self.window_axes(*shapes)))

    def output_shape(self, *shapes: Shape) -> Shape:
        maps, *pixels = shapes[0]
        return (maps, *(axis.output for axis in self.axes(tuple(pixels))))


def extents(axes: Sequence[windows.Axis]) -> dict[str, int | tuple[int, ...]]:
    """Return the lengths of the window's indices ``*u``, which no array has."""
    return {"u": tuple(axis.window for axis in axes)}


def taps(
    a: Float[Array, "q h *x"], axes: Sequence[windows.Axis], value: float = 0.0
) -> Iterator[Float[Array, "q h *i"]]:
    """Yield, for each window pixel in row order, a view of what it reads at all positions.

    Pixels outside the image read ``value``.
    """
    windowed = columns.im2col(columns.pad(a, axes, value=value), axes)
    places = (slice(None),) * len(axes)
    for tap in product(*(range(axis.window) for axis in axes)):
        yield windowed[(..., *tap, *places)]


def window_sum(a: Float[Array, "q h *x"], axes: Sequence[windows.Axis]) -> Float[Array, "q h *i"]:
    """Sum the pixels under the window at each position; pixels outside the image add nothing."""
    every = taps(a, axes)
    total = next(every).copy()
    for tap in every:
        total += tap
    return total


def spread(dz: Float[Array, "q h *i"], axes: Sequence[windows.Axis]) -> Float[Array, "q h *x"]:
    """Sum, for each pixel, over the windows that contain it: the adjoint of :func:`window_sum`."""
    window, places = [axis.window for axis in axes], dz.shape[2:]
    single = dz.reshape(*dz.shape[:2], *(1 for _ in axes), *places)
    repeated = np.broadcast_to(single, (*dz.shape[:2], *window, *places))
    return columns.pad_adjoint(columns.col2im(repeated, axes), axes)


def counts(axes: Sequence[windows.Axis], *, padding: bool) -> Float[Array, "*i"]:
    """Count the pixels under the window at each position.

    Parameters
    ----------
    axes
        How the window moves.
    padding
        Whether padding counts. What ceil mode adds behind it never does.

    Returns
    -------
    Array
        Numbers of pixels.

    Sources
    -------
    Wichmann 5.6.

    Examples
    --------
    >>> counts((windows.Axis(length=4, window=3, stride=2, before=1, after=1),), padding=False)
    array([2., 3.])
    """
    total = np.ones(())
    for axis in axes:
        total = np.multiply.outer(total, seen(axis, padding=padding))
    return total


def require_seen(kind: object, axes: Sequence[windows.Axis]) -> None:
    """Raise if a window covers no pixel of the image, so that maximum and mean are undefined."""
    if not any(axis.outside() for axis in axes):
        return
    size = "x".join(str(axis.length) for axis in axes)
    padding = ", ".join(f"{axis.before} + {axis.after}" for axis in axes)
    raise ShapeError(
        f"some windows lie on padding alone: an image of {size} pixels with {padding} added. "
        "Their maximum and mean are undefined (Hagan 8.22, 8.24). "
        "Use less padding or a smaller dilation."
    ).about(kind)


def seen(axis: windows.Axis, *, padding: bool) -> Float[Array, "i"]:
    """Count, at each position along an axis, the window pixels on the image, and on its padding."""
    first, end = (-axis.before, axis.length + axis.after) if padding else (0, axis.length)
    places = axis.stride * np.arange(axis.output) - axis.before
    # Counted without listing the pixels, which would be positions times window of them.
    lowest = np.maximum(-((places - first) // axis.dilation), 0)
    highest = np.minimum((end - 1 - places) // axis.dilation, axis.window - 1)
    return np.maximum(highest - lowest + 1, 0).astype(float)


def seen_in_all(axis: windows.Axis) -> int:
    """Sum :func:`seen` without padding over all positions.

    The positions are counted for each window pixel, or the window pixels for each position,
    whichever are fewer: an axis of millions of pixels takes no longer than a short one.

    Parameters
    ----------
    axis
        How the window moves.

    Returns
    -------
    int
        Window pixels on the image, at all positions together.

    Sources
    -------
    Wichmann 5.6.

    Examples
    --------
    >>> seen_in_all(windows.Axis(length=4, window=3, stride=2, before=1, after=1))
    5
    """
    if axis.output < axis.window:
        return int(seen(axis, padding=False).sum())
    # Window pixel u lies on the image at the positions i with 0 <= stride * i + offset < length.
    offset = axis.dilation * np.arange(axis.window, dtype=np.int64) - axis.before
    first = np.clip(-(offset // axis.stride), 0, axis.output)
    end = np.clip(-((offset - axis.length) // axis.stride), 0, axis.output)
    return int((end - first).sum())
