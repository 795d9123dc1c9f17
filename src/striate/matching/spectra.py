r"""The sums over each window of a tile by FFT.

Correlating two signals of n pixels means multiplying their spectra, one of them conjugated. The
signals are treated as rings, so windows that leave a tile at its end continue at its start; these
positions are dropped. The template's spectrum is computed once for all tiles.

The upper and the lower half of a tile share each FFT, as real and imaginary parts::

    pixels under      +--------+            FFT = upper + i lower, times the template's spectrum
    the upper half    | upper  |
                      |..+--------+         inverse: products of the upper half of the positions
    shared: template  |  |  :     |                  + i products of the lower half
    rows - 1          +--|..:     |
                         | lower  |
                         +--------+

The error of a correlation of arrays x and y by FFT is at most
:math:`20 \, u \log_2(n) \, \lVert x \rVert \lVert y \rVert`: each transform has a relative error of
at most :math:`6.7 \, u \log_2 n` (Higham, section 24.1; a step of radix 8 counts as three of radix
2, but has only one multiplication by twiddle factors, which are correct to 2u), there are three of
them, and u is :math:`2^{-53}`.
"""

from math import log2

import numpy as np

from striate.llvm.matching.fourier import END
from striate.matching.fourier import Fourier
from striate.matching.scratch import Scratch
from striate.matching.sums import UNIT, Rounding, Sums, complete
from striate.matching.template import Template
from striate.matching.window_sums import additions, column_sums
from striate.shapes import Array, Float

_ROUNDING_OF_FFT = 20


class Spectra:
    """The spectra of a template and of its mask.

    Parameters
    ----------
    template
        The template.
    size
        Rows and columns of the FFTs.
    scratch
        Where the spectra are kept.
    exact
        Whether sums of pixels and squares are integers, and float64 holds their variance.
    """

    def __init__(
        self, template: Template, size: tuple[int, int], scratch: Scratch, *, exact: bool
    ) -> None:
        self.template = template
        self.size = size
        self.exact = exact
        self.fourier = Fourier(*size)
        self.kernel = self.fourier.kernel(template.kernel, scratch)
        self.rounding = _ROUNDING_OF_FFT * UNIT * log2(size[0] * size[1])
        self.kernel_norm = float(np.linalg.norm(template.kernel))
        self.weight_norm = float(np.linalg.norm(template.every_weight))
        if template.weights is not None:
            self.weights = self.fourier.kernel(template.weights, scratch)
            # Of each channel, divided by the root of its sum of weights.
            relative = template.every_weight / template.roots
            self.relative_weights = self.fourier.kernel(relative, scratch)

    @property
    def most_rows(self) -> int:
        """Rows of positions that an FFT computes, in two halves."""
        return 2 * (self.size[0] - self.template.size[0] + 1)


def spectral_sums(
    spectra: Spectra,
    pixels: Float[Array, "channels rows columns"],
    energy: float,
    places: tuple[int, int],
    center: Float[Array, "channels"],
    scratch: Scratch,
) -> Sums:
    """Compute the sums over each window of a tile.

    Parameters
    ----------
    spectra
        Those of the template.
    pixels
        The tile, minus a center. It has as many columns as the FFTs, and rows for both halves;
        those beyond the scene are zero.
    energy
        Sum of the squares of all pixels.
    places
        Rows and columns of positions.
    center
        What was subtracted.
    scratch
        Where the sums are kept.

    Returns
    -------
    Sums
    """
    return _Tile(spectra, pixels, energy, places, scratch).sums(center)


