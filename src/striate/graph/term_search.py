"""Finds the terms behind one element of a quantity, in the equations of the training step.

A quantity is computed by one operation or by several: ``conv1.A`` by the transfer function of
conv1, ``conv1.dA`` by the backward equations of every layer that conv1 leads to. For each of them
the function's equations are bound to the sizes of the pass. The equations before those of the
quantity, such as the padding of the image, are computed; those of the quantity itself are listed.

Arrays appear under the function's own symbols and shapes in an equation (``dz``, with an axis for
groups of maps) and under the names and shapes of the trace outside (``conv1.dZ``). Both hold the
same elements in the same order, so a position is converted by way of its number in that order.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np

from striate.errors import OptionError, ShapeError
from striate.functions.base import Lowering
from striate.functions.programs import (
    backward_equations,
    forward_equations,
    shapes_with_images,
)
from striate.graph.graph import Placed
from striate.graph.reference import Pass
from striate.graph.step import (
    BackwardOperation,
    LossOperation,
    Operation,
    TrainingStep,
    derivative_of,
)
from striate.graph.terms import QuantityRead, TermGroup, Terms
from striate.nests import Nest, NestProgram, bind_program, interpret
from striate.nests.equation import Equation
from striate.nests.terms import NestTerms, list_terms
from striate.shapes import Array

PARAMETER_SYMBOLS = {"weight": "W", "bias": "b"}
"""Hagan's letters for the roles of parameters; other roles keep their names."""


@dataclass(frozen=True, kw_only=True)
class _Symbol:
    """A symbol of a function's equations: the quantity, and its array in the trace."""

    name: str
    array: Array


@dataclass(frozen=True, kw_only=True, eq=False)
class Writer:
    """What computes a quantity, or a part of it.

    Parameters
    ----------
    symbol
        Its name for the quantity: ``z``, ``da``, ``dw``, ...
    operation
        The operation; ``None`` for a loss.
    d_output
        Name of the derivative that a backward operation reads; ``None`` in the forward pass.
    loss, targets
        The loss, and what it compares with.
    """

    symbol: str
    operation: Operation | None = None
    d_output: str | None = None
    loss: LossOperation | None = None
    targets: Array | None = None


@dataclass(kw_only=True)
class _Source:
    """The equations that write one quantity, with everything that they read.

    ``symbol`` is the quantity's name in the equations, ``prefix`` comes before the names of arrays
    that are computed on the way, and ``scale`` multiplies every term.
    """

    lowering: Lowering
    equations: Sequence[Equation]
    symbols: Mapping[str, _Symbol]
    symbol: str
    prefix: str
    scale: float = 1.0


