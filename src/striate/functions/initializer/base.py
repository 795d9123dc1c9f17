"""The base class of initializers, which set the initial weights."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np

from striate.functions.base import Parameter
from striate.functions.options import Checked
from striate.shapes import Array, Float


@dataclass(frozen=True, kw_only=True)
class Initializer(Checked, ABC):
    """A rule for initial weights.

    It doesn't apply to parameters with their own ``start`` value, such as biases.
    """

    @abstractmethod
    def draw(self, generator: np.random.Generator, parameter: Parameter) -> Float[Array, "..."]:
        """Return the initial values of one parameter.

        Parameters
        ----------
        generator
            The random generator.
        parameter
            The parameter's shape, fan-in and fan-out.

        Returns
        -------
        Array
            The values with the parameter's shape, in float32.
        """

    @classmethod
    @abstractmethod
    def cases(cls) -> tuple["InitializerCase", ...]:
        """Return a few instances that together use every option, each with a parameter."""


@dataclass(frozen=True, kw_only=True)
class InitializerCase:
    """A small instance of an initializer with a parameter for it."""

    initializer: Initializer
    parameter: Parameter
