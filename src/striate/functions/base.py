"""The interface of all kinds of functions, and the families that share a signature.

Hagan divides a layer into a weight function, a net input function and a transfer function. Each
kind of these is one file in this package. The graph and the engines use a kind through the
interface of :class:`Function`: shapes, parameters, :meth:`~Function.forward`,
:meth:`~Function.backward` and its :class:`Lowering`. A family (:class:`WeightFunction`,
:class:`TransferFunction`, ...) maps these calls to the book's equations, ``apply`` and
``backward_*``.

Arrays are ``[image, map, *pixels]`` or ``[image, neuron]``; shapes leave out the image axis.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np

from striate.functions.declarations import (
    Call,
    Derivatives,
    Draw,
    Drawn,
    Lowering,
    Onnx,
    Parameter,
    Shorthand,
    StatesEquations,
)
from striate.functions.layer_form import LayerForm, call_text
from striate.functions.options import Checked
from striate.functions.pixel_weights import as_rows
from striate.functions.ways import OtherWay, WayName
from striate.maths.field_pattern import FieldPattern
from striate.maths.windows import Axis
from striate.shapes import Array, Shape

Seen = tuple[FieldPattern, ...] | Literal["everything"] | None
"""Receptive fields of pixels: a pattern along each axis, the whole image, or unknown."""

_PARAMETER_SYMBOLS = {"weight": "w", "bias": "b"}


@dataclass(frozen=True, kw_only=True)
class Case:
    """One small instance of a kind for contract tests, docs and benchmarks."""

    function: "Function"
    inputs: tuple[Shape, ...]
    images: int = 2
    note: str = ""


class Function(StatesEquations, Checked, ABC):
    """One kind with its options: the interface that graphs and engines use."""

    shorthand: ClassVar[Shorthand | None] = None
    onnx: ClassVar[Onnx | None] = None
    layer: ClassVar[LayerForm | None] = None
    """The public constructor, such as ``st.Conv``; ``None`` for a kind without one."""

    input_symbols: ClassVar[str] = "a"
    """The equations' name for the inputs; ``{k}`` is replaced by the number of the input."""

    output_symbol: ClassVar[str] = "z"
    """The equations' name for the output."""

    linear: ClassVar[bool] = False
    """Whether the output is linear in each input and each parameter if the others stay fixed.

    A constant may be added to it. Then every element of the output and of the derivatives is a sum
    of products, so that the number of terms limits its rounding error.
    """

    selects: ClassVar[bool] = False
    """Whether each output is one of the inputs, as in max pooling."""

    elementwise: ClassVar[bool] = False
    """Whether an input's derivative only depends on the output's at the same position."""

    @abstractmethod
    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the shape of the output for these input shapes; raise if they don't fit."""

    @abstractmethod
    def forward(self, call: Call) -> Array:
        """Compute the output."""

    @abstractmethod
    def backward(self, call: Call, output: Array, d_output: Array) -> Derivatives:
        """Backpropagate from the output to the inputs and parameters."""

    @classmethod
    @abstractmethod
    def cases(cls) -> tuple[Case, ...]:
        """Return three or four small instances with input shapes."""

    def input_symbol(self, k: int) -> str:
        """Return the equations' name for an input: ``a``, ``n``, or ``z0``, ``z1``, ..."""
        return self.input_symbols.format(k=k)

    def parameter_symbol(self, role: str) -> str:
        """Return the equations' name for a parameter; a running statistic has its role's name."""
        return _PARAMETER_SYMBOLS.get(role, role)

    def parameters(self, *shapes: Shape) -> dict[str, Parameter]:  # noqa: ARG002  # most have none
        """Declare the trainable arrays by name."""
        return {}

    def state(self, *shapes: Shape) -> dict[str, Parameter]:  # noqa: ARG002  # most have none
        """Declare the running statistics by name; ``start`` is their first value."""
        return {}

    def next_state(self, call: Call) -> dict[str, Array]:  # noqa: ARG002  # most have none
        """Return the running statistics after a training pass."""
        return {}

    def window_axes(self, *shapes: Shape) -> tuple[Axis, ...]:  # noqa: ARG002  # most have none
        """Return the window's axes; empty for a function without a window."""
        return ()

    def field_patterns(
        self,
        patterns: tuple[FieldPattern, ...],
        *shapes: Shape,  # noqa: ARG002  # most need none
    ) -> Seen:
        """Return the receptive fields of the output pixels, given those of the incoming pixels.

        Parameters
        ----------
        patterns
            The receptive fields of the incoming pixels, along each axis.
        shapes
            Shapes of the inputs.

        Returns
        -------
        tuple of FieldPattern, "everything" or None
            The receptive fields of the output pixels. By default, each output pixel depends only on
            the input pixel at the same position. ``None`` if no pattern describes them.
        """
        return patterns

    def multiply_adds(self, *shapes: Shape) -> int | None:  # noqa: ARG002  # most count by nests
        """Count the multiply-adds of a forward pass for one image.

        ``None`` leaves it to the nests of :meth:`lowering`. Kinds whose tables grow with the image
        override this, to count without building them.
        """
        return None

    def uncovered(self, *shapes: Shape) -> tuple[int, ...]:
        """Count, along each axis, the incoming pixels that no output depends on."""
        return tuple(axis.uncovered for axis in self.window_axes(*shapes))

    def lowering(self, *shapes: Shape) -> Lowering | None:  # noqa: ARG002  # some have none yet
        """Return the equations for these input shapes; ``None`` if the kind has none."""
        return None

    def inference_lowering(self, *shapes: Shape) -> Lowering | None:
        """Return the equations outside training; they differ for dropout and batch norm."""
        return self.lowering(*shapes)

    def require_images(self, images: int, *shapes: Shape) -> None:  # most accept any
        """Raise if the function can't be trained on a batch of this size."""

    def other_ways(
        self,
        symbol: str,  # noqa: ARG002  # most have none
        index: tuple[int, ...],  # noqa: ARG002
        call: Call,  # noqa: ARG002
        d_output: Array | None,  # noqa: ARG002
    ) -> tuple[OtherWay, ...]:
        """Compute an element in other ways than by the equations.

        Parameters
        ----------
        symbol
            What it is an element of, by the equations' name: ``z``, ``da``, ``dw``, ``db``.
        index
            Its position.
        call
            The arguments of the function.
        d_output
            Derivatives of the output; ``None`` for an element of the output itself.

        Returns
        -------
        tuple of OtherWay
        """
        return ()

    def why_not(self, way: WayName) -> str:
        """Return the reason why there is no such way, as what follows the name of the layer."""
        if way != "matrix":
            return "has no kernel that moves over an image"
        if self.linear:
            return "has no matrix in the texts: see the impulse response"
        return "isn't linear, so it has no matrix"

    def drawn(self, call: Call) -> dict[str, Array]:  # noqa: ARG002  # most draw nothing
        """Return the random arrays that the equations read, such as dropout masks, by name."""
        return {}

    def __str__(self) -> str:
        """Write the kind as a user types it: ``Conv(6, 5)``, or ``LeakyRelu(slope=0.1)``."""
        if self.layer is None:
            return call_text(self)
        return f"{self.layer.name}({', '.join(self.layer.arguments(self))})"

    def _heading(self) -> str:
        return "" if self.layer is None else self.layer.heading(self)

    def _as_typed(self, name: str, value: object) -> object:
        return value if self.layer is None else self.layer.as_typed(name, value)


