"""Glorot's initializer: a compromise between the forward and the backward pass."""

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from striate.functions.base import Parameter
from striate.functions.initializer.base import Initializer, InitializerCase
from striate.functions.initializer.standard_deviation import DISTRIBUTIONS, draw_around_zero
from striate.functions.options import option
from striate.shapes import Array, Float


@dataclass(frozen=True, kw_only=True)
class Glorot(Initializer):
    """Keeps the size of activations and derivatives roughly constant, for tanh and others.

    Parameters
    ----------
    distribution
        ``"uniform"`` or ``"normal"``, with the same standard deviation.

    Raises
    ------
    OptionError
        If the distribution is neither.

    Sources
    -------
    Glorot and Bengio 2010.

    Examples
    --------
    >>> parameter = Parameter(shape=(4, 2), fan_in=2, fan_out=4)
    >>> w = Glorot().draw(np.random.default_rng(0), parameter)
    >>> w.shape, bool(np.abs(w).max() <= 1)
    ((4, 2), True)
    """

    distribution: Literal["uniform", "normal"] = option("uniform", DISTRIBUTIONS)

    def draw(self, generator: np.random.Generator, parameter: Parameter) -> Float[Array, "..."]:
        r"""Draw weights with mean 0 and the following variance.

        .. math:: \sigma^2 = \frac{2}{\text{fan in} + \text{fan out}}

        Parameters and result are those of :meth:`Initializer.draw`.

        Sources
        -------
        Glorot and Bengio 2010.
        """
        return draw_around_zero(
            generator,
            parameter.shape,
            distribution=self.distribution,
            deviation=math.sqrt(2 / (parameter.fan_in + parameter.fan_out)),
        )

    @classmethod
    def cases(cls) -> tuple[InitializerCase, ...]:
        """Return both distributions."""
        kernels = Parameter(shape=(6, 3, 5, 5), fan_in=75, fan_out=150)
        return (
            InitializerCase(initializer=cls(), parameter=kernels),
            InitializerCase(initializer=cls(distribution="normal"), parameter=kernels),
        )
