"""Images and kernels in any form, converted to the form in which the equations index them.

The functions of :mod:`striate.maths.signal` accept one image with one kernel, the maps of one image
with a kernel for each pair of maps, and batches of these. :func:`operands_of` recognizes the form
by the numbers of axes, adds the missing axes, and checks that everything fits. :class:`Operands`
removes the added axes from results.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np

from striate.errors import OptionError, ShapeError
from striate.maths.columns import pad, require_padding, require_padding_mode
from striate.maths.feature_maps import require_kernels, require_maps
from striate.maths.padding import Padding, PaddingMode, plain, whole
from striate.maths.windows import Axis, axes, transposed_axes
from striate.shapes import Array, Shape, Shaped

FORMS = (
    "An image and a kernel have the same number of pixel axes, one to three; for feature maps, use "
    "image[l, rows, columns] with kernel[h, l, u, v]."
)
"""What the axes of an image and a kernel may be, for error messages."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Operands:
    """An image and a kernel with all axes of the equations, and how the kernel moves.

    Parameters
    ----------
    w
        Kernels ``[h, k, *u]``.
    a
        Images ``[q, l, *x]``.
    lead
        Number of axes before the pixels that the image had: 0, 1 (maps) or 2 (images and maps).
    axes
        One for each pixel axis.
    groups
        Number of groups of maps.
    mode
        What padded pixels hold.
    """

    w: Shaped[Array, "h k *u"]
    a: Shaped[Array, "q l *x"]
    lead: int
    axes: tuple[Axis, ...]
    groups: int
    mode: PaddingMode

    @property
    def padded(self) -> Shaped[Array, "q l *x"]:
        """The padded images."""
        return pad(self.a, self.axes, self.mode)

    def without_added_axes(self, z: Shaped[Array, "q h *i"]) -> Shaped[Array, "..."]:
        """Remove the axes of images and maps that the image did not have."""
        return z.reshape(z.shape[2 - self.lead :])