class WeightFunction(Function):
    """A weight function with trainable weights: ``z = W(w, a)``, bilinear in ``w`` and ``a``."""

    linear = True

    @abstractmethod
    def apply(self, w: Array, a: Array) -> Array:
        """Compute the weight-function output ``z``."""

    @abstractmethod
    def backward_a(self, w: Array, a: Array, dz: Array) -> Array:
        """Backpropagate ``dz`` to the incoming activation."""

    @abstractmethod
    def backward_w(self, w: Array, a: Array, dz: Array) -> Array:
        """Backpropagate ``dz`` to the weights."""

    def forward(self, call: Call) -> Array:
        """Compute ``z``."""
        return self.apply(call.parameters["weight"], call.inputs[0])

    def backward(self, call: Call, output: Array, d_output: Array) -> Derivatives:  # noqa: ARG002
        """Compute ``da`` and ``dw``."""
        w, (a,) = call.parameters["weight"], call.inputs
        return Derivatives(
            inputs=(self.backward_a(w, a, d_output),) if call.input_derivatives else (),
            parameters={"weight": self.backward_w(w, a, d_output)}
            if call.parameter_derivatives
            else {},
        )


class FixedFunction(Function):
    """A weight function without trainable weights: pooling, normalizing, rearranging."""

    @abstractmethod
    def apply(self, a: Array) -> Array:
        """Compute the weight-function output ``z``."""

    @abstractmethod
    def backward_a(self, a: Array, dz: Array) -> Array:
        """Backpropagate ``dz`` to the incoming activation."""

    def forward(self, call: Call) -> Array:
        """Compute ``z``."""
        return self.apply(call.inputs[0])

    def backward(self, call: Call, output: Array, d_output: Array) -> Derivatives:  # noqa: ARG002
        """Compute ``da``."""
        return Derivatives(inputs=(self.backward_a(call.inputs[0], d_output),))


