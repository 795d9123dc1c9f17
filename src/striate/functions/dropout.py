"""Dropout: in training, random activations are set to 0, so that no neuron relies on another.

The mask depends only on the seed and the numbers of the step, layer, image and element. So it is
the same for any order of the images, any number of threads, and after resuming, and every engine
can draw the same bits: see :class:`~striate.functions.declarations.Drawn`.
"""

from dataclasses import dataclass
from math import prod

import numpy as np

from striate.functions.base import (
    Call,
    Case,
    Derivatives,
    Draw,
    Drawn,
    Function,
    Lowering,
    Onnx,
    Shorthand,
)
from striate.functions.layer_form import LayerForm
from striate.functions.options import FLAG, FRACTION, option
from striate.maths.philox import philox
from striate.shapes import Array, Float, Shape

_LAYERS = 1 << 16


@dataclass(frozen=True, kw_only=True)
class Dropout(Function):
    """Dropout: in training, random activations are set to 0 and the others scaled up.

    Parameters
    ----------
    rate
        Fraction of the activations that are dropped, at least 0 and below 1.
    spatial
        Whether to drop whole maps instead of single pixels: neighboring pixels are strongly
        correlated.

    Raises
    ------
    OptionError
        If the rate is outside its range.

    Sources
    -------
    Srivastava et al. 2014; Tompson et al. 2015; Salmon et al. 2011.

    Examples
    --------
    >>> dropout = Dropout(rate=0.5)
    >>> mask = dropout.mask(Draw(seed=1, step=0, layer=0, images=np.arange(2)), (6,))
    >>> dropout.apply(np.ones((2, 6)), mask)
    array([[0., 2., 0., 0., 2., 0.],
           [2., 0., 0., 2., 0., 0.]])
    """

    rate: float = option(0.5, FRACTION)
    spatial: bool = option(False, FLAG)

    equation = "z[q,*x] = mask[q,*x] * a[q,*x] / (1 - rate)"
    derivative = "da[q,*x] = mask[q,*x] * dz[q,*x] / (1 - rate)"
    spatial_equation = "z[q,h,*x] = mask[q,h] * a[q,h,*x] / (1 - rate)"
    spatial_derivative = "da[q,h,*x] = mask[q,h] * dz[q,h,*x] / (1 - rate)"
    identity = "z[q,*x] = a[q,*x]"
    identity_derivative = "da[q,*x] = dz[q,*x]"
    linear = True
    elementwise = True
    shorthand = Shorthand(word="dropout", number="rate")
    layer = LayerForm(name="Dropout", positional=("rate",), takes=(), example="0.25")
    onnx = Onnx(operator="Dropout", attributes={"rate": "ratio"})

    def output_shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def lowering(self, *shapes: Shape) -> Lowering:
        """Return the equation; ``mask`` is drawn beforehand."""
        (shape,) = shapes
        return Lowering(
            statements=(self.spatial_equation if self.spatial else self.equation,),
            backward={"da": (self.spatial_derivative if self.spatial else self.derivative,)},
            shapes={
                **dict.fromkeys(("a", "z", "dz", "da"), shape),
                "mask": self._mask_shape(shape),
            },
            drawn={"mask": Drawn(rate=self.rate)},
            constants={"rate": self.rate},
        )

    def inference_lowering(self, *shapes: Shape) -> Lowering:
        return Lowering(
            statements=(self.identity,),
            backward={"da": (self.identity_derivative,)},
            shapes=dict.fromkeys(("a", "z", "dz", "da"), shapes[0]),
        )

    def drawn(self, call: Call) -> dict[str, Array]:
        """Draw the mask that the equation reads."""
        assert call.draw is not None, "a training pass draws random numbers"
        return {"mask": self.mask(call.draw, call.inputs[0].shape[1:])}

    def forward(self, call: Call) -> Array:
        """Compute ``z``: in training with a mask, otherwise ``a`` itself."""
        (a,) = call.inputs
        return self.apply(a, self.drawn(call)["mask"]) if call.training else a

    def backward(self, call: Call, output: Array, d_output: Array) -> Derivatives:  # noqa: ARG002
        """Compute ``da`` with the mask of the forward pass, drawn again."""
        da = self.backward_a(self.drawn(call)["mask"], d_output) if call.training else d_output
        return Derivatives(inputs=(da,))

    def mask(self, draw: Draw, shape: Shape) -> Array:
        """Draw which activations are kept, as :class:`.Drawn` defines it.

        Elements of an image are numbered in row order, from (map, row, column) = (0, 0, 0); with
        ``spatial`` they are the maps.

        Parameters
        ----------
        draw
            Seed below 2**64, step and images below 2**32, layer below 2**16; none negative.
        shape
            Of one image's activations.

        Returns
        -------
        Array
            Booleans, ``[q, *shape]``, or ``[q, h]`` with ``spatial``: true is kept.

        Raises
        ------
        OptionError
            If the seed does not fit.

        Sources
        -------
        Srivastava et al. 2014; Salmon et al. 2011.

        Examples
        --------
        Image 7 gets the same mask in every batch:

        >>> alone = Draw(seed=1, step=3, layer=2, images=np.array([7]))
        >>> among = Draw(seed=1, step=3, layer=2, images=np.array([5, 7]))
        >>> masks = [Dropout().mask(draw, (4, 3, 3)) for draw in (alone, among)]
        >>> bool((masks[0][0] == masks[1][1]).all())
        True
        """
        assert 0 <= draw.layer < _LAYERS, draw.layer
        drawn, lengths = Drawn(rate=self.rate), self._mask_shape(shape)
        elements = prod(lengths)
        counter = np.empty((len(draw.images), -(-elements // 4), 4), np.uint32)
        counter[..., 0] = np.arange(counter.shape[1])
        counter[..., 1] = np.asarray(draw.images)[:, np.newaxis]
        counter[..., 2] = draw.step
        counter[..., 3] = drawn.stream + draw.layer
        upper, lower = divmod(draw.seed, 1 << 32)
        words = philox((lower, upper), counter).reshape(len(draw.images), -1)[:, :elements]
        return (words >> np.uint32(8) >= drawn.threshold).reshape(-1, *lengths)

    def apply(self, a: Float[Array, "q *x"], mask: Array) -> Float[Array, "q *x"]:
        r"""Zero the dropped activations and scale up the others.

        .. math:: z = \frac{mask \cdot a}{1 - rate}

        Parameters
        ----------
        a
            Activations.
        mask
            The mask from :meth:`mask`.

        Returns
        -------
        Array
            Weight-function output, whose mean over all masks is ``a``.

        Sources
        -------
        Srivastava et al. 2014.
        """
        return _over_pixels(mask, a) * (a / (1 - self.rate))

    def backward_a(self, mask: Array, dz: Float[Array, "q *x"]) -> Float[Array, "q *x"]:
        r"""Pass derivatives to the activations that were kept, with the same factor.

        .. math:: da = \frac{mask \cdot dz}{1 - rate}

        Parameters
        ----------
        mask
            The mask of the forward pass.
        dz
            Derivatives of the weight-function output.

        Returns
        -------
        Array
            Derivatives of ``a``.

        Sources
        -------
        Srivastava et al. 2014.
        """
        return _over_pixels(mask, dz) * (dz / (1 - self.rate))

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(), inputs=((6,),), images=3),
            Case(function=cls(rate=0.25), inputs=((2, 3, 5),)),
            Case(function=cls(rate=0.4, spatial=True), inputs=((5, 2, 3),)),
            Case(function=cls(rate=0.0), inputs=((3, 2),)),
        )

    def _mask_shape(self, shape: Shape) -> Shape:
        """Return the shape of one image's mask; with ``spatial`` it has one element a map."""
        return shape[:1] if self.spatial else shape


def _over_pixels(mask: Array, a: Array) -> Array:
    """Reshape a mask so that it broadcasts over the pixels."""
    return mask.reshape(*mask.shape, *(1,) * (a.ndim - mask.ndim))
