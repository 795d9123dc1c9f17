r"""Image restoration: undo a known blur, with the inverse filter or the Wiener filter.

A picture P was blurred by a kernel W, and noise V was added: :math:`Z = W * P + V`. For spectra,
the convolution is a product (:math:`\hat Z = \hat W \hat P + \hat V`), so a division could undo
it. Where :math:`\hat W` is small, however, the division amplifies the noise. The two filters differ
in how they limit this.

The convolution is circular here, ``convolve(p, w, padding="same", padding_mode="circular")``: for
it, spectra are exact. At the edges of a real photograph, which does not continue at the opposite
side, expect ripples about as wide as the kernel.
"""

from typing import Literal

import numpy as np

from striate.errors import OptionError, ShapeError
from striate.maths.kernels import laplacian
from striate.maths.operands import summable
from striate.maths.padding import plain
from striate.shapes import Array, Float, Shaped

Smoothness = Literal["none", "laplacian"]
"""What the Wiener filter takes for the noise-to-signal ratio of each frequency, up to a factor."""


def inverse_filter(
    image: Shaped[Array, "..."], kernel: Shaped[Array, "..."], *, threshold: float = 0.0
) -> Float[Array, "..."]:
    r"""Divide the spectrum of a blurred image by that of the kernel.

    .. math:: \hat P_k = \begin{cases} \hat Z_k / \hat W_k &
        |\hat W_k| > t \, \max_j |\hat W_j| \\ 0 & \text{otherwise} \end{cases}

    Without noise it restores the image exactly, as long as the kernel removes no frequency. With
    noise, use a threshold, or :func:`wiener_filter`.

    Parameters
    ----------
    image
        The blurred image; one to three axes.
    kernel
        The kernel of the circular convolution that blurred it, with as many axes; the middle is
        pixel ``r // 2`` along each axis, as for ``padding="same"``.
    threshold
        :math:`t`: frequencies that the kernel weakens to less than this part of the strongest are
        left out.

    Returns
    -------
    Array
        The restored image, in the floating-point type of the image.

    Raises
    ------
    ShapeError
        If image and kernel differ in their number of axes, or the kernel is larger.
    OptionError
        If the threshold is not at least 0 and below 1, or it is 0 and the kernel removes a
        frequency.

    Sources
    -------
    Hagan 8.7; Gonzalez and Woods 2018 (5.7).

    Examples
    --------
    >>> image = np.array([0.0, 0, 3, 1, 0, 0, 2])
    >>> kernel = np.array([1, 2, 1]) / 4
    >>> from striate.maths import convolve
    >>> blurred = convolve(image, kernel, padding="same", padding_mode="circular")
    >>> inverse_filter(blurred, kernel).round(6) + 0.0
    array([0., 0., 3., 1., 0., 0., 2.])
    """
    z, w = _prepare(image, kernel)
    if not 0 <= threshold < 1:
        raise OptionError(
            f"`threshold` must be at least 0 and below 1, got {plain(threshold)}. Try 0.01."
        )
    spectrum = _transfer(w, z)
    gain = np.abs(spectrum)
    kept = ~_removed(gain, w) & (gain > threshold * gain.max())
    if threshold == 0 and not kept.all():
        k = tuple(int(n) for n in np.argwhere(~kept)[0])
        raise OptionError(
            f"`kernel` removes {int((~kept).sum())} of {kept.size} frequencies, the first of them "
            f"{k}, so no filter can restore them. Use threshold=0.01 to leave them out, or "
            "wiener_filter."
        )
    inverse = np.zeros_like(spectrum)
    np.divide(1, spectrum, out=inverse, where=kept)
    return _filtered(z, inverse)