@dataclass(kw_only=True)
class TermSearch:
    """Finds terms in a pass.

    Parameters
    ----------
    step
        The operations.
    run
        The pass.
    parameters
        Trainable arrays by name.
    targets
        Targets of each output, in the form that its loss takes; none for a forward pass.
    """

    step: TrainingStep
    run: Pass
    parameters: Mapping[str, Array]
    targets: Sequence[Array] = ()
    quantities: dict[str, Array] = field(init=False)
    """All arrays by name: those of the pass, parameters and their derivatives."""

    parameter_of: dict[str, str] = field(init=False)
    """For each derivative of a parameter, the parameter, which layers may share."""

    def __post_init__(self) -> None:
        self.quantities, self.parameter_of = dict(self.run.arrays), {}
        for place in self.step.graph.layers:
            for parameter, k, role, _ in place.parameter_names():
                name = quantity_name(place, role, k)
                self.quantities[name] = self.parameters[parameter]
                if parameter in self.run.gradients:
                    self.quantities[derivative_of(name)] = self.run.gradients[parameter]
                    self.parameter_of[derivative_of(name)] = parameter

    def terms(self, name: str, index: Sequence[int]) -> Terms:
        """List the terms of one element; see :meth:`striate.graph.trace.Trace.terms`."""
        array, position = self.element(name, index)
        number = int(np.ravel_multi_index(position, array.shape)) if array.ndim else 0
        sources = list(self._sources(name))
        groups = [group for source in sources for group in _groups(source, number)]
        return Terms(name, position, float(array[position]), groups)

    def has_terms(self, name: str) -> bool:
        """Return whether equations write a quantity: parameters and inputs have no terms."""
        return any(True for _ in self.writers(name))

    def element(self, name: str, index: Sequence[int]) -> tuple[Array, tuple[int, ...]]:
        """Return the array of a computed quantity and a valid position; raise if there is none."""
        array = self._array(name)
        position = _require_position(name, array, index)
        if not self.has_terms(name):
            raise self._no_equations(name)
        return array, position

    def _array(self, name: str) -> Array:
        """Return the array of a quantity; raise if there is none."""
        if name in self.quantities:
            return self.quantities[name]
        layer = name.partition(".")[0]
        known = [known for known in self.quantities if known.partition(".")[0] == layer]
        if not known:
            self.step.graph[layer]  # raises, and lists the names
        backward = "" if self.targets else " Derivatives need targets: net.trace(x, y)."
        raise OptionError(
            f'The trace has no quantity "{name}". Choose from {", ".join(known)}.{backward}'
        )

    def _no_equations(self, name: str) -> OptionError:
        """Make the error for a quantity that no equation writes."""
        layer, _, symbol = name.partition(".")
        if layer in self.step.graph.inputs and symbol == "A":
            return OptionError(
                f"`{name}` is the input itself, so it has no terms. Choose a layer's quantity, "
                f'for example "{self.step.graph.layers[0].name}.Z".'
            )
        if symbol in {"W", "b"} or f"{layer}.d{symbol}" in self.quantities:
            return OptionError(
                f"`{name}` is a parameter, so it has no terms. "
                f'Choose its derivative, "{layer}.d{symbol}".'
            )
        return OptionError(
            f"`{name}` has no terms: the loss is computed from the net input, without it. "
            f'Choose "{layer}.dN".'
        )

    def writers(self, name: str) -> Iterator[Writer]:
        """Find what computes a quantity: an operation, several of them, or none."""
        for operation in self.step.forward:
            if operation.output == name:
                yield Writer(symbol=operation.function.output_symbol, operation=operation)
        for number, end in enumerate(self.step.losses[: len(self.targets)]):
            if end.derivative.name == name:
                yield Writer(symbol="dn", loss=end, targets=self.targets[number])
        for back in self.step.backward:
            for symbol in self._derivatives(back, name):
                yield Writer(symbol=symbol, operation=back.operation, d_output=back.d_output)

    def _sources(self, name: str) -> Iterator[_Source]:
        """Find the equations that write a quantity."""
        for writer in self.writers(name):
            if writer.operation is None:
                yield self._loss_source(writer)
                continue
            operation, backward = writer.operation, writer.d_output is not None
            lowering = self._lowering(operation)
            equations = forward_equations(lowering)
            if backward:
                # Backward equations may read what forward equations compute on the way.
                equations = [*equations, *backward_equations(lowering)]
            yield _Source(
                lowering=lowering,
                equations=equations,
                symbols=self._symbols(operation, backward=backward),
                symbol=writer.symbol,
                prefix=operation.output,
            )

    def _loss_source(self, writer: Writer) -> _Source:
        """Find the equations of a loss."""
        end, y = writer.loss, writer.targets
        assert end is not None
        assert y is not None
        n, lowering = self.run.arrays[end.reads], self._loss_lowering(writer)
        if lowering is None:
            raise _not_stated(str(end.loss))
        return _Source(
            lowering=lowering,
            equations=[*forward_equations(lowering), *backward_equations(lowering)],
            symbols={
                "n": _Symbol(name=end.reads, array=n),
                "y": _Symbol(name=f"{end.layer}.targets", array=y),
            },
            symbol=writer.symbol,
            prefix=f"{end.layer}.loss",
            scale=end.weight / end.loss.divisor(y),
        )

    def _derivatives(self, back: BackwardOperation, name: str) -> Iterator[str]:
        """Yield the symbols of a backward operation's equations that write a quantity."""
        function = back.operation.function
        for k, target in enumerate(back.d_inputs):
            if target.name == name:
                yield f"d{function.input_symbol(k)}"
        for role, target in back.d_parameters.items():
            if target.name == self.parameter_of.get(name):
                yield f"d{function.parameter_symbol(role)}"

    def states(self, writer: Writer) -> bool:
        """Return whether the equations of a writer are known."""
        if writer.operation is None:
            return self._loss_lowering(writer) is not None
        return self._stated(writer.operation) is not None

    def _lowering(self, operation: Operation) -> Lowering:
        """Return the equations of an operation, in training or inference as in the pass."""
        lowering = self._stated(operation)
        if lowering is None:
            raise _not_stated(str(operation.function))
        return lowering

    def _stated(self, operation: Operation) -> Lowering | None:
        """Return the equations of an operation, or nothing if its function states none."""
        call, function = self.run.calls[operation.output], operation.function
        # A class that changes only the NumPy code of its parent inherits equations of another pass.
        if not function.states_equations:
            return None
        state = function.lowering if call.training else function.inference_lowering
        return state(*(array.shape[1:] for array in call.inputs))

    def _loss_lowering(self, writer: Writer) -> Lowering | None:
        """Return the equations of a loss, or nothing if it states none."""
        end, y = writer.loss, writer.targets
        assert end is not None
        assert y is not None
        if not end.loss.states_equations:
            return None
        return end.loss.lowering(self.run.arrays[end.reads].shape[1:], y.shape[1:])

    def _symbols(self, operation: Operation, *, backward: bool = False) -> dict[str, _Symbol]:
        """Map the symbols of a function's equations to the quantities of the pass."""
        function, call = operation.function, self.run.calls[operation.output]
        layer = self.step.graph[operation.layer]
        names = {function.input_symbol(k): name for k, name in enumerate(operation.inputs)}
        for parameter, k, role, _ in layer.parameter_names():
            if operation.parameters.get(role) == parameter:
                names[function.parameter_symbol(role)] = quantity_name(layer, role, k)
        if backward:
            names[function.output_symbol] = operation.output
            names[f"d{function.output_symbol}"] = derivative_of(operation.output)
        symbols = {
            symbol: _Symbol(name=name, array=self.quantities[name])
            for symbol, name in names.items()
        }
        drawn = function.drawn(call) if call.training else {}
        return symbols | {
            symbol: _Symbol(name=f"{operation.output}.{symbol}", array=array)
            for symbol, array in {**call.state, **drawn}.items()
        }


