"""What takes a few instructions: vectors of lanes, fused multiply-adds, loops that carry values.

Every operation works on one number or on a vector of :data:`LANES` of them; LLVM holds a vector in
one, two or four registers, as the processor has them.
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
    """Make the constant that says which lanes to pick."""
    type_ = vector_type(I32, len(lanes))
    return vector_constant(type_, lanes) if any(lanes) else zero(type_)


class Builder(Instructions):
    """Writes one function, instruction after instruction.

    Parameters
    ----------
    function
        The function, still empty.
    """

    def __init__(self, function: IRFunction) -> None:
        super().__init__(function)
        self._splats: dict[tuple[IRBlock, IRValue, int], IRValue] = {}

    def call_by_name(self, name: str, result: IRType, *arguments: IRValue) -> IRValue:
        """Call a function of LLVM or of this module by its name, declared where it is not yet."""
        function = self.module.functions.get(name)
        if function is None:
            function = self.module.function(name, result, [a.type for a in arguments])
        return self.call(function, arguments)

    def intrinsic(self, name: str, *arguments: IRValue) -> IRValue:
        """Call one of LLVM's own functions whose result has the type of its arguments."""
        type_ = arguments[0].type
        return self.call_by_name(f"llvm.{name}.{type_.short}", type_, *arguments)

    def fma(self, x: IRValue, y: IRValue, z: IRValue) -> IRValue:
        """Compute ``x * y + z``, rounded once."""
        return self.intrinsic("fma", x, y, z)

    def splat(self, number: IRValue, count: int = LANES) -> IRValue:
        """Put one number into every lane."""
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
        """Pick lanes of two vectors laid side by side."""
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
        """Add whole numbers, as far as possible while writing."""
        if isinstance(x, int) and isinstance(y, int):
            return x + y
        if isinstance(y, int) and y == 0:
            return x
        if isinstance(x, int) and x == 0:
            return y
        return self._binary("add nsw", to_value(x), to_value(y))

    def multiply(self, x: IRValue | int, y: int) -> IRValue | int:
        """Multiply a whole number by one that is known, as far as possible while writing."""
        if isinstance(x, int):
            return x * y
        if y in (0, 1):
            return x if y else 0
        return self._binary("mul nsw", x, I64(y))

    def at(self, pointer: IRValue, offset: IRValue | int, element: IRType = F32) -> IRValue:
        """Move a pointer on by so many elements."""
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
        """Write a loop that counts, and carries values from one round to the next.

        Parameters
        ----------
        start, stop, step
            It counts from ``start`` by ``step`` while below ``stop``.
        body
            Writes one round, given the count and the carried values; gives their next values.
        carried
            The values before the first round.
        at_least_once
            Whether the first round needs no check.

        Returns
        -------
        list
            The carried values after the last round.
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
        """Begin a carried value."""
        phi = self.phi(value.type)
        phi.add_incoming(value, block)
        return phi


def to_value(value: IRValue | int) -> IRValue:
    """Make a whole number a value of the program."""
    return I64(value) if isinstance(value, int) else value
