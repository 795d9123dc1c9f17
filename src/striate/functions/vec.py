"""Flatten: feature maps become one vector (Hagan's conversion block *vec*)."""

from dataclasses import dataclass
from math import prod
from typing import Literal

from striate.functions.base import Case, FixedFunction, Lowering, Onnx, Shorthand
from striate.functions.layer_form import LayerForm
from striate.functions.options import OneOf, option
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class Flatten(FixedFunction):
    """Flattening: feature maps become one vector, map by map.

    Parameters
    ----------
    order
        ``"rows"``: (map, row, column), the last axis fastest, as in PyTorch and ONNX.
        ``"columns"``: (map, column, row), the columns of each map stacked, as in Hagan 8.26: the
        first pixel axis fastest.

    Sources
    -------
    Hagan 8.26, fig. 8.11; Wichmann 3.3.

    Examples
    --------
    >>> import numpy as np
    >>> image = np.array([[[[1.0, 2.0], [3.0, 4.0]]]])
    >>> Flatten().apply(image), Flatten(order="columns").apply(image)
    (array([[1., 2., 3., 4.]]), array([[1., 3., 2., 4.]]))
    """

    order: Literal["rows", "columns"] = option("rows", OneOf(("rows", "columns")))

    linear = True
    shorthand = Shorthand(word="flatten")
    layer = LayerForm(name="Flatten", positional=("order",), takes=(), example='"columns"')
    onnx = Onnx(operator="Flatten")

    def output_shape(self, *shapes: Shape) -> Shape:
        return (prod(shapes[0]),)

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return one copy; neighbors along the axes are ``r0``, ``r1``, ... apart."""
        names = "hxyw"[: len(shapes[0])]
        apart: dict[str, float | tuple[float, ...]] = {}
        step = 1
        for k in self._fastest_first(len(shapes[0])):
            apart[f"r{k}"] = step
            step *= shapes[0][k]
        place = " + ".join(f"r{k}*{name}" for k, name in enumerate(names))
        pixels = ",".join(names)
        return Lowering(
            statements=(f"z[q, {place}] = a[q,{pixels}]",),
            shapes={"a": shapes[0], "z": self.output_shape(*shapes)},
            constants=apart,
        )

    def apply(self, a: Float[Array, "q *x"]) -> Float[Array, "q r"]:
        r"""Stack the pixels of all maps.

        .. math:: vec(\mathbf{A}) = \left[(\mathbf{a}_1^{1})^T (\mathbf{a}_2^{1})^T \cdots
            (\mathbf{a}_{S_c}^{H})^T\right]^T

        with the columns :math:`\mathbf{a}_i^{h}` of map :math:`h`, or its rows.

        Parameters
        ----------
        a
            Feature maps, or vectors, which stay as they are.

        Returns
        -------
        Array
            One vector for each image.

        Sources
        -------
        Hagan 8.26.
        """
        return a.transpose(self._order(a.ndim)).reshape(len(a), -1)

    def backward_a(self, a: Float[Array, "q *x"], dz: Float[Array, "q r"]) -> Float[Array, "q *x"]:
        """Move each derivative back to the position of its pixel.

        Parameters
        ----------
        a
            As given to :meth:`apply`.
        dz
            Derivatives of the vector.

        Returns
        -------
        Array
            Derivatives of ``a``.

        Sources
        -------
        Hagan 8.26.
        """
        order = self._order(a.ndim)
        # The order is its own inverse: it reverses the pixel axes or leaves them.
        return dz.reshape([a.shape[k] for k in order]).transpose(order)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(), inputs=((3, 2, 4),)),
            Case(function=cls(order="columns"), inputs=((3, 2, 4),), note="Hagan 8.26"),
            Case(function=cls(order="columns"), inputs=((2, 2, 3, 4),)),
            Case(function=cls(), inputs=((5,),)),
        )

    def _order(self, axes: int) -> list[int]:
        """Arrange the axes of an array, that of images first, so that the last is the fastest."""
        pixels = range(2, axes)
        return [0, 1, *(pixels if self.order == "rows" else reversed(pixels))]

    def _fastest_first(self, axes: int) -> list[int]:
        """List the axes of one image's array, the fastest first."""
        return [k - 1 for k in reversed(self._order(axes + 1)[1:])]
