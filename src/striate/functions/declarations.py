"""Data that kinds declare and receive: parameters, calls, equations."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from striate.shapes import Array, Shape


@dataclass(frozen=True, kw_only=True)
class Parameter:
    """A trainable array, or a running statistic, of a kind.

    Parameters
    ----------
    shape
        Its shape.
    fan_in, fan_out
        Number of products summed into one output, and of outputs that one input reaches; for
        initializers.
    start
        Initial value of all elements; ``None`` leaves it to the layer's initializer.
    decayed
        Whether weight decay applies: to weights, not to biases.
    """

    shape: Shape
    fan_in: int = 1
    fan_out: int = 1
    start: float | None = None
    decayed: bool = False


@dataclass(frozen=True, kw_only=True)
class Draw:
    """The seed and counters of random numbers, equal for any order of the images and any engine.

    Parameters
    ----------
    seed
        The caller's seed.
    step
        Number of the training step.
    layer
        Number of the layer.
    images
        Number of each image within the step's batch.
    """

    seed: int
    step: int
    layer: int
    images: Array


@dataclass(frozen=True, kw_only=True)
class Call:
    """The arguments of a function: its inputs, parameters and state.

    Parameters
    ----------
    inputs
        One array for each incoming layer.
    parameters
        Trainable arrays by name.
    state
        Running statistics: arrays that change in training, but not by gradients.
    training
        Whether this pass trains the network.
    draw
        Random numbers, for the functions that need them; only in training.
    input_derivatives
        Whether the backward pass computes derivatives of the inputs; not needed for the network's
        first layer.
    parameter_derivatives
        Whether it computes derivatives of the parameters; not needed for a frozen layer.
    """

    inputs: tuple[Array, ...]
    parameters: Mapping[str, Array] = field(default_factory=dict[str, Array])
    state: Mapping[str, Array] = field(default_factory=dict[str, Array])
    training: bool = False
    draw: Draw | None = None
    input_derivatives: bool = True
    parameter_derivatives: bool = True


@dataclass(frozen=True, kw_only=True)
class Derivatives:
    """The result of a backward pass: an array for each input, if needed, and each parameter."""

    inputs: tuple[Array, ...]
    parameters: Mapping[str, Array] = field(default_factory=dict[str, Array])


@dataclass(frozen=True, kw_only=True)
class Drawn:
    r"""An array of random ones and zeros, drawn for each step, layer and image: a mask.

    An element is 1, with probability 1 - rate, if the upper 24 bits of its random word, as an
    integer, are at least :attr:`threshold`. The words are those of Philox 4x32-10 with the key
    (lower word of the seed, upper word of the seed): word :math:`e \bmod 4` of the counter

    .. math:: (\lfloor e / 4 \rfloor, \; image, \; step, \; 64726f70_{16} + layer)

    belongs to element :math:`e` of an image, in row order and counted from 0. So every engine draws
    the same mask.

    Parameters
    ----------
    rate
        Probability of a zero, at least 0 and below 1.

    Sources
    -------
    Srivastava et al. 2014; Salmon et al. 2011.

    Examples
    --------
    >>> Drawn(rate=0.25).threshold == 2**22
    True
    """

    rate: float

    stream: ClassVar[int] = 0x64726F70
    """Last word of layer 0's counters, "drop"; other users of the seed use other values."""

    @property
    def threshold(self) -> int:
        """The smallest value of a word's upper 24 bits that yields a 1."""
        return math.ceil(self.rate * 2**24)


