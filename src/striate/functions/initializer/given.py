"""Given weights, for a network that is designed instead of trained (Hagan, exercise E8.10)."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from striate.errors import ShapeError
from striate.functions.base import Parameter
from striate.functions.initializer.base import Initializer, InitializerCase
from striate.functions.options import FiniteArray, required
from striate.shapes import Array, Float


@dataclass(frozen=True, kw_only=True)
class Given(Initializer):
    """Initial weights from an array.

    Parameters
    ----------
    values
        The weights: an array or nested lists, in the shape of the parameter. They are stored as
        nested tuples, so that they can be compared and written as text.

    Raises
    ------
    OptionError
        If the values aren't an array of finite numbers.

    Sources
    -------
    Hagan fig. 8.5, E8.10.

    Examples
    --------
    A kernel that responds to bright above dark, from one map to one map:

    >>> kernel = Given(values=[[[[1, 1], [-1, -1]]]])
    >>> kernel.draw(np.random.default_rng(0), Parameter(shape=(1, 1, 2, 2)))
    array([[[[ 1.,  1.],
             [-1., -1.]]]], dtype=float32)
    """

    values: Any = required(FiniteArray(), example=((1.0, -1.0),))

    def draw(
        self,
        generator: np.random.Generator,  # noqa: ARG002  # nothing is random
        parameter: Parameter,
    ) -> Float[Array, "..."]:
        """Return the values.

        Parameters and result are those of :meth:`Initializer.draw`.

        Raises
        ------
        ShapeError
            If the values don't have the shape of the parameter.
        """
        values = np.array(self.values, np.float32)
        if values.shape != parameter.shape:
            raise ShapeError(
                f"`initializer` is an array of shape {values.shape}, but the layer's weights have "
                f"shape {parameter.shape}: kernels are w[output map, input map, *window], dense "
                f"weights w[neuron, input]. Use an array of shape {parameter.shape}."
            )
        return values

    @classmethod
    def cases(cls) -> tuple[InitializerCase, ...]:
        """Return two kernels and dense weights."""
        return (
            InitializerCase(
                initializer=cls(values=[[[[1, 1], [-1, -1]]], [[[1, -1], [1, -1]]]]),
                parameter=Parameter(shape=(2, 1, 2, 2)),
            ),
            InitializerCase(initializer=cls(values=np.eye(3)), parameter=Parameter(shape=(3, 3))),
        )
