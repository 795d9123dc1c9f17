"""Layer normalization: each image gets mean 0 and variance 1 over all its maps and pixels."""

import math
from dataclasses import dataclass

from striate.functions.base import Case, Lowering, Onnx, Parameter, Seen, Shorthand
from striate.functions.layer_form import LayerForm
from striate.functions.maps import all_but_images
from striate.functions.normalization.base import ImageNormalization, gain_and_offset
from striate.functions.normalization.standardize import (
    backward_standardize,
    mean_and_variance,
    standardize,
)
from striate.functions.options import POSITIVE, option
from striate.maths.field_pattern import FieldPattern
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class LayerNormalization(ImageNormalization):
    """Layer normalization: each image over all its neurons, with a gain and an offset for each.

    Parameters
    ----------
    epsilon
        Added to the variance; above 0.

    Raises
    ------
    OptionError
        If epsilon is outside its range.

    Sources
    -------
    Ba et al. 2016.

    Examples
    --------
    >>> import numpy as np
    >>> z = LayerNormalization().apply(np.array([[1.0, 2.0, 3.0]]), np.ones(3), np.zeros(3))
    >>> z.round(3)
    array([[-1.225,  0.   ,  1.225]])
    """

    epsilon: float = option(1e-5, POSITIVE)

    statements = (
        "m[q] += a[q,*x] / size",
        "v[q] += (a[q,*x] - m[q])**2 / size",
        "u[q,*x] = (a[q,*x] - m[q]) / sqrt(v[q] + epsilon)",
        "z[q,*x] = gamma[*x] * u[q,*x] + beta[*x]",
    )
    gain_derivative = "dgamma[*x] += u[q,*x] * dz[q,*x]"
    offset_derivative = "dbeta[*x] += dz[q,*x]"
    derivatives = (
        "du[q,*x] = gamma[*x] * dz[q,*x]",
        "s[q] += du[q,*x] / size",
        "t[q] += u[q,*x] * du[q,*x] / size",
        "da[q,*x] = (du[q,*x] - s[q] - u[q,*x] * t[q]) / sqrt(v[q] + epsilon)",
    )
    shorthand = Shorthand(word="layer-norm")
    layer = LayerForm(name="LayerNorm")
    onnx = Onnx(operator="LayerNormalization", attributes={"epsilon": "epsilon"}, fixed={"axis": 1})

    def parameters(self, *shapes: Shape) -> dict[str, Parameter]:
        return gain_and_offset(shapes[0])

    def field_patterns(
        self,
        patterns: tuple[FieldPattern, ...],  # noqa: ARG002  # whatever they are
        *shapes: Shape,  # noqa: ARG002
    ) -> Seen:
        """See everything: mean and variance of the whole image."""
        return "everything"

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equations; ``u`` is the standardized activation."""
        (shape,) = shapes
        images = dict.fromkeys(("a", "u", "z", "dz", "du", "da"), shape)
        return Lowering(
            statements=self.statements,
            backward={
                "dgamma": (self.gain_derivative,),
                "dbeta": (self.offset_derivative,),
                "da": self.derivatives,
            },
            shapes={
                **images,
                **dict.fromkeys(("gamma", "beta", "dgamma", "dbeta"), shape),
                **dict.fromkeys(("m", "v", "s", "t"), ()),
            },
            constants={"epsilon": self.epsilon, "size": math.prod(shape)},
        )

    def apply(
        self, a: Float[Array, "q *x"], gamma: Float[Array, "*x"], beta: Float[Array, "*x"]
    ) -> Float[Array, "q *x"]:
        r"""Standardize each image, then scale and shift each neuron.

        .. math:: z^h_{i,j} = \gamma^h_{i,j} \, \frac{a^h_{i,j} - m}{\sqrt{v + \epsilon}}
            + \beta^h_{i,j}

        with the mean m and the biased variance v of the image.

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

        Sources
        -------
        Ba et al. 2016.
        """
        u, _ = self._standardized(a)
        return gamma * u + beta

    def backward_a(
        self, a: Float[Array, "q *x"], gamma: Float[Array, "*x"], dz: Float[Array, "q *x"]
    ) -> Float[Array, "q *x"]:
        r"""Backpropagate, including through the image's mean and variance.

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
        Ba et al. 2016.
        """
        u, v = self._standardized(a)
        return backward_standardize(u, gamma * dz, v, self.epsilon, all_but_images(a))

    def backward_gamma(
        self, a: Float[Array, "q *x"], dz: Float[Array, "q *x"]
    ) -> Float[Array, "*x"]:
        r"""Sum, over the images, each derivative times the standardized activation.

        .. math:: d\gamma = \sum_q u \, dz

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
        Ba et al. 2016.
        """
        return (self._standardized(a)[0] * dz).sum(axis=0)

    def backward_beta(self, dz: Float[Array, "q *x"]) -> Float[Array, "*x"]:
        r"""Sum the derivatives over the images.

        .. math:: d\beta = \sum_q dz

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
        Ba et al. 2016.
        """
        return dz.sum(axis=0)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(), inputs=((6,),), images=3),
            Case(function=cls(epsilon=0.1), inputs=((2, 5),)),
            Case(function=cls(), inputs=((2, 3, 4),)),
        )

    def _standardized(self, a: Array) -> tuple[Array, Array]:
        """Return the standardized activations and the variance."""
        m, v = mean_and_variance(a, all_but_images(a))
        return standardize(a, m, v, self.epsilon), v
