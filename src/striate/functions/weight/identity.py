"""Identity: the incoming activation as it is, for layers that only join or only transform."""

from dataclasses import dataclass

from striate.functions.base import Case, FixedFunction, Lowering, Onnx, Shorthand
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class Identity(FixedFunction):
    """The identity, ``z = a``. A residual connection is a sum of identities.

    Sources
    -------
    Hagan 8.32 (the net input of several layers); He et al. 2016.

    Examples
    --------
    >>> import numpy as np
    >>> Identity().apply(np.array([[1.0, 2.0]]))
    array([[1., 2.]])
    """

    equation = "z[q,*x] = a[q,*x]"
    linear = True
    elementwise = True
    shorthand = Shorthand(word="identity")
    onnx = Onnx(operator="Identity")

    def output_shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def lowering(self, *shapes: Shape) -> Lowering:
        return Lowering(statements=(self.equation,), shapes=dict.fromkeys(("a", "z"), shapes[0]))

    def apply(self, a: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        """Return the activation unchanged.

        .. math:: z = a

        Parameters
        ----------
        a
            Activation.

        Returns
        -------
        Array
            The same array.

        Sources
        -------
        He et al. 2016.
        """
        return a

    def backward_a(self, a: Float[Array, "q *x"], dz: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        """Return the derivatives unchanged.

        .. math:: da = dz

        Parameters
        ----------
        a
            As given to :meth:`apply`.
        dz
            Derivatives of the weight-function output.

        Returns
        -------
        Array
            The same array.

        Sources
        -------
        He et al. 2016.
        """
        del a  # z is linear in it
        return dz

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (Case(function=cls(), inputs=((5,),)), Case(function=cls(), inputs=((2, 3, 4),)))
