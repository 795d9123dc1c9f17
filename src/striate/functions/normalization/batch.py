"""Batch normalization: over the images of a batch, each map gets mean 0 and variance 1.

In training, mean and variance are those of the batch, and running averages of both are updated.
Outside training the running averages are used, so that the result for an image doesn't depend on
the other images of the batch.
"""

import math
from dataclasses import dataclass, replace

import numpy as np

from striate.errors import TrainingError
from striate.functions.base import (
    Call,
    Case,
    Derivatives,
    Function,
    Lowering,
    Onnx,
    Parameter,
    Shorthand,
)
from striate.functions.layer_form import LayerForm
from striate.functions.maps import all_but_maps, per_map
from striate.functions.normalization.base import gain_and_offset
from striate.functions.normalization.standardize import (
    backward_standardize,
    mean_and_variance,
    standardize,
)
from striate.functions.options import POSITIVE, Range, option
from striate.shapes import Array, Float, Shape

_OF_MAPS = ("gamma", "beta", "m", "v", "s", "t", "mean", "variance", "mean_next", "variance_next")


@dataclass(frozen=True, kw_only=True)
class BatchNormalization(Function):
    """Normalize each map over images and pixels; each map has a gain and an offset.

    Parameters
    ----------
    momentum
        Weight of the new batch in the running statistics, from 0 to 1, as in PyTorch. In ONNX and
        Keras, momentum is the weight of the old statistics.
    epsilon
        Added to the variance; above 0.

    Raises
    ------
    OptionError
        If an option is outside its range.

    Sources
    -------
    Ioffe and Szegedy 2015.

    Examples
    --------
    >>> kind, a = BatchNormalization(), np.array([[1.0], [2.0], [3.0]])
    >>> kind.apply(a, np.ones(1), np.zeros(1), *kind.statistics(a)).round(3)
    array([[-1.225],
           [ 0.   ],
           [ 1.225]])
    """

    momentum: float = option(0.1, Range(least=0, most=1))
    epsilon: float = option(1e-5, POSITIVE)

    statements = (
        "m[h] += a[q,h,*x] / (images * pixels)",
        "v[h] += (a[q,h,*x] - m[h])**2 / (images * pixels)",
        "u[q,h,*x] = (a[q,h,*x] - m[h]) / sqrt(v[h] + epsilon)",
        "z[q,h,*x] = gamma[h] * u[q,h,*x] + beta[h]",
    )
    gain_derivative = "dgamma[h] += u[q,h,*x] * dz[q,h,*x]"
    offset_derivative = "dbeta[h] += dz[q,h,*x]"
    derivatives = (
        "s[h] += dz[q,h,*x] / (images * pixels)",
        "t[h] += u[q,h,*x] * dz[q,h,*x] / (images * pixels)",
        "da[q,h,*x] = gamma[h] * (dz[q,h,*x] - s[h] - u[q,h,*x] * t[h]) / sqrt(v[h] + epsilon)",
    )
    mean_after = "mean_next[h] = (1 - momentum) * mean[h] + momentum * m[h]"
    variance_after = (
        "variance_next[h] = (1 - momentum) * variance[h] "
        "+ momentum * images * pixels / (images * pixels - 1) * v[h]"
    )
    inference_statements = (
        "u[q,h,*x] = (a[q,h,*x] - mean[h]) / sqrt(variance[h] + epsilon)",
        "z[q,h,*x] = gamma[h] * u[q,h,*x] + beta[h]",
    )
    inference_derivatives = ("da[q,h,*x] = gamma[h] * dz[q,h,*x] / sqrt(variance[h] + epsilon)",)
    shorthand = Shorthand(word="batch-norm")
    layer = LayerForm(name="BatchNorm", example='activation="relu"')
    onnx = Onnx(
        operator="BatchNormalization", attributes={"momentum": "momentum", "epsilon": "epsilon"}
    )

    def output_shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def parameters(self, *shapes: Shape) -> dict[str, Parameter]:
        return gain_and_offset(shapes[0][:1])

    def state(self, *shapes: Shape) -> dict[str, Parameter]:
        starts = {"mean": 0.0, "variance": 1.0}
        return {name: Parameter(shape=shapes[0][:1], start=x) for name, x in starts.items()}

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equations for training; ``u`` is the standardized activation."""
        rest = self.inference_lowering(*shapes)
        backward = {**rest.backward, "da": self.derivatives}
        state = {"mean": self.mean_after, "variance": self.variance_after}
        return replace(rest, statements=self.statements, backward=backward, state=state)

    def inference_lowering(self, *shapes: Shape) -> Lowering:
        shape, pixels = shapes[0], math.prod(shapes[0][1:])
        return Lowering(
            statements=self.inference_statements,
            backward={
                "dgamma": (self.gain_derivative,),
                "dbeta": (self.offset_derivative,),
                "da": self.inference_derivatives,
            },
            shapes={**dict.fromkeys(("a", "u", "z"), shape), **dict.fromkeys(_OF_MAPS, shape[:1])},
            constants={"epsilon": self.epsilon, "momentum": self.momentum, "pixels": pixels},
        )

    def forward(self, call: Call) -> Array:
        """Compute ``z``."""
        gamma, beta = call.parameters["gamma"], call.parameters["beta"]
        return self.apply(call.inputs[0], gamma, beta, *self._numbers(call))

    def backward(self, call: Call, output: Array, d_output: Array) -> Derivatives:  # noqa: ARG002
        """Compute ``da``, ``dgamma`` and ``dbeta``."""
        (a,), gamma, numbers = call.inputs, call.parameters["gamma"], self._numbers(call)
        carry = self.backward_a if call.training else self.backward_a_at_rest
        return Derivatives(
            inputs=(carry(a, gamma, d_output, *numbers),) if call.input_derivatives else (),
            parameters={
                "gamma": self.backward_gamma(a, d_output, *numbers),
                "beta": self.backward_beta(d_output),
            }
            if call.parameter_derivatives
            else {},
        )

    def next_state(self, call: Call) -> dict[str, Array]:
        r"""Move the running statistics toward the batch's.

        .. math:: M \leftarrow (1 - \mu) \, M + \mu \, m, \qquad
            V \leftarrow (1 - \mu) \, V + \mu \, \frac{c}{c - 1} \, v

        with the number c of values of each map. The running variance is unbiased, because it stands
        for all images; the batch's own, which the batch is divided by, is biased.

        Parameters
        ----------
        call
            The training pass.

        Returns
        -------
        dict
            The new running ``mean`` and ``variance``.

        Raises
        ------
        TrainingError
            If each map has one value only.

        Sources
        -------
        Ioffe and Szegedy 2015.
        """
        (a,) = call.inputs
        m, v = self.statistics(a)
        count, rest = a.size // len(m), 1 - self.momentum
        unbiased = v * (count / (count - 1))
        return {
            "mean": rest * call.state["mean"] + self.momentum * m,
            "variance": rest * call.state["variance"] + self.momentum * unbiased,
        }

    def require_images(self, images: int, *shapes: Shape) -> None:
        """Raise if each map would have a single value.

        Raises
        ------
        TrainingError
            If the batch is one image with one pixel.
        """
        (shape,) = shapes
        if images * math.prod(shape[1:]) < 2:
            raise TrainingError(
                f"a training batch of {images} image of shape {shape} has one value for each map, "
                "but a variance needs at least two. Use a batch size that leaves at least two "
                "images for the last batch, or LayerNorm()."
            ).about(self)

    def statistics(self, a: Float[Array, "q h *x"]) -> tuple[Float[Array, "h"], Float[Array, "h"]]:
        r"""Return the mean and the biased variance of each map over images and pixels.

        .. math:: m^h = \frac{1}{c} \sum_q \sum_{i,j} a^h_{i,j}, \qquad
            v^h = \frac{1}{c} \sum_q \sum_{i,j} (a^h_{i,j} - m^h)^2

        Parameters
        ----------
        a
            Activations.

        Returns
        -------
        tuple of Array
            Mean and variance.

        Raises
        ------
        TrainingError
            If each map has one value only.

        Sources
        -------
        Ioffe and Szegedy 2015.
        """
        self.require_images(len(a), a.shape[1:])
        m, v = mean_and_variance(a, all_but_maps(a))
        return m.reshape(-1), v.reshape(-1)

    def apply(
        self,
        a: Float[Array, "q h *x"],
        gamma: Float[Array, "h"],
        beta: Float[Array, "h"],
        mean: Float[Array, "h"],
        variance: Float[Array, "h"],
    ) -> Float[Array, "q h *x"]:
        r"""Standardize each map, then scale and shift it.

        .. math:: z^h_{i,j} = \gamma^h \, \frac{a^h_{i,j} - m^h}{\sqrt{v^h + \epsilon}} + \beta^h

        Parameters
        ----------
        a
            Activations.
        gamma, beta
            Gain and offset.
        mean, variance
            Of the batch (:meth:`statistics`) in training; the running ones outside.

        Returns
        -------
        Array
            Weight-function output.

        Sources
        -------
        Ioffe and Szegedy 2015.
        """
        return per_map(gamma, a) * self._standardized(a, mean, variance) + per_map(beta, a)

    def backward_a(
        self,
        a: Float[Array, "q h *x"],
        gamma: Float[Array, "h"],
        dz: Float[Array, "q h *x"],
        mean: Float[Array, "h"],
        variance: Float[Array, "h"],
    ) -> Float[Array, "q h *x"]:
        r"""Backpropagate in training, including through each map's mean and variance.

        .. math:: da = \frac{\gamma}{\sqrt{v + \epsilon}}
            \left( dz - \overline{dz} - u \, \overline{u \, dz} \right)

        with the standardized activation u, and means over images and pixels.

        Parameters
        ----------
        a, gamma, mean, variance
            As given to :meth:`apply`; the mean and the variance are those of ``a``.
        dz
            Derivatives of the weight-function output.

        Returns
        -------
        Array
            Derivatives of ``a``.

        Sources
        -------
        Ioffe and Szegedy 2015.
        """
        u, v = self._standardized(a, mean, variance), per_map(variance, a)
        return per_map(gamma, a) * backward_standardize(u, dz, v, self.epsilon, all_but_maps(a))

    def backward_a_at_rest(
        self,
        a: Float[Array, "q h *x"],
        gamma: Float[Array, "h"],
        dz: Float[Array, "q h *x"],
        mean: Float[Array, "h"],
        variance: Float[Array, "h"],
    ) -> Float[Array, "q h *x"]:
        r"""Backpropagate outside training, where mean and variance don't depend on ``a``.

        .. math:: da = \frac{\gamma}{\sqrt{V + \epsilon}} \, dz

        Parameters
        ----------
        a, gamma, mean, variance
            As given to :meth:`apply`.
        dz
            Derivatives of the weight-function output.

        Returns
        -------
        Array
            Derivatives of ``a``.

        Sources
        -------
        Ioffe and Szegedy 2015.
        """
        del mean
        return per_map(gamma, a) * dz / np.sqrt(per_map(variance, a) + self.epsilon)

    def backward_gamma(
        self,
        a: Float[Array, "q h *x"],
        dz: Float[Array, "q h *x"],
        mean: Float[Array, "h"],
        variance: Float[Array, "h"],
    ) -> Float[Array, "h"]:
        r"""Sum, over images and pixels, each derivative times the standardized activation.

        .. math:: d\gamma^h = \sum_q \sum_{i,j} u^h_{i,j} \, dz^h_{i,j}

        Parameters
        ----------
        a, mean, variance
            As given to :meth:`apply`.
        dz
            Derivatives of the weight-function output.

        Returns
        -------
        Array
            Derivatives of the gain.

        Sources
        -------
        Ioffe and Szegedy 2015.
        """
        return (self._standardized(a, mean, variance) * dz).sum(axis=all_but_maps(a))

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
        Ioffe and Szegedy 2015.
        """
        return dz.sum(axis=all_but_maps(dz))

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(), inputs=((3,),), images=5),
            Case(function=cls(momentum=0.3), inputs=((2, 3, 4),), images=3),
            Case(function=cls(epsilon=0.1), inputs=((2, 5),)),
            Case(function=cls(), inputs=((2, 3, 3),), images=1, note="one image"),
        )

    def _numbers(self, call: Call) -> tuple[Array, Array]:
        """Return mean and variance: those of the batch in training, otherwise the running ones."""
        if call.training:
            return self.statistics(call.inputs[0])
        return call.state["mean"], call.state["variance"]

    def _standardized(self, a: Array, mean: Array, variance: Array) -> Array:
        """Subtract the maps' means and divide by their standard deviations."""
        return standardize(a, per_map(mean, a), per_map(variance, a), self.epsilon)
