"""The options and output sizes that the pooling kinds share."""

from collections.abc import Sequence
from dataclasses import dataclass

from striate.functions.base import Seen
from striate.functions.options import FLAG, PADDING, PIXELS, OrNone, option, required
from striate.functions.weight.pixels import require_pixels
from striate.maths import windows
from striate.maths.field_pattern import FieldPattern, complete
from striate.shapes import Shape

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
    """The options and output sizes that all pooling kinds share; each map is pooled separately.

    Parameters
    ----------
    window
        Pixels of the window, one number for all axes or one for each.
    stride
        Step between neighboring windows; ``None`` uses the window size, so windows don't overlap.
    dilation
        Distance between neighboring window pixels.
    padding
        Pixels added around the image (:data:`striate.maths.padding.Padding`).
    ceil_mode
        Whether to include a last window that only partly fits.

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
        """Return how the window moves along each axis of an image of this size."""
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
        """Return the receptive field of each output pixel: the union over its window."""
        return complete(map(FieldPattern.through, patterns, self.window_axes(*shapes)))

    def output_shape(self, *shapes: Shape) -> Shape:
        maps, *pixels = shapes[0]
        return (maps, *(axis.output for axis in self.axes(tuple(pixels))))


def extents(axes: Sequence[windows.Axis]) -> dict[str, int | tuple[int, ...]]:
    """Return the extents of the window's indices ``*u``, which no array's shape determines."""
    return {"u": tuple(axis.window for axis in axes)}
