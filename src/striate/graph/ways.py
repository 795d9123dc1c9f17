r"""Computes one element of a pass in every way that there is, and bounds the differences.

The pass is repeated in float64, so that its own rounding is small. Then the element is computed
again from the quantities that it depends on directly: as the sum of its terms, by the response to
an impulse if the operation is linear, and in the ways that the kind states
(:meth:`~striate.functions.base.Function.other_ways`). Central differences of the loss are
independent of all of these.

Where an operation multiplies each derivative by a slope, such as a transfer function, the ways are
those of the derivative that it reads, times the slope: ``dN`` of a layer, and ``dZ``, are found by
im2col as its ``dA`` is.

The bound of a sum of n products is its rounding error in any order of summation (Higham 2002, 3.1),

.. math:: \gamma_n \sum_k |t_k|, \qquad \gamma_n = \frac{n u}{1 - n u},

with u = 2**-53 and the terms t. Two ways differ by at most the sum of their bounds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import cast

import numpy as np

from striate.functions.base import Call, Derivatives, Function
from striate.functions.ways import EXPECTED
from striate.graph.element_check import ElementCheck, Way
from striate.graph.loss_difference import difference_at
from striate.graph.reference import Pass, backward, forward
from striate.graph.step import Operation
from striate.graph.term_search import TermSearch, Writer
from striate.graph.terms import Terms
from striate.shapes import Array

IMPULSE = "impulse response"
DIFFERENCE = "central difference"
TERMS = "sum of terms"

_UNIT = float(np.finfo(np.float64).eps) / 2

_OTHER_ROUNDINGS = 4
"""Roundings of a term that aren't additions: its product, a share, the weight of a loss."""

_OTHERWISE = 1e-10
"""Bound, relative to the terms, where an element isn't a sum of products: normalization, transfer
functions. It is the bound of the tests for such functions, which allows for six lost digits."""


@dataclass(frozen=True, kw_only=True)
class _Found:
    """An element computed in some way, and a bound for its rounding error."""

    value: float
    error: float
    how: str = ""
    sources: str = ""

    def __add__(self, other: "_Found") -> "_Found":
        return replace(self, value=self.value + other.value, error=self.error + other.error)

    def times(self, slope: float, more: float) -> "_Found":
        """Multiply by the slope of a function; ``more`` is added to the error first."""
        value = slope * self.value
        error = abs(slope) * (self.error + more) + 2 * _UNIT * abs(value)
        how = self.how if slope == 1 else f"slope times {self.how}"
        return replace(self, value=value, error=error, how=how)


@dataclass(frozen=True, kw_only=True)
class _Part:
    """What one writer contributes to an element: by the pass, and in other ways."""

    plain: _Found
    ways: dict[str, _Found]
    left_out: dict[str, str]