def wiener_filter(
    image: Shaped[Array, "..."],
    kernel: Shaped[Array, "..."],
    noise_to_signal: float | Float[Array, "..."],
    *,
    smoothness: Smoothness = "none",
) -> Float[Array, "..."]:
    r"""Restore a blurred and noisy image with the smallest mean squared error.

    .. math:: \hat P_k = \frac{\overline{\hat W_k}}{|\hat W_k|^2 + N_k} \hat Z_k

    :math:`N_k` is the power of the noise at a frequency divided by the power of the picture. If
    both are known, no other linear filter has a smaller expected squared error. Usually they are
    guessed: by one number for all frequencies, or by one that grows with the frequency, since
    pictures have little power at high frequencies.

    Parameters
    ----------
    image, kernel
        As for :func:`inverse_filter`.
    noise_to_signal
        :math:`N`: one number, or one for each frequency in the order of ``np.fft.fftn``. With 0 it
        is the inverse filter.
    smoothness
        ``"none"`` uses :math:`N` as given; ``"laplacian"`` multiplies it by the squared spectrum
        of the Laplacian, which is 0 for the mean and grows with the frequency. The latter is
        ``skimage.restoration.wiener``.

    Returns
    -------
    Array
        The restored image, in the floating-point type of the image.

    Raises
    ------
    ShapeError
        If image and kernel differ in their number of axes, or the kernel is larger, or
        ``noise_to_signal`` has another shape than the image.
    OptionError
        If a ratio is negative or not finite, if a frequency has neither signal nor noise, or if
        ``smoothness`` is unknown.

    Sources
    -------
    Hagan 8.7; Wiener 1949; Gonzalez and Woods 2018 (5.8).

    Examples
    --------
    A square, blurred by a motion over seven pixels, with noise: the mean error of the picture as it
    is, of the inverse filter, and of the Wiener filter.

    >>> from striate.maths import convolve, kernels
    >>> picture = np.pad(np.ones((16, 16)), 8)
    >>> blur = kernels.motion_blur(7)
    >>> noise = np.random.default_rng(0).normal(scale=0.01, size=picture.shape)
    >>> z = convolve(picture, blur, padding="same", padding_mode="circular") + noise
    >>> inverse = inverse_filter(z, blur)
    >>> wiener = wiener_filter(z, blur, 0.01, smoothness="laplacian")
    >>> [round(float(np.abs(image - picture).mean()), 2) for image in (z, inverse, wiener)]
    [0.06, 0.14, 0.04]
    """
    z, w = _prepare(image, kernel)
    ratio = summable(noise_to_signal).astype(z.dtype)
    if ratio.shape not in ((), z.shape):
        raise ShapeError(
            f"`noise_to_signal` has shape {ratio.shape}, but the image has {z.shape} frequencies. "
            "Use one number, or an array in the shape of the image."
        )
    if not np.isfinite(ratio).all() or ratio.min() < 0:
        raise OptionError(
            f"`noise_to_signal` must be finite and not negative, got {plain(ratio.min())}. Try "
            "0.01."
        )
    if smoothness not in ("none", "laplacian"):
        raise OptionError(f'`smoothness` must be "none" or "laplacian", got "{smoothness}".')
    if smoothness == "laplacian":
        ratio = ratio * np.abs(_transfer(_laplacian(z.ndim).astype(z.dtype), z)) ** 2
    spectrum = _transfer(w, z)
    gain = np.abs(spectrum)
    if (_removed(gain, w) & (ratio == 0)).any():
        raise OptionError(
            "`kernel` removes a frequency at which `noise_to_signal` is 0, so it can't be "
            "restored. Use a positive ratio, for example 0.01."
        )
    return _filtered(z, np.conj(spectrum) / (gain**2 + ratio))


def _prepare(image: Array, kernel: Array) -> tuple[Array, Array]:
    """Return image and kernel as floating-point arrays; raise if they don't fit."""
    z, w = summable(image), summable(kernel)
    if z.ndim != w.ndim or not 1 <= z.ndim <= 3 or 0 in z.shape or 0 in w.shape:
        raise ShapeError(
            f"`image` has shape {z.shape} and `kernel` {w.shape}; expected the same number of "
            "axes, one to three, and at least one pixel. Restore one map at a time."
        )
    if any(r > n for r, n in zip(w.shape, z.shape, strict=True)):
        raise ShapeError(
            f"`kernel` has shape {w.shape}, which is larger than `image`, {z.shape}. The image "
            "comes first: swap the two, or use a smaller kernel."
        )
    if "c" in (z.dtype.kind, w.dtype.kind):
        raise OptionError("`image` and `kernel` must have real numbers, got complex ones.")
    single = z.dtype.kind == "f" and z.dtype.itemsize == 4
    dtype = np.float32 if single else np.float64
    return z.astype(dtype), w.astype(dtype)


def _transfer(w: Array, z: Array) -> Array:
    """Return the spectrum of a kernel whose middle is the origin, for images like z."""
    placed = np.zeros(z.shape, w.dtype)
    placed[tuple(slice(r) for r in w.shape)] = w
    middle = tuple(-(r // 2) for r in w.shape)
    return np.fft.fftn(np.roll(placed, middle, axis=tuple(range(z.ndim))))


def _removed(gain: Array, w: Array) -> Array:
    """Mark the frequencies that a kernel removes: zero up to the rounding of their sums."""
    return gain <= w.size * np.finfo(gain.dtype).eps * gain.max()


def _filtered(z: Array, spectrum: Array) -> Array:
    """Multiply the spectrum of an image."""
    return np.fft.ifftn(np.fft.fftn(z) * spectrum).real.astype(z.dtype)


def _laplacian(rank: int) -> Array:
    """Return the Laplacian without diagonals for any number of axes."""
    if rank == 2:
        return laplacian()
    w = np.zeros((3,) * rank, int)
    for axis in range(rank):
        for end in (0, 2):
            w[(1,) * axis + (end,) + (1,) * (rank - axis - 1)] = 1
    w[(1,) * rank] = -w.sum()
    return w
