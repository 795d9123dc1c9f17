"""Squared error: the mean over an image's outputs of the squared distance from the targets."""

import math
from dataclasses import dataclass

import numpy as np

from striate.functions.base import Loss, LossCase, Lowering
from striate.functions.loss import targets
from striate.functions.maps import all_but_images
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class SquaredError(Loss):
    """Mean squared error: the usual loss for regression.

    Sources
    -------
    Legendre 1805.

    Examples
    --------
    >>> SquaredError().apply(np.array([[1.0, 3.0]]), np.array([[1.0, 1.0]]))
    array([2.])
    """

    equation = "l[q] += (n[q,*x] - y[q,*x])**2 / outputs"
    derivative = "dn[q,*x] = 2 * (n[q,*x] - y[q,*x]) / outputs"

    def lowering(self, shape: Shape, y: Shape) -> Lowering:
        return Lowering(
            statements=(self.equation,),
            backward={"dn": (self.derivative,)},
            shapes={"n": shape, "y": y, "l": (), "dn": shape},
            constants={"outputs": math.prod(shape)},
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
        r"""Return each image's squared error: the mean over its outputs.

        .. math:: l = (n - y)^2

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
        Legendre 1805.
        """
        error = n - y.astype(n.dtype, copy=False)
        return (error * error).mean(axis=all_but_images(n))

    def backward_n(self, n: Float[Array, "q *x"], y: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Return twice the error.

        .. math:: dn = 2 (n - y)

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
        Hagan 8.27, 8.28; Legendre 1805.
        """
        return 2 / math.prod(n.shape[1:]) * (n - y.astype(n.dtype, copy=False))

    @classmethod
    def cases(cls) -> tuple[LossCase, ...]:
        several = np.array([[0.5, -1.0, 2.0], [0.0, 3.5, -2.25]])
        pixels = np.array([[[[0.5, 1.5], [-1.0, 0.0]]]])
        return (
            LossCase(loss=cls(), shape=(1,), y=np.array([[1.5], [-0.5], [0.0]])),
            LossCase(loss=cls(), shape=(3,), y=several),
            LossCase(loss=cls(), shape=(1, 2, 2), y=pixels),
        )
