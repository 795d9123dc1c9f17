"""The operations of a step in Hagan's symbols: which arrays each function reads and writes."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from striate.functions import registry
from striate.functions.base import Function
from striate.functions.transfer import Linear
from striate.graph.step import (
    BackwardOperation,
    GradientTarget,
    LossOperation,
    Operation,
    TrainingStep,
    derivative_of,
)

_SYMBOLS = {"weight": "W", "bias": "b"}

_SOURCES = re.compile(r"^Sources\n-+\n(.+?)\.?(?:\n\n|\Z)", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class OperationRow:
    """One array of the step, and what it is computed from.

    Parameters
    ----------
    stage
        Where it is computed: in the forward pass, by a loss, or in the backward pass.
    layer
        The layer to which it belongs.
    symbol
        The book's symbol: ``Z``, ``N``, ``A``, ``dW``.
    writes
        The array's name in the other stages of an explanation.
    reads
        The arrays it is computed from.
    function
        The function that computes it, as users write it: ``Conv``, ``tanh``, ``cross-entropy``.
    source
        The equation in the books, if the function's docstring cites one.
    adds
        Whether it adds to the derivatives from other layers.
    copies
        Whether it is a copy of its input: the net input of a single layer without a bias, or a
        linear activation.
    """

    stage: Literal["forward", "loss", "backward"]
    layer: str
    symbol: str
    writes: str
    reads: tuple[str, ...]
    function: str
    source: str = ""
    adds: bool = False
    copies: bool = False

    def __str__(self) -> str:
        back = "" if self.stage == "forward" else ".backward"
        equals = "+=" if self.adds else "="
        return f"{self.writes} {equals} {self.function}{back}({', '.join(self.reads)})"


def operations(step: TrainingStep) -> list[OperationRow]:
    """List the arrays of a step in the order of computation.

    Parameters
    ----------
    step
        The operations.

    Returns
    -------
    list of OperationRow
        Forward pass, losses, backward pass.

    Sources
    -------
    Hagan 8.29-8.31, fig. 8.12.

    Examples
    --------
    >>> from striate.functions.loss import CrossEntropy
    >>> from striate.graph.shorthand import parse
    >>> step = TrainingStep.of(parse("dense 3 softmax", (4,)), [CrossEntropy()])
    >>> for row in operations(step):
    ...     print(f"{row.symbol:2} {row}")
    Z  dense1.Z = Dense(dense1.weight, input.A)
    N  dense1.N = sum(dense1.Z, dense1.bias)
    A  dense1.A = softmax(dense1.N)
    dN dense1.dN = cross-entropy.backward(dense1.N, targets)
    dZ dense1.dZ = sum.backward(dense1.dN)
    db dense1.dbias = sum.backward(dense1.dN)
    dW dense1.dweight = Dense.backward(dense1.dZ, input.A)
    """
    rows = [_forward(operation) for operation in step.forward]
    rows += [_loss(end) for end in step.losses]
    for back in step.backward:
        rows += _backward(back)
    return rows


def _forward(operation: Operation) -> OperationRow:
    """Describe a function's output."""
    parameters = tuple(operation.parameters.values())
    weight = operation.stage == "weight"
    reads = (*parameters, *operation.inputs) if weight else (*operation.inputs, *parameters)
    copied = operation.stage == "net_input" and len(reads) == 1
    return OperationRow(
        stage="forward",
        layer=operation.layer,
        symbol=_symbol(operation.output, "forward"),
        writes=operation.output,
        reads=reads,
        function=_typed(operation.function, layer=weight),
        source=_source(operation.function, "apply"),
        copies=copied or isinstance(operation.function, Linear),
    )


def _loss(end: LossOperation) -> OperationRow:
    """Describe the derivative with which the backward pass starts."""
    return OperationRow(
        stage="loss",
        layer=end.layer,
        symbol=_symbol(end.derivative.name, "loss"),
        writes=end.derivative.name,
        reads=(end.reads, "targets"),
        function=registry.name_of(end.loss),
        source=_source(end.loss, "backward_n"),
        adds=end.derivative.adds,
    )


def _backward(back: BackwardOperation) -> Iterator[OperationRow]:
    """Describe the derivatives that an operation computes in the backward pass."""
    operation = back.operation
    function: Function = operation.function
    weights = tuple(operation.parameters.values())

    def row(target: GradientTarget, name: str, symbol: str, reads: tuple[str, ...]) -> OperationRow:
        return OperationRow(
            stage="backward",
            layer=operation.layer,
            symbol=_symbol(name, "backward"),
            writes=name,
            reads=reads,
            function=_typed(function, layer=operation.stage == "weight"),
            source=_source(function, f"backward_{symbol.rstrip('0123456789')}"),
            adds=target.adds,
        )

    through = () if operation.stage == "net_input" else weights
    for k, target in enumerate(back.d_inputs):
        yield row(target, target.name, function.input_symbol(k), (back.d_output, *through))
    for role, target in back.d_parameters.items():
        met = operation.inputs if operation.stage == "weight" else ()
        symbol = function.parameter_symbol(role)
        yield row(target, derivative_of(target.name), symbol, (back.d_output, *met))


def _typed(function: Function, *, layer: bool) -> str:
    """Name a function as users write it: a layer by its constructor, others by their name."""
    if layer and function.layer is not None:
        return function.layer.name
    return registry.name_of(function)


def _symbol(name: str, stage: str) -> str:
    """Return the book's symbol of an array: ``dW`` for ``conv1.dweight``."""
    last = name.rsplit(".", 1)[1]
    if stage == "forward":
        return _SYMBOLS.get(last, last)
    return f"d{_SYMBOLS.get(last[1:], last[1:])}"


def _source(kind: object, method: str) -> str:
    """Find the equation that a method's docstring cites, Hagan's before others."""
    documented = inspect.getdoc(getattr(type(kind), method, None)) or ""
    found = _SOURCES.search(documented)
    if found is None:
        return ""
    books = re.sub(r"\s*\([^()]*\)", "", " ".join(found[1].split())).split("; ")
    return next((book for book in books if book.startswith("Hagan")), books[0])
