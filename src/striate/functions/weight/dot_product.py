"""Dot product: each neuron computes a weighted sum of all inputs. It is a dense layer."""

from dataclasses import dataclass
from math import prod

from striate.errors import ShapeError
from striate.functions.base import (
    Call,
    Case,
    Lowering,
    Onnx,
    Parameter,
    Seen,
    Shorthand,
    WeightFunction,
)
from striate.functions.layer_form import WEIGHTED, LayerForm
from striate.functions.options import SIZE, required
from striate.functions.ways import OtherWay, WayName
from striate.functions.weight.matrix_ways import column_way, row_way
from striate.maths.contract import contract
from striate.maths.field_pattern import FieldPattern
from striate.shapes import Array, Float, Shape


@dataclass(frozen=True, kw_only=True)
class DotProduct(WeightFunction):
    """Dense layer: the product of a weight matrix with a vector.

    Parameters
    ----------
    neurons
        Outputs: one row of weights for each.

    Raises
    ------
    OptionError
        If the number of neurons is not whole.

    Sources
    -------
    Hagan 8.12 (the convolution as such a product), fig. 8.11; Wichmann 3.5; Wolter 5.

    Examples
    --------
    >>> import numpy as np
    >>> w = np.array([[1.0, 2.0, 3.0], [0.0, -1.0, 0.0]])
    >>> DotProduct(neurons=2).apply(w, np.array([[1.0, 1.0, 1.0]]))
    array([[ 6., -1.]])
    """

    neurons: int = required(SIZE, example=10)

    equation = "z[q,s] += w[s,r] * a[q,r]"
    shorthand = Shorthand(word="dense", maps="neurons")
    layer = LayerForm(
        name="Dense",
        positional=("neurons",),
        example='10, activation="softmax"',
        takes=WEIGHTED,
        bias="tied",
    )
    onnx = Onnx(operator="Gemm")

    def output_shape(self, *shapes: Shape) -> Shape:
        shape = shapes[0]
        if len(shape) != 1:
            raise ShapeError(
                f"a dense layer takes one vector for each image, got feature maps of shape {shape} "
                f"(Hagan 8.26). Put Flatten() before it: {' * '.join(map(str, shape))} = "
                f"{prod(shape)} inputs."
            ).about(self)
        return (self.neurons,)

    def parameters(self, *shapes: Shape) -> dict[str, Parameter]:
        (neurons,), (inputs,) = self.output_shape(*shapes), shapes[0]
        weight = Parameter(shape=(neurons, inputs), fan_in=inputs, fan_out=neurons, decayed=True)
        return {"weight": weight}

    def field_patterns(
        self,
        patterns: tuple[FieldPattern, ...],  # noqa: ARG002  # whatever they are
        *shapes: Shape,  # noqa: ARG002
    ) -> Seen:
        """See everything: each neuron reads all inputs."""
        return "everything"

    def lowering(self, *shapes: Shape) -> Lowering:
        z = self.output_shape(*shapes)
        return Lowering(
            statements=(self.equation,), shapes={"w": z + shapes[0], "a": shapes[0], "z": z}
        )

    def apply(self, w: Float[Array, "s r"], a: Float[Array, "q r"]) -> Float[Array, "q s"]:
        r"""Sum all inputs, each times the neuron's weight for it.

        .. math:: z^{s} = \sum_{r} w^{s,r} a^{r}

        Parameters
        ----------
        w
            Weights, a row for each neuron.
        a
            Activation of the previous layer.

        Returns
        -------
        Array
            Weight-function output.

        Raises
        ------
        ShapeError
            If ``a`` holds images, or ``w`` has not one weight for each of its inputs.

        Sources
        -------
        Hagan 8.12, fig. 8.11; Wichmann 3.5; Wolter 5.
        """
        self._require_weights(w, a)
        return contract("sr,qr->qs", w, a)

    def backward_a(
        self, w: Float[Array, "s r"], a: Float[Array, "q r"], dz: Float[Array, "q s"]
    ) -> Float[Array, "q r"]:
        r"""Sum, for each input, the derivatives of all neurons times its weights.

        .. math:: da^{r} = \sum_{s} w^{s,r} dz^{s}

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
        Hagan 8.29 (the chain rule, here for 8.12); Wolter 8 (with one position).
        """
        del a  # z is linear in it
        return contract("sr,qs->qr", w, dz)

    def backward_w(
        self, w: Float[Array, "s r"], a: Float[Array, "q r"], dz: Float[Array, "q s"]
    ) -> Float[Array, "s r"]:
        r"""Sum, over images, each neuron's derivative times each input.

        .. math:: dw^{s,r} = \sum_{q} dz^{s} a^{r}

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
        Hagan 8.31 (the chain rule, here for 8.12); Wolter 7 (with one position).
        """
        del w  # z is linear in it
        return contract("qs,qr->sr", dz, a)

    def other_ways(
        self, symbol: str, index: tuple[int, ...], call: Call, d_output: Array | None
    ) -> tuple[OtherWay, ...]:
        """Compute an element by the weight matrix, its transpose, or an outer product."""
        (a,), w = call.inputs, call.parameters["weight"]
        if symbol == "dw":
            assert d_output is not None
            s, r = index
            value = float(d_output[:, s] @ a[:, r])
            how = "an element of dZᵀ A, with one image a row"
            return (OtherWay(name="matrix", how=how, sources="Hagan 8.31", value=value),)
        q, k = index
        if d_output is None:
            return (row_way(w[k], a[q], "Hagan 8.12"),)
        return (column_way(w[:, k], d_output[q], "Hagan 8.12"),)

    def why_not(self, way: WayName) -> str:  # noqa: ARG002  # the same for all
        """Return the reason: there is one position."""
        return "sees the whole input at once, with a weight for each element: see the matrix"

    @classmethod
    def cases(cls) -> tuple[Case, ...]:
        return (
            Case(function=cls(neurons=4), inputs=((7,),)),
            Case(function=cls(neurons=1), inputs=((3,),), images=5),
            Case(function=cls(neurons=10), inputs=((84,),), note="LeNet-5's last layer"),
        )

    def _require_weights(self, w: Array, a: Array) -> None:
        """Raise if the weights don't fit the number of inputs."""
        self.output_shape(a.shape[1:])
        expected = (self.neurons, a.shape[1])
        if w.shape == expected:
            return
        raise ShapeError(
            f"the weights have shape {w.shape}, but {a.shape[1]} inputs need {expected}: one "
            "weight for each neuron and input (Hagan 8.15). Use images of the size that the layer "
            "was made for, or put GlobalAveragePool() before it."
        ).about(self)
