"""LLVM's instructions: each method writes one of them, as one line, and gives its result."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager

from striate.llvm.ir import (
    F32,
    I1,
    PTR,
    VOID,
    IRBlock,
    IRFunction,
    IRPhi,
    IRType,
    IRValue,
    type_like,
    vector_type,
)

_SIGNED = {"==": "eq", "!=": "ne", "<": "slt", "<=": "sle", ">": "sgt", ">=": "sge"}
_UNSIGNED = {"==": "eq", "!=": "ne", "<": "ult", "<=": "ule", ">": "ugt", ">=": "uge"}
_FLOAT = {"==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}


class Instructions:
    """Writes the instructions of a function, one after another.

    Parameters
    ----------
    function
        The function, still empty.
    """

    def __init__(self, function: IRFunction) -> None:
        self.function = function
        self.module = function.module
        self.block = function.block("entry")
        self._values = 0

    def _name(self) -> str:
        """Name the next value."""
        self._values += 1
        return f"%v{self._values}"

    def _write(self, type_: IRType, text: str) -> IRValue:
        """Write an instruction that has a result."""
        value = IRValue(type_, self._name())
        self.block.lines.append(f"  {value.name} = {text}")
        return value

    def _do(self, text: str) -> None:
        """Write an instruction that has none."""
        self.block.lines.append(f"  {text}")

    def _binary(self, word: str, x: IRValue, y: IRValue) -> IRValue:
        """Write an instruction on two values of one type."""
        return self._write(x.type, f"{word} {x.typed}, {y.name}")

    def _cast(self, word: str, x: IRValue, type_: IRType) -> IRValue:
        """Write a conversion."""
        return self._write(type_, f"{word} {x.typed} to {type_.text}")

    def _compare(self, word: str, x: IRValue, y: IRValue) -> IRValue:
        """Write a comparison."""
        return self._write(type_like(x, I1), f"{word} {x.typed}, {y.name}")

    # ----------------------------------------------------------- float numbers

    def fadd(self, x: IRValue, y: IRValue) -> IRValue:
        """Add."""
        return self._binary("fadd", x, y)

    def fsub(self, x: IRValue, y: IRValue) -> IRValue:
        """Subtract."""
        return self._binary("fsub", x, y)

    def fmul(self, x: IRValue, y: IRValue) -> IRValue:
        """Multiply."""
        return self._binary("fmul", x, y)

    def fdiv(self, x: IRValue, y: IRValue) -> IRValue:
        """Divide."""
        return self._binary("fdiv", x, y)

    def fneg(self, x: IRValue) -> IRValue:
        """Change the sign."""
        return self._write(x.type, f"fneg {x.typed}")

    def fcmp_ordered(self, sign: str, x: IRValue, y: IRValue) -> IRValue:
        """Compare; false where a NaN is. ``ord`` asks just for that."""
        word = "ord" if sign == "ord" else f"o{_FLOAT[sign]}"
        return self._compare(f"fcmp {word}", x, y)

    def fcmp_unordered(self, sign: str, x: IRValue, y: IRValue) -> IRValue:
        """Compare; true where a NaN is. ``uno`` asks just for that."""
        word = "uno" if sign == "uno" else f"u{_FLOAT[sign]}"
        return self._compare(f"fcmp {word}", x, y)

    # ----------------------------------------------------------- whole numbers

    def iadd(self, x: IRValue, y: IRValue) -> IRValue:
        """Add, and leave out what the bits do not hold."""
        return self._binary("add", x, y)

    def isub(self, x: IRValue, y: IRValue) -> IRValue:
        """Subtract, and leave out what the bits do not hold."""
        return self._binary("sub", x, y)

    def imul(self, x: IRValue, y: IRValue) -> IRValue:
        """Multiply, and leave out what the bits do not hold."""
        return self._binary("mul", x, y)

    def udiv(self, x: IRValue, y: IRValue) -> IRValue:
        """Divide numbers without a sign."""
        return self._binary("udiv", x, y)

    def urem(self, x: IRValue, y: IRValue) -> IRValue:
        """Give what a division of numbers without a sign leaves."""
        return self._binary("urem", x, y)

    def shl(self, x: IRValue, y: IRValue) -> IRValue:
        """Move the bits up."""
        return self._binary("shl", x, y)

    def lshr(self, x: IRValue, y: IRValue) -> IRValue:
        """Move the bits down."""
        return self._binary("lshr", x, y)

    def and_(self, x: IRValue, y: IRValue) -> IRValue:
        """Keep the bits that are in both."""
        return self._binary("and", x, y)

    def or_(self, x: IRValue, y: IRValue) -> IRValue:
        """Join the bits that are in one or both."""
        return self._binary("or", x, y)

    def xor(self, x: IRValue, y: IRValue) -> IRValue:
        """Keep the bits that are in one alone."""
        return self._binary("xor", x, y)

    def not_(self, x: IRValue) -> IRValue:
        """Turn every bit."""
        return self._binary("xor", x, x.type(-1))

    def icmp_signed(self, sign: str, x: IRValue, y: IRValue) -> IRValue:
        """Compare numbers that may be negative."""
        return self._compare(f"icmp {_SIGNED[sign]}", x, y)

    def icmp_unsigned(self, sign: str, x: IRValue, y: IRValue) -> IRValue:
        """Compare numbers without a sign."""
        return self._compare(f"icmp {_UNSIGNED[sign]}", x, y)

    # ------------------------------------------------------------- conversions

    def trunc(self, x: IRValue, type_: IRType) -> IRValue:
        """Keep the lower bits."""
        return self._cast("trunc", x, type_)

    def zext(self, x: IRValue, type_: IRType) -> IRValue:
        """Put zeros before the bits."""
        return self._cast("zext", x, type_)

    def sext(self, x: IRValue, type_: IRType) -> IRValue:
        """Put the sign before the bits."""
        return self._cast("sext", x, type_)

    def fptrunc(self, x: IRValue, type_: IRType) -> IRValue:
        """Round to shorter numbers."""
        return self._cast("fptrunc", x, type_)

    def fpext(self, x: IRValue, type_: IRType) -> IRValue:
        """Make longer numbers."""
        return self._cast("fpext", x, type_)

    def sitofp(self, x: IRValue, type_: IRType) -> IRValue:
        """Turn whole numbers into float ones."""
        return self._cast("sitofp", x, type_)

    def uitofp(self, x: IRValue, type_: IRType) -> IRValue:
        """Turn whole numbers without a sign into float ones."""
        return self._cast("uitofp", x, type_)

    def bitcast(self, x: IRValue, type_: IRType) -> IRValue:
        """Read the bits as another type."""
        return self._cast("bitcast", x, type_)

    def ptrtoint(self, x: IRValue, type_: IRType) -> IRValue:
        """Read a pointer as a number."""
        return self._cast("ptrtoint", x, type_)

    # ----------------------------------------------------------------- choices

    def select(self, condition: IRValue, then: IRValue, otherwise: IRValue) -> IRValue:
        """Choose, lane by lane where the condition has lanes."""
        text = f"select {condition.typed}, {then.typed}, {otherwise.typed}"
        return self._write(then.type, text)

    def shuffle_vector(self, x: IRValue, y: IRValue, mask: IRValue) -> IRValue:
        """Pick lanes of two vectors laid side by side."""
        assert x.type.element is not None, x
        assert mask.type.count is not None, mask
        type_ = vector_type(x.type.element, mask.type.count)
        return self._write(type_, f"shufflevector {x.typed}, {y.typed}, {mask.typed}")

    def insert_element(self, x: IRValue, number: IRValue, lane: IRValue) -> IRValue:
        """Replace the number in one lane."""
        return self._write(x.type, f"insertelement {x.typed}, {number.typed}, {lane.typed}")

    def extract_element(self, x: IRValue, lane: IRValue) -> IRValue:
        """Take the number out of one lane."""
        assert x.type.element is not None, x
        return self._write(x.type.element, f"extractelement {x.typed}, {lane.typed}")

    # ------------------------------------------------------------------ memory

    def alloca(self, type_: IRType, count: int = 1, align: int = 0) -> IRValue:
        """Take memory that lasts as long as the function runs."""
        aligned = f", align {align}" if align else ""
        return self._write(PTR, f"alloca {type_.text}, i32 {count}{aligned}")

    def gep(self, pointer: IRValue, offset: IRValue, element: IRType) -> IRValue:
        """Move a pointer on by so many elements."""
        return self._write(PTR, f"getelementptr {element.text}, {pointer.typed}, {offset.typed}")

    def load(self, pointer: IRValue, type_: IRType = F32, align: int = 4) -> IRValue:
        """Read from memory."""
        return self._write(type_, f"load {type_.text}, {pointer.typed}, align {align}")

    def store(self, value: IRValue, pointer: IRValue, align: int = 4) -> None:
        """Write to memory."""
        self._do(f"store {value.typed}, {pointer.typed}, align {align}")

    def load_atomic(self, pointer: IRValue, order: str, type_: IRType, align: int) -> IRValue:
        """Read what other threads write."""
        text = f"load atomic {type_.text}, {pointer.typed} {order}, align {align}"
        return self._write(type_, text)

    def atomic_rmw(self, word: str, pointer: IRValue, value: IRValue, order: str) -> IRValue:
        """Change what other threads change too; give what was there before."""
        return self._write(value.type, f"atomicrmw {word} {pointer.typed}, {value.typed} {order}")

    def cmpxchg(self, pointer: IRValue, old: IRValue, new: IRValue, order: str) -> IRValue:
        """Replace a value by another, if it is there; give whether it was."""
        pair = IRType(f"{{ {old.type.text}, i1 }}")
        text = f"cmpxchg {pointer.typed}, {old.typed}, {new.typed} {order} {order}"
        return self._write(I1, f"extractvalue {self._write(pair, text).typed}, 1")

    # ----------------------------------------------------------------- control

    def append_block(self, name: str) -> IRBlock:
        """Begin a block after all others; nothing is written there yet."""
        return self.function.block(name)

    def position_at_end(self, block: IRBlock) -> None:
        """Go on writing in another block."""
        self.block = block

    def branch(self, block: IRBlock) -> None:
        """Go to a block."""
        self._do(f"br label %{block.name}")

    def cbranch(self, condition: IRValue, then: IRBlock, otherwise: IRBlock) -> None:
        """Go to one of two blocks."""
        self._do(f"br {condition.typed}, label %{then.name}, label %{otherwise.name}")

    def phi(self, type_: IRType) -> IRPhi:
        """Begin a value that depends on which block was left."""
        return IRPhi(type_, self._name(), self.block)

    def ret(self, value: IRValue) -> None:
        """Give a value back."""
        self._do(f"ret {value.typed}")

    def ret_void(self) -> None:
        """Go back."""
        self._do("ret void")

    @contextmanager
    def if_then(self, condition: IRValue) -> Generator[None]:
        """Write what is done only where a condition holds."""
        then, done = self.append_block("then"), self.append_block("done")
        self.cbranch(condition, then, done)
        self.position_at_end(then)
        yield
        self.branch(done)
        self.position_at_end(done)

    def if_else(
        self, condition: IRValue, then: Callable[[], None], otherwise: Callable[[], None]
    ) -> None:
        """Write what is done where a condition holds, and what where it does not."""
        names = ("then", "otherwise", "done")
        first, second, done = (self.append_block(name) for name in names)
        self.cbranch(condition, first, second)
        for block, write in ((first, then), (second, otherwise)):
            self.position_at_end(block)
            write()
            self.branch(done)
        self.position_at_end(done)

    # ------------------------------------------------------------------- calls

    def call(self, function: IRFunction, arguments: Sequence[IRValue]) -> IRValue:
        """Call a function."""
        # LLVM would take any call: to it, a function is a pointer like others.
        given, wanted = [x.type for x in arguments], [x.type for x in function.args]
        assert given == wanted, (function.name, given)
        return self.call_pointer(function, function.result, arguments)

    def call_pointer(
        self, pointer: IRValue, result: IRType, arguments: Sequence[IRValue]
    ) -> IRValue:
        """Call the function that a pointer is to."""
        given = ", ".join([argument.typed for argument in arguments])
        text = f"call {result.text} {pointer.name}({given})"
        if result is not VOID:
            return self._write(result, text)
        self._do(text)
        return IRValue(VOID, "")
