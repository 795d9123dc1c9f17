"""Blur pooling: each output pixel is a weighted mean of a window, so that shifts change it less.

It is a convolution of each map with fixed, binomial weights, followed by a stride (Zhang 2019). In
ONNX it is such a convolution, with one group for each map, after padding.
"""

from dataclasses import dataclass

import numpy as np

from striate.functions.base import Call, Case, FixedFunction, Lowering, Seen, Shorthand
from striate.functions.layer_form import LayerForm
from striate.functions.options import PADDING, OneOf, OrNone, PerAxis, Range, option, required
from striate.functions.ways import OtherWay
from striate.functions.weight import pooling
from striate.functions.weight.kernel_ways import KernelProduct
from striate.functions.weight.pixels import require_pixels
from striate.maths import blurring, columns, windows
from striate.maths.field_pattern import FieldPattern, complete
from striate.maths.padding import PADDING_MODES
from striate.shapes import Array, Float, Shape

_STRIDES = PerAxis(Range(least=1, most=(blurring.LONGEST_WINDOW + 1) // 2, whole=True))
_WINDOWS = PerAxis(Range(least=1, most=blurring.LONGEST_WINDOW, whole=True))


@dataclass(frozen=True, kw_only=True)
class BlurPooling(FixedFunction):
    """Blur pooling: each output pixel is a weighted mean of a window, with binomial weights.

    It replaces a stride: ``MaxPool(2, stride=1)`` and ``BlurPool(2)`` take the place of
    ``MaxPool(2)``, and a convolution with stride 1 and ``BlurPool(2)`` that of one with stride 2.
    The output has the same size, and changes less when the image is shifted by one pixel.

    Parameters
    ----------
    stride
        Step between neighboring windows, in pixels: 2 halves the image.
    window
        Pixels of the window; ``None`` uses ``2 * stride - 1``, which is 3 for a stride of 2, with
        the weights 1/4, 1/2, 1/4.
    padding
        Pixels added around the image (:data:`striate.maths.padding.Padding`); ``None`` adds as many
        as put the middle of the first window on the first pixel.
    padding_mode
        What padded pixels hold: ``"zeros"``, which darkens the edge of the image, ``"reflect"``,
        ``"replicate"`` or ``"circular"``.

    Sources
    -------
    Zhang 2019; Hagan 8.22 (with binomial weights).

    Examples
    --------
    Stripes two pixels wide, and the same stripes shifted by one pixel:

    >>> import numpy as np
    >>> stripes = np.array([[[0.0, 0, 4, 4, 0, 0, 4, 4]], [[4, 0, 0, 4, 4, 0, 0, 4]]])
    >>> BlurPooling(stride=2).apply(stripes)[:, 0]
    array([[0., 3., 1., 3.],
           [2., 1., 3., 1.]])
    """

    stride: int | tuple[int, ...] = required(_STRIDES, example=2)
    window: int | tuple[int, ...] | None = option(None, OrNone(_WINDOWS), example=3)
    padding: windows.Padding | None = option(None, OrNone(PADDING), example=1)
    padding_mode: columns.PaddingMode = option("reflect", OneOf(PADDING_MODES))

    equation = "z[q,h,*i] += k[*u] * a[q,h,*(s*i + u - p)]"
    padded_statements = (
        "padded[q,h,*x] = a[q,h,*t[x]]",
        "z[q,h,*i] += k[*u] * padded[q,h,*(s*i + u)]",
    )
    linear = True
    shorthand = Shorthand(word="blur", size="stride")
    layer = LayerForm(name="BlurPool", positional=("stride",), example="2")

    def axes(self, pixels: Shape) -> tuple[windows.Axis, ...]:
        """Return how the window moves along each axis of an image of this size."""
        require_pixels(self, pixels)
        return blurring.blur_axes(pixels, self.stride, self.window, self.padding, self)

    def window_axes(self, *shapes: Shape) -> tuple[windows.Axis, ...]:
        return self.axes(shapes[0][1:])

    def field_patterns(self, patterns: tuple[FieldPattern, ...], *shapes: Shape) -> Seen:
        """Return the receptive field of each output pixel: the union over its window."""
        return complete(map(FieldPattern.through, patterns, self.window_axes(*shapes)))

    def uncovered(self, *shapes: Shape) -> tuple[int, ...]:
        """Count the pixels that no window reads, directly or as padding that repeats them."""
        return columns.uncovered(self.axes(shapes[0][1:]), self.padding_mode)

    def output_shape(self, *shapes: Shape) -> Shape:
        maps, *pixels = shapes[0]
        axes = self.axes(tuple(pixels))
        columns.require_padding(axes, self.padding_mode)
        return (maps, *(axis.output for axis in axes))

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equations; the weights ``k`` are a constant array."""
        axes = self.axes(shapes[0][1:])
        arrays = {"a": shapes[0], "z": self.output_shape(shapes[0])}
        constants, statements = windows.constants(axes), (self.equation,)
        tables = {"k": blurring.weights(axes)}
        del constants["d"]
        if self.padding_mode != "zeros":
            statements = self.padded_statements
            arrays["padded"] = (shapes[0][0], *(axis.padded for axis in axes))
            tables |= columns.padding_tables(axes, "t", self.padding_mode)
            del constants["p"]
        return Lowering(
            statements=statements,
            shapes=arrays,
            constants=constants,
            extents=pooling.extents(axes),
            tables=tables,
        )

    def apply(self, a: Float[Array, "q h *x"]) -> Float[Array, "q h *i"]:
        r"""Sum the pixels under the window at each position, times the weights.

        .. math:: z^{h}_{i,j} = \sum_{u,v} k_u k_v \, a^{h}_{s i + u - p,\; s j + v - p}

        where :math:`k_u = 2^{1-r} \binom{r-1}{u}` for a window of :math:`r` pixels.

        Parameters
        ----------
        a
            Feature maps.

        Returns
        -------
        Array
            Weight-function output.

        Raises
        ------
        ShapeError
            If the window does not fit, or the padding would repeat more pixels than there are.

        Sources
        -------
        Zhang 2019; Hagan 8.22 (with binomial weights).
        """
        return blurring.blur(a, self.axes(a.shape[2:]), self.padding_mode)

    def backward_a(
        self, a: Float[Array, "q h *x"], dz: Float[Array, "q h *i"]
    ) -> Float[Array, "q h *x"]:
        r"""Sum, for each pixel, weight times derivative over the windows that contain it.

        .. math:: da^{h}_{x,y} = \sum_{s i + u - p = x,\; s j + v - p = y} k_u k_v \, dz^{h}_{i,j}

        Derivatives of padded pixels go to the pixels that they repeat.

        Parameters
        ----------
        a
            As given to :meth:`apply`.
        dz
            Derivatives of the weight-function output.

        Returns
        -------
        Array
            Derivatives of ``a``.

        Sources
        -------
        Hagan 8.39, P8.3 (with binomial weights).
        """
        return blurring.blur_adjoint(dz, self.axes(a.shape[2:]), self.padding_mode)

    def other_ways(
        self, symbol: str, index: tuple[int, ...], call: Call, d_output: Array | None
    ) -> tuple[OtherWay, ...]:
        """Compute an element in the ways of a convolution with one group for each map."""
        (a,) = call.inputs
        axes, maps = self.axes(a.shape[2:]), a.shape[1]
        kernel = blurring.weights(axes)
        product = KernelProduct(
            x_name="A",
            y_name="dZ",
            x=a,
            y=d_output,
            w=np.broadcast_to(kernel, (maps, 1, *kernel.shape)),
            axes=axes,
            groups=maps,
            mode=self.padding_mode,
        )
        return product.ways("y" if symbol == "z" else "x", index)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(stride=2), inputs=((2, 6, 7),), note="in place of a stride of 2"),
            Case(
                function=cls(stride=(2, 1), window=(4, 3), padding=1, padding_mode="zeros"),
                inputs=((2, 6, 5),),
            ),
            Case(
                function=cls(stride=3, padding=((0, 2),), padding_mode="circular"),
                inputs=((1, 9),),
            ),
            Case(
                function=cls(stride=2, window=5, padding="same", padding_mode="replicate"),
                inputs=((1, 3, 4, 3),),
            ),
        )
