"""Group normalization: the maps of each group get mean 0 and variance 1, image by image."""

import math
from dataclasses import dataclass

from striate.errors import OptionError
from striate.functions.base import Case, Lowering, Onnx, Parameter, Seen, Shorthand
from striate.functions.layer_form import LayerForm
from striate.functions.maps import all_but_maps, per_map
from striate.functions.normalization.base import ImageNormalization, gain_and_offset
from striate.functions.normalization.standardize import (
    backward_standardize,
    mean_and_variance,
    standardize,
)
from striate.functions.options import POSITIVE, SIZE, option, required
from striate.maths.field_pattern import FieldPattern
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class GroupNormalization(ImageNormalization):
    """Group normalization: each group of maps over its pixels, with gains and offsets by map.

    One group for each map is instance normalization. A single group is layer normalization, except
    for the gain and the offset.

    Parameters
    ----------
    groups
        Number of groups of consecutive maps.
    epsilon
        Added to the variance; above 0.

    Raises
    ------
    OptionError
        If an option is outside its range.

    Sources
    -------
    Wu and He 2018; Ulyanov et al. 2016.

    Examples
    --------
    >>> import numpy as np
    >>> a = np.array([[1.0, 3.0, 10.0, 30.0]])
    >>> GroupNormalization(groups=2).apply(a, np.ones(4), np.zeros(4)).round(3)
    array([[-1.,  1., -1.,  1.]])
    """

    groups: int = required(SIZE, example=4)
    epsilon: float = option(1e-5, POSITIVE)

    statements = (
        "m[q,g] += a[q,g,l,*x] / size",
        "v[q,g] += (a[q,g,l,*x] - m[q,g])**2 / size",
        "u[q,g,l,*x] = (a[q,g,l,*x] - m[q,g]) / sqrt(v[q,g] + epsilon)",
        "z[q,g,l,*x] = gamma[g,l] * u[q,g,l,*x] + beta[g,l]",
    )
    gain_derivative = "dgamma[g,l] += u[q,g,l,*x] * dz[q,g,l,*x]"
    offset_derivative = "dbeta[g,l] += dz[q,g,l,*x]"
    derivatives = (
        "du[q,g,l,*x] = gamma[g,l] * dz[q,g,l,*x]",
        "s[q,g] += du[q,g,l,*x] / size",
        "t[q,g] += u[q,g,l,*x] * du[q,g,l,*x] / size",
        "d[q,g,l,*x] = du[q,g,l,*x] - s[q,g] - u[q,g,l,*x] * t[q,g]",
        "da[q,g,l,*x] = d[q,g,l,*x] / sqrt(v[q,g] + epsilon)",
    )
    shorthand = Shorthand(word="group-norm", number="groups")
    layer = LayerForm(name="GroupNorm", positional=("groups",), example="4")
    onnx = Onnx(
        operator="GroupNormalization", attributes={"groups": "num_groups", "epsilon": "epsilon"}
    )

    def output_shape(self, *shapes: Shape) -> Shape:
        self._require_groups(shapes[0][0])
        return shapes[0]

    def parameters(self, *shapes: Shape) -> dict[str, Parameter]:
        return gain_and_offset(shapes[0][:1])

    def field_patterns(
        self,
        patterns: tuple[FieldPattern, ...],  # noqa: ARG002  # whatever they are
        *shapes: Shape,  # noqa: ARG002
    ) -> Seen:
        """See everything: mean and variance of all pixels of the group."""
        return "everything"

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equations; ``u`` is the standardized activation."""
        (maps, *pixels), g = self.output_shape(shapes[0]), self.groups
        split = (g, maps // g)
        images = dict.fromkeys(("a", "u", "z", "dz", "du", "d", "da"), (*split, *pixels))
        return Lowering(
            statements=self.statements,
            backward={
                "dgamma": (self.gain_derivative,),
                "dbeta": (self.offset_derivative,),
                "da": self.derivatives,
            },
            shapes={
                **images,
                **dict.fromkeys(("gamma", "beta", "dgamma", "dbeta"), split),
                **dict.fromkeys(("m", "v", "s", "t"), (g,)),
            },
            constants={"epsilon": self.epsilon, "size": maps // g * math.prod(pixels)},
        )

    def apply(
        self, a: Float[Array, "q h *x"], gamma: Float[Array, "h"], beta: Float[Array, "h"]
    ) -> Float[Array, "q h *x"]:
        r"""Standardize each group of each image, then scale and shift each map.

        .. math:: z^h = \gamma^h \, \frac{a^h - m^g}{\sqrt{v^g + \epsilon}} + \beta^h

        with the mean m and the biased variance v of the group g that map h belongs to.

        Parameters
        ----------
        a
            Activations.
        gamma, beta
            Gain and offset.

        Returns
        -------
        Array
            Weight-function output.

        Raises
        ------
        OptionError
            If the groups do not divide the maps.

        Sources
        -------
        Wu and He 2018.
        """
        u, _ = self._standardized(a)
        return per_map(gamma, a) * u.reshape(a.shape) + per_map(beta, a)

    def backward_a(
        self, a: Float[Array, "q h *x"], gamma: Float[Array, "h"], dz: Float[Array, "q h *x"]
    ) -> Float[Array, "q h *x"]:
        r"""Backpropagate, including through the group's mean and variance.

        .. math:: da = \frac{1}{\sqrt{v + \epsilon}}
            \left( du - \overline{du} - u \, \overline{u \, du} \right), \qquad du = \gamma \, dz

        Parameters
        ----------
        a, gamma
            As given to :meth:`apply`.
        dz
            Derivatives of the weight-function output.

        Returns
        -------
        Array
            Derivatives of ``a``.

        Sources
        -------
        Wu and He 2018.
        """
        u, v = self._standardized(a)
        du = self._split(per_map(gamma, a) * dz)
        return backward_standardize(u, du, v, self.epsilon, _of_group(u)).reshape(a.shape)

    def backward_gamma(
        self, a: Float[Array, "q h *x"], dz: Float[Array, "q h *x"]
    ) -> Float[Array, "h"]:
        r"""Sum, over images and pixels, each derivative times the standardized activation.

        .. math:: d\gamma^h = \sum_q \sum_{i,j} u^h_{i,j} \, dz^h_{i,j}

        Parameters
        ----------
        a
            As given to :meth:`apply`.
        dz
            Derivatives of the weight-function output.

        Returns
        -------
        Array
            Derivatives of the gain.

        Sources
        -------
        Wu and He 2018.
        """
        return (self._standardized(a)[0].reshape(a.shape) * dz).sum(axis=all_but_maps(a))

    def backward_beta(self, dz: Float[Array, "q h *x"]) -> Float[Array, "h"]:
        r"""Sum the derivatives over images and pixels.

        .. math:: d\beta^h = \sum_q \sum_{i,j} dz^h_{i,j}

        Parameters
        ----------
        dz
            Derivatives of the weight-function output.

        Returns
        -------
        Array
            Derivatives of the offset.

        Sources
        -------
        Wu and He 2018.
        """
        return dz.sum(axis=all_but_maps(dz))

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(groups=2), inputs=((6,),), images=3),
            Case(function=cls(groups=2), inputs=((4, 3, 2),)),
            Case(function=cls(groups=1, epsilon=0.1), inputs=((2, 5),)),
            Case(function=cls(groups=3), inputs=((3, 2, 3),), note="instance normalization"),
        )

    def _split(self, a: Array) -> Array:
        """Split the map axis into groups."""
        self._require_groups(a.shape[1])
        return a.reshape(len(a), self.groups, -1, *a.shape[2:])

    def _standardized(self, a: Array) -> tuple[Array, Array]:
        """Return the standardized activations, split into groups, and the variances."""
        split = self._split(a)
        m, v = mean_and_variance(split, _of_group(split))
        return standardize(split, m, v, self.epsilon), v

    def _require_groups(self, maps: int) -> None:
        """Raise if the groups don't divide the maps."""
        if self.groups < 1 or maps % self.groups:
            raise OptionError(
                f"`groups` must divide the {maps} input maps, got {self.groups}. "
                f"Use a divisor of {maps}; {maps} itself is instance normalization."
            ).about(self)


def _of_group(split: Array) -> tuple[int, ...]:
    """Return the axes of a group: its maps and pixels."""
    return tuple(range(2, split.ndim))