@dataclass(frozen=True, eq=False)
class WaySearch:
    """Finds the ways to compute an element of a pass.

    Parameters
    ----------
    search
        The quantities of the pass.
    """

    search: TermSearch

    def check(self, name: str, index: Sequence[int]) -> ElementCheck:
        """Compute an element in all ways; see :meth:`striate.graph.trace.Trace.check`."""
        traced, position = self.search.element(name, index)
        wide = self.wide
        value = float(wide.quantities[name][position])
        whole = self._summed(name, position)
        found = dict[str, _Found]()
        left_out = dict(whole.left_out)
        if all(_states(writer) for writer in wide.writers(name)):
            terms = wide.terms(name, position)
            size = float(np.abs(terms.values).sum())
            error = _rounding(1) * size if terms.operator == "sum" else 0.0
            found[TERMS] = _Found(value=terms.total, error=error, how=_counted(terms))
        else:
            left_out[TERMS] = "its class states no equations"
        found |= whole.ways
        backward = name not in self._forward
        if not backward:
            left_out[DIFFERENCE] = f"`{name}` isn't a derivative of the loss"
        elif not np.isfinite(wide.run.loss):
            left_out[DIFFERENCE] = f"the loss is {wide.run.loss}"
        else:
            moved = difference_at(
                wide.step, wide.run, wide.targets, self._moved(name), position, value
            )
            if np.isnan(moved.value):
                left_out[DIFFERENCE] = (
                    "the loss has a kink at this value of the element: the slopes upward and "
                    "downward differ"
                )
            else:
                found[DIFFERENCE] = _Found(
                    value=moved.value,
                    error=moved.bound,
                    how=f"the loss at two values, {2 * moved.step:.0e} apart",
                    sources="Hagan 8.28",
                )
        first = f"{'backward' if backward else 'forward'} pass"
        ways = [Way(name=first, value=value, difference=0.0, bound=0.0, how="in float64")]
        ways += [
            Way(
                name=way,
                value=one.value,
                difference=_distance(one.value, value),
                bound=one.error + whole.plain.error,
                how=one.how,
                sources=one.sources,
            )
            for way, one in found.items()
        ]
        return ElementCheck(name, position, traced[position], tuple(ways), left_out)

    @cached_property
    def wide(self) -> TermSearch:
        """The same pass in float64."""
        search = self.search
        calls = search.run.calls
        first = next(iter(calls.values()))
        state = dict[str, Array]()
        for operation in search.step.forward:
            for role, name in operation.state.items():
                # A layer that is used several times has the statistics of its first use.
                state.setdefault(name, calls[operation.output].state[role])
        inputs = {name: search.run.arrays[f"{name}.A"] for name in search.step.graph.inputs}
        inputs, parameters, state = (
            {name: array.astype(np.float64) for name, array in arrays.items()}
            for arrays in (inputs, search.parameters, state)
        )
        run = forward(
            search.step, inputs, parameters, state, training=first.training, draw=first.draw
        )
        if search.targets:
            backward(search.step, run, search.targets)
        return TermSearch(step=search.step, run=run, parameters=parameters, targets=search.targets)

    @cached_property
    def _forward(self) -> set[str]:
        """Names of the quantities of the forward pass."""
        return {operation.output for operation in self.search.step.forward}

    def _moved(self, name: str) -> str:
        """Return the array that a derivative belongs to."""
        if name in self.wide.parameter_of:
            return self.wide.parameter_of[name]
        layer, _, symbol = name.rpartition(".")
        return f"{layer}.{symbol.removeprefix('d')}"

    def _summed(self, name: str, position: tuple[int, ...]) -> _Part:
        """Add up what all writers contribute; one without a way contributes what it computes."""
        parts = [self._part(writer, name, position) for writer in self.wide.writers(name)]
        every = dict.fromkeys(way for part in parts for way in part.ways)
        plain, *others = (part.plain for part in parts)
        ways = dict[str, _Found]()
        for way in every:
            named = next(part.ways[way] for part in parts if way in part.ways)
            one, *more = (part.ways.get(way, part.plain) for part in parts)
            ways[way] = replace(sum(more, start=one), how=named.how, sources=named.sources)
        reasons = {way: why for part in parts for way, why in part.left_out.items()}
        left_out = {way: why for way, why in reasons.items() if way not in every}
        return _Part(plain=sum(others, start=plain), ways=ways, left_out=left_out)

    def _part(self, writer: Writer, name: str, position: tuple[int, ...]) -> _Part:
        """Compute what one writer contributes."""
        if writer.operation is None:
            return _Part(plain=self._of_loss(writer, position), ways={}, left_out={})
        arguments = _Arguments.of(writer, self.wide.run)
        value = arguments.element(position)
        function = writer.operation.function
        error = self._error(writer, name, position, arguments, value)
        plain = _Found(value=value, error=error)
        if not function.states_equations:
            return _Part(plain=plain, ways={}, left_out={})
        if writer.d_output and function.elementwise and not arguments.is_parameter:
            inner = self._summed(writer.d_output, position)
            slope = arguments.slope(position)
            ways = {way: one.times(slope, inner.plain.error) for way, one in inner.ways.items()}
            return _Part(plain=plain, ways=ways, left_out=inner.left_out)
        given = function.other_ways(writer.symbol, position, arguments.call, arguments.d_output)
        ways = {
            way.name: _Found(value=way.value, error=error, how=way.how, sources=way.sources)
            for way in given
        }
        left_out = {
            way: f"{writer.operation.layer}, {function}, {function.why_not(way)}"
            for way in EXPECTED.get(writer.symbol, ())
            if way not in ways and writer.operation.stage == "weight"
        }
        if writer.d_output and function.linear and writer.operation.stage == "weight":
            ways[IMPULSE] = _Found(
                value=arguments.impulse(position),
                error=error,
                how="the output for an impulse there, times dZ",
                sources="Hagan 8.2",
            )
        return _Part(plain=plain, ways=ways, left_out=left_out)

    def _of_loss(self, writer: Writer, position: tuple[int, ...]) -> _Found:
        """Compute the derivative of a loss."""
        end, y = writer.loss, writer.targets
        assert end is not None
        assert y is not None
        n = self.wide.run.arrays[end.reads]
        value = float(end.loss.backward_n(n, y)[position]) * end.weight / end.loss.divisor(y)
        return _Found(value=value, error=_OTHERWISE * abs(value))

    def _error(
        self,
        writer: Writer,
        name: str,
        position: tuple[int, ...],
        arguments: "_Arguments",
        value: float,
    ) -> float:
        """Bound the rounding error of an element that an operation computes."""
        assert writer.operation is not None
        function = writer.operation.function
        if not _states(writer):
            return _OTHERWISE * abs(value)
        terms = self.wide.terms(name, position)
        if function.selects and writer.d_output is None:
            return 0.0
        if function.linear:
            return _rounding(terms.roundings) * arguments.magnitudes.element(position)
        size = float(np.abs(terms.values).sum())
        return (_rounding(terms.roundings) if function.selects else _OTHERWISE) * size


