"""Hagan's average pooling: the sum of each window times one trainable weight for each map."""

from dataclasses import dataclass
from math import prod

import numpy as np

from striate.errors import ShapeError
from striate.functions.base import Call, Case, Lowering, Parameter, Shorthand, WeightFunction
from striate.functions.layer_form import LayerForm
from striate.functions.ways import OtherWay
from striate.functions.weight import pooling
from striate.functions.weight.matrix_ways import window_way
from striate.maths import reductions, windows
from striate.maths.matrices import pixels_under
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class TrainableAveragePooling(pooling.PoolingWindow, WeightFunction):
    """Average pooling with a trainable weight for each map: the window's sum times the weight.

    The weights start at ``1/(rc)``, so that an untrained layer gives the mean.

    Sources
    -------
    Hagan 8.22, 8.23, P8.3, P8.4; LeCun 1998 (subsampling layers).

    Examples
    --------
    >>> import numpy as np
    >>> image = np.arange(16.0).reshape(1, 1, 4, 4)
    >>> TrainableAveragePooling(window=2).apply(np.array([0.25]), image)[0, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """

    equation = "z[q,h,*i] += w[h] * a[q,h,*(s*i + d*u - p)]"
    shorthand = Shorthand(word="trainable-average", size="window")
    layer = LayerForm(
        name="AveragePool",
        positional=("window",),
        example="2, trainable=True",
        takes=("bias", "activation"),
        flag="trainable",
        flag_text=(
            "Whether each map has a trainable weight, which multiplies the window's sum "
            "(Hagan 8.22)."
        ),
    )

    def parameters(self, *shapes: Shape) -> dict[str, Parameter]:
        maps, *pixels = shapes[0]
        taps = prod(axis.window for axis in self.axes(tuple(pixels)))
        weight = Parameter(shape=(maps,), fan_in=taps, start=1 / taps, decayed=True)
        return {"weight": weight}

    def lowering(self, *shapes: Shape) -> Lowering:
        axes = self.axes(shapes[0][1:])
        return Lowering(
            statements=(self.equation,),
            shapes={"w": shapes[0][:1], "a": shapes[0], "z": self.output_shape(shapes[0])},
            constants=windows.constants(axes),
            extents=pooling.extents(axes),
        )

    def apply(self, w: Float[Array, "h"], a: Float[Array, "q h *x"]) -> Float[Array, "q h *i"]:
        r"""Sum the pixels under the window, and multiply the sum by the map's weight.

        .. math:: z^{h}_{i,j} = \left\{ \sum_{u,v}
            a^{h}_{s i + d u - p,\; s j + d v - p} \right\} w^{h}

        Parameters
        ----------
        w
            One weight for each map.
        a
            Feature maps; pixels outside an image add nothing.

        Returns
        -------
        Array
            Weight-function output.

        Raises
        ------
        ShapeError
            If there is not one weight for each map, or the window does not fit.

        Sources
        -------
        Hagan 8.22, 8.23.
        """
        self._require_weights(w, a)
        return _broadcast(w, a) * reductions.window_sum(a, self.axes(a.shape[2:]))

    def backward_a(
        self, w: Float[Array, "h"], a: Float[Array, "q h *x"], dz: Float[Array, "q h *i"]
    ) -> Float[Array, "q h *x"]:
        r"""Expand each derivative over its window, times the map's weight.

        .. math:: da^{h}_{x,y} = w^{h} \sum_{s i + d u - p = x,\; s j + d v - p = y} dz^{h}_{i,j}

        Parameters
        ----------
        w, a
            As given to :meth:`apply`.
        dz
            Derivatives of the weight-function output.

        Returns
        -------
        Array
            Derivatives of ``a``.

        Sources
        -------
        Hagan P8.3 (there with windows side by side, where each sum has one term).
        """
        return _broadcast(w, a) * reductions.spread(dz, self.axes(a.shape[2:]))

    def backward_w(
        self, w: Float[Array, "h"], a: Float[Array, "q h *x"], dz: Float[Array, "q h *i"]
    ) -> Float[Array, "h"]:
        r"""Sum, over images and positions, each derivative times the sum of its window.

        .. math:: dw^{h} = \sum_{q} \sum_{i,j} dz^{h}_{i,j}
            \sum_{u,v} a^{h}_{s i + d u - p,\; s j + d v - p}

        Parameters
        ----------
        w, a
            As given to :meth:`apply`.
        dz
            Derivatives of the weight-function output.

        Returns
        -------
        Array
            Derivatives of ``w``.

        Sources
        -------
        Hagan P8.4.
        """
        del w  # z is linear in it
        sums = reductions.window_sum(a, self.axes(a.shape[2:]))
        return (dz * sums).sum(axis=(0, *range(2, a.ndim)))

    def other_ways(
        self, symbol: str, index: tuple[int, ...], call: Call, d_output: Array | None
    ) -> tuple[OtherWay, ...]:
        """Compute an element by the matrix of the sum, times the weight."""
        (a,), w = call.inputs, call.parameters["weight"]
        axes = self.axes(a.shape[2:])
        ones = np.ones([axis.output for axis in axes])
        if symbol == "dw":
            assert d_output is not None
            (h,) = index
            under = pixels_under(axes)
            pixels = np.append(a[:, h].reshape(len(a), -1), np.zeros((len(a), 1)), axis=1)
            sums = pixels[:, under].sum(axis=2)  # index -1 finds the zero
            value = float(d_output[:, h].reshape(-1) @ sums.reshape(-1))
            how = "dZ times the matrix of the sum times vec(A)"
            return (OtherWay(name="matrix", how=how, sources="Hagan P8.4", value=value),)
        weighted = w[index[1]] * ones
        return (window_way(axes, weighted, index, a=a, dz=d_output, sources="Hagan 8.22"),)

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(window=2), inputs=((3, 4, 4),), note="Hagan 8.22"),
            Case(function=cls(window=3, stride=2, padding=1, ceil_mode=True), inputs=((2, 6, 5),)),
            Case(function=cls(window=(2, 1, 2), stride=1), inputs=((2, 3, 2, 3),)),
        )

    def _require_weights(self, w: Array, a: Array) -> None:
        """Raise if there is not one weight for each map."""
        if w.shape == a.shape[1:2]:
            return
        raise ShapeError(
            f"the weights have shape {w.shape}, but {a.shape[1]} maps need ({a.shape[1]},): one "
            "weight for each map (Hagan 8.22)."
        ).about(self)


def _broadcast(w: Array, a: Array) -> Array:
    """Add an axis of length 1 for each pixel axis."""
    return w.reshape(-1, *(1,) * (a.ndim - 2))