class NetInputFunction(Function):
    """A net input function: combines weight-function outputs and the bias into ``n``."""

    input_symbols = "z{k}"
    output_symbol = "n"

    @abstractmethod
    def apply(self, zs: tuple[Array, ...], b: Array | None) -> Array:
        """Compute the net input ``n``."""

    @abstractmethod
    def backward_z(self, zs: tuple[Array, ...], b: Array | None, dn: Array) -> tuple[Array, ...]:
        """Backpropagate ``dn`` to each weight-function output."""

    @abstractmethod
    def backward_b(self, zs: tuple[Array, ...], b: Array, dn: Array) -> Array:
        """Backpropagate ``dn`` to the bias."""

    def forward(self, call: Call) -> Array:
        """Compute ``n``."""
        return self.apply(call.inputs, call.parameters.get("bias"))

    def backward(self, call: Call, output: Array, d_output: Array) -> Derivatives:  # noqa: ARG002
        """Compute each ``dz`` and ``db``."""
        b = call.parameters.get("bias")
        return Derivatives(
            inputs=self.backward_z(call.inputs, b, d_output),
            parameters={} if b is None else {"bias": self.backward_b(call.inputs, b, d_output)},
        )


class TransferFunction(Function):
    """A transfer (activation) function: ``a = f(n)``, the shape unchanged."""

    input_symbols = "n"
    output_symbol = "a"
    elementwise = True

    initializer: ClassVar[str] = "glorot-uniform"
    """Name of the initializer that suits weights in front of this function."""

    @abstractmethod
    def apply(self, n: Array) -> Array:
        """Compute the activation ``a``."""

    @abstractmethod
    def backward_n(self, n: Array, a: Array, da: Array) -> Array:
        """Backpropagate ``da`` to the net input."""

    def output_shape(self, *shapes: Shape) -> Shape:
        """Return the input's shape."""
        return shapes[0]

    def forward(self, call: Call) -> Array:
        """Compute ``a``."""
        return self.apply(call.inputs[0])

    def backward(self, call: Call, output: Array, d_output: Array) -> Derivatives:
        """Compute ``dn``."""
        return Derivatives(inputs=(self.backward_n(call.inputs[0], output, d_output),))


TargetNumbers = Literal["numbers", "probabilities", "class probabilities"]
"""What a target of the output's shape can be."""


