"""Receptive fields through any layers, including transposed convolutions, as a repeating pattern.

After convolutions and pooling, each position sees as many pixels as its neighbor, shifted by a
fixed number of pixels: a :class:`~striate.maths.receptive.ReceptiveField` is enough. A transposed
convolution breaks this. With a stride of 2, even positions of its output see other taps of the
kernel than odd ones, and often fewer pixels. But the pattern repeats: after ``period`` positions
everything repeats, shifted by ``jump`` pixels. For example, a transposed convolution with a
kernel of 3 pixels and a stride of 2 turns pixels a, b, c into::

    position 0: a     position 2: a, b     position 4: b, c
    position 1: a     position 3: b        position 5: c          period 2, jump 1

A :class:`FieldPattern` holds the first and the last pixel seen by each position of one period. The
edges of the image are ignored: the pattern is that of a position in the middle of a large image.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import gcd, lcm

import numpy as np

from striate.maths.windows import Axis
from striate.shapes import Array, Int

LONGEST_PERIOD = 1024
"""Longer patterns are not followed: eleven layers that double the size make one of 2,048."""

_NOTHING = 2**62
"""First pixel of a position that sees none; its last pixel is the negative of this."""


@dataclass(frozen=True)
class FieldPattern:
    """The pixels of the input image that the positions of a feature map see, along one axis.

    Position ``i`` sees the pixels from ``first[i % period] + jump * (i // period)`` to
    ``last[i % period] + jump * (i // period)``, except for gaps.

    Parameters
    ----------
    jump
        Pixels from the field of one position to the field of the position one period later.
    spans
        First and last pixel seen by each position of the first period; ``None`` for a position that
        sees no pixel, between the stamps of a transposed convolution whose stride exceeds its
        kernel.

    Sources
    -------
    Hagan 8.8; Wichmann 3.3; Dumoulin and Visin 2016.

    Examples
    --------
    >>> enlarged = FieldPattern().through_transposed(Axis(length=7, window=3, stride=2))
    >>> enlarged.spans, enlarged.size
    (((-1, 0), (0, 0)), 2)
    """

    jump: int = 1
    spans: tuple[tuple[int, int] | None, ...] = ((0, 0),)

    @property
    def period(self) -> int:
        """Places after which the pattern repeats."""
        return len(self.spans)

    @property
    def size(self) -> int:
        """Pixels from the first to the last one seen, at the position that sees most."""
        return max((last - first + 1 for first, last in filter(None, self.spans)), default=0)

    def span(self, place: int) -> tuple[int, int] | None:
        """Return the first and the last pixel that a position sees in an unbounded image."""
        found = self.spans[place % self.period]
        moved = self.jump * (place // self.period)
        return None if found is None else (found[0] + moved, found[1] + moved)

    def through(self, axis: Axis) -> "FieldPattern | None":
        r"""Place a window on the feature map.

        Position :math:`i` of the output reads the positions :math:`S^t i + d u - P_{before}`.

        Parameters
        ----------
        axis
            The window on the feature map that this pattern belongs to.

        Returns
        -------
        FieldPattern or None
            Of the feature map that the window computes; ``None`` if the pattern is too long.

        Sources
        -------
        Hagan 8.18; Wichmann 3.1.
        """
        common = gcd(self.period, axis.stride)
        period = self.period // common
        # Taps that are a period of this pattern apart see the same pixels, shifted, so the first
        # and the last tap of each such class are enough.
        classes = self.period // gcd(axis.dilation, self.period)
        taps = _first_and_last(axis.window, classes) * axis.dilation - axis.before
        read = np.add.outer(np.arange(period) * axis.stride, taps)
        return self._read(read, np.ones_like(read, dtype=bool), self.jump * axis.stride // common)

    def through_transposed(self, axis: Axis) -> "FieldPattern | None":
        r"""Place the window of a transposed convolution on the feature map.

        Position :math:`x` of the output reads the positions :math:`i` with
        :math:`S^t i + d u - P_{before} = x`.

        Parameters
        ----------
        axis
            The window of the convolution that is transposed.

        Returns
        -------
        FieldPattern or None
            Of the enlarged feature map; ``None`` if the pattern is too long.

        Sources
        -------
        Hagan 8.39; Dumoulin and Visin 2016.
        """
        period = axis.stride * self.period
        if period > LONGEST_PERIOD:
            return None
        taps = _first_and_last(axis.window, period // gcd(axis.dilation, period))
        read = np.subtract.outer(np.arange(period) + axis.before, axis.dilation * taps)
        return self._read(read // axis.stride, read % axis.stride == 0, self.jump)

    def through_adaptive(self, length: int, places: int) -> "FieldPattern | None":
        r"""Divide the feature map into a number of windows, as adaptive pooling does.

        Window :math:`i` of :math:`S` reads the positions from :math:`\lfloor iR/S \rfloor` to
        before :math:`\lceil (i+1)R/S \rceil`.

        Parameters
        ----------
        length, places
            Lengths of the feature map and of the output.

        Returns
        -------
        FieldPattern or None
            Of the output; ``None`` if the pattern is too long.

        Sources
        -------
        He et al. 2014.
        """
        common = gcd(length, places)
        repeat = lcm(self.period, length // common) // (length // common)
        period = places // common * repeat
        longest = -(-length // places) + 1
        if period * min(longest, self.period) > LONGEST_PERIOD**2 or period > LONGEST_PERIOD:
            return None
        i = np.arange(period)
        first, end = i * length // places, -(-(i + 1) * length // places)
        steps = np.arange(min(longest, self.period))
        read = np.concatenate(
            [np.add.outer(first, steps), np.subtract.outer(end - 1, steps)], axis=1
        )
        inside = (read >= first[:, np.newaxis]) & (read < end[:, np.newaxis])
        return self._read(read, inside, self.jump * (length // common) * repeat // self.period)

    def joined(self, other: "FieldPattern") -> "FieldPattern | None":
        """Cover two patterns with one: two layers feed the same map, position by position.

        Parameters
        ----------
        other
            The pattern of the other layer.

        Returns
        -------
        FieldPattern or None
            Each position sees what either sees; ``None`` if the patterns advance differently, or
            are too long.

        Sources
        -------
        Hagan 8.20.
        """
        period = lcm(self.period, other.period)
        if self.jump * other.period != other.jump * self.period or period > LONGEST_PERIOD:
            return None
        spans: list[tuple[int, int] | None] = []
        for place in range(period):
            both = [span for span in (self.span(place), other.span(place)) if span is not None]
            first, last = (
                min(s[0] for s in both) if both else 0,
                max(s[1] for s in both) if both else 0,
            )
            spans.append((first, last) if both else None)
        return FieldPattern(jump=self.jump * (period // self.period), spans=tuple(spans))

    def _read(self, read: Int[Array, "place tap"], valid: Array, jump: int) -> "FieldPattern":
        """Combine what the positions read by each output position see."""
        first = np.array([_NOTHING if span is None else span[0] for span in self.spans])
        last = np.array([-_NOTHING if span is None else span[1] for span in self.spans])
        phase, moved = read % self.period, self.jump * (read // self.period)
        seen = valid & (first[phase] != _NOTHING)
        low = np.where(seen, first[phase] + moved, _NOTHING).min(axis=1)
        high = np.where(seen, last[phase] + moved, -_NOTHING).max(axis=1)
        spans = tuple(
            None if a == _NOTHING else (int(a), int(b)) for a, b in zip(low, high, strict=True)
        )
        return FieldPattern(jump=jump, spans=spans)


def complete(
    patterns: Iterable[FieldPattern | None],
) -> tuple[FieldPattern, ...] | None:
    """Collect the patterns of all axes; ``None`` if one is unknown."""
    found = tuple(patterns)
    known = tuple(pattern for pattern in found if pattern is not None)
    return known if len(known) == len(found) else None


def _first_and_last(window: int, classes: int) -> Int[Array, "tap"]:
    """List the first and the last of the window's pixels in each class modulo ``classes``."""
    first = np.arange(min(window, classes), dtype=np.int64)
    return np.concatenate([first, first + (window - 1 - first) // classes * classes])
