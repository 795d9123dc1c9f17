"""What every initializer states: the numbers that the weights begin with."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from striate.functions.base import Parameter
from striate.functions.options import Checked
from striate.shapes import Array, Float


@dataclass(frozen=True, kw_only=True)
class Initializer(Checked, ABC):
    """One rule by which the weights get their first numbers.

    Parameters that state a ``start`` of their own, such as biases, are not asked about here.
    """

    @abstractmethod
    def draw(self, generator: np.random.Generator, parameter: Parameter) -> Float[Array, "..."]:
        """Give the first numbers of one parameter.

        Parameters
        ----------
        generator
            Where random numbers come from.
        parameter
            Its shape, and how many products it takes part in.

        Returns
        -------
        Array
            The numbers, in the parameter's shape, float32.
        """

    @classmethod
    @abstractmethod
    def cases(cls) -> tuple["InitializerCase", ...]:
        """Give a few instances that together use every option, each with a parameter."""


@dataclass(frozen=True, kw_only=True)
class InitializerCase:
    """One small instance of an initializer with a parameter that it can fill."""

    initializer: Initializer
    parameter: Parameter
