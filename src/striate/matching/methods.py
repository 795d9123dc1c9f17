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

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf
from typing import Literal, get_args

import numpy as np

from striate.errors import OptionError
from striate.functions.writing import write
from striate.llvm.matching.scores import HEADER
from striate.matching.sums import UNIT, Sums
from striate.matching.template import VANISHING, Template, first_counted, weighted_sums
from striate.shapes import Array, Float

MethodName = Literal["normalized-correlation", "squared-difference", "cross-correlation"]
"""How template and window are compared."""

TOLERANCE = 1e-6
"""Largest error of a score, however it is computed, in units of :meth:`MatchingMethod.scale`."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ScoreFormula:
    """The formula for all scores of a tile, as the machine code reads it.

    See :mod:`striate.llvm.matching.scores`.

    Parameters
    ----------
    name
        ``"normalized"`` or ``"linear"``.
    constants
        Those that are the same for all channels.
    of_channels
        Two constants for each channel.
    """

    name: Literal["normalized", "linear"]
    constants: Sequence[float]
    of_channels: Float[Array, "channels 2"]

    @property
    def table(self) -> Float[Array, "n"]:
        """All constants in one array."""
        header = np.zeros(HEADER)
        header[: len(self.constants)] = self.constants
        return np.concatenate([header, self.of_channels.ravel()])


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

    def formula(self, t: Template, sums: Sums, unit: float, *, whole: bool) -> ScoreFormula:
        """Return ``products / sqrt(spread)``, whose error is half from either."""
        del unit, whole
        r = sums.rounding
        fixed = 2 * (r.squares + 2 * r.totals * (t.channels * sums.most) ** 0.5) / TOLERANCE
        fixed += (2 * r.products / TOLERANCE) ** 2 + VANISHING
        growing = 2 * (r.relative * (1 + 2 * t.channels**0.5) + 4 * UNIT) / TOLERANCE
        if sums.exact:
            # Times the number of pixels, the spread is an integer without any error.
            size = t.size[0] * t.size[1]
            constants = (fixed * size, 0.0, size, size**0.5, 0.0)
            squared = np.ones(t.channels)
        else:
            constants = (fixed, growing, 1.0, 1.0, -inf)
            squared = sums.factors**2
        of_channels = np.stack([squared, np.zeros(t.channels)], axis=1)
        return ScoreFormula(name="normalized", constants=constants, of_channels=of_channels)

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

    def formula(self, t: Template, sums: Sums, unit: float, *, whole: bool) -> ScoreFormula:
        """Return the sums of squared differences, divided by the weights."""
        # t - s = (t - mean) - (pixel - center) - (center - mean)
        offset = sums.center - t.means
        constant = t.variation + float((offset**2 * t.totals).sum())
        r, u = sums.rounding, sums.rounding.relative + 8 * UNIT
        fixed = 2 * t.contrast * r.products + r.squares
        fixed += 2 * r.totals * float(np.abs(offset * t.roots).sum())
        fixed += u * float((offset**2 * t.totals).sum())
        scale = unit * unit / t.total
        return ScoreFormula(
            name="linear",
            constants=(
                fixed / TOLERANCE,
                2 * u / TOLERANCE,
                -2 * t.contrast,
                1.0,
                constant,
                constant,
                0.0,
                -scale if whole else scale,
            ),
            of_channels=np.stack([2 * offset * t.roots * sums.factors] * 2, axis=1),
        )

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

    def formula(self, t: Template, sums: Sums, unit: float, *, whole: bool) -> ScoreFormula:
        """Return the sums of products."""
        # t s = (t - mean) (pixel - center) + mean (pixel - center) + t center
        r, u = sums.rounding, sums.rounding.relative + 8 * UNIT
        around = t.energy + float((sums.center**2 * t.totals).sum())
        fixed = t.contrast * r.products + r.totals * float(np.abs(t.means * t.roots).sum())
        fixed += u * around
        factors = t.roots * sums.factors
        return ScoreFormula(
            name="linear",
            constants=(
                2 * fixed / TOLERANCE,
                4 * u / TOLERANCE,
                t.contrast,
                0.0,
                float((t.means * sums.center * t.totals).sum()),
                around,
                -inf,
                -(unit * unit) if whole else unit * unit,
            ),
            of_channels=np.stack([t.means * factors, 2 * sums.center * factors], axis=1),
        )

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
    if not isinstance(name, str) or name not in METHODS:
        raise OptionError(
            f"Unknown `method` {write(name)}. Choose from {', '.join(get_args(MethodName))}."
        )
    return METHODS[name]
