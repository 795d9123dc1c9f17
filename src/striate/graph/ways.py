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
from striate.properties import cached_property
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
        value = float(self.wide.quantities[name][position])
        whole = self._summed(name, position)
        found, left_out = dict[str, _Found](), dict(whole.left_out)
        terms = self._terms(name, position)
        if terms is None:
            left_out[TERMS] = "its class states no equations"
        else:
            found[TERMS] = _total(terms)
        found |= whole.ways
        backward = name not in self._forward
        if not backward:
            left_out[DIFFERENCE] = f"`{name}` isn't a derivative of the loss"
        elif not np.isfinite(self.wide.run.loss):
            left_out[DIFFERENCE] = f"the loss is {self.wide.run.loss}"
        elif difference := self._difference(name, position, value):
            found[DIFFERENCE] = difference
        else:
            left_out[DIFFERENCE] = (
                "the loss has a kink at this value of the element: the slopes upward and downward "
                "differ"
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

    def _terms(self, name: str, position: tuple[int, ...]) -> Terms | None:
        """List the terms of an element in float64, if all equations are known."""
        if all(map(self.wide.states, self.wide.writers(name))):
            return self.wide.terms(name, position)
        return None

    def _difference(self, name: str, position: tuple[int, ...], value: float) -> _Found | None:
        """Compute a derivative by central differences; at a kink, there is none."""
        layer, _, symbol = name.rpartition(".")
        moved = self.wide.parameter_of.get(name, f"{layer}.{symbol.removeprefix('d')}")
        found = difference_at(
            self.wide.step, self.wide.run, self.wide.targets, moved, position, value
        )
        if np.isnan(found.value):
            return None
        return _Found(
            value=found.value,
            error=found.bound,
            how=f"the loss at two values, {2 * found.step:.0e} apart",
            sources="Hagan 8.28",
        )

    def _summed(self, name: str, position: tuple[int, ...]) -> _Part:
        """Add up what all writers contribute; one without a way contributes what it computes."""
        terms = self._terms(name, position)
        parts = [self._part(writer, terms, position) for writer in self.wide.writers(name)]
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

    def _part(self, writer: Writer, terms: Terms | None, position: tuple[int, ...]) -> _Part:
        """Compute what one writer contributes."""
        if writer.operation is None:
            return _Part(plain=self._of_loss(writer, position), ways={}, left_out={})
        arguments = _Arguments.of(writer, self.wide.run)
        value = arguments.element(position)
        function = writer.operation.function
        error = _OTHERWISE * abs(value) if terms is None else arguments.error(position, terms)
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

    def error(self, position: tuple[int, ...], terms: Terms) -> float:
        """Bound the rounding error of the element, which has these terms."""
        if self.function.selects and self.d_output is None:
            return 0.0
        if self.function.linear:
            return _rounding(terms.roundings) * self.magnitudes.element(position)
        relative = _rounding(terms.roundings) if self.function.selects else _OTHERWISE
        return relative * float(np.abs(terms.values).sum())

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


def _rounding(terms: int) -> float:
    """Return the relative rounding error of a sum of products."""
    n = terms + _OTHER_ROUNDINGS
    return n * _UNIT / (1 - n * _UNIT)


def _distance(one: float, other: float) -> float:
    """Return the distance of two numbers: 0 also if both aren't numbers, or the same infinity."""
    same = one == other or (np.isnan(one) and np.isnan(other))
    return 0.0 if same else abs(one - other)


def _total(terms: Terms) -> _Found:
    """Combine the terms: a sum without rounding errors, except for those of the products."""
    size = float(np.abs(terms.values).sum())
    error = _rounding(1) * size if terms.operator == "sum" else 0.0
    return _Found(value=terms.total, error=error, how=_counted(terms))


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
