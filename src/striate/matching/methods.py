r"""The three methods: how template and window are compared, and how exact a tile's scores are.

Each method is defined by its formula, with the weights :math:`m` of the mask,
:math:`M = \sum m`, and the means :math:`\bar t = \sum m t / M` and :math:`\bar s = \sum m s / M`.
:meth:`MatchingMethod.by_definition` evaluates that formula for given windows, as it is written.

For a whole tile this is expanded, so that only three sums over each window are needed:
:math:`\sum m (t - \bar t) s`, :math:`\sum m s` and :math:`\sum m s^2`. Expanding has a price. The
variance of a window, for example, becomes the difference of two sums, and if the window is nearly
constant, that difference is rounding error. So each method also bounds the error of every score. A
score that isn't certain within :data:`TOLERANCE` is *doubtful*, and is evaluated by definition.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from striate.errors import OptionError
from striate.matching.sums import UNIT, Sums
from striate.matching.template import Template, first_counted, weighted_sums
from striate.shapes import Array, Float

MethodName = Literal["normalized-correlation", "squared-difference", "cross-correlation"]
"""How template and window are compared."""

TOLERANCE = 1e-6
"""Largest error of a score, however it is computed, in units of :meth:`MatchingMethod.scale`."""


@dataclass(frozen=True)
class NormalizedCorrelation:
    r"""Zero-mean normalized correlation: the cosine of the angle between template and window.

    .. math:: \frac{\sum m (t - \bar t)(s - \bar s)}
              {\sqrt{\sum m (t - \bar t)^2 \sum m (s - \bar s)^2}}

    Between -1 and 1; 1 where the window is the template with another brightness and contrast. A
    window without variance scores 0, and so does every window if the template has no variance.
    """

    larger_is_better = True
    compares_sizes = True

    def of_tile(self, t: Template, sums: Sums) -> tuple[Array, Array | None]:
        """Return the scores of all windows, and which of them are doubtful."""
        scratch, shape = sums.scratch, sums.products.shape
        spread, limit = scratch.array(shape), scratch.array(shape)
        before = sums.squares
        for total in sums.totals:
            np.multiply(total, total, out=limit)
            before = np.subtract(before, limit, out=spread)
        # The score is products / sqrt(spread): half of the tolerance is for either.
        r = sums.rounding
        fixed = 2 * (r.squares + 2 * r.totals * (t.channels * sums.most) ** 0.5) / TOLERANCE
        fixed += (2 * r.products / TOLERANCE) ** 2
        growing = 2 * (r.relative * (1 + 2 * t.channels**0.5) + 4 * UNIT) / TOLERANCE
        doubtful = None
        if float(spread.min()) <= fixed + growing * sums.most:
            np.multiply(sums.squares, growing, out=limit)
            limit += fixed
            doubtful = np.less_equal(spread, limit, out=scratch.array(shape, bool))
            np.maximum(spread, np.finfo(np.float64).tiny, out=spread)
        scores = np.divide(sums.products, np.sqrt(spread, out=spread), out=spread)
        return np.clip(scores, -1, 1, out=scores), doubtful

    def by_definition(self, t: Template, windows: Float[Array, "n r c l"]) -> Float[Array, "n"]:
        """Return the scores of single windows."""
        # Relative to one of its pixels, a constant window is exactly 0.
        shifted = windows - first_counted(windows, t.every_weight)[:, np.newaxis, np.newaxis]
        means = weighted_sums(t.every_weight, shifted) / t.totals
        centered = shifted - means[:, np.newaxis, np.newaxis]
        varies = ((shifted != 0) & (t.every_weight > 0)).any(axis=(1, 2, 3))
        # Scaled by the largest pixel, squares neither overflow nor vanish.
        largest = np.abs(centered).max(axis=(1, 2, 3), initial=0, where=t.every_weight > 0)
        centered /= np.where(varies, largest, 1)[:, np.newaxis, np.newaxis, np.newaxis]
        spread = weighted_sums(t.every_weight, centered**2).sum(axis=1)
        products = np.einsum("rcl,nrcl->n", t.kernel, centered)
        scores = products / np.sqrt(np.where(varies, spread, 1))
        return np.where(varies, np.clip(scores, -1, 1), 0)

    def of_constant(self, t: Template, values: Float[Array, "n channels"]) -> Float[Array, "n"]:
        """Return the scores of windows whose pixels are all equal."""
        del t
        return np.zeros(len(values))

    def scale(self, t: Template, windows: Float[Array, "n r c l"]) -> Float[Array, "n"]:
        """Return what errors are measured in: 1."""
        del t
        return np.ones(len(windows))

    def finish(self, raw: Array, t: Template, unit: float, *, whole: bool) -> Array:
        """Return the scores; they have no unit."""
        del t, unit, whole
        return raw


@dataclass(frozen=True)
class SquaredDifference:
    r"""Mean squared difference of template and window.

    .. math:: \frac{1}{M} \sum m (t - s)^2

    0 where the window is the template, pixel by pixel; smaller is better.
    """

    larger_is_better = False
    compares_sizes = True

    def of_tile(self, t: Template, sums: Sums) -> tuple[Array, Array | None]:
        """Return sums of squared differences, and which of them are doubtful."""
        # t - s = (t - mean) - (pixel - center) - (center - mean)
        offset = sums.center - t.means
        scratch, shape = sums.scratch, sums.products.shape
        energy, limit = scratch.array(shape), scratch.array(shape)
        np.add(sums.squares, t.variation + float((offset**2 * t.totals).sum()), out=energy)
        for total, d in zip(sums.totals, offset * t.roots, strict=True):
            if d:
                energy += np.multiply(total, 2 * d, out=limit)
        r, u = sums.rounding, sums.rounding.relative + 8 * UNIT
        fixed = 2 * t.contrast * r.products + r.squares
        fixed += 2 * r.totals * float(np.abs(offset * t.roots).sum())
        fixed += u * float((offset**2 * t.totals).sum())
        np.multiply(sums.squares, 2 * u / TOLERANCE, out=limit)
        limit += fixed / TOLERANCE
        doubtful = np.less(energy, limit, out=scratch.array(shape, bool))
        energy -= np.multiply(sums.products, 2 * t.contrast, out=limit)
        return np.maximum(energy, 0, out=energy), doubtful

    def by_definition(self, t: Template, windows: Float[Array, "n r c l"]) -> Float[Array, "n"]:
        """Return the sums of single windows."""
        return weighted_sums(t.every_weight, (t.pixels - windows) ** 2).sum(axis=1)

    def of_constant(self, t: Template, values: Float[Array, "n channels"]) -> Float[Array, "n"]:
        """Return the sums of windows whose pixels are all equal."""
        return t.variation + (t.totals * (values - t.means) ** 2).sum(axis=1)

    def scale(self, t: Template, windows: Float[Array, "n r c l"]) -> Float[Array, "n"]:
        """Return the mean squares of template and window around the template's mean."""
        around = weighted_sums(t.every_weight, (windows - t.means) ** 2).sum(axis=1)
        return (t.variation + around) / t.total

    def finish(self, raw: Array, t: Template, unit: float, *, whole: bool) -> Array:
        """Turn sums into means. Sums over integers are integers, and are rounded to them."""
        if whole:
            np.rint(raw, out=raw)
        raw *= unit * unit / t.total
        return raw


