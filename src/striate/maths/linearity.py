"""Which image functions are convolutions: exactly the linear, position-invariant ones.

:func:`as_convolution` tests a function and returns its kernel, or a counterexample. The laws hold
for infinite images, but real images are finite. So a function is tested away from the edges only:
it may pad, crop and treat the edges in any way.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from striate.errors import ShapeError
from striate.maths.impulses import impulse, impulse_response, require_shape
from striate.maths.signal import convolve, rot180
from striate.shapes import Array, Shape, Shaped

Law = Literal["homogeneity", "additivity", "local support", "position invariance"]
Box = list[tuple[int, int]]
"""First and last pixel along each axis."""

# A function may be linear only for small pixel values, or only for large ones.
_MAGNITUDES = (1.0, 100.0, 0.01)

_TOLERANCES = {2: 1e-2, 4: 1e-4, 8: 1e-9}
"""Relative rounding errors by the item size in bytes."""


@dataclass(frozen=True, eq=False, kw_only=True)
class ConvolutionFound:
    r"""The convolution that a function computes; call it with an image to apply it.

    .. math:: z_m = \sum_i w_i \, p_{m - offset - i}

    Parameters
    ----------
    kernel
        The impulse response, without the zeros around it.
    offset
        Offset of kernel pixel 0 from the impulse, in pixels along each axis; negative if it is
        before the impulse.
    growth
        Number of pixels by which the output exceeds the input, along each axis.

    Sources
    -------
    Hagan 8.2, 8.8, P8.1, P8.2.

    Examples
    --------
    Each pixel minus the one before it:

    >>> difference = ConvolutionFound(kernel=np.array([1, -1]), offset=(0,), growth=(0,))
    >>> difference(np.array([1, 4, 9, 16]))
    array([1, 3, 5, 7])
    >>> difference.correlation_kernel, difference.correlation_offset
    (array([-1,  1]), (-1,))
    """

    kernel: Shaped[Array, "..."]
    offset: tuple[int, ...]
    growth: tuple[int, ...]

    @property
    def correlation_kernel(self) -> Shaped[Array, "..."]:
        """The kernel of the equivalent cross-correlation: rotated by 180 degrees (P8.1)."""
        return rot180(self.kernel)

    @property
    def correlation_offset(self) -> tuple[int, ...]:
        """Offset from a position to the pixel under kernel pixel 0, in cross-correlation."""
        return tuple(1 - r - k for r, k in zip(self.kernel.shape, self.offset, strict=True))

    def __call__(self, p: Shaped[Array, "..."]) -> Shaped[Array, "..."]:
        """Convolve a zero-padded image with the kernel, as the function does inside the image."""
        full = convolve(p, self.kernel, padding="full")
        z = np.zeros([n + g for n, g in zip(p.shape, self.growth, strict=True)], full.dtype)
        # Position m of z is position m - offset of the full convolution, where there is one.
        spans = [
            (max(0, k), min(n, k + m))
            for n, m, k in zip(z.shape, full.shape, self.offset, strict=True)
        ]
        here = tuple(slice(a, max(a, b)) for a, b in spans)
        there = tuple(
            slice(a - k, max(a, b) - k) for (a, b), k in zip(spans, self.offset, strict=True)
        )
        z[here] = full[there]
        return z


@dataclass(frozen=True, eq=False, kw_only=True)
class NotAConvolution:
    """A counterexample: images for which a function breaks a law that all convolutions obey.

    Parameters
    ----------
    law
        The law that does not hold.
    inputs
        Homogeneity: an image and its multiple. Additivity: two images whose sum is taken. Local
        support: the impulse. Position invariance: an image and the same image shifted by one pixel.
    outputs
        What the function returns, and what the law requires.
    pixel
        Where the two outputs differ most.

    Sources
    -------
    Hagan 8.4, 8.5.

    Examples
    --------
    >>> print(as_convolution(lambda p: np.round(p + 0.25), (9,)))  # doctest: +ELLIPSIS
    Not homogeneous: at pixel ..., f(c a) is ..., but c f(a) is ...
    """

    law: Law
    inputs: tuple[Shaped[Array, "..."], ...]
    outputs: tuple[Shaped[Array, "..."], Shaped[Array, "..."]]
    pixel: tuple[int, ...]

    def __str__(self) -> str:
        """Describe what failed in one sentence."""
        verdicts = {
            "homogeneity": ("Not homogeneous", "f(c a)", "c f(a)"),
            "additivity": ("Not additive", "f(a + b)", "f(a) + f(b)"),
            "local support": (
                "Not local",
                "the impulse response",
                "that of a kernel that fits in the image",
            ),
            "position invariance": ("Not position invariant", "f(shift(a))", "shift(f(a))"),
        }
        found, wanted = (output[self.pixel].item() for output in self.outputs)
        verdict, left, right = verdicts[self.law]
        one, other = distinct(found, wanted)
        return f"{verdict}: at pixel {self.pixel}, {left} is {one}, but {right} is {other}."


def distinct(first: complex, second: complex) -> tuple[str, str]:
    """Format two different numbers with enough digits to tell them apart.

    Parameters
    ----------
    first, second
        The numbers.

    Returns
    -------
    tuple of str
        Six significant digits each, or more if needed.

    Sources
    -------
    Golub and Van Loan 2013.

    Examples
    --------
    >>> distinct(4.045084971, 4.045085492), distinct(1.0, 2.0)
    (('4.04508', '4.04509'), ('1', '2'))
    >>> distinct(4.0450851, 4.0450854)
    ('4.0450851', '4.0450854')
    """
    for digits in range(6, 17):
        texts = f"{first:.{digits}g}", f"{second:.{digits}g}"
        if texts[0] != texts[1]:
            return texts
    return repr(first), repr(second)


def as_convolution(
    f: Callable[[Array], Array],
    shape: Shape,
    *,
    seed: int = 0,
    trials: int = 3,
    tolerance: float | None = None,
) -> ConvolutionFound | NotAConvolution:
    r"""Test whether an image function is linear and position invariant, and find its kernel.

    .. math:: \mathcal{W}(\mathbf{P})_{m,n}
        = \sum_{i,j} p_{i,j} \, \mathcal{W}(\delta)_{m-i,n-j}

    The laws are tested in this order: homogeneity and additivity on random images of several
    magnitudes; local support on an impulse in the middle; position invariance on random images that
    are zero near the edges, shifted by one pixel along each axis. For a linear function, one random
    image shows any dependence on position, except with probability zero; a function that is
    nonlinear only for rare images may go undetected.

    Parameters
    ----------
    f
        A function from image to image. The output may have a different size, if that size is always
        the same.
    shape
        Pixels of the images to test with, along each axis: at least about three times the kernel's
        reach.
    seed
        Seed of the random images.
    trials
        Number of random images that each law is tested on.
    tolerance
        Largest difference that counts as rounding, relative to the largest pixel. By default it
        follows from the dtype of the images that ``f`` returns: 1e-9 for float64, 1e-4 for
        float32, 1e-2 for float16. Give it if ``f`` computes in float32 and returns float64.

    Returns
    -------
    ConvolutionFound or NotAConvolution
        The kernel, or a counterexample.

    Raises
    ------
    ShapeError
        If ``f`` does not return an image with the same number of axes and at least one pixel, or
        the image is too small to move the impulse response around in it.

    Sources
    -------
    Hagan 8.3, 8.4, 8.5, P8.2.

    Examples
    --------
    The average of a pixel and its right neighbor (exercise E8.5) is a convolution. Their maximum
    is not: max(-a, -b) is -min(a, b), not -max(a, b):

    >>> def average(p):
    ...     return (p[:, :-1] + p[:, 1:]) / 2
    >>> found = as_convolution(average, (12, 12))
    >>> found.kernel, found.offset
    (array([[0.5, 0.5]]), (0, -1))
    >>> as_convolution(lambda p: np.maximum(p[:, :-1], p[:, 1:]), (12, 12)).law
    'homogeneity'
    """
    require_shape("shape", shape)
    rng = np.random.default_rng(seed)

    def image(p: Array) -> Array:
        return _checked(f(p), shape)

    if tolerance is None:
        any_image = np.random.default_rng(seed).normal(size=shape)
        tolerance = _tolerance(image(any_image).dtype)

    broken = _not_linear(image, shape, rng, trials, tolerance)
    if broken is not None:
        return broken
    response = impulse_response(image, shape)
    inside = _without_border(response)
    if (pixel := _difference(response, inside, tolerance)) is not None:
        delta = impulse(shape, at=[n // 2 for n in shape])
        return NotAConvolution(
            law="local support", inputs=(delta,), outputs=(response, inside), pixel=pixel
        )
    support = _support(response, tolerance)
    broken = _not_invariant(
        image, shape, _safe_box(shape, response.shape, support), rng, trials, tolerance
    )
    if broken is not None:
        return broken
    return ConvolutionFound(
        kernel=response[tuple(slice(first, last + 1) for first, last in support)],
        offset=tuple(first - n // 2 for (first, _), n in zip(support, shape, strict=True)),
        growth=tuple(m - n for m, n in zip(response.shape, shape, strict=True)),
    )


def _not_linear(
    f: Callable[[Array], Array],
    shape: Shape,
    rng: np.random.Generator,
    trials: int,
    tolerance: float,
) -> NotAConvolution | None:
    """Search for random images on which the function is not homogeneous or not additive."""
    for trial in range(trials):
        a, b = rng.normal(scale=_MAGNITUDES[trial % len(_MAGNITUDES)], size=(2, *shape))
        # A negative factor also exposes functions that treat light and dark differently: max.
        c = -1 - rng.random()
        laws: tuple[tuple[Law, Array, Array, Array], ...] = (
            ("homogeneity", c * a, f(c * a), c * f(a)),
            ("additivity", b, f(a + b), f(a) + f(b)),
        )
        for law, other, found, wanted in laws:
            if (pixel := _difference(found, wanted, tolerance)) is not None:
                return NotAConvolution(
                    law=law, inputs=(a, other), outputs=(found, wanted), pixel=pixel
                )
    return None


def _not_invariant(
    f: Callable[[Array], Array],
    shape: Shape,
    safe: Box,
    rng: np.random.Generator,
    trials: int,
    tolerance: float,
) -> NotAConvolution | None:
    """Search for random images, zero outside the safe box, whose shift doesn't shift the output."""
    for _ in range(trials):
        for axis in range(len(shape)):
            # The last pixel stays zero, so that the shifted image lies in the safe box too.
            box = tuple(slice(first, last + (k != axis)) for k, (first, last) in enumerate(safe))
            p = np.zeros(shape)
            p[box] = rng.normal(size=p[box].shape)
            shifted = np.roll(p, 1, axis)
            found, wanted = f(shifted), np.roll(f(p), 1, axis)
            if (pixel := _difference(found, wanted, tolerance)) is not None:
                return NotAConvolution(
                    law="position invariance",
                    inputs=(p, shifted),
                    outputs=(found, wanted),
                    pixel=pixel,
                )
    return None