@dataclass(frozen=True, kw_only=True, eq=False)
class _Arguments:
    """A writer's function with its arguments, forward or backward."""

    function: Function
    symbol: str
    call: Call
    output: Array
    d_output: Array | None

    @classmethod
    def of(cls, writer: Writer, run: Pass) -> "_Arguments":
        """Collect the arguments of an operation."""
        operation = cast("Operation", writer.operation)
        return cls(
            function=operation.function,
            symbol=writer.symbol,
            call=run.calls[operation.output],
            output=run.arrays[operation.output],
            d_output=run.arrays[writer.d_output] if writer.d_output else None,
        )

    @property
    def is_parameter(self) -> bool:
        """Whether the element is of the derivative of a parameter."""
        roles = self.call.parameters
        return self.symbol in {f"d{self.function.parameter_symbol(role)}" for role in roles}

    def element(self, position: tuple[int, ...]) -> float:
        """Compute the element as the pass does."""
        if self.d_output is None:
            return float(self.function.forward(self.call)[position])
        found = self.function.backward(self.call, self.output, self.d_output)
        return float(self._of(found)[position])

    def slope(self, position: tuple[int, ...]) -> float:
        """Return what an elementwise function multiplies the derivative by."""
        assert self.d_output is not None
        one = np.zeros_like(self.d_output)
        one[position] = 1
        return replace(self, d_output=one).element(position)

    @property
    def magnitudes(self) -> "_Arguments":
        """The same function of the magnitudes: the sum of the terms' magnitudes, if linear."""
        call = replace(
            self.call,
            inputs=tuple(map(np.abs, self.call.inputs)),
            parameters={role: np.abs(array) for role, array in self.call.parameters.items()},
        )
        d_output = None if self.d_output is None else np.abs(self.d_output)
        return replace(self, call=call, output=np.abs(self.output), d_output=d_output)

    def impulse(self, position: tuple[int, ...]) -> float:
        """Compute a derivative from the output for an impulse at the element."""
        assert self.d_output is not None
        if self.is_parameter:
            (role,) = self.call.parameters
            unit = np.zeros_like(self.call.parameters[role])
            unit[position] = 1
            response = self.function.forward(replace(self.call, parameters={role: unit}))
            return float((response * self.d_output).sum())
        q, *at = position
        (a,) = self.call.inputs
        unit = np.zeros_like(a[:1])
        unit[(0, *at)] = 1
        call = replace(self.call, inputs=(unit,))
        if call.draw is not None:
            call = replace(call, draw=replace(call.draw, images=call.draw.images[q : q + 1]))
        return float((self.function.forward(call)[0] * self.d_output[q]).sum())

    def _of(self, found: Derivatives) -> Array:
        """Return the derivative that the symbol names."""
        function = self.function
        for k, derivative in enumerate(found.inputs):
            if self.symbol == f"d{function.input_symbol(k)}":
                return derivative
        roles = {f"d{function.parameter_symbol(role)}": role for role in found.parameters}
        return found.parameters[roles[self.symbol]]


def _states(writer: Writer) -> bool:
    """Return whether the equations of a writer are known."""
    if writer.operation is None:
        return writer.loss is not None and writer.loss.loss.states_equations
    return writer.operation.function.states_equations


def _rounding(terms: int) -> float:
    """Return the relative rounding error of a sum of products."""
    n = terms + _OTHER_ROUNDINGS
    return n * _UNIT / (1 - n * _UNIT)


def _distance(one: float, other: float) -> float:
    """Return the distance of two numbers: 0 also if both aren't numbers, or the same infinity."""
    same = one == other or (np.isnan(one) and np.isnan(other))
    return 0.0 if same else abs(one - other)


def _counted(terms: Terms) -> str:
    """Describe terms: how many there are, and what becomes of them."""
    if len(terms) == 1:
        return "its only term"
    words = {
        "sum": "terms added",
        "maximum": "terms, the largest",
        "minimum": "terms, the smallest",
    }
    return f"{len(terms)} {words[terms.operator]}"
