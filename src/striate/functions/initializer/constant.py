"""A constant for all weights."""

from dataclasses import dataclass

import numpy as np

from striate.functions.base import Parameter
from striate.functions.initializer.base import Initializer, InitializerCase
from striate.functions.options import Range, option
from striate.shapes import Array, Float


@dataclass(frozen=True, kw_only=True)
class Constant(Initializer):
    """The same value for all weights.

    Maps with equal initial weights stay equal during training. Use it for averages, gains and
    experiments, but not for kernels that should learn different features.

    Parameters
    ----------
    value
        The constant.

    Raises
    ------
    OptionError
        If the value is not a finite number.

    Sources
    -------
    Hagan 8.22.

    Examples
    --------
    >>> Constant(value=0.25).draw(np.random.default_rng(0), Parameter(shape=(2, 2)))
    array([[0.25, 0.25],
           [0.25, 0.25]], dtype=float32)
    """

    value: float = option(0.0, Range())

    def draw(
        self,
        generator: np.random.Generator,  # noqa: ARG002  # nothing is random
        parameter: Parameter,
    ) -> Float[Array, "..."]:
        """Return an array with the constant.

        Parameters and result are those of :meth:`Initializer.draw`.
        """
        return np.full(parameter.shape, self.value, np.float32)

    @classmethod
    def cases(cls) -> tuple[InitializerCase, ...]:
        """Return zeros and another constant."""
        weights = Parameter(shape=(3, 2))
        return (
            InitializerCase(initializer=cls(), parameter=weights),
            InitializerCase(initializer=cls(value=0.25), parameter=weights),
        )
