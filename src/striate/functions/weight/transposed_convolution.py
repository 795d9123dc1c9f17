"""Transposed convolution: the backward step of a convolution (Hagan 8.39) as a layer."""

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
from striate.functions.options import (
    EXTRA_PIXELS,
    FLAG,
    PADDING,
    PIXELS,
    SIZE,
    option,
    required,
)
from striate.functions.ways import OtherWay
from striate.functions.weight.kernel_ways import KernelProduct, Part
from striate.functions.weight.kernels import kernel_parameters
from striate.functions.weight.pixels import require_pixels
from striate.maths import feature_maps, windows
from striate.maths.feature_maps import require_kernels, require_maps
from striate.maths.field_pattern import FieldPattern, complete
from striate.shapes import Array, Float, Shape

PARTS: Mapping[str, Part] = MappingProxyType({"z": "x", "da": "y", "dw": "w"})
"""What an element of each array is in the product of image, kernels and positions."""


@dataclass(frozen=True, kw_only=True)
class TransposedConvolution(WeightFunction):
    """Transposed convolution over one, two or three pixel axes.

    Kernels are ``w[input map, output map of the group, *window]``: those of the convolution that
    leads from the output back to the input.

    Parameters
    ----------
    feature_maps
        Output maps.
    kernel_size
        Pixels of the kernel: one number for all axes, or one for each.
    stride, dilation, groups, padding
        Those of the convolution that it transposes: the stride enlarges, the padding crops.
    output_padding
        Pixels added after the output: it chooses among the lengths that the convolution would map
        to the same one.
    flip
        Whether it transposes a true convolution.

    Raises
    ------
    OptionError
        If an option has a value that it doesn't allow.

    Sources
    -------
    Hagan 8.39-8.45; Wichmann 4.12-4.15; Wolter 8; Dumoulin and Visin 2016.

    Examples
    --------
    Each pixel stamps the kernel, times its value, onto the output:

    >>> import numpy as np
    >>> stamp, image = np.array([[[[1.0, 2.0], [3.0, 4.0]]]]), np.array([[[[1.0, 10.0]]]])
    >>> TransposedConvolution(feature_maps=1, kernel_size=2).apply(stamp, image)[0, 0]
    array([[ 1., 12., 20.],
           [ 3., 34., 40.]])
    """

    feature_maps: int = required(SIZE, example=6)
    kernel_size: int | tuple[int, ...] = required(PIXELS, example=5)
    stride: int | tuple[int, ...] = option(1, PIXELS)
    dilation: int | tuple[int, ...] = option(1, PIXELS)
    groups: int = option(1, SIZE)
    padding: windows.Padding = option("valid", PADDING)
    output_padding: int | tuple[int, ...] = option(0, EXTRA_PIXELS)
    flip: bool = option(False, FLAG)

    equation = "z[q,g,h,*(s*i + d*u - p)] += w[g,l,h,*u] * a[q,g,l,*i]"
    flipped_equation = "z[q,g,h,*(s*i + d*u - p)] += w[g,l,h,*(m - u)] * a[q,g,l,*i]"
    shorthand = Shorthand(word="conv-transpose", maps="feature_maps", size="kernel_size")
    layer = LayerForm(
        name="ConvTranspose",
        positional=("feature_maps", "kernel_size"),
        example="6, 2, stride=2",
        takes=WEIGHTED,
        bias="tied",
    )
    onnx = Onnx(
        operator="ConvTranspose",
        attributes={
            "kernel_size": "kernel_shape",
            "stride": "strides",
            "dilation": "dilations",
            "groups": "group",
            "padding": "pads",
            "output_padding": "output_padding",
        },
    )

    def axes(self, pixels: Shape) -> tuple[windows.Axis, ...]:
        """Place the kernel of the convolution that leads from the output back to these pixels."""
        require_pixels(self, pixels)
        return windows.transposed_axes(
            pixels,
            window=self.kernel_size,
            stride=self.stride,
            dilation=self.dilation,
            padding=self.padding,
            output_padding=self.output_padding,
            name="kernel_size",
            what=self,
        )

    def output_shape(self, *shapes: Shape) -> Shape:
        maps, *pixels = shapes[0]
        require_maps(self, self.groups, maps, self.feature_maps)
        return (self.feature_maps, *(axis.length for axis in self.axes(tuple(pixels))))

    def parameters(self, *shapes: Shape) -> dict[str, Parameter]:
        maps, *pixels = shapes[0]
        window = tuple(axis.window for axis in self.axes(tuple(pixels)))
        return kernel_parameters(
            (maps, self.feature_maps // self.groups, *window),
            groups=self.groups,
            incoming=maps,
            outgoing=self.feature_maps,
        )

    def field_patterns(self, patterns: tuple[FieldPattern, ...], *shapes: Shape) -> Seen:
        """Return the receptive field of each output pixel: the union over its input pixels."""
        axes = self.axes(shapes[0][1:])
        return complete(map(FieldPattern.through_transposed, patterns, axes))

    def uncovered(self, *shapes: Shape) -> tuple[int, ...]:
        """Count the pixels that are spread only over cropped pixels."""
        pixels = shapes[0][1:]
        axes = self.axes(pixels)
        return tuple(axis.outside(n) for axis, n in zip(axes, pixels, strict=True))

    def lowering(self, *shapes: Shape) -> Lowering:
        (maps, *pixels), g = shapes[0], self.groups
        axes, z = self.axes(tuple(pixels)), self.output_shape(shapes[0])
        constants = windows.constants(axes)
        if self.flip:
            constants["m"] = tuple(axis.window - 1 for axis in axes)
        return Lowering(
            statements=(self.flipped_equation if self.flip else self.equation,),
            shapes={
                "w": (g, maps // g, z[0] // g, *(axis.window for axis in axes)),
                "a": (g, maps // g, *pixels),
                "z": (g, z[0] // g, *z[1:]),
            },
            constants=constants,
            extents={"u": tuple(axis.window for axis in axes)},
        )

    def apply(self, w: Float[Array, "l k *u"], a: Float[Array, "q l *i"]) -> Float[Array, "q h *x"]:
        r"""Stamp each kernel onto the output at every position, times the pixel there, and add up.

        .. math:: z^{h}_{x,y} = \sum_{l} \sum_{s i + d u - p = x,\; s j + d v - p = y}
            w^{l,h}_{u,v} \, a^{l}_{i,j}

        Parameters
        ----------
        w
            Kernels, one for each pair of input map and output map of its group.
        a
            Feature maps of the previous layer.

        Returns
        -------
        Array
            Weight-function output.

        Raises
        ------
        ShapeError
            If ``a`` does not have the maps that ``w`` expects, or no pixel would be left.

        Sources
        -------
        Hagan 8.39, 8.40; Wichmann 4.15; Wolter 8.
        """
        self._require_kernels(w, a)
        axes = self.axes(a.shape[2:])
        return feature_maps.correlate_backward_a(w, a, axes, groups=self.groups, flip=self.flip)

    def backward_a(
        self, w: Float[Array, "l k *u"], a: Float[Array, "q l *i"], dz: Float[Array, "q h *x"]
    ) -> Float[Array, "q l *i"]:
        r"""Correlate the kernels with the derivatives: a convolution.

        .. math:: da^{l}_{i,j} = \sum_{h} \sum_{u,v} w^{l,h}_{u,v} \,
            dz^{h}_{s i + d u - p,\; s j + d v - p}

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
        Hagan 8.20, 8.38.
        """
        return feature_maps.correlate(
            w,
            dz,
            self.axes(a.shape[2:]),
            groups=self.groups,
            flip=self.flip,
            places=a.shape[2:],
        )

    def backward_w(
        self, w: Float[Array, "l k *u"], a: Float[Array, "q l *i"], dz: Float[Array, "q h *x"]
    ) -> Float[Array, "l k *u"]:
        r"""Sum, over images and positions, each pixel times the derivative of its output.

        .. math:: dw^{l,h}_{u,v} = \sum_{q} \sum_{i,j} a^{l}_{i,j} \,
            dz^{h}_{s i + d u - p,\; s j + d v - p}

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
        Hagan 8.47, 8.48; Wolter 7.
        """
        del w  # z is linear in it
        axes = self.axes(a.shape[2:])
        return feature_maps.correlate_backward_w(dz, a, axes, groups=self.groups, flip=self.flip)

    def other_ways(
        self, symbol: str, index: tuple[int, ...], call: Call, d_output: Array | None
    ) -> tuple[OtherWay, ...]:
        """Compute an element in the ways of the convolution that this one transposes."""
        (a,) = call.inputs
        product = KernelProduct(
            x_name="dZ",
            y_name="A",
            x=d_output,
            y=a,
            w=call.parameters["weight"],
            axes=self.axes(a.shape[2:]),
            groups=self.groups,
            flip=self.flip,
        )
        return product.ways(PARTS[symbol], index)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(
                function=cls(feature_maps=2, kernel_size=3, stride=2, padding=1, output_padding=1),
                inputs=((3, 4, 3),),
                note="twice the size",
            ),
            Case(
                function=cls(
                    feature_maps=4, kernel_size=(3, 2), stride=(2, 3), groups=2, padding="same"
                ),
                inputs=((2, 3, 3),),
            ),
            Case(
                function=cls(
                    feature_maps=2, kernel_size=2, dilation=3, padding=((1, 0), (2, 1)), flip=True
                ),
                inputs=((2, 4, 5),),
            ),
            Case(
                function=cls(feature_maps=1, kernel_size=3, dilation=2, output_padding=1),
                inputs=((2, 5),),
                note="output padding beyond the stride",
            ),
            Case(
                function=cls(feature_maps=2, kernel_size=(1, 2, 2), stride=(1, 3, 2)),
                inputs=((1, 2, 3, 2),),
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
            layout="w[input map, output map of the group, *window]",
        )
