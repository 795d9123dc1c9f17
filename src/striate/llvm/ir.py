"""LLVM IR as text: types, values, functions and modules.

A value is only its type and its name, and an instruction is a line of text. LLVM checks that they
fit together when it parses the text.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from striate.plan.target import Target


@dataclass(frozen=True, slots=True, eq=False)
class IRType:
    """The type of a value; calling it with a number makes an :class:`IRConstant`.

    Parameters
    ----------
    text
        Its text in LLVM IR.
    short
        Its abbreviation in the names of intrinsics.
    element
        Element type of a vector.
    count
        Number of elements of a vector; ``None`` for other types.
    """

    text: str
    short: str = ""
    element: "IRType | None" = None
    count: int | None = None

    def __call__(self, number: float) -> "IRConstant":
        """Make a constant: one number, or the same in every lane."""
        if self.element is None:
            return IRConstant(self, number, _literal(self, number))
        word = _literal(self.element, number)
        return IRConstant(
            self, number, "zeroinitializer" if word in _ZEROS else _splat_literal(self, word)
        )


class IRValue:
    """A value in the program: the result of an instruction, or an argument.

    Parameters
    ----------
    type_
        Its type.
    name
        Its name in LLVM IR.
    """

    __slots__ = ("name", "type", "typed")

    def __init__(self, type_: IRType, name: str) -> None:
        self.type = type_
        self.name = name
        self.typed = f"{type_.text} {name}"

    def __str__(self) -> str:
        return self.typed


class IRConstant(IRValue):
    """A constant: one number, or the same in every lane."""

    __slots__ = ("number",)

    def __init__(self, type_: IRType, number: float, name: str) -> None:
        super().__init__(type_, name)
        self.number = number


F32 = IRType("float", "f32")
F64 = IRType("double", "f64")
I1 = IRType("i1", "i1")
I8 = IRType("i8", "i8")
I16 = IRType("i16", "i16")
I32 = IRType("i32", "i32")
I64 = IRType("i64", "i64")
PTR = IRType("ptr", "p0")
VOID = IRType("void")

_WIDEST = 512  # bits of the widest registers

_ZEROS = ("0x0", "0")


@cache
def vector_type(element: IRType, count: int) -> IRType:
    """Return the type of vectors with a number of lanes."""
    return IRType(f"<{count} x {element.text}>", f"v{count}{element.short}", element, count)


def lanes_of(value: IRValue) -> int | None:
    """Return the number of lanes of a vector; ``None`` for a scalar."""
    return value.type.count


def type_like(value: IRValue, element: IRType) -> IRType:
    """Return the type with the same number of lanes as a value, and another element type."""
    count = value.type.count
    return element if count is None else vector_type(element, count)


def constant(type_: IRType, number: float) -> IRConstant:
    """Make a constant: one number, or the same in every lane."""
    return type_(number)


def vector_constant(type_: IRType, numbers: Iterable[float]) -> IRValue:
    """Make a constant vector of these numbers."""
    assert type_.element is not None, type_
    return IRValue(type_, f"<{_literals(type_.element, numbers)}>")


@cache
def iota(type_: IRType) -> IRValue:
    """Make the constant vector 0, 1, 2, ..."""
    return vector_constant(type_, range(type_.count or 0))


@cache
def poison(type_: IRType) -> IRValue:
    """Make the poison value, which must not be used."""
    return IRValue(type_, "poison")


@cache
def zero(type_: IRType) -> IRValue:
    """Make the value whose bits are all 0."""
    return IRValue(type_, "zeroinitializer")


def _literal(type_: IRType, number: float) -> str:
    """Format one number; floating-point numbers by their bits as float64."""
    if type_ is F32:
        number = struct.unpack("f", struct.pack("f", number))[0]
    elif type_ is not F64:
        return str(int(number))
    return f"0x{struct.unpack('Q', struct.pack('d', number))[0]:x}"


@cache
def _splat_literal(type_: IRType, word: str) -> str:
    """Format a vector with the same number in all lanes."""
    assert type_.element is not None, type_
    return f"splat ({type_.element.text} {word})"


def _literals(type_: IRType, numbers: Iterable[float]) -> str:
    """Format the numbers of a vector or an array."""
    return ", ".join(f"{type_.text} {_literal(type_, number)}" for number in numbers)


class IRBlock:
    """A basic block: a label with instructions.

    Parameters
    ----------
    name
        As LLVM writes it.
    """

    __slots__ = ("lines", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.lines: list[str] = []


class IRPhi(IRValue):
    """A phi: a value that depends on the preceding block.

    Parameters
    ----------
    type_, name
        As for any value.
    block
        Its block; it is placed after the instructions already there.
    """

    __slots__ = ("_lines", "_number")

    def __init__(self, type_: IRType, name: str, block: IRBlock) -> None:
        super().__init__(type_, name)
        self._lines, self._number = block.lines, len(block.lines)
        block.lines.append("")

    def add_incoming(self, value: IRValue, block: IRBlock) -> None:
        """Set its value for a preceding block."""
        line = self._lines[self._number]
        begun = f"{line}," if line else f"  {self.name} = phi {self.type.text}"
        self._lines[self._number] = f"{begun} [{value.name}, %{block.name}]"


class IRFunction(IRValue):
    """A function; as a value, it is the pointer to its code.

    Parameters
    ----------
    module
        The module that it belongs to.
    name
        Its name in the module.
    result
        Type of its result.
    arguments
        Types of its arguments.
    internal
        Whether it is only called within the module.
    noalias
        Number of leading arguments that point to memory which isn't accessed otherwise.
    """

    __slots__ = ("_noalias", "args", "blocks", "internal", "module", "result")

    def __init__(
        self,
        module: "IRModule",
        name: str,
        result: IRType,
        arguments: Sequence[IRType],
        *,
        internal: bool = False,
        noalias: int = 0,
    ) -> None:
        super().__init__(PTR, f'@"{name}"')
        self.module = module
        self.result = result
        self.args = [IRValue(type_, f"%a{k}") for k, type_ in enumerate(arguments)]
        self.blocks: list[IRBlock] = []
        self.internal = internal
        self._noalias = noalias

    def block(self, name: str) -> IRBlock:
        """Append an empty block."""
        block = IRBlock(f"{name}{len(self.blocks)}")
        self.blocks.append(block)
        return block

    def lines(self) -> list[str]:
        """Return its text; a declaration if it has no blocks."""
        if not self.blocks:
            types = ", ".join(argument.type.text for argument in self.args)
            return [f"declare {self.result.text} {self.name}({types})"]
        arguments = ", ".join(
            f"{argument.type.text}{' noalias' if k < self._noalias else ''} {argument.name}"
            for k, argument in enumerate(self.args)
        )
        linkage = "internal " if self.internal else ""
        head = f"{linkage}{self.result.text} {self.name}({arguments}) {self.module.attributes}"
        found = [f"define {head} {{"]
        for block in self.blocks:
            found.append(f"{block.name}:")
            found += block.lines
        return [*found, "}"]


class IRModule:
    """A module: functions and constant tables by name.

    Parameters
    ----------
    triple
        The target triple.
    vector_bits
        Width in bits that LLVM is told to use for vectors; 0 leaves it to LLVM, which avoids
        512-bit registers on some processors that have them.
    """

    def __init__(self, triple: str, *, vector_bits: int = 0) -> None:
        self.triple = triple
        self.attributes = "nounwind"
        if vector_bits:
            names = ("min-legal-vector-width", "prefer-vector-width")
            self.attributes += "".join(f' "{name}"="{vector_bits}"' for name in names)
        self.functions: dict[str, IRFunction] = {}
        self.tables: dict[str, IRValue] = {}
        self._tables: list[str] = []

    @classmethod
    def of(cls, target: Target) -> "IRModule":
        """Make an empty module for a processor."""
        bits = 32 * target.register_lanes
        return cls(target.triple, vector_bits=bits if bits == _WIDEST else 0)

    def function(
        self,
        name: str,
        result: IRType,
        arguments: Sequence[IRType],
        *,
        internal: bool = False,
        noalias: int = 0,
    ) -> IRFunction:
        """Add an empty function."""
        assert name not in self.functions, name
        function = IRFunction(self, name, result, arguments, internal=internal, noalias=noalias)
        self.functions[name] = function
        return function

    def table(self, name: str, element: IRType, numbers: Sequence[float], align: int) -> IRValue:
        """Add a constant table, unless it exists, and return the pointer to it."""
        if name not in self.tables:
            self.tables[name] = IRValue(PTR, f'@"{name}"')
            held = f"[{len(numbers)} x {element.text}] [{_literals(element, numbers)}]"
            self._tables.append(f'@"{name}" = internal constant {held}, align {align}')
        return self.tables[name]

    def __str__(self) -> str:
        lines = [f'target triple = "{self.triple}"', *self._tables]
        for function in self.functions.values():
            lines += function.lines()
        return "\n".join([*lines, ""])