def quantity_name(layer: Placed, role: str, source: int | None) -> str:
    """Return the name of a parameter among the quantities of a trace.

    Parameters
    ----------
    layer
        The layer.
    role
        What the parameter is to the layer's function.
    source
        Number of the incoming layer; ``None`` for parameters of the net input function.

    Returns
    -------
    str
        For example ``conv1.W``, or ``conv1.W2`` for the second of several incoming layers.
    """
    suffix = "" if source is None else layer.suffix(source)
    return f"{layer.name}.{PARAMETER_SYMBOLS.get(role, role)}{suffix}"


def _groups(source: _Source, number: int) -> Iterator[TermGroup]:
    """List the terms of one element, given its number in row-major order."""
    program = _program(source)
    shapes = program.shapes
    known = {
        name: symbol.array.reshape(shapes[name])
        for name, symbol in source.symbols.items()
        if name in shapes
    }
    computed = _needed(program, source.symbol) - known.keys()
    known |= source.lowering.tables
    before = sum(_terms_per_element(nest) for nest in program.nests if nest.target in computed)
    for nest in program.nests:
        if nest.target == source.symbol:
            element = np.unravel_index(number, nest.shapes[nest.target])
            read = {name: known[name] for name in nest.sources}
            yield _group(source, list_terms(nest, read, tuple(map(int, element))), before)
        elif nest.target in computed:
            read = {name: known[name] for name in (*nest.sources, nest.target) if name in known}
            known |= interpret(nest, read)


def _program(source: _Source) -> NestProgram:
    """Bind the equations to the sizes of the pass."""
    images = len(next(iter(source.symbols.values())).array)
    return bind_program(
        source.equations,
        shapes=shapes_with_images(source.lowering, images),
        constants={"images": images, **source.lowering.constants},
        extents=source.lowering.extents,
        outputs=tuple(dict.fromkeys(equation.target.name for equation in source.equations)),
    )


def _needed(program: NestProgram, symbol: str) -> set[str]:
    """Return the arrays that a quantity depends on, directly or not."""
    needed = {symbol}
    for nest in reversed(program.nests):
        if nest.target in needed:
            needed |= set(nest.sources)
    return needed - {symbol}


def _terms_per_element(nest: Nest) -> int:
    """Return the largest number of terms of an element: guards may leave some out."""
    return -(-prod(nest.extents.values()) // max(1, prod(nest.shapes[nest.target])))


def _group(source: _Source, terms: NestTerms, before: int) -> TermGroup:
    """Show what a nest reads under the names and shapes of the trace."""
    reads = list[QuantityRead]()
    for read in terms.reads:
        shape = terms.nest.shapes[read.name]
        symbol = source.symbols.get(read.name)
        name = symbol.name if symbol else f"{source.prefix}.{read.name}"
        outside = symbol.array.shape if symbol else shape
        positions = read.positions
        if outside != shape:
            positions = np.unravel_index(np.ravel_multi_index(positions, shape), outside)
        reads.append(
            QuantityRead(name=name, shape=outside, positions=positions, values=read.values)
        )
    return TermGroup(
        equation=str(terms.nest.equation),
        operator=terms.nest.equation.operator,
        reads=tuple(reads),
        values=source.scale * terms.values.astype(np.float64),
        roundings=terms.values.size + before,
        scale=source.scale,
    )


def _require_position(name: str, array: Array, index: Sequence[int]) -> tuple[int, ...]:
    """Check the position of an element; negative ones count from the end, as in NumPy."""
    position = tuple(int(k) for k in index)
    fits = len(position) == array.ndim and all(
        -length <= k < length for k, length in zip(position, array.shape, strict=True)
    )
    if not fits:
        raise ShapeError(
            f"`{name}` has no element {position}; its shape is {array.shape}. "
            f"Give {array.ndim} indices, each from 0 to its axis' length - 1."
        )
    return tuple(k % length for k, length in zip(position, array.shape, strict=True))


def _not_stated(function: str) -> OptionError:
    """Make the error for a function without equations."""
    return OptionError(
        f"{function} states no index equation, so its terms can't be listed. "
        "Choose a quantity of another layer."
    )
