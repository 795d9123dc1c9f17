"""LeCun's initializer: net inputs have the same size as the activations that they sum."""

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
class LeCun(Initializer):
    """Keeps the size of net inputs close to that of activations, for scaled tanh and selu.

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
    LeCun 1998; Klambauer et al. 2017.

    Examples
    --------
    >>> parameter = Parameter(shape=(4, 3), fan_in=3, fan_out=4)
    >>> w = LeCun().draw(np.random.default_rng(0), parameter)
    >>> w.shape, bool(np.abs(w).max() <= 1)
    ((4, 3), True)
    """

    distribution: Literal["uniform", "normal"] = option("uniform", DISTRIBUTIONS)

    def draw(self, generator: np.random.Generator, parameter: Parameter) -> Float[Array, "..."]:
        r"""Draw weights with mean 0 and the following variance.

        .. math:: \sigma^2 = \frac{1}{\text{fan in}}

        Parameters and result are those of :meth:`Initializer.draw`.

        Sources
        -------
        LeCun 1998; Klambauer et al. 2017.
        """
        return draw_around_zero(
            generator,
            parameter.shape,
            distribution=self.distribution,
            deviation=math.sqrt(1 / parameter.fan_in),
        )

    @classmethod
    def cases(cls) -> tuple[InitializerCase, ...]:
        """Return both distributions."""
        kernels = Parameter(shape=(6, 3, 5, 5), fan_in=75, fan_out=150)
        return (
            InitializerCase(initializer=cls(), parameter=kernels),
            InitializerCase(initializer=cls(distribution="normal"), parameter=kernels),
        )
