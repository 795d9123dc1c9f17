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
        self.kernel_norm = float(np.linalg.norm(template.kernel))
        self.weight_norm = float(np.linalg.norm(template.every_weight))


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
        """Compute all sums, channel by channel."""
        scratch, spectra = self.scratch, self.spectra
        product = scratch.array(spectra.kernel[0].shape, np.complex128)
        product[...] = 0
        totals: list[Array] = []
        for k, channel in enumerate(self.channels):
            if not spectra.weights:
                totals.append(self.window_sums(channel, 1 / self.template.roots[k]))
            else:
                totals.append(scratch.array((self.rows, spectra.size[1])))
            with scratch.frame():
                spectrum = self.transform(channel)
                if spectra.weights:
                    weights = spectra.relative_weights[k % len(spectra.weights)]
                    self.inverse(spectrum * weights, totals[k])
                product += np.multiply(spectrum, spectra.kernel[k], out=spectrum)
        products = scratch.array((self.rows, spectra.size[1]))
        self.inverse(product, products)
        squares = self.masked_squares() if spectra.weights else self.window_sums(self.together)
        rounding = self.rounding()
        most = float(squares.max()) + rounding.squares
        return Sums(center, products, totals, squares, most, rounding, scratch)

    def window_sums(self, x: Array, factor: float = 1.0) -> Array:
        return window_sums(x, self.template.size, self.scratch, factor)

    def masked_squares(self) -> Array:
        """Sum squares with the weights of a mask."""
        weights = self.spectra.weights
        sums = self.scratch.array((self.rows, self.spectra.size[1]))
        with self.scratch.frame():
            if len(weights) == 1:
                product = self.transform(self.together)
                product *= weights[0]
            else:
                product = np.zeros(weights[0].shape, np.complex128)
                for x, one in zip(self.channels, weights, strict=True):
                    product += self.transform(x**2) * one
            self.inverse(product, sums)
        return np.maximum(sums, 0, out=sums)  # rounding may make them negative

    def rounding(self) -> Rounding:
        """Bound the errors."""
        t, by_fft = self.template, self.spectra.rounding
        products = by_fft * self.spectra.kernel_norm * self.energy**0.5
        if not self.spectra.weights:
            exact = self.channels[0].dtype == np.int32
            return Rounding(products, 0, 0, UNIT if exact else (additions(t.size) + 4) * UNIT)
        weighted = by_fft * self.spectra.weight_norm
        totals = weighted * self.energy**0.5 / float(t.roots.min())
        return Rounding(products, totals, weighted * float(np.linalg.norm(self.together)), 0)

    def transform(self, x: Shaped[Array, "rows columns"]) -> Array:
        """Compute a spectrum: real FFTs along the rows, then complex ones along the columns."""
        high, wide = self.spectra.size
        spectrum = self.scratch.array((high, wide // 2 + 1), np.complex128)
        np.fft.rfft(x, wide, axis=1, out=spectrum[: len(x)])
        spectrum[len(x) :] = 0
        return np.fft.fft(spectrum, axis=0, out=spectrum)

    def inverse(self, product: Array, sums: Float[Array, "places_down columns"]) -> None:
        """Turn a product of spectra into sums, and write the rows that don't wrap around."""
        np.fft.ifft(product, axis=0, out=product)
        np.fft.irfft(product[: self.rows], self.spectra.size[1], axis=1, out=sums)


def _channels(x: Float[Array, "rows columns channels"]) -> Sequence[Float[Array, "rows columns"]]:
    return [np.ascontiguousarray(x[:, :, k]) for k in range(x.shape[2])]


def _conjugate_spectrum(x: Float[Array, "rows columns"], size: tuple[int, int]) -> Array:
    return np.conj(np.fft.rfft2(x, size))
