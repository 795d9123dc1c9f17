"""What llvmlite's builder lacks: vectors of lanes, fused multiply-adds, loops that carry values.

Every operation works on one number or on a vector of :data:`LANES` of them; LLVM holds a vector in
one, two or four registers, as the processor has them.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from llvmlite import ir

from striate.plan.target import LANES

F32 = ir.FloatType()
F64 = ir.DoubleType()
I32 = ir.IntType(32)
I64 = ir.IntType(64)
PTR = ir.PointerType()
VOID = ir.VoidType()
FLOATS = ir.VectorType(F32, LANES)
INTS = ir.VectorType(I32, LANES)

Value = Any
"""A value of the program that is being written: llvmlite has no types of its own to check."""


def lanes_of(value: Value) -> int | None:
    """Give the number of lanes of a vector; ``None`` for a single number."""
    return value.type.count if isinstance(value.type, ir.VectorType) else None


def like(value: Value, element: Value) -> Value:
    """Give the type that has as many lanes as a value, of another element type."""
    count = lanes_of(value)
    return element if count is None else ir.VectorType(element, count)


def constant(type_: Value, number: float) -> Value:
    """Make a constant: one number, or the same in every lane."""
    return ir.Constant(type_, number)


class _Short(ir.Constant):
    """A constant vector that is written as one word.

    llvmlite writes every lane; text was a third of the time to compile a step.
    """

    def __init__(self, type_: Value, numbers: object, word: str) -> None:
        super().__init__(type_, numbers)
        self._word = word

    def _get_reference(self) -> str:
        return self._word


@cache
def _mask(lanes: tuple[int, ...]) -> Value:
    """Make the constant that says which lanes to pick."""
    type_ = ir.VectorType(I32, len(lanes))
    return ir.Constant(type_, lanes) if any(lanes) else _Short(type_, lanes, "zeroinitializer")


@cache
def _unset(type_: Value) -> Value:
    """Make the vector whose lanes are not set."""
    return _Short(type_, ir.Undefined, "undef")


class Builder:
    """Writes one function, instruction after instruction.

    Parameters
    ----------
    module
        Where the function is.
    function
        The function, still empty.
    """

    def __init__(self, module: ir.Module, function: ir.Function) -> None:
        self.module = module
        self.function = function
        self.ir: Value = ir.IRBuilder(function.append_basic_block("entry"))
        self._splats: dict[tuple[int, int, int], tuple[Value, Value]] = {}

    def call(self, name: str, result: Value, *arguments: Value) -> Value:
        """Call a function of LLVM or of this module by its name, declared where it is not yet."""
        function = self.module.globals.get(name)
        if function is None:
            types = [argument.type for argument in arguments]
            function = ir.Function(self.module, ir.FunctionType(result, types), name)
        return self.ir.call(function, arguments)

    def intrinsic(self, name: str, *arguments: Value) -> Value:
        """Call one of LLVM's own functions whose result has the type of its arguments."""
        type_ = arguments[0].type
        return self.call(f"llvm.{name}.{_suffix(type_)}", type_, *arguments)

    def fma(self, x: Value, y: Value, z: Value) -> Value:
        """Compute ``x * y + z``, rounded once."""
        return self.intrinsic("fma", x, y, z)

    def select(self, condition: Value, then: Value, otherwise: Value) -> Value:
        """Choose lane by lane."""
        return self.ir.select(condition, then, otherwise)

    def splat(self, number: Value, count: int = LANES) -> Value:
        """Put one number into every lane."""
        if isinstance(number, ir.Constant):
            return constant(ir.VectorType(number.type, count), number.constant)
        key = (id(self.ir.block), id(number), count)
        if key not in self._splats:
            unset = _unset(ir.VectorType(number.type, count))
            first = self.ir.insert_element(unset, number, I32(0))
            vector = self.ir.shuffle_vector(first, unset, _mask((0,) * count))
            self._splats[key] = number, vector  # the number is kept, and its id with it
        return self._splats[key][1]

    def shuffle(self, x: Value, y: Value, lanes: Sequence[int]) -> Value:
        """Pick lanes of two vectors laid side by side."""
        return self.ir.shuffle_vector(x, y, _mask(tuple(lanes)))

    def add(self, x: Value | int, y: Value | int) -> Value | int:
        """Add whole numbers, as far as possible while writing."""
        if isinstance(x, int) and isinstance(y, int):
            return x + y
        if isinstance(y, int) and y == 0:
            return x
        if isinstance(x, int) and x == 0:
            return y
        return self.ir.add(index(x), index(y), flags=["nsw"])

    def multiply(self, x: Value | int, y: int) -> Value | int:
        """Multiply a whole number by one that is known, as far as possible while writing."""
        if isinstance(x, int):
            return x * y
        if y in (0, 1):
            return x if y else 0
        return self.ir.mul(x, I64(y), flags=["nsw"])

    def at(self, pointer: Value, offset: Value | int, element: Value = F32) -> Value:
        """Move a pointer on by so many elements."""
        if isinstance(offset, int) and offset == 0:
            return pointer
        return self.ir.gep(pointer, [index(offset)], source_etype=element)

    def load(self, pointer: Value, type_: Value = F32, align: int = 4) -> Value:
        """Read from memory."""
        return self.ir.load(pointer, align=align, typ=type_)

    def store(self, value: Value, pointer: Value, align: int = 4) -> None:
        """Write to memory."""
        self.ir.store(value, pointer, align=align)

    def loop(
        self,
        start: Value | int,
        stop: Value | int,
        step: int,
        body: Callable[[Value, Sequence[Value]], Sequence[Value]],
        carried: Sequence[Value] = (),
        *,
        at_least_once: bool = False,
    ) -> list[Value]:
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
        known = isinstance(start, int) and isinstance(stop, int)
        if known and not start < stop:
            return list(carried)
        checked = not (at_least_once or known)
        first, last = index(start), index(stop)
        before = self.ir.block
        head = self.ir.append_basic_block("loop")
        done = self.ir.append_basic_block("done")
        if checked:
            self.ir.cbranch(self.ir.icmp_signed("<", first, last), head, done)
        else:
            self.ir.branch(head)
        self.ir.position_at_end(head)
        count = self.ir.phi(I64)
        count.add_incoming(first, before)
        values = [self._phi(value, before) for value in carried]
        after = body(count, values)
        following = self.ir.add(count, I64(step), flags=["nsw"])
        end = self.ir.block
        count.add_incoming(following, end)
        for value, new in zip(values, after, strict=True):
            value.add_incoming(new, end)
        self.ir.cbranch(self.ir.icmp_signed("<", following, last), head, done)
        self.ir.position_at_end(done)
        if not checked:
            return list(after)
        results: list[Value] = []
        for old, new in zip(carried, after, strict=True):
            result = self.ir.phi(old.type)
            result.add_incoming(old, before)
            result.add_incoming(new, end)
            results.append(result)
        return results

    def _phi(self, value: Value, block: Value) -> Value:
        """Begin a carried value."""
        phi = self.ir.phi(value.type)
        phi.add_incoming(value, block)
        return phi


def index(value: Value | int) -> Value:
    """Make a whole number a value of the program."""
    return I64(value) if isinstance(value, int) else value


def _suffix(type_: Value) -> str:
    """Name a type as the names of LLVM's functions do."""
    if isinstance(type_, ir.VectorType):
        return f"v{type_.count}{_suffix(type_.element)}"
    return {F32: "f32", F64: "f64"}.get(type_) or f"i{type_.width}"
