"""Orthogonal weights, which preserve lengths and angles."""

from dataclasses import dataclass
from math import prod

import numpy as np

from striate.errors import ShapeError
from striate.functions.base import Parameter
from striate.functions.initializer.base import Initializer, InitializerCase
from striate.functions.options import POSITIVE, option
from striate.shapes import Array, Float


@dataclass(frozen=True, kw_only=True)
class Orthogonal(Initializer):
    """Random weights with orthogonal rows, or orthogonal columns if there are fewer columns.

    Kernels ``w[h, l, u, v]`` are treated as a matrix with one row per output map, as in PyTorch.
    LAPACK computes the factorization, so the last bits may depend on the processor and library.

    Parameters
    ----------
    gain
        Length of each row (or column); above 0.

    Raises
    ------
    OptionError
        If the gain is not a number above 0.

    Sources
    -------
    Saxe et al. 2014.

    Examples
    --------
    >>> w = Orthogonal(gain=2.0).draw(np.random.default_rng(0), Parameter(shape=(2, 5)))
    >>> np.allclose(w @ w.T, [[4, 0], [0, 4]], atol=1e-5)
    True
    """

    gain: float = option(1.0, POSITIVE)

    def draw(self, generator: np.random.Generator, parameter: Parameter) -> Float[Array, "..."]:
        r"""Draw a matrix of normally distributed numbers, and return its orthogonal factor.

        .. math:: M = Q R, \qquad w = g \, Q \, \operatorname{sign}(\operatorname{diag} R)

        With these signs, every orthogonal matrix is equally likely.

        Parameters and result are those of :meth:`Initializer.draw`.

        Raises
        ------
        ShapeError
            If the parameter has fewer than two axes.

        Sources
        -------
        Saxe et al. 2014; Mezzadri 2007.
        """
        if len(parameter.shape) < 2:
            raise ShapeError(
                f"Orthogonal needs weights with at least two axes, got shape {parameter.shape}. "
                "Use another initializer for this layer."
            )
        rows, columns = parameter.shape[0], prod(parameter.shape[1:])
        matrix = generator.standard_normal((max(rows, columns), min(rows, columns)))
        q, r = np.linalg.qr(matrix)
        q *= np.copysign(self.gain, np.diagonal(r))
        oriented = q if rows >= columns else q.T
        return oriented.reshape(parameter.shape).astype(np.float32)

    @classmethod
    def cases(cls) -> tuple[InitializerCase, ...]:
        """Return kernels with fewer and with more rows than columns, and a gain."""
        return (
            InitializerCase(initializer=cls(), parameter=Parameter(shape=(4, 2, 3, 3))),
            InitializerCase(initializer=cls(), parameter=Parameter(shape=(10, 4))),
            InitializerCase(initializer=cls(gain=2.0), parameter=Parameter(shape=(3, 3))),
        )
