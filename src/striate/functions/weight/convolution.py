"""Convolution: each output map sums the windows of all input maps, weighted by kernels.

This is a cross-correlation, called convolution as in the three sources (Hagan 8.9, Wolter 3,
Wichmann 1.6). ``flip=True`` computes the true convolution (Hagan 8.8). Hagan, "Multiple Kernels";
Wichmann, section 3; Wolter, "Multichannel convolution".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from striate.functions.base import (
    Call,
    Case,
    Lowering,
    Onnx,
    Parameter,
    Seen,
    Shorthand,
    WeightFunction,
)
from striate.functions.layer_form import WEIGHTED, LayerForm
from striate.functions.options import FLAG, PADDING, PIXELS, SIZE, OneOf, option, required
from striate.functions.ways import OtherWay
from striate.functions.weight.kernel_ways import KernelProduct, Part
from striate.functions.weight.kernels import kernel_parameters
from striate.functions.weight.pixels import require_pixels
from striate.maths import columns, feature_maps, windows
from striate.maths.feature_maps import require_kernels, require_maps
from striate.maths.field_pattern import FieldPattern, complete
from striate.shapes import Array, Float, Shape

PARTS: Mapping[str, Part] = MappingProxyType({"z": "y", "da": "x", "dw": "w"})
"""What an element of each array is in the product of image, kernels and positions."""
PADDING_MODES = OneOf(("zeros", "reflect", "replicate", "circular"))


@dataclass(frozen=True, kw_only=True)
class Convolution(WeightFunction):
    """Convolution over one, two or three pixel axes.

    Parameters
    ----------
    feature_maps
        Number of output maps; each has a kernel for every input map of its group.
    kernel_size
        Pixels of the kernel: one number for all axes, or one for each.
    stride
        Step between neighboring positions of the kernel, in pixels.
    dilation
        Distance in pixels from one kernel pixel to the next; 1 leaves no gaps.
    groups
        Number of groups of maps that are convolved separately; with one group for each input map
        it is a depthwise convolution.
    padding
        ``"valid"``, ``"same"``, ``"full"``, or numbers of pixels
        (:data:`striate.maths.padding.Padding`).
    padding_mode
        What padded pixels hold: ``"zeros"``, ``"reflect"``, ``"replicate"`` or ``"circular"``.
    flip
        Whether to rotate the kernel by 180 degrees first: a true convolution.

    Raises
    ------
    OptionError
        If an option has a value that it doesn't allow.

    Sources
    -------
    Hagan 8.20, 8.21, 8.38-8.48; Wichmann 3.1, 4.1-4.15 (corrected: Z includes the bias, height
    first, limits of the output, zero outside the kernel); Wolter 5-8.

    Examples
    --------
    The layout of Hagan's figure 8.2, a 3 x 3 image under a 2 x 2 kernel:

    >>> import numpy as np
    >>> image = np.arange(9.0).reshape(1, 1, 3, 3)
    >>> Convolution(feature_maps=1, kernel_size=2).apply(np.ones((1, 1, 2, 2)), image)[0, 0]
    array([[ 8., 12.],
           [20., 24.]])
    """

    feature_maps: int = required(SIZE, example=6)
    kernel_size: int | tuple[int, ...] = required(PIXELS, example=5)
    stride: int | tuple[int, ...] = option(1, PIXELS)
    dilation: int | tuple[int, ...] = option(1, PIXELS)
    groups: int = option(1, SIZE)
    padding: windows.Padding = option("valid", PADDING)
    padding_mode: columns.PaddingMode = option("zeros", PADDING_MODES)
    flip: bool = option(False, FLAG)

    equation = "z[q,g,h,*i] += w[g,h,l,*u] * a[q,g,l,*(s*i + d*u - p)]"
    padded_statements = (
        "padded[q,g,l,*x] = a[q,g,l,*t[x]]",
        "z[q,g,h,*i] += w[g,h,l,*u] * padded[q,g,l,*(s*i + d*u)]",
    )
    shorthand = Shorthand(word="conv", maps="feature_maps", size="kernel_size")
    layer = LayerForm(
        name="Conv",
        positional=("feature_maps", "kernel_size"),
        example='6, 5, activation="tanh"',
        takes=WEIGHTED,
        bias="tied",
    )
    onnx = Onnx(
        operator="Conv",
        attributes={
            "kernel_size": "kernel_shape",
            "stride": "strides",
            "dilation": "dilations",
            "groups": "group",
            "padding": "pads",
        },
    )

    def axes(self, pixels: Shape) -> tuple[windows.Axis, ...]:
        """Return how the kernel moves along each axis of an image of this size."""
        require_pixels(self, pixels)
        return windows.axes(
            pixels,
            window=self.kernel_size,
            stride=self.stride,
            dilation=self.dilation,
            padding=self.padding,
            name="kernel_size",
            what=self,
        )

    def output_shape(self, *shapes: Shape) -> Shape:
        maps, *pixels = shapes[0]
        require_maps(self, self.groups, maps, self.feature_maps)
        axes = self.axes(tuple(pixels))
        columns.require_padding(axes, self.padding_mode)
        return (self.feature_maps, *(axis.output for axis in axes))

    def parameters(self, *shapes: Shape) -> dict[str, Parameter]:
        maps, *pixels = shapes[0]
        window = tuple(axis.window for axis in self.axes(tuple(pixels)))
        return kernel_parameters(
            (self.feature_maps, maps // self.groups, *window),
            groups=self.groups,
            incoming=maps,
            outgoing=self.feature_maps,
        )

    def window_axes(self, *shapes: Shape) -> tuple[windows.Axis, ...]:
        return self.axes(shapes[0][1:])

    def field_patterns(self, patterns: tuple[FieldPattern, ...], *shapes: Shape) -> Seen:
        """Return the receptive field of each output pixel: the union over its window."""
        return complete(map(FieldPattern.through, patterns, self.window_axes(*shapes)))

    def uncovered(self, *shapes: Shape) -> tuple[int, ...]:
        """Count the pixels that no kernel reads, directly or as padding that repeats them."""
        return columns.uncovered(self.axes(shapes[0][1:]), self.padding_mode)

    def lowering(self, *shapes: Shape) -> Lowering:
        (maps, *pixels), g = shapes[0], self.groups
        axes = self.axes(tuple(pixels))
        z, constants = self.output_shape(shapes[0]), windows.constants(axes)
        lowered = {
            "w": (g, self.feature_maps // g, maps // g, *(axis.window for axis in axes)),
            "a": (g, maps // g, *pixels),
            "z": (g, self.feature_maps // g, *z[1:]),
        }
        statements, tables = (self.equation,), {}
        if self.padding_mode != "zeros":
            statements = self.padded_statements
            lowered["padded"] = (g, maps // g, *(axis.padded for axis in axes))
            tables = columns.padding_tables(axes, "t", self.padding_mode)
            del constants["p"]
        if self.flip:
            statements = tuple(s.replace("l,*u]", "l,*(m - u)]") for s in statements)
            constants["m"] = tuple(axis.window - 1 for axis in axes)
        return Lowering(
            statements=statements,
            shapes=lowered,
            constants=constants,
            extents={"u": tuple(axis.window for axis in axes)},
            tables=tables,
        )

    def apply(self, w: Float[Array, "h k *u"], a: Float[Array, "q l *x"]) -> Float[Array, "q h *i"]:
        r"""Sum, over the input maps, the products of each kernel with the window under it.

        .. math:: z^{h}_{i,j} = \sum_{l} \sum_{u,v}
            w^{h,l}_{u,v} \, a^{l}_{s i + d u - p,\; s j + d v - p}

        Parameters
        ----------
        w
            Kernels, one for each pair of output map and input map.
        a
            Feature maps of the previous layer.

        Returns
        -------
        Array
            Weight-function output.

        Raises
        ------
        ShapeError
            If ``a`` does not have the maps that ``w`` expects, or the window does not fit.

        Sources
        -------
        Hagan 8.20, 8.38; Wichmann 4.1 (stride); Wolter 3, 5.
        """
        self._require_kernels(w, a)
        return feature_maps.correlate(
            w,
            a,
            self.axes(a.shape[2:]),
            groups=self.groups,
            mode=self.padding_mode,
            flip=self.flip,
        )

    def backward_a(
        self, w: Float[Array, "h k *u"], a: Float[Array, "q l *x"], dz: Float[Array, "q h *i"]
    ) -> Float[Array, "q l *x"]:
        r"""Sum, for each pixel, over the outputs that read it: kernel element times derivative.

        .. math:: da^{l}_{x,y} = \sum_{h} \sum_{s i + d u - p = x,\; s j + d v - p = y}
            w^{h,l}_{u,v} \, dz^{h}_{i,j}

        With stride 1 it is the correlation of the kernels, rotated by 180 degrees, with ``dz``.

        Parameters
        ----------
        w, a
            As given to :meth:`apply`.
        dz
            Derivatives of the weight-function output.

        Returns
        -------
        Array
            Derivatives of ``a``.

        Sources
        -------
        Hagan 8.39-8.45 (corrected: h runs over the maps of layer m, also in 8.45; 8.44 with dlz for
        dz; zero outside dLZ); Wichmann 4.15 (corrected: height first, zero outside the kernel);
        Wolter 8.
        """
        return feature_maps.correlate_backward_a(
            w,
            dz,
            self.axes(a.shape[2:]),
            groups=self.groups,
            mode=self.padding_mode,
            flip=self.flip,
        )

    def backward_w(
        self, w: Float[Array, "h k *u"], a: Float[Array, "q l *x"], dz: Float[Array, "q h *i"]
    ) -> Float[Array, "h k *u"]:
        r"""Sum, over images and positions, each derivative times the pixel under the kernel.

        .. math:: dw^{h,l}_{u,v} = \sum_{q} \sum_{i,j}
            dz^{h}_{i,j} \, a^{l}_{s i + d u - p,\; s j + d v - p}

        Parameters
        ----------
        w, a
            As given to :meth:`apply`.
        dz
            Derivatives of the weight-function output.

        Returns
        -------
        Array
            Derivatives of ``w``.

        Sources
        -------
        Hagan 8.46-8.48 (8.46 and 8.47 with lz, lw, dlz for z, w, dz); Wichmann 4.7; Wolter 7.
        """
        del w  # z is linear in it
        return feature_maps.correlate_backward_w(
            a,
            dz,
            self.axes(a.shape[2:]),
            groups=self.groups,
            mode=self.padding_mode,
            flip=self.flip,
        )

    def other_ways(
        self, symbol: str, index: tuple[int, ...], call: Call, d_output: Array | None
    ) -> tuple[OtherWay, ...]:
        """Compute an element by im2col, by the convolution matrix, and by a correlation of maps."""
        (a,) = call.inputs
        product = KernelProduct(
            x_name="A",
            y_name="dZ",
            x=a,
            y=d_output,
            w=call.parameters["weight"],
            axes=self.axes(a.shape[2:]),
            groups=self.groups,
            mode=self.padding_mode,
            flip=self.flip,
        )
        return product.ways(PARTS[symbol], index)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(
                function=cls(feature_maps=3, kernel_size=3),
                inputs=((2, 5, 5),),
                note="Wolter's figure",
            ),
            Case(
                function=cls(
                    feature_maps=4, kernel_size=(3, 2), stride=2, groups=2, padding="same"
                ),
                inputs=((4, 7, 6),),
            ),
            Case(
                function=cls(
                    feature_maps=2,
                    kernel_size=3,
                    dilation=2,
                    padding=((3, 1), (0, 2)),
                    padding_mode="reflect",
                ),
                inputs=((3, 6, 7),),
            ),
            Case(
                function=cls(feature_maps=2, kernel_size=4, stride=3, padding="full", flip=True),
                inputs=((1, 9),),
            ),
            Case(
                function=cls(feature_maps=2, kernel_size=2, padding=1, padding_mode="circular"),
                inputs=((2, 3, 4, 3),),
            ),
        )

    def _require_kernels(self, w: Array, a: Array) -> None:
        """Raise if the kernels don't fit the input maps."""
        incoming = a.shape[1]
        require_maps(self, self.groups, incoming, self.feature_maps)
        require_kernels(
            self,
            w.shape,
            self.parameters(a.shape[1:])["weight"].shape,
            incoming=incoming,
            layout="w[output map, input map of the group, *window] (Hagan 8.20)",
        )
