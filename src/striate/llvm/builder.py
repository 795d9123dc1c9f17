"""Emits short sequences of instructions: vectors, fused multiply-adds, and loops.

Every operation works on scalars or on vectors of :data:`LANES` elements. LLVM puts a vector in one,
two or four registers, depending on the processor.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import overload

from striate.llvm.instructions import Instructions
from striate.llvm.ir import (
    F32,
    I32,
    I64,
    IRBlock,
    IRConstant,
    IRFunction,
    IRPhi,
    IRType,
    IRValue,
    poison,
    vector_constant,
    vector_type,
    zero,
)
from striate.plan.target import LANES

FLOATS = vector_type(F32, LANES)
INTS = vector_type(I32, LANES)


@cache
def _mask(lanes: tuple[int, ...]) -> IRValue:
    """Make the mask of a shuffle."""
    type_ = vector_type(I32, len(lanes))
    return vector_constant(type_, lanes) if any(lanes) else zero(type_)


class Builder(Instructions):
    """Emits a function, instruction by instruction.

    Parameters
    ----------
    function
        An empty function.
    """

    def __init__(self, function: IRFunction) -> None:
        super().__init__(function)
        self._splats: dict[tuple[IRBlock, IRValue, int], IRValue] = {}

    def call_by_name(self, name: str, result: IRType, *arguments: IRValue) -> IRValue:
        """Call a function by name, and declare it if necessary."""
        function = self.module.functions.get(name)
        if function is None:
            function = self.module.function(name, result, [a.type for a in arguments])
        return self.call(function, arguments)

    def intrinsic(self, name: str, *arguments: IRValue) -> IRValue:
        """Call an intrinsic whose result has the type of its arguments."""
        type_ = arguments[0].type
        return self.call_by_name(f"llvm.{name}.{type_.short}", type_, *arguments)

    def fma(self, x: IRValue, y: IRValue, z: IRValue) -> IRValue:
        """Compute ``x * y + z`` with one rounding."""
        return self.intrinsic("fma", x, y, z)

    def splat(self, number: IRValue, count: int = LANES) -> IRValue:
        """Broadcast a number to all lanes."""
        type_ = vector_type(number.type, count)
        if isinstance(number, IRConstant):
            return type_(number.number)
        key = (self.block, number, count)
        if key not in self._splats:
            unset = poison(type_)
            first = self.insert_element(unset, number, I32(0))
            self._splats[key] = self.shuffle(first, unset, (0,) * count)
        return self._splats[key]

    def shuffle(self, x: IRValue, y: IRValue, lanes: Sequence[int]) -> IRValue:
        """Select lanes from the concatenation of two vectors."""
        return self.shuffle_vector(x, y, _mask(tuple(lanes)))

    @overload
    def add(self, x: int, y: int) -> int: ...
    @overload
    def add(self, x: IRValue, y: IRValue | int) -> IRValue: ...
    @overload
    def add(self, x: IRValue | int, y: IRValue) -> IRValue: ...
    @overload
    def add(self, x: IRValue | int, y: IRValue | int) -> IRValue | int: ...
    def add(self, x: IRValue | int, y: IRValue | int) -> IRValue | int:
        """Add integers, at compile time if possible."""
        if isinstance(x, int) and isinstance(y, int):
            return x + y
        if isinstance(y, int) and y == 0:
            return x
        if isinstance(x, int) and x == 0:
            return y
        return self._binary("add nsw", to_value(x), to_value(y))

    def multiply(self, x: IRValue | int, y: int) -> IRValue | int:
        """Multiply an integer by a constant, at compile time if possible."""
        if isinstance(x, int):
            return x * y
        if y in (0, 1):
            return x if y else 0
        return self._binary("mul nsw", x, I64(y))

    def at(self, pointer: IRValue, offset: IRValue | int, element: IRType = F32) -> IRValue:
        """Advance a pointer by a number of elements."""
        if isinstance(offset, int) and offset == 0:
            return pointer
        return self.gep(pointer, to_value(offset), element)

    def loop(
        self,
        start: IRValue | int,
        stop: IRValue | int,
        step: int,
        body: Callable[[IRValue, Sequence[IRValue]], Sequence[IRValue]],
        carried: Sequence[IRValue] = (),
        *,
        at_least_once: bool = False,
    ) -> list[IRValue]:
        """Emit a counting loop with loop-carried values.

        Parameters
        ----------
        start, stop, step
            The counter starts at ``start`` and grows by ``step`` while it is below ``stop``.
        body
            Writes the body, given the counter and the loop-carried values, and returns their next
            values.
        carried
            The initial loop-carried values.
        at_least_once
            Whether to omit the check before the first iteration.

        Returns
        -------
        list
            The loop-carried values after the last iteration.
        """
        checked = not at_least_once
        if isinstance(start, int) and isinstance(stop, int):
            if start >= stop:
                return list(carried)
            checked = False
        first, last = to_value(start), to_value(stop)
        before = self.block
        head = self.append_block("loop")
        done = self.append_block("done")
        if checked:
            self.cbranch(self.icmp_signed("<", first, last), head, done)
        else:
            self.branch(head)
        self.position_at_end(head)
        count = self.phi(I64)
        count.add_incoming(first, before)
        values = [self._phi(value, before) for value in carried]
        after = body(count, values)
        following = self._binary("add nsw", count, I64(step))
        end = self.block
        count.add_incoming(following, end)
        for value, new in zip(values, after, strict=True):
            value.add_incoming(new, end)
        self.cbranch(self.icmp_signed("<", following, last), head, done)
        self.position_at_end(done)
        if not checked:
            return list(after)
        results: list[IRValue] = []
        for old, new in zip(carried, after, strict=True):
            result = self.phi(old.type)
            result.add_incoming(old, before)
            result.add_incoming(new, end)
            results.append(result)
        return results

    def _phi(self, value: IRValue, block: IRBlock) -> IRPhi:
        """Start a loop-carried value."""
        phi = self.phi(value.type)
        phi.add_incoming(value, block)
        return phi


def to_value(value: IRValue | int) -> IRValue:
    """Turn an integer into an IR constant."""
    return I64(value) if isinstance(value, int) else value