class _Tile:
    """Computes the sums of one tile."""

    def __init__(
        self,
        spectra: Spectra,
        pixels: Float[Array, "channels rows columns"],
        energy: float,
        places: tuple[int, int],
        scratch: Scratch,
    ) -> None:
        self.spectra = spectra
        self.template = spectra.template
        self.pixels = pixels
        self.energy = energy
        self.half = -(-places[0] // 2)
        self.rows, self.columns = places
        self.used = places[1] + self.template.size[1] - 1
        self.scratch = scratch

    def sums(self, center: Float[Array, "channels"]) -> Sums:
        """Compute all sums."""
        scratch, t = self.scratch, self.template
        shape = (2 * self.half, self.spectra.fourier.stride)
        products = scratch.array(shape)
        if t.weights is None:
            with scratch.frame():
                spectra = self.transform(self.pixels)
                self.correlate(spectra, self.used, self.spectra.kernel, spectra[0], products)
            return Sums(
                center=center,
                products=products,
                of_rows=self.column_sums,
                width=t.size[1],
                factors=1 / t.roots,
                exact=self.spectra.exact,
                most=0,
                rounding=self.rounding(self.energy, 0),
                scratch=scratch,
            )
        totals, squares = scratch.array((t.channels, *shape)), scratch.array(shape)
        of_squares = self.masked_sums(products, totals, squares)
        rounding = self.rounding(self.energy, of_squares)
        return Sums(
            center=center,
            products=products,
            of_rows=complete(totals, squares),
            width=1,
            factors=np.ones(t.channels),
            exact=False,
            most=float(squares[: self.rows, : self.columns].max()) + rounding.squares,
            rounding=rounding,
            scratch=scratch,
        )

    def column_sums(self, first: int, last: int, scratch: Scratch) -> tuple[Array, Array]:
        """Add up the pixels and their squares along the columns of the windows of some rows."""
        shape = (last - first, self.pixels.shape[2])
        totals, squares = scratch.array((self.template.channels, *shape)), scratch.array(shape)
        pixels = self.pixels[:, first:]
        column_sums(pixels, self.used, self.template.size[0], totals, squares, scratch)
        return totals, squares

    def masked_sums(self, products: Array, totals: Array, squares: Array) -> float:
        """Compute all sums with weights, and return the energy of the squares."""
        scratch, fft = self.scratch, self.spectra
        with scratch.frame():
            spectra, work = self.transform(self.pixels), scratch.array(fft.fourier.shape)
            for k, weights in enumerate(fft.relative_weights):
                one = weights[np.newaxis]
                self.correlate(spectra[k : k + 1], self.used, one, work, totals[k])
            self.correlate(spectra, 0, fft.kernel, work, products)
        with scratch.frame():
            count = len(fft.weights)
            squared = scratch.array((count, *self.pixels.shape[1:]))
            np.multiply(self.pixels[:count], self.pixels[:count], out=squared)
            for channel in self.pixels[count:]:
                squared[0] += channel * channel
            energy = float((squared * squared).sum())
            spectra = self.transform(squared)
            self.correlate(spectra, self.used, fft.weights, spectra[0], squares)
        return energy

    def transform(
        self, pictures: Float[Array, "channels rows columns"]
    ) -> Float[Array, "channels blocks columns 2 8"]:
        """Begin the spectra of both halves of each channel."""
        fourier = self.spectra.fourier
        spectra = self.scratch.array((len(pictures), *fourier.shape))
        with self.scratch.frame():
            strip = self.scratch.array((fourier.rows, 2 * END))
            for picture, spectrum in zip(pictures, spectra, strict=True):
                fourier.along_rows(picture, picture[self.half :], spectrum, strip, self.used)
        return spectra

    def correlate(
        self, spectra: Array, begun: int, kernels: Array, work: Array, sums: Array
    ) -> None:
        """Correlate both halves with a kernel."""
        fourier = self.spectra.fourier
        with self.scratch.frame():
            strip = self.scratch.array((fourier.rows, 2 * END))
            upper, lower = sums[: self.half], sums[self.half :]
            fourier.correlation(spectra, begun, kernels, work, strip, upper, lower, self.columns)

    def rounding(self, energy: float, of_squares: float) -> Rounding:
        """Bound the errors; both halves may have all of the energy."""
        t, by_fft = self.template, 2**0.5 * self.spectra.rounding
        products = by_fft * self.spectra.kernel_norm * energy**0.5
        if t.weights is None:
            exact = self.spectra.exact
            return Rounding(products, 0, 0, UNIT if exact else (additions(t.size) + 4) * UNIT)
        weighted = by_fft * self.spectra.weight_norm
        totals = weighted * energy**0.5 / float(t.roots.min())
        return Rounding(products, totals, weighted * of_squares**0.5, 0)