@dataclass(frozen=True)
class CrossCorrelation:
    r"""Cross-correlation: the sum of the products of template and window.

    .. math:: \sum m \, t \, s

    The matched filter of the texts. Its size measures brightness as much as likeness.
    """

    larger_is_better = True
    compares_sizes = False

    def of_tile(self, t: Template, sums: Sums) -> tuple[Array, Array | None]:
        """Return the sums of products, and which of them are doubtful."""
        # t s = (t - mean) (pixel - center) + mean (pixel - center) + t center
        scratch, shape = sums.scratch, sums.products.shape
        products, energy = scratch.array(shape), scratch.array(shape)
        constant = float((t.means * sums.center * t.totals).sum())
        np.multiply(sums.products, t.contrast, out=products)
        products += constant
        for total, mean in zip(sums.totals, t.means * t.roots, strict=True):
            if mean:
                products += np.multiply(total, mean, out=energy)
        r, u = sums.rounding, sums.rounding.relative + 8 * UNIT
        fixed = t.contrast * r.products + r.totals * float(np.abs(t.means * t.roots).sum())
        fixed += u * (t.energy + float((sums.center**2 * t.totals).sum()))
        if fixed + u * sums.most <= TOLERANCE * t.energy / 2:
            return products, None
        constant = t.energy + float((sums.center**2 * t.totals).sum())
        np.add(sums.squares, constant, out=energy)
        for total, c in zip(sums.totals, sums.center * t.roots, strict=True):
            energy += 2 * c * total
        return products, TOLERANCE * energy / 2 < fixed + 2 * u * sums.squares

    def by_definition(self, t: Template, windows: Float[Array, "n r c l"]) -> Float[Array, "n"]:
        """Return the sums of single windows."""
        return np.einsum("rcl,nrcl->n", t.every_weight * t.pixels, windows)

    def of_constant(self, t: Template, values: Float[Array, "n channels"]) -> Float[Array, "n"]:
        """Return the sums of windows whose pixels are all equal."""
        return values @ (t.means * t.totals)

    def scale(self, t: Template, windows: Float[Array, "n r c l"]) -> Float[Array, "n"]:
        """Return the mean of the sums of squares of template and window."""
        return (t.energy + weighted_sums(t.every_weight, windows**2).sum(axis=1)) / 2

    def finish(self, raw: Array, t: Template, unit: float, *, whole: bool) -> Array:
        """Return the sums. Those over integers are integers, and are rounded to them."""
        del t
        if whole:
            np.rint(raw, out=raw)
        raw *= unit * unit
        return raw


MatchingMethod = NormalizedCorrelation | SquaredDifference | CrossCorrelation

METHODS: dict[str, MatchingMethod] = {
    "normalized-correlation": NormalizedCorrelation(),
    "squared-difference": SquaredDifference(),
    "cross-correlation": CrossCorrelation(),
}
"""The methods by name, the most useful first."""


def find_method(name: str) -> MatchingMethod:
    """Return the method of a name.

    Parameters
    ----------
    name
        One of :data:`MethodName`.

    Returns
    -------
    MatchingMethod

    Raises
    ------
    OptionError
        If there is no such method.
    """
    if name not in METHODS:
        raise OptionError(
            f'Unknown `method` "{name}". Choose from {", ".join(get_args(MethodName))}.'
        )
    return METHODS[name]
