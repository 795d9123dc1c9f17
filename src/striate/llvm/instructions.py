"""LLVM's instructions: each method appends one as a line of text, and returns its result."""

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
    """Appends instructions to a function.

    Parameters
    ----------
    function
        An empty function.
    """

    def __init__(self, function: IRFunction) -> None:
        self.function = function
        self.module = function.module
        self.block = function.block("entry")
        self._values = 0

    def _name(self) -> str:
        self._values += 1
        return f"%v{self._values}"

    def _write(self, type_: IRType, text: str) -> IRValue:
        """Emit an instruction with a result."""
        value = IRValue(type_, self._name())
        self.block.lines.append(f"  {value.name} = {text}")
        return value

    def _do(self, text: str) -> None:
        """Emit an instruction without a result."""
        self.block.lines.append(f"  {text}")

    def _binary(self, word: str, x: IRValue, y: IRValue) -> IRValue:
        return self._write(x.type, f"{word} {x.typed}, {y.name}")

    def _cast(self, word: str, x: IRValue, type_: IRType) -> IRValue:
        return self._write(type_, f"{word} {x.typed} to {type_.text}")

    def _compare(self, word: str, x: IRValue, y: IRValue) -> IRValue:
        return self._write(type_like(x, I1), f"{word} {x.typed}, {y.name}")

    # ----------------------------------------------------------- floating point

    def fadd(self, x: IRValue, y: IRValue) -> IRValue:
        return self._binary("fadd", x, y)

    def fsub(self, x: IRValue, y: IRValue) -> IRValue:
        return self._binary("fsub", x, y)

    def fmul(self, x: IRValue, y: IRValue) -> IRValue:
        return self._binary("fmul", x, y)

    def fdiv(self, x: IRValue, y: IRValue) -> IRValue:
        return self._binary("fdiv", x, y)

    def fneg(self, x: IRValue) -> IRValue:
        return self._write(x.type, f"fneg {x.typed}")

    def fcmp_ordered(self, sign: str, x: IRValue, y: IRValue) -> IRValue:
        """Compare; false with a NaN. ``ord`` tests that neither is a NaN."""
        word = "ord" if sign == "ord" else f"o{_FLOAT[sign]}"
        return self._compare(f"fcmp {word}", x, y)

    def fcmp_unordered(self, sign: str, x: IRValue, y: IRValue) -> IRValue:
        """Compare; true with a NaN. ``uno`` tests whether one is a NaN."""
        word = "uno" if sign == "uno" else f"u{_FLOAT[sign]}"
        return self._compare(f"fcmp {word}", x, y)

    # ----------------------------------------------------------- integers

    def iadd(self, x: IRValue, y: IRValue) -> IRValue:
        """Add integers; overflow wraps around."""
        return self._binary("add", x, y)

    def isub(self, x: IRValue, y: IRValue) -> IRValue:
        """Subtract integers; overflow wraps around."""
        return self._binary("sub", x, y)

    def imul(self, x: IRValue, y: IRValue) -> IRValue:
        """Multiply integers; overflow wraps around."""
        return self._binary("mul", x, y)

    def udiv(self, x: IRValue, y: IRValue) -> IRValue:
        """Divide unsigned integers."""
        return self._binary("udiv", x, y)

    def urem(self, x: IRValue, y: IRValue) -> IRValue:
        """Return the remainder of unsigned integers."""
        return self._binary("urem", x, y)

    def shl(self, x: IRValue, y: IRValue) -> IRValue:
        return self._binary("shl", x, y)

    def lshr(self, x: IRValue, y: IRValue) -> IRValue:
        return self._binary("lshr", x, y)

    def ashr(self, x: IRValue, y: IRValue) -> IRValue:
        return self._binary("ashr", x, y)

    def and_(self, x: IRValue, y: IRValue) -> IRValue:
        return self._binary("and", x, y)

    def or_(self, x: IRValue, y: IRValue) -> IRValue:
        return self._binary("or", x, y)

    def xor(self, x: IRValue, y: IRValue) -> IRValue:
        return self._binary("xor", x, y)

    def not_(self, x: IRValue) -> IRValue:
        """Invert every bit."""
        return self._binary("xor", x, x.type(-1))

    def icmp_signed(self, sign: str, x: IRValue, y: IRValue) -> IRValue:
        return self._compare(f"icmp {_SIGNED[sign]}", x, y)

    def icmp_unsigned(self, sign: str, x: IRValue, y: IRValue) -> IRValue:
        return self._compare(f"icmp {_UNSIGNED[sign]}", x, y)

    # ------------------------------------------------------------- conversions

    def trunc(self, x: IRValue, type_: IRType) -> IRValue:
        return self._cast("trunc", x, type_)

    def zext(self, x: IRValue, type_: IRType) -> IRValue:
        return self._cast("zext", x, type_)

    def sext(self, x: IRValue, type_: IRType) -> IRValue:
        return self._cast("sext", x, type_)

    def fptrunc(self, x: IRValue, type_: IRType) -> IRValue:
        return self._cast("fptrunc", x, type_)

    def fpext(self, x: IRValue, type_: IRType) -> IRValue:
        return self._cast("fpext", x, type_)

    def sitofp(self, x: IRValue, type_: IRType) -> IRValue:
        return self._cast("sitofp", x, type_)

    def uitofp(self, x: IRValue, type_: IRType) -> IRValue:
        return self._cast("uitofp", x, type_)

    def bitcast(self, x: IRValue, type_: IRType) -> IRValue:
        return self._cast("bitcast", x, type_)

    def ptrtoint(self, x: IRValue, type_: IRType) -> IRValue:
        return self._cast("ptrtoint", x, type_)

    # ----------------------------------------------------------------- selection

    def select(self, condition: IRValue, then: IRValue, otherwise: IRValue) -> IRValue:
        """Choose one of two values, lane by lane if the condition is a vector."""
        text = f"select {condition.typed}, {then.typed}, {otherwise.typed}"
        return self._write(then.type, text)

    def shuffle_vector(self, x: IRValue, y: IRValue, mask: IRValue) -> IRValue:
        """Select lanes from the concatenation of two vectors."""
        assert x.type.element is not None, x
        assert mask.type.count is not None, mask
        type_ = vector_type(x.type.element, mask.type.count)
        return self._write(type_, f"shufflevector {x.typed}, {y.typed}, {mask.typed}")

    def insert_element(self, x: IRValue, number: IRValue, lane: IRValue) -> IRValue:
        return self._write(x.type, f"insertelement {x.typed}, {number.typed}, {lane.typed}")

    def extract_element(self, x: IRValue, lane: IRValue) -> IRValue:
        assert x.type.element is not None, x
        return self._write(x.type.element, f"extractelement {x.typed}, {lane.typed}")

    # ------------------------------------------------------------------ memory

    def alloca(self, type_: IRType, count: int = 1, align: int = 0) -> IRValue:
        """Allocate memory on the stack."""
        aligned = f", align {align}" if align else ""
        return self._write(PTR, f"alloca {type_.text}, i32 {count}{aligned}")

    def gep(self, pointer: IRValue, offset: IRValue, element: IRType) -> IRValue:
        """Advance a pointer by a number of elements."""
        return self._write(PTR, f"getelementptr {element.text}, {pointer.typed}, {offset.typed}")

    def load(self, pointer: IRValue, type_: IRType = F32, align: int = 4) -> IRValue:
        return self._write(type_, f"load {type_.text}, {pointer.typed}, align {align}")

    def store(self, value: IRValue, pointer: IRValue, align: int = 4) -> None:
        self._do(f"store {value.typed}, {pointer.typed}, align {align}")

    def load_atomic(self, pointer: IRValue, order: str, type_: IRType, align: int) -> IRValue:
        """Load a word that other threads write."""
        text = f"load atomic {type_.text}, {pointer.typed} {order}, align {align}"
        return self._write(type_, text)

    def atomic_rmw(self, word: str, pointer: IRValue, value: IRValue, order: str) -> IRValue:
        """Change a word atomically; return the value before."""
        return self._write(value.type, f"atomicrmw {word} {pointer.typed}, {value.typed} {order}")

    def cmpxchg(self, pointer: IRValue, old: IRValue, new: IRValue, order: str) -> IRValue:
        """Compare a word and exchange it atomically; return whether it was equal."""
        pair = IRType(f"{{ {old.type.text}, i1 }}")
        text = f"cmpxchg {pointer.typed}, {old.typed}, {new.typed} {order} {order}"
        return self._write(I1, f"extractvalue {self._write(pair, text).typed}, 1")

    # ----------------------------------------------------------------- control

    def append_block(self, name: str) -> IRBlock:
        """Append an empty block."""
        return self.function.block(name)

    def position_at_end(self, block: IRBlock) -> None:
        """Continue in another block."""
        self.block = block

    def branch(self, block: IRBlock) -> None:
        self._do(f"br label %{block.name}")

    def cbranch(self, condition: IRValue, then: IRBlock, otherwise: IRBlock) -> None:
        self._do(f"br {condition.typed}, label %{then.name}, label %{otherwise.name}")

    def phi(self, type_: IRType) -> IRPhi:
        """Start a phi, whose value depends on the preceding block."""
        return IRPhi(type_, self._name(), self.block)

    def ret(self, value: IRValue) -> None:
        self._do(f"ret {value.typed}")

    def ret_void(self) -> None:
        self._do("ret void")

    @contextmanager
    def if_then(self, condition: IRValue) -> Generator[None]:
        """Emit code that runs only if a condition holds."""
        then, done = self.append_block("then"), self.append_block("done")
        self.cbranch(condition, then, done)
        self.position_at_end(then)
        yield
        self.branch(done)
        self.position_at_end(done)

    def if_else(
        self, condition: IRValue, then: Callable[[], None], otherwise: Callable[[], None]
    ) -> None:
        """Emit both branches of a condition."""
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
        # LLVM accepts any arguments, since a function is just a pointer.
        given, wanted = [x.type for x in arguments], [x.type for x in function.args]
        assert given == wanted, (function.name, given)
        return self.call_pointer(function, function.result, arguments)

    def call_pointer(
        self, pointer: IRValue, result: IRType, arguments: Sequence[IRValue]
    ) -> IRValue:
        """Call the function at an address."""
        given = ", ".join([argument.typed for argument in arguments])
        text = f"call {result.text} {pointer.name}({given})"
        if result is not VOID:
            return self._write(result, text)
        self._do(text)
        return IRValue(VOID, "")
