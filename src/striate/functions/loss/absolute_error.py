"""Absolute error: the mean over an image's outputs of the distance from the targets."""

import math
from dataclasses import dataclass

import numpy as np

from striate.functions.base import Loss, LossCase, Lowering
from striate.functions.loss import targets
from striate.functions.maps import all_but_images
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class AbsoluteError(Loss):
    """Mean absolute error: less sensitive to outliers than the squared error.

    Sources
    -------
    Laplace 1774.

    Examples
    --------
    >>> AbsoluteError().apply(np.array([[1.0, 3.0]]), np.array([[1.0, 1.0]]))
    array([1.])
    """

    equation = "l[q] += abs(n[q,*x] - y[q,*x]) / outputs"
    derivative = "dn[q,*x] = sign(n[q,*x] - y[q,*x]) / outputs"

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
        r"""Return each image's absolute error: the mean over its outputs.

        .. math:: l = |n - y|

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
        Laplace 1774.
        """
        return np.abs(n - y.astype(n.dtype, copy=False)).mean(axis=all_but_images(n))

    def backward_n(self, n: Float[Array, "q *x"], y: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Return the sign of the error.

        .. math:: dn = \operatorname{sign}(n - y)

        divided by the number of outputs. At the kink, n = y, it is 0, as in PyTorch.

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
        Hagan 8.27, 8.28; Laplace 1774.
        """
        return np.sign(n - y.astype(n.dtype, copy=False)) / math.prod(n.shape[1:])

    @classmethod
    def cases(cls) -> tuple[LossCase, ...]:
        several = np.array([[0.5, -1.0, 2.0], [0.0, 3.5, -2.25]])
        pixels = np.array([[[[0.5, 1.5], [-1.0, 0.0]]]])
        return (
            LossCase(loss=cls(), shape=(1,), y=np.array([[1.5], [-0.5], [0.0]])),
            LossCase(loss=cls(), shape=(3,), y=several),
            LossCase(loss=cls(), shape=(1, 2, 2), y=pixels),
        )
