"""Reshape: the same values, in the same order, with different axes."""

from dataclasses import dataclass
from math import prod
from typing import cast

from striate.errors import ShapeError
from striate.functions.base import Case, FixedFunction, Lowering, Onnx, Seen, Shorthand
from striate.functions.layer_form import LayerForm
from striate.functions.options import SIZE, required
from striate.maths.field_pattern import FieldPattern
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True)
class NewShape:
    """Shapes of one image, in which one length may be -1: it follows from the others."""

    def __contains__(self, value: object) -> bool:
        if not isinstance(value, tuple) or not value:
            return False
        lengths = cast("tuple[object, ...]", value)
        free = sum(isinstance(n, int) and n == -1 for n in lengths)
        return (
            len(lengths) <= _MOST_AXES
            and free <= 1
            and sum(n in SIZE for n in lengths) == len(lengths) - free
        )

    def expected(self, value: object) -> str:  # noqa: ARG002  # the same for every value
        return (
            "(rows, columns, channels), (length, channels) or (features,), positive integers of "
            "which one may be -1"
        )


_MOST_AXES = 8
"""Channels and pixels; more than a layer with a window takes, for shapes in between."""


@dataclass(frozen=True, kw_only=True)
class Reshape(FixedFunction):
    """Reshaping: the same values in another shape; the last axis changes fastest.

    Parameters
    ----------
    shape
        Shape of one image's array, ``(maps, *pixels)`` or ``(neurons,)``; one length may be -1 and
        follows from the others.

    Sources
    -------
    Hagan 8.26 (the way back, in the order of rows).

    Examples
    --------
    >>> import numpy as np
    >>> Reshape(shape=(1, 2, -1)).apply(np.arange(6.0).reshape(1, 6))
    array([[[[0., 1., 2.],
             [3., 4., 5.]]]])
    """

    shape: tuple[int, ...] = required(NewShape(), example=(16, 7, 7))

    linear = True
    shorthand = Shorthand(word="reshape", shape="shape")
    layer = LayerForm(
        name="Reshape",
        positional=("shape",),
        takes=(),
        channels_last=("shape",),
        example="(7, 7, 16)",
    )
    onnx = Onnx(operator="Reshape")

    def output_shape(self, *shapes: Shape) -> Shape:
        given, known = prod(shapes[0]), prod(n for n in self.shape if n != -1)
        if given % known or (-1 not in self.shape and given != known):
            raise ShapeError(
                f"the new shape holds {known} numbers"
                f"{' for each length -1' if -1 in self.shape else ''}, but the input has {given}. "
                f"Use lengths whose product is {given}, or -1 for one of them."
            ).about(self)
        return tuple(given // known if n == -1 else n for n in self.shape)

    def field_patterns(
        self,
        patterns: tuple[FieldPattern, ...],
        *shapes: Shape,
    ) -> Seen:
        """See the same pixels if the shape is unchanged; otherwise no pattern describes which."""
        return patterns if self.output_shape(*shapes) == shapes[0] else None

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return two copies, to a long vector and from it; neighbors are ``rx0``, ... apart."""
        a, z = shapes[0], self.output_shape(*shapes)
        before, after = _place("x", len(a)), _place("i", len(z))
        indices = {
            name: ",".join(f"{name}{k}" for k in range(rank))
            for name, rank in (("x", len(a)), ("i", len(z)))
        }
        return Lowering(
            statements=(
                f"flat[q, {before}] = a[q,{indices['x']}]",
                f"z[q,{indices['i']}] = flat[q, {after}]",
            ),
            shapes={"a": a, "flat": (prod(a),), "z": z},
            constants={
                f"r{name}{k}": prod(shape[k + 1 :])
                for name, shape in (("x", a), ("i", z))
                for k in range(len(shape))
            },
        )

    def apply(self, a: Float[Array, "q *x"]) -> Float[Array, "q *i"]:
        """Arrange the values along the new axes.

        Parameters
        ----------
        a
            Activation.

        Returns
        -------
        Array
            The same values.

        Raises
        ------
        ShapeError
            If the number of values differs from that of the shape.

        Sources
        -------
        Hagan 8.26.
        """
        return a.reshape(len(a), *self.output_shape(a.shape[1:]))

    def backward_a(self, a: Float[Array, "q *x"], dz: Float[Array, "q *i"]) -> Float[Array, "q *x"]:
        """Arrange the derivatives along the old axes.

        Parameters
        ----------
        a
            As given to :meth:`apply`.
        dz
            Derivatives of the weight-function output.

        Returns
        -------
        Array
            Derivatives of ``a``.

        Sources
        -------
        Hagan 8.26.
        """
        return dz.reshape(a.shape)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(shape=(2, 3, -1)), inputs=((12,),)),
            Case(function=cls(shape=(3, 4)), inputs=((2, 3, 2),)),
            Case(function=cls(shape=(-1,)), inputs=((2, 3),)),
        )


def _place(name: str, rank: int) -> str:
    """Return the index of an element in the long vector: ``rx0*x0 + rx1*x1``."""
    return " + ".join(f"r{name}{k}*{name}{k}" for k in range(rank))