@dataclass(frozen=True, kw_only=True)
class Lowering:
    """A kind's equations in the nest language, with the sizes and constants for given shapes.

    The number of images of the batch is the constant ``images``, which every binding supplies.

    Parameters
    ----------
    statements
        Forward equations, in order.
    shapes
        Shape of each array as the equations index it, without the batch axis; a map axis
        may be split into groups. Arrays that start with ``q`` have the batch axis in front.
    backward
        For each derivative (``"da"``, ``"dw"``) its equations, which may read all arrays of the
        forward ones. Empty for a single product, whose derivatives are its adjoints.
    state
        For each running statistic the equation of its value after a training pass, which writes
        ``{role}_next`` and may read all arrays of the forward equations.
    drawn
        Random arrays that the equations read, such as dropout masks.
    constants
        Named numbers; a tuple gives one for each pixel axis.
    extents
        Extents of the indices that no array axis determines, one for each pixel axis.
    tables
        Constant arrays, with their own shapes: index tables of padding, matrices of adaptive
        pooling.
    """

    statements: tuple[str, ...]
    shapes: Mapping[str, Shape]
    backward: Mapping[str, tuple[str, ...]] = field(default_factory=dict[str, tuple[str, ...]])
    state: Mapping[str, str] = field(default_factory=dict[str, str])
    drawn: Mapping[str, Drawn] = field(default_factory=dict[str, Drawn])
    constants: Mapping[str, float | tuple[float, ...]] = field(
        default_factory=dict[str, float | tuple[float, ...]]
    )
    extents: Mapping[str, int | tuple[int, ...]] = field(
        default_factory=dict[str, int | tuple[int, ...]]
    )
    tables: Mapping[str, Array] = field(default_factory=dict[str, Array])

    @classmethod
    def elementwise(
        cls,
        equation: str,
        derivative: str,
        shape: Shape,
        constants: Mapping[str, float | tuple[float, ...]] | None = None,
    ) -> "Lowering":
        """Lower a transfer function: ``a`` from ``n``, and ``dn`` from ``n``, ``a``, ``da``."""
        return cls(
            statements=(equation,),
            backward={"dn": (derivative,)},
            shapes=dict.fromkeys(("n", "a", "da", "dn"), shape),
            constants=constants or {},
        )


class StatesEquations:
    """A kind that may state index equations next to its NumPy code, for the compiled engine.

    A subclass that changes the NumPy code and defines no equations of its own doesn't inherit its
    parent's: the compiled engine would compute something different from the subclass's NumPy code.

    Examples
    --------
    >>> class Doubled(StatesEquations):
    ...     equation = "a[q,*x] = 2 * n[q,*x]"
    ...
    ...     def apply(self, n): return 2 * n
    >>> class Tripled(Doubled):
    ...     def apply(self, n): return 3 * n
    >>> Doubled.states_equations, Tripled.states_equations
    (True, False)
    """

    states_equations: ClassVar[bool] = False
    """Whether the equations describe the class's own NumPy code."""

    def __init_subclass__(cls) -> None:
        """Find out whether the class states equations, changes the NumPy code, or does neither."""
        super().__init_subclass__()
        if not EQUATIONS.isdisjoint(vars(cls)):
            cls.states_equations = True
        elif not NUMPY_CODE.isdisjoint(vars(cls)):
            cls.states_equations = False


EQUATIONS = frozenset(("equation", "statements", "lowering", "inference_lowering"))
"""Members in which a kind states its equations."""

NUMPY_CODE = frozenset(
    ("apply", "forward", "backward", "backward_a", "backward_n", "backward_w", "next_state")
)
"""Members in which a kind computes with NumPy what its equations state."""


@dataclass(frozen=True, kw_only=True)
class Onnx:
    """A kind's operator in ONNX, as data.

    Parameters
    ----------
    operator
        Its name.
    attributes
        Names of its attributes by the kind's own names of its options.
    fixed
        Attributes that always have one value: ``axis=1`` of softmax.
    """

    operator: str
    attributes: Mapping[str, str] = field(default_factory=dict[str, str])
    fixed: Mapping[str, int | str] = field(default_factory=dict[str, int | str])


@dataclass(frozen=True, kw_only=True)
class Shorthand:
    """A kind's word in the shorthand of networks, and the options that its argument fills.

    ``conv 6@5x5`` fills ``maps`` with 6 and ``size`` with (5, 5); ``max 2`` fills ``size``;
    ``dropout 0.25`` fills ``number``; ``reshape 16@7x7`` fills ``shape``.
    """

    word: str
    maps: str = ""
    size: str = ""
    number: str = ""
    shape: str = ""