def _tolerance(dtype: np.dtype[Any]) -> float:
    """Return the relative rounding error of images of a dtype: sums of a few hundred products.

    The error of such sums is a few hundred times the spacing of the values: 1e-7 in float32, 1e-3
    in float16. The tolerance for float64 leaves room for a Fourier transform in between.
    """
    if dtype.kind != "f":
        return _TOLERANCES[8]
    return _TOLERANCES.get(dtype.itemsize, _TOLERANCES[8])


def _checked(z: Array, shape: Shape) -> Array:
    """Check that the function returned an image."""
    z = np.asarray(z)
    if z.ndim != len(shape) or z.size == 0:
        raise ShapeError(
            f"`f` must return an image with {len(shape)} axes and at least one pixel, got shape "
            f"{z.shape} for an image of shape {shape}. Use a function of a single feature map."
        )
    return z


def _difference(found: Array, wanted: Array, tolerance: float) -> tuple[int, ...] | None:
    """Find the pixel where two images differ most; ``None`` if they differ by rounding only."""
    gap = np.abs(found - wanted)
    scale = max(np.abs(found).max(), np.abs(wanted).max())
    # Written so that NaN counts as a difference; argmax finds it.
    if gap.max() <= tolerance * scale:
        return None
    return tuple(int(k) for k in np.unravel_index(gap.argmax(), gap.shape))


