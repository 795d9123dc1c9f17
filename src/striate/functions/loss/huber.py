"""Huber's loss: squared for small errors, absolute for large ones, so that outliers count less."""

import math
from dataclasses import dataclass

import numpy as np

from striate.functions.base import Loss, LossCase, Lowering
from striate.functions.loss import targets
from striate.functions.maps import all_but_images
from striate.functions.options import POSITIVE, option
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class Huber(Loss):
    """Huber's loss: quadratic for small errors, linear for large ones.

    Parameters
    ----------
    delta
        The error at which the square goes over into a straight line; above 0.

    Raises
    ------
    OptionError
        If delta is outside its range.

    Sources
    -------
    Huber 1964.

    Examples
    --------
    >>> Huber().apply(np.array([[1.5], [4.0]]), np.array([[1.0], [1.0]]))
    array([0.125, 2.5  ])
    """

    delta: float = option(1.0, POSITIVE)

    statements = (
        "e[q,*x] = abs(n[q,*x] - y[q,*x])",
        "l[q] += min(e[q,*x], delta) * (e[q,*x] - min(e[q,*x], delta) / 2) / outputs",
    )
    derivative = "dn[q,*x] = max(min(n[q,*x] - y[q,*x], delta), -delta) / outputs"

    def lowering(self, shape: Shape, y: Shape) -> Lowering:
        return Lowering(
            statements=self.statements,
            backward={"dn": (self.derivative,)},
            shapes={"n": shape, "y": y, "e": shape, "l": (), "dn": shape},
            constants={"outputs": math.prod(shape), "delta": self.delta},
        )

    def targets(self, y: Array, output_shape: Shape) -> Array:
        """Check numbers.

        Parameters
        ----------
        y
            Numbers of the output's shape, whose map axis may be missing where there is one map.
        output_shape
            ``(maps, *positions)``.

        Returns
        -------
        Array
            Floating-point numbers of the output's shape.

        Raises
        ------
        ShapeError
            If they have the wrong shape.
        DataError
            If they are not finite numbers.
        """
        return targets.numbers(self, y, output_shape)

    def apply(self, n: Float[Array, "q *x"], y: Float[Array, "q *x"]) -> Float[Array, "q"]:
        r"""Return each image's loss: the mean over its outputs.

        .. math:: l = \begin{cases} \tfrac{1}{2} (n - y)^2 & |n - y| \le \delta \\
            \delta \left( |n - y| - \tfrac{1}{2} \delta \right) & |n - y| > \delta \end{cases}

        Parameters
        ----------
        n
            Output of the network.
        y
            The targets, as :meth:`targets` returned them.

        Returns
        -------
        Array
            A loss for each image.

        Sources
        -------
        Huber 1964.
        """
        error = np.abs(n - y.astype(n.dtype, copy=False))
        small = np.minimum(error, self.delta)
        # Within delta this is the half square; beyond it, delta times what exceeds half of delta.
        return (small * (error - small / 2)).mean(axis=all_but_images(n))

    def backward_n(self, n: Float[Array, "q *x"], y: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Return the error, clipped at delta.

        .. math:: dn = \max(\min(n - y, \delta), -\delta)

        divided by the number of outputs.

        Parameters
        ----------
        n
            Output of the network.
        y
            The targets, as :meth:`targets` returned them.

        Returns
        -------
        Array
            Derivatives of each image's loss.

        Sources
        -------
        Hagan 8.27, 8.28; Huber 1964.
        """
        error = n - y.astype(n.dtype, copy=False)
        return np.clip(error, -self.delta, self.delta) / math.prod(n.shape[1:])

    @classmethod
    def cases(cls) -> tuple[LossCase, ...]:
        several = np.array([[0.5, -1.0, 2.0], [0.0, 3.5, -2.25]])
        pixels = np.array([[[[0.5, 1.5], [-1.0, 0.0]]]])
        return (
            LossCase(loss=cls(), shape=(1,), y=np.array([[1.5], [-0.5], [0.0]])),
            LossCase(loss=cls(delta=0.5), shape=(3,), y=several),
            LossCase(loss=cls(), shape=(1, 2, 2), y=pixels),
        )
