"""FFTs of float64 pictures by machine code: their lengths, their steps, and their spectra.

See :mod:`striate.llvm.matching.fourier` for how they are computed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from striate.llvm.matching.fourier import END
from striate.llvm.matching.vectors import WIDTH
from striate.matching.program import functions
from striate.matching.scratch import Scratch, row_stride
from striate.properties import cached_property
from striate.shapes import Array, Float

LEAST = 2 * END
"""Shortest length of an FFT."""


def fast_length(length: int) -> int:
    """Return the shortest length of an FFT that is at least this long.

    Examples
    --------
    >>> fast_length(17), fast_length(1000)
    (24, 1024)
    """
    return next(n for n in fast_lengths() if n >= length)


@lru_cache(maxsize=1)
def fast_lengths() -> list[int]:
    """List the lengths: multiples of 8 with few factors other than 2."""
    lengths = (END * 2**twos * odd for twos in range(28) for odd in (1, 3, 5, 9))
    return sorted(n for n in lengths if n >= LEAST)


def radices(length: int) -> list[int]:
    """Return the radices of the steps of an FFT, without the last one.

    Examples
    --------
    >>> radices(256), radices(384)
    ([4, 8], [3, 2, 8])
    """
    rest, found = length // END, list[int]()
    for odd in (5, 3):
        while rest % odd == 0:
            found.append(odd)
            rest //= odd
    twos = rest.bit_length() - 1
    assert rest == 1 << twos, length
    return found + [2 ** (twos % 3)] * (twos % 3 > 0) + [8] * (twos // 3)


@dataclass(frozen=True, eq=False)
class FourierSteps:
    """The steps of an FFT as the machine code reads them.

    Parameters
    ----------
    length
        A length of :func:`fast_lengths`.
    """

    length: int

    @cached_property
    def twiddles(self) -> list[Array]:
        """The twiddle factors of each step: ``[numbers of a span, radix - 1, 2]``."""
        return [_twiddles(radix, span) for radix, _, span in self._steps()]

    @cached_property
    def table(self) -> Array:
        """Integers: the number of steps, and for each its radix, blocks, span and factors."""
        steps = zip(self._steps(), self.twiddles, strict=True)
        entries = [(*step, factors.ctypes.data) for step, factors in steps]
        return np.array([len(entries), *np.ravel(entries)], np.int64)

    def _steps(self) -> Iterator[tuple[int, int, int]]:
        """Yield radix, number of blocks and span of each step."""
        blocks, rest = 1, self.length
        for radix in radices(self.length):
            rest //= radix
            yield radix, blocks, rest
            blocks *= radix


@lru_cache(maxsize=64)
def steps_of(length: int) -> FourierSteps:
    """Return the steps of an FFT of a length."""
    return FourierSteps(length)


def _twiddles(radix: int, span: int) -> Float[Array, "span factors 2"]:
    """Compute the twiddle factors of a step: powers of a root of unity.

    Angles are first reduced to an eighth of a turn by integer arithmetic, which is exact.
    """
    length = radix * span
    powers = np.outer(np.arange(span), np.arange(1, radix)) % length
    quarters, rest = np.divmod(4 * powers, length)
    low = 2 * rest <= length
    angle = np.pi / 2 * (np.where(low, rest, length - rest) / length)
    cosine, sine = np.cos(angle), np.sin(angle)
    cosine, sine = np.where(low, cosine, sine), np.where(low, sine, cosine)
    turned = np.array([cosine, -sine, -cosine, sine]), np.array([-sine, -cosine, sine, cosine])
    return np.stack([np.choose(quarters, part) for part in turned], axis=-1)


@dataclass(frozen=True, eq=False)
class Fourier:
    """FFTs of one size.

    Parameters
    ----------
    rows, columns
        Their size, two lengths of :func:`fast_lengths`.
    """

    rows: int
    columns: int

    @property
    def stride(self) -> int:
        """Elements from a row of a picture to the next."""
        return row_stride(self.columns)

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape of a spectrum."""
        return self.rows // END, self.columns, 2, END

    def along_rows(
        self,
        x: Float[Array, "rows stride"],
        y: Float[Array, "rows stride"],
        spectrum: Float[Array, "blocks columns 2 8"],
        strip: Float[Array, "rows 16"],
        columns: int,
    ) -> None:
        """Begin the spectrum of two pictures, as real and imaginary parts, along their rows.

        Parameters
        ----------
        x, y
            The pictures.
        spectrum
            Receives the spectrum along the rows.
        strip
            Memory for intermediate results.
        columns
            Number of columns that aren't zero; the others aren't read.
        """
        steps = steps_of(self.rows).table
        functions()["along_rows"](
            x, y, x.shape[1], columns, spectrum, self.rows, self.columns, steps, strip
        )

    def correlation(
        self,
        spectra: Float[Array, "channels blocks columns 2 8"],
        begun: int,
        kernels: Float[Array, "channels blocks columns 2 8"],
        product: Float[Array, "blocks columns 2 8"],
        strip: Float[Array, "rows 16"],
        x: Float[Array, "kept stride"],
        y: Float[Array, "kept stride"],
        columns: int,
    ) -> None:
        """Correlate two pictures with a kernel, and add up all channels.

        Parameters
        ----------
        spectra
            Spectra of the pictures, which are completed if necessary.
        begun
            Number of columns of spectra that :meth:`along_rows` has begun; 0 for complete spectra.
        kernels
            Spectra that :meth:`kernel` returns.
        product
            Memory for intermediate results; may be the first of the spectra, which is overwritten.
        strip
            Likewise.
        x, y
            Receive the first rows of the correlations.
        columns
            Number of columns that they receive.
        """
        functions()["correlation"](
            spectra,
            begun,
            kernels,
            len(kernels),
            product,
            self.rows,
            self.columns,
            steps_of(self.rows).table,
            steps_of(self.columns).table,
            strip,
            x,
            y,
            x.shape[1],
            len(x),
            columns,
        )

    def kernel(
        self, x: Float[Array, "rows columns channels"], scratch: Scratch
    ) -> Float[Array, "channels blocks columns 2 8"]:
        """Return the spectra of a kernel's channels, divided by the size of the FFTs."""
        high, wide, channels = x.shape
        found = scratch.array((channels, *self.shape))
        with scratch.frame():
            padded = scratch.array((2, self.rows, -(-wide // WIDTH) * WIDTH))
            padded[...] = 0
            strip = scratch.array((self.rows, 2 * END))
            for k, spectrum in enumerate(found):
                np.divide(x[:, :, k], self.rows * self.columns, out=padded[0, :high, :wide])
                self.along_rows(padded[0], padded[1], spectrum, strip, wide)
                functions()["along_columns"](
                    spectrum, wide, self.rows, self.columns, steps_of(self.columns).table
                )
        return found