def _without_border(image: Array) -> Array:
    """Return a copy whose outermost pixels are zero."""
    cleared = np.zeros_like(image)
    inner = (slice(1, -1),) * image.ndim
    cleared[inner] = image[inner]
    return cleared


def _support(response: Array, tolerance: float) -> Box:
    """Find the first and the last pixel along each axis that is not zero up to rounding."""
    pixels = np.argwhere(np.abs(response) > tolerance * np.abs(response).max())
    if len(pixels) == 0:
        return [(n // 2, n // 2) for n in response.shape]
    return list(zip(pixels.min(axis=0).tolist(), pixels.max(axis=0).tolist(), strict=True))


def _safe_box(shape: Shape, response_shape: Shape, support: Box) -> Box:
    """Find the first and last pixels far enough from the edge for its treatment not to matter."""
    safe: Box = []
    for n, m, (first, last) in zip(shape, response_shape, support, strict=True):
        middle = n // 2
        reach = max(abs(first - middle), abs(last - middle)) + 1
        low = max(reach, middle - first)
        high = min(n - 1 - reach, m - 1 - (last - middle))
        if high <= low:
            raise ShapeError(
                f"`shape` must leave room to move the impulse response, which spans "
                f"pixels {first - middle} to {last - middle} around the impulse, by one pixel "
                f"without touching the edges, got {shape}. Try {tuple(2 * k for k in shape)}."
            )
        safe.append((low, high))
    return safe
