"""Whether parameters and activations fit in memory, checked before anything is allocated.

Linux grants more memory than it has and ends a process that uses it, so that a failed allocation is
too late. The compiled engine plans its memory exactly and checks it itself
(:mod:`striate.runtime.memory`); these are lower bounds, for what comes before it and for the NumPy
engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import prod

from striate.errors import OutOfMemoryError
from striate.functions.base import Parameter
from striate.graph.graph import Graph, Placed, describe
from striate.runtime.memory import available

_FLOAT = 4  # bytes
_SMALL = 1 << 28  # bytes that are there; asking the system takes longer than a small prediction


@dataclass(frozen=True, kw_only=True)
class ActivationMemory:
    """The memory that the activations of a network need for one image.

    Parameters
    ----------
    largest
        The layer whose input and output are largest.
    layer
        Bytes of that input and output.
    total
        Bytes of the inputs and of all activations.
    """

    largest: Placed
    layer: int
    total: int

    @classmethod
    def of(cls, graph: Graph) -> "ActivationMemory":
        """Add up the activations of a network."""
        largest = max(graph.layers, key=_values)
        return cls(
            largest=largest,
            layer=_FLOAT * _values(largest),
            total=_FLOAT * sum(prod(shape) for shape in graph.shapes.values()),
        )

    def require_image(self) -> None:
        """Raise if the input and the output of one layer do not fit, for a single image.

        Raises
        ------
        OutOfMemoryError
            With the layer, what it needs, and what is available.
        """
        free = None if self.layer < _SMALL else available()
        if free is None or self.layer <= free:
            return
        place = self.largest
        sizes = " and ".join(map(describe, place.source_shapes))
        raise OutOfMemoryError(
            f"Layer {place.number} ({place.name}) needs {in_words(self.layer)} for one image, "
            f"{sizes} in and {describe(place.shape)} out, but only {in_words(free)} is available. "
            "Use smaller images, or fewer feature maps."
        )

    def require_batch(self, images: int, *, backward: bool = False, float64: bool = False) -> None:
        """Raise if the NumPy engine, which keeps all activations of a batch, needs more memory.

        Parameters
        ----------
        images
            Images in a batch.
        backward
            Whether the derivatives of the activations are kept as well.
        float64
            Whether the arrays are float64.

        Raises
        ------
        OutOfMemoryError
            With what is needed, what is available, and a batch size that fits, if any does.
        """
        each = self.total * (2 if backward else 1) * (2 if float64 else 1)
        free = None if images * each < _SMALL else available()
        if free is None or images * each <= free:
            return
        fits = free // each
        raise OutOfMemoryError(
            f"In the NumPy engine, the activations of {images:,} images need "
            f"{in_words(images * each)}, but only {in_words(free)} is available. Use "
            + (f"batches of {fits:,} images or fewer, or " if fits else "")
            + "smaller images."
        )


def require_parameters(parameters: Mapping[str, Parameter]) -> None:
    """Raise if the parameters of a new network do not fit.

    Parameters
    ----------
    parameters
        By name.

    Raises
    ------
    OutOfMemoryError
        With the largest array, what is needed, and what is available.
    """
    sizes = {name: prod(parameter.shape) for name, parameter in parameters.items()}
    # The buffer in float32, and the largest array once more in float64 while it is drawn.
    needed = _FLOAT * sum(sizes.values()) + 2 * _FLOAT * max(sizes.values(), default=0)
    free = None if needed < _SMALL else available()
    if free is None or needed <= free:
        return
    largest = max(sizes, key=sizes.__getitem__)
    shape = "x".join(map(str, parameters[largest].shape))
    raise OutOfMemoryError(
        f"The network has {sum(sizes.values()):,} parameters and needs {in_words(needed)} for "
        f"them, but only {in_words(free)} is available. The largest array is {largest}, {shape}. "
        "Use fewer neurons or feature maps, or pooling before the dense layers."
    )


def in_words(amount: int) -> str:
    """Write a number of bytes.

    Examples
    --------
    >>> in_words(3 << 29), in_words(1 << 62)
    ('1.5 GiB', '4,194,304.0 TiB')
    """
    unit, scale = ("TiB", 40) if amount >= 1 << 40 else ("GiB", 30)
    return f"{amount / (1 << scale):,.1f} {unit}"


def _values(place: Placed) -> int:
    """Count the values of a layer's input and output."""
    return sum(map(prod, place.source_shapes)) + prod(place.shape)
