r"""The sums over each window of a tile by FFT.

Correlating two signals of n pixels means multiplying their spectra, one of them conjugated. The
signals are treated as rings, so windows that leave a tile at its end continue at its start; these
positions are dropped. The template's spectrum is computed once for all tiles.

The error of a correlation of arrays x and y by FFT is at most
:math:`20 \, u \log_2(n) \, \lVert x \rVert \lVert y \rVert`: each transform has a relative error of
at most :math:`6.7 \, u \log_2 n` (Higham, section 24.1, with twiddle factors correct to u), there
are three of them, and u is :math:`2^{-53}`.
"""

from collections.abc import Sequence
from math import log2, prod

import numpy as np

from striate.matching.scratch import Scratch
from striate.matching.sums import UNIT, Rounding, Sums
from striate.matching.template import Template
from striate.matching.window_sums import additions, window_sums
from striate.shapes import Array, Float, Shaped

_ROUNDING_OF_FFT = 20


class Spectra:
    """The spectra of a template and of its mask.

    Parameters
    ----------
    template
        The template.
    size
        Rows and columns of the FFTs.
    """

    def __init__(self, template: Template, size: tuple[int, int]) -> None:
        self.template = template
        self.size = size
        self.kernel = [_conjugate_spectrum(one, size) for one in _channels(template.kernel)]
        weights = () if template.weights is None else _channels(template.weights)
        self.weights = [_conjugate_spectrum(one, size) for one in weights]
        self.relative_weights = [
            spectrum / root for spectrum, root in zip(self.weights, template.roots, strict=False)
        ]
        self.rounding = _ROUNDING_OF_FFT * UNIT * log2(prod(size))


def spectral_sums(
    spectra: Spectra,
    channels: Sequence[Shaped[Array, "rows columns"]],
    center: Float[Array, "channels"],
    scratch: Scratch,
) -> Sums:
    """Compute the sums over each window of a tile.

    Parameters
    ----------
    spectra
        Those of the template.
    channels
        The tile: for each channel its pixels minus a center, in float64 or int32. It has as many
        columns as the FFTs; those beyond the scene are zero.
    center
        What was subtracted.
    scratch
        Where the sums are kept.

    Returns
    -------
    Sums
    """
    return _Tile(spectra, channels, scratch).sums(center)


class _Tile:
    """Computes the sums of one tile."""

    def __init__(
        self, spectra: Spectra, channels: Sequence[Shaped[Array, "rows columns"]], scratch: Scratch
    ) -> None:
        self.spectra = spectra
        self.template = spectra.template
        self.channels = channels
        self.scratch = scratch
        self.rows = len(channels[0]) - self.template.size[0] + 1
        # The squares of the pixels, added up over the channels.
        first, *others = channels
        self.together = np.multiply(first, first, out=scratch.array(first.shape, first.dtype))
        for channel in others:
            self.together += channel * channel
        self.energy = float(self.together.sum(dtype=np.float64))

    def sums(self, center: Float[Array, "channels"]) -> Sums:
        """Compute all sums."""
        transforms = [self.transform(channel) for channel in self.channels]
        masked = bool(self.spectra.weights)
        return Sums(
            center=center,
            products=self.correlate(transforms, self.spectra.kernel),
            totals=self.masked_totals(transforms) if masked else self.totals(),
            squares=self.masked_squares() if masked else self.window_sums(self.together),
            most=float(self.template.every_weight.max()) * self.energy,
            rounding=self.rounding(),
            scratch=self.scratch,
        )

    def totals(self) -> list[Array]:
        """Sum each channel; all weights are 1."""
        roots = self.template.roots
        return [self.window_sums(x, 1 / r) for x, r in zip(self.channels, roots, strict=True)]

    def window_sums(self, x: Array, factor: float = 1.0) -> Array:
        return window_sums(x, self.template.size, self.scratch, factor)

    def masked_totals(self, transforms: Sequence[Array]) -> list[Array]:
        """Sum each channel with the weights of a mask."""
        weights = self.spectra.relative_weights
        each = weights if len(weights) > 1 else weights * len(transforms)
        pairs = zip(transforms, each, strict=True)
        return [self.correlate([transform], [one]) for transform, one in pairs]

    def masked_squares(self) -> Array:
        """Sum squares with the weights of a mask."""
        weights = self.spectra.weights
        squares = [self.together] if len(weights) == 1 else [x**2 for x in self.channels]
        sums = self.correlate([self.transform(x) for x in squares], weights)
        return np.maximum(sums, 0, out=sums)  # rounding may make them negative

    def rounding(self) -> Rounding:
        """Bound the errors."""
        t, by_fft = self.template, self.spectra.rounding
        products = by_fft * float(np.linalg.norm(t.kernel)) * self.energy**0.5
        if not self.spectra.weights:
            exact = self.channels[0].dtype == np.int32
            return Rounding(products, 0, 0, UNIT if exact else (additions(t.size) + 4) * UNIT)
        weights = float(np.linalg.norm(t.every_weight))
        totals = by_fft * weights * self.energy**0.5 / float(t.roots.min())
        return Rounding(
            products, totals, by_fft * weights * float(np.linalg.norm(self.together)), 0
        )

    def transform(self, x: Shaped[Array, "rows columns"]) -> Array:
        """Compute a spectrum: real FFTs along the rows, then complex ones along the columns."""
        high, wide = self.spectra.size
        spectrum = self.scratch.array((high, wide // 2 + 1), np.complex128)
        np.fft.rfft(x, wide, axis=1, out=spectrum[: len(x)])
        spectrum[len(x) :] = 0
        return np.fft.fft(spectrum, axis=0, out=spectrum)

    def correlate(
        self, transforms: Sequence[Array], kernels: Sequence[Array]
    ) -> Float[Array, "places_down columns"]:
        """Add up products of spectra, and return the rows that don't wrap around."""
        wide = self.spectra.size[1]
        ring = self.scratch.array((self.rows, wide))
        with self.scratch.frame():
            total, product = (self.scratch.array(kernels[0].shape, np.complex128) for _ in range(2))
            np.multiply(transforms[0], kernels[0], out=total)
            for transform, kernel in zip(transforms[1:], kernels[1:], strict=True):
                total += np.multiply(transform, kernel, out=product)
            np.fft.ifft(total, axis=0, out=total)
            np.fft.irfft(total[: self.rows], wide, axis=1, out=ring)
        return ring


def _channels(x: Float[Array, "rows columns channels"]) -> Sequence[Float[Array, "rows columns"]]:
    return [np.ascontiguousarray(x[:, :, k]) for k in range(x.shape[2])]


def _conjugate_spectrum(x: Float[Array, "rows columns"], size: tuple[int, int]) -> Array:
    return np.conj(np.fft.rfft2(x, size))