class Loss(StatesEquations, Checked, ABC):
    """A loss (performance function): compares the output of a network with its targets.

    The loss of a batch is the weighted mean over its images,
    ``sum(s_q * apply_q) / sum(s_q * image_weights_q)`` with the sample weights ``s``.
    """

    absorbs: ClassVar[tuple[type[TransferFunction], ...]] = ()
    """Transfer functions that the loss absorbs: it then takes ``n`` instead of ``a``.

    After any of them, or a linear one, :meth:`apply` and :meth:`backward_n` take the net input.
    """

    takes_labels: ClassVar[bool] = False
    """Whether its targets may be labels, so that predictions are correct or not."""

    target_numbers: ClassVar[TargetNumbers | None] = "numbers"
    """What targets of the output's shape are; ``None`` if only labels are accepted."""

    ignore: int | None = None
    """The label of images or pixels to ignore, an option of losses that take labels.

    :meth:`targets` replaces it. Where a label is ignored, :meth:`apply` adds nothing, the
    derivatives are 0, and :meth:`image_weights` leave it out of the mean.
    """

    onnx: ClassVar[Onnx | None] = None

    @abstractmethod
    def apply(self, n: Array, y: Array) -> Array:
        """Return each image's loss, ``[q]``, in nats or squared units, before averaging."""

    @abstractmethod
    def backward_n(self, n: Array, y: Array) -> Array:
        """Return the derivatives of each image's loss with respect to ``n``."""

    @abstractmethod
    def targets(self, y: Array, output_shape: Shape) -> Array:
        """Convert targets to the form that the equations take; raise if they don't fit."""

    @classmethod
    @abstractmethod
    def cases(cls) -> tuple["LossCase", ...]:
        """Return small instances with output shapes and targets."""

    def backward_a(self, a: Array, y: Array, transfer: TransferFunction | None = None) -> Array:  # noqa: ARG002
        """Return the derivatives with respect to the activation, for the trace.

        ``transfer`` is the function that computed ``a``, by default the first that the loss
        absorbs. A loss that absorbs none uses :meth:`backward_n`.
        """
        return self.backward_n(a, y)

    def image_weights(self, y: Array) -> Array:
        """Return each image's weight in the mean: 1, unless classes have weights, or are ignored.

        The weight of an image with pixels is the mean of its pixels' weights.
        """
        return np.ones(len(y))

    def counted(self, y: Array, sample_weights: Array | None = None) -> float:
        """Return the total weight of a batch's images, which can be summed over batches."""
        if sample_weights is not None and sample_weights.ndim > 1:
            of_pixels = self.image_weights(as_rows(y, sample_weights)).reshape(sample_weights.shape)
            each = (sample_weights * of_pixels).reshape(len(y), -1).mean(axis=1)
        else:
            weights = self.image_weights(y)
            each = weights if sample_weights is None else sample_weights * weights
        return float(np.add.reduce(each, dtype=np.float64))

    @final
    def weighted(self, n: Array, y: Array, sample_weights: Array | None = None) -> Array:
        """Return each image's loss times its weight, or weighted over its pixels.

        Parameters
        ----------
        n, y
            As for :meth:`apply`.
        sample_weights
            A weight for each image, ``[q]``, or each pixel, ``[q, *pixels]``; 1 by default.

        Returns
        -------
        Array
            ``[q]``; with weights of pixels, the mean over an image's pixels of their weighted
            losses.
        """
        if sample_weights is None:
            return self.apply(n, y)
        if sample_weights.ndim == 1:
            return sample_weights * self.apply(n, y)
        each = self.apply(as_rows(n, sample_weights), as_rows(y, sample_weights))
        return (
            (sample_weights * each.reshape(sample_weights.shape)).reshape(len(n), -1).mean(axis=1)
        )

    @final
    def divisor(self, y: Array, sample_weights: Array | None = None) -> float:
        """Return the divisor of a batch's summed losses; 1 if no image counts."""
        return self.counted(y, sample_weights) or 1.0

    def lowering(self, shape: Shape, y: Shape) -> Lowering | None:  # noqa: ARG002  # may be none
        """Return the equations of ``l`` and ``dn`` for the shapes of ``n`` and one image's ``y``.

        ``dn`` is :meth:`backward_n`: not yet weighted or divided by the images.
        """
        return None

    def __str__(self) -> str:
        return call_text(self)


@dataclass(frozen=True, kw_only=True)
class LossCase:
    """A small instance of a loss: the net input's shape, and targets from :meth:`Loss.targets`."""

    loss: Loss
    shape: Shape
    y: Array
    note: str = ""


__all__ = [
    "Call",
    "Case",
    "Derivatives",
    "Draw",
    "Drawn",
    "FixedFunction",
    "Function",
    "Loss",
    "LossCase",
    "Lowering",
    "NetInputFunction",
    "Onnx",
    "Parameter",
    "Seen",
    "Shorthand",
    "StatesEquations",
    "TransferFunction",
    "WeightFunction",
]
