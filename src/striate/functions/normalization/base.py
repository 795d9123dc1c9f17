"""Code shared by layer and group normalization: a gain and an offset, no running statistics."""

from abc import abstractmethod

from striate.functions.base import Call, Derivatives, Function, Parameter
from striate.shapes import Array, Shape


class ImageNormalization(Function):
    """A normalization of each image by itself: the same in training and outside."""

    @abstractmethod
    def apply(self, a: Array, gamma: Array, beta: Array) -> Array:
        """Compute the normalized activations ``z``."""

    @abstractmethod
    def backward_a(self, a: Array, gamma: Array, dz: Array) -> Array:
        """Backpropagate ``dz`` to the incoming activation."""

    @abstractmethod
    def backward_gamma(self, a: Array, dz: Array) -> Array:
        """Backpropagate ``dz`` to the gain."""

    @abstractmethod
    def backward_beta(self, dz: Array) -> Array:
        """Backpropagate ``dz`` to the offset."""

    def output_shape(self, *shapes: Shape) -> Shape:
        return shapes[0]

    def forward(self, call: Call) -> Array:
        """Compute ``z``."""
        return self.apply(call.inputs[0], call.parameters["gamma"], call.parameters["beta"])

    def backward(self, call: Call, output: Array, d_output: Array) -> Derivatives:  # noqa: ARG002
        """Compute ``da``, ``dgamma`` and ``dbeta``."""
        (a,), gamma = call.inputs, call.parameters["gamma"]
        return Derivatives(
            inputs=(self.backward_a(a, gamma, d_output),) if call.input_derivatives else (),
            parameters={
                "gamma": self.backward_gamma(a, d_output),
                "beta": self.backward_beta(d_output),
            }
            if call.parameter_derivatives
            else {},
        )


def gain_and_offset(shape: Shape) -> dict[str, Parameter]:
    """Declare a gain, which starts at 1, and an offset, which starts at 0."""
    return {"gamma": Parameter(shape=shape, start=1.0), "beta": Parameter(shape=shape, start=0.0)}