def operands_of(
    image: Shaped[Array, "..."],
    kernel: Shaped[Array, "..."],
    *,
    stride: int | Sequence[int],
    dilation: int | Sequence[int],
    padding: Padding,
    padding_mode: PaddingMode,
    groups: int,
) -> Operands:
    """Place kernels on images for a convolution.

    Parameters
    ----------
    image, kernel, stride, dilation, padding, padding_mode, groups
        As given to :func:`~striate.maths.signal.cross_correlate`.

    Returns
    -------
    Operands

    Raises
    ------
    ShapeError
        If image and kernel don't go together, or the kernel does not fit.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Hagan 8.9, 8.20.

    Examples
    --------
    >>> options = {"stride": 1, "dilation": 1, "padding": "valid", "padding_mode": "zeros"}
    >>> operands = operands_of(np.zeros((5, 5)), np.zeros((3, 3)), groups=1, **options)
    >>> operands.a.shape, operands.w.shape
    ((1, 1, 5, 5), (1, 1, 3, 3))
    """
    a, w, lead = _with_all_axes(image, kernel)
    _require_groups(groups, lead, np.shape(image))
    require_padding_mode(padding_mode)
    window, pixels = w.shape[2:], a.shape[2:]
    larger = window != pixels and all(r >= n for r, n in zip(window, pixels, strict=True))
    if larger and padding in ("valid", "same"):
        raise _swapped(np.shape(image), np.shape(kernel))
    if lead:
        incoming = a.shape[1]
        require_maps("", groups, incoming, len(w))
        layout = "[output map, input map of the group, *window] (Hagan 8.20)"
        if len(pixels) == 1:
            layout += (
                ". For several kernels on one picture, use image[np.newaxis] with "
                "kernel[:, np.newaxis]"
            )
        require_kernels(
            "", w.shape, (len(w), incoming // groups, *window), incoming=incoming, layout=layout
        )
    try:
        walk = axes(
            pixels,
            window=window,
            stride=stride,
            dilation=dilation,
            padding=padding,
            name="kernel_size",
        )
    except ShapeError:
        if larger:
            raise _swapped(np.shape(image), np.shape(kernel)) from None
        raise
    require_padding(walk, padding_mode)
    return Operands(w=w, a=a, lead=lead, axes=walk, groups=groups, mode=padding_mode)


def transposed_operands(
    image: Shaped[Array, "..."],
    kernel: Shaped[Array, "..."],
    *,
    stride: int | Sequence[int],
    dilation: int | Sequence[int],
    padding: Padding,
    output_padding: int | Sequence[int],
    groups: int,
) -> Operands:
    """Place the kernels of a transposed convolution, ``w[l, h, *u]``.

    Parameters
    ----------
    image, kernel, stride, dilation, padding, output_padding, groups
        As given to :func:`~striate.maths.transposed.cross_correlate_transpose`.

    Returns
    -------
    Operands
        ``axes`` are those of the convolution that it transposes.

    Raises
    ------
    ShapeError
        If image and kernel don't go together, or no pixel would be left.
    OptionError
        If an option has a value that isn't allowed.

    Sources
    -------
    Hagan 8.39; Dumoulin and Visin 2016.

    Examples
    --------
    >>> options = {"stride": 2, "dilation": 1, "padding": "valid", "output_padding": 0}
    >>> operands = transposed_operands(np.zeros(4), np.zeros(2), groups=1, **options)
    >>> operands.axes[0].length
    8
    """
    a, w, lead = _with_all_axes(image, kernel)
    _require_groups(groups, lead, np.shape(image))
    if lead:
        require_maps("", groups, a.shape[1], groups * w.shape[1])
        require_kernels(
            "",
            w.shape,
            (a.shape[1], *w.shape[1:]),
            incoming=a.shape[1],
            layout="[input map, output map of the group, *window]",
        )
    walk = transposed_axes(
        a.shape[2:],
        window=w.shape[2:],
        stride=stride,
        dilation=dilation,
        padding=padding,
        output_padding=output_padding,
        name="kernel_size",
    )
    return Operands(w=w, a=a, lead=lead, axes=walk, groups=groups, mode="zeros")


def require_derivatives(dz: Shaped[Array, "..."], shape: Shape) -> Shaped[Array, "..."]:
    """Return derivatives as an array; raise if they don't have the shape of the output.

    Parameters
    ----------
    dz
        Derivatives of the loss with respect to a function's result.
    shape
        Of that result.

    Returns
    -------
    Array
        The derivatives.

    Raises
    ------
    ShapeError
        If they have the wrong shape.

    Sources
    -------
    Hagan 8.28.

    Examples
    --------
    >>> require_derivatives([[1, 2]], (1, 2))
    array([[1, 2]])
    """
    dz = summable(dz)
    if dz.shape != shape:
        raise ShapeError(
            f"`dz` has shape {dz.shape}, but the forward function returns shape {shape} for these "
            "arguments. Use the derivatives of its result, and the same options in both calls."
        )
    return dz


def summable(x: object) -> Shaped[Array, "..."]:
    """Convert integers and booleans to 64-bit integers, since sums of uint8 pixels would wrap.

    Parameters
    ----------
    x
        Anything that NumPy converts to an array.

    Returns
    -------
    Array
        The same numbers.

    Raises
    ------
    ShapeError
        If they are rows of different lengths.
    OptionError
        If they aren't numbers.

    Sources
    -------
    Hagan 8.9.

    Examples
    --------
    >>> summable(np.array([200, 100], np.uint8)).sum()
    np.int64(300)
    """
    try:
        array = np.asarray(x)
    except ValueError:  # NumPy's error for rows of different lengths
        raise ShapeError(
            "Images and kernels must be arrays, got nested lists with rows of different lengths. "
            "Use as many numbers in each row."
        ) from None
    if array.dtype.kind in "biu":
        return array.astype(np.int64)
    if array.dtype.kind not in "fc":
        raise OptionError(
            f"Images and kernels must be arrays of numbers, got dtype {array.dtype}. Convert them "
            "with np.asarray(x, dtype=float)."
        )
    return array


def _with_all_axes(image: Array, kernel: Array) -> tuple[Array, Array, int]:
    """Add the axes of images and maps that are missing; also return how many there were."""
    a, w = summable(image), summable(kernel)
    match w.ndim - a.ndim:
        case 0 if 1 <= a.ndim <= 3:
            lead = 0
        case 0 if 4 <= a.ndim <= 5:
            lead = 2
        case 1 if 2 <= a.ndim <= 4:
            lead = 1
        case _:
            raise _no_form(a.shape, w.shape)
    if 0 in a.shape[lead:] or 0 in w.shape:
        empty = "image" if 0 in a.shape[lead:] else "kernel"
        raise ShapeError(
            f"`{empty}` has shape {(a if empty == 'image' else w).shape}, which has no pixels. Use "
            "at least one pixel along each axis."
        )
    return (
        a.reshape((1,) * (2 - lead) + a.shape),
        w if lead else w.reshape((1, 1, *w.shape)),
        lead,
    )


def _no_form(image: Shape, kernel: Shape) -> ShapeError:
    """Make the error for an image and a kernel that don't go together."""
    text = f"`image` has shape {image} and `kernel` {kernel}, which don't go together. {FORMS} "
    if len(image) - len(kernel) == 1 and prod(image) >= prod(kernel) and len(kernel) == 2:
        # With a kernel of one pixel along the channel axis, the picture is a volume.
        axis = image.index(min(image))
        window = "kernel[:, :, np.newaxis]" if axis == 2 else "kernel[np.newaxis]"
        return ShapeError(f"{text}To apply the kernel to each channel, use {window}.")
    if len(image) - len(kernel) == 1:
        return ShapeError(f"{text}The image comes first: check whether the two are swapped.")
    return ShapeError(f"{text}Take one image, or one map.")


def _swapped(image: Shape, kernel: Shape) -> ShapeError:
    """Make the error for a kernel that is larger than the image."""
    return ShapeError(
        f"`kernel` has shape {kernel}, which is larger than `image`, {image}. The image comes "
        'first, as in scipy.ndimage: swap the two, or use padding="full".'
    )


def _require_groups(groups: int, lead: int, image: Shape) -> None:
    """Raise if ``groups`` is not a positive integer, or the image is a single map."""
    if not whole(groups) or groups < 1:
        raise OptionError(f"`groups` must be a positive integer, got {plain(groups)}. Try 1.")
    if groups > 1 and not lead:
        raise OptionError(
            f"`groups` divides feature maps, but an image of shape {image} is a single map; got "
            f"groups={groups}. Use groups=1, or image[l, rows, columns] with kernel[h, l, u, v]."
        )
