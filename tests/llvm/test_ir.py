"""LLVM IR as text: LLVM parses each instruction, and it computes what its name says."""

import ctypes
import math

import llvmlite.binding as llvm
import numpy as np
import pytest

from striate.llvm.builder import FLOATS, INTS, Builder
from striate.llvm.ir import (
    F32,
    F64,
    I8,
    I32,
    I64,
    PTR,
    VOID,
    IRModule,
    constant,
    iota,
    poison,
    type_like,
    vector_constant,
    vector_type,
    zero,
)
from striate.llvm.machine import LoadedObject, compile_object, host

NUMPY = {F32: np.float32, F64: np.float64, I8: np.uint8, I32: np.int32, I64: np.int64}
X, Y = 12, -5
BITS = 0xFFFFFFFF


def computed(write, result, *arguments):
    """Compile a function that a test writes, and return its result for some arguments.

    Each argument is a type and a number.
    """
    module = IRModule.of(host())
    b = Builder(module.function("f", VOID, [PTR, *[PTR] * len(arguments)]))
    pointers = b.function.args
    given = [b.load(p, t, 1) for p, (t, _) in zip(pointers[1:], arguments, strict=True)]
    b.store(write(b, *given), pointers[0], 1)
    b.ret_void()
    code = LoadedObject(compile_object(module, host()), host())
    found = np.zeros(1, NUMPY[result])
    arrays = [np.array([n], NUMPY[t]) for t, n in arguments]
    function = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * (1 + len(arrays)))(code.address("f"))
    function(*(array.ctypes.data for array in (found, *arrays)))
    return found[0]


@pytest.mark.parametrize(
    ("name", "expected"), [("fadd", 7), ("fsub", 17), ("fmul", -60), ("fdiv", -2.4)]
)
@pytest.mark.parametrize("type_", [F32, F64])
def test_float_numbers(name, expected, type_):
    """Addition, subtraction, multiplication and division of both precisions."""
    found = computed(lambda b, x, y: getattr(b, name)(x, y), type_, (type_, X), (type_, Y))

    assert found == NUMPY[type_](expected)


def test_change_of_sign():
    """The negative of 0 is -0."""
    found = computed(lambda b, x: b.fneg(x), F32, (F32, 0.0))

    assert math.copysign(1, found) == -1


@pytest.mark.parametrize(
    ("name", "x", "y", "expected"),
    [
        ("iadd", 2**31 - 1, 1, -(2**31)),
        ("isub", X, Y, 17),
        ("imul", 2**30, 6, -(2**31)),
        ("udiv", -2, 2, 2**31 - 1),
        ("urem", -1, 10, BITS % 10),
        ("shl", 3, 4, 48),
        ("lshr", -1, 28, 15),
        ("and_", 12, 10, 8),
        ("or_", 12, 10, 14),
        ("xor", 12, 10, 6),
    ],
)
def test_whole_numbers(name, x, y, expected):
    """Integer overflow wraps around; divisions are unsigned."""
    assert computed(lambda b, x, y: getattr(b, name)(x, y), I32, (I32, x), (I32, y)) == expected


def test_inverting_bits():
    """`not_` inverts every bit: 5 becomes -6."""
    assert computed(lambda b, x: b.not_(x), I32, (I32, 5)) == -6


COMPARED = [(1, 2), (2, 1), (2, 2), (-1, 1)]
SIGNS = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    "<=": np.less_equal,
    ">": np.greater,
    ">=": np.greater_equal,
}


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize("name", ["icmp_signed", "icmp_unsigned", "fcmp_ordered", "fcmp_unordered"])
def test_comparisons(name, sign):
    """Every comparison: signed, unsigned, and of floats with and without NaN."""
    pairs = [*COMPARED, *([(math.nan, 1), (1, math.nan)] if name.startswith("f") else [])]
    type_ = F32 if name.startswith("f") else I32
    for x, y in pairs:
        found = computed(
            lambda b, x, y: b.zext(getattr(b, name)(sign, x, y), I32), I32, (type_, x), (type_, y)
        )

        if math.isnan(x) or math.isnan(y):
            assert found == (name == "fcmp_unordered")
        else:
            whole = (x & BITS, y & BITS) if name == "icmp_unsigned" else (x, y)
            assert found == SIGNS[sign](*whole)


@pytest.mark.parametrize(("x", "expected"), [(1.0, 0), (math.nan, 1)])
def test_comparisons_for_nan(x, expected):
    """``uno`` is true if a value is NaN, ``ord`` if none is."""
    uno = computed(lambda b, x: b.zext(b.fcmp_unordered("uno", x, x), I32), I32, (F32, x))
    ord_ = computed(lambda b, x: b.zext(b.fcmp_ordered("ord", x, x), I32), I32, (F32, x))

    assert (uno, ord_) == (expected, 1 - expected)


@pytest.mark.parametrize(
    ("name", "source", "target", "number", "expected"),
    [
        ("trunc", I64, I32, 2**32 + 7, 7),
        ("zext", I32, I64, -1, BITS),
        ("sext", I32, I64, -1, -1),
        ("fptrunc", F64, F32, 0.1, np.float32(0.1)),
        ("fpext", F32, F64, 0.1, float(np.float32(0.1))),
        ("sitofp", I32, F32, -3, -3),
        ("uitofp", I8, F32, 255, 255),
        ("bitcast", F32, I32, 1.0, 0x3F800000),
    ],
)
def test_conversions(name, source, target, number, expected):
    """Truncation, extension, rounding, and reinterpretation of bits."""
    found = computed(lambda b, x: getattr(b, name)(x, target), target, (source, number))

    assert found == expected


NUMBERS = [0.0, -0.0, 1.0, 0.1, -2.5e-38, math.inf, -math.inf, math.nan]


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("type_", [F32, F64])
def test_constants(type_, number):
    """A constant has the bits of its number, as a scalar and in a vector."""
    wanted = np.array(number, NUMPY[type_]).tobytes()
    lanes = vector_type(type_, 16)

    alone = computed(lambda _: constant(type_, number), type_)
    last = computed(lambda b: b.extract_element(constant(lanes, number), I32(15)), type_)

    assert alone.tobytes() == last.tobytes() == wanted


def test_lanes():
    """Vector constants, replacing a lane, and selecting lanes of two vectors."""

    def write(b, x):
        first = b.insert_element(vector_constant(vector_type(I32, 4), (1, 2, 3, 4)), x, I32(1))
        mixed = b.shuffle(first, zero(first.type), (3, 1, 4))
        tens = [b.imul(b.extract_element(mixed, I32(k)), I32(10**k)) for k in range(3)]
        return b.iadd(b.iadd(tens[0], tens[1]), tens[2])

    assert computed(write, I32, (I32, 7)) == 74


def test_iota():
    """Lane k of `iota` is k."""
    found = computed(lambda b: b.extract_element(iota(INTS), I32(9)), I32)

    assert found == 9


@pytest.mark.parametrize("x", [3, 4])
def test_conditions(x):
    """`select`, `if_then` and `if_else` follow the condition."""

    def write(b, x):
        pointer = b.alloca(I32)
        b.store(I32(1), pointer)
        odd = b.icmp_signed("==", b.and_(x, I32(1)), I32(1))
        b.if_else(odd, lambda: b.store(I32(30), pointer), lambda: b.store(I32(40), pointer))
        with b.if_then(odd):
            b.store(b.iadd(b.load(pointer, I32), I32(2)), pointer)
        return b.iadd(b.load(pointer, I32), b.select(odd, I32(100), I32(200)))

    assert computed(write, I32, (I32, x)) == (132 if x == 3 else 240)


def test_atomic_operations():
    """Atomic operations return the old value; a compare-exchange fails if it differs."""

    def write(b, x):
        pointer = b.alloca(I64)
        b.store(x, pointer, 8)
        before = b.atomic_rmw("add", pointer, I64(5), "seq_cst")
        won = b.zext(b.cmpxchg(pointer, I64(15), I64(70), "seq_cst"), I64)
        lost = b.zext(b.cmpxchg(pointer, I64(15), I64(99), "seq_cst"), I64)
        now = b.load_atomic(pointer, "acquire", I64, 8)
        not_null = b.icmp_unsigned("!=", b.ptrtoint(pointer, I64), I64(0))
        whole = b.iadd(b.imul(before, I64(10000)), b.imul(now, I64(100)))
        return b.iadd(b.iadd(whole, b.imul(won, I64(10))), b.iadd(lost, b.zext(not_null, I64)))

    assert computed(write, I64, (I64, 10)) == 10 * 10000 + 70 * 100 + 10 + 0 + 1


def test_tables_and_calls():
    """A module holds equal tables once; functions are called by name and by pointer."""

    def write(b, x):
        numbers = b.module.table("squares", I64, [0, 1, 4, 9], 64)
        assert b.module.table("squares", I64, [0, 1, 4, 9], 64) is numbers
        inner = Builder(b.module.function("one up", I64, [I64], internal=True))
        inner.ret(inner.iadd(inner.function.args[0], I64(1)))
        square = b.load(b.at(numbers, x, I64), I64, 8)
        once = b.call(inner.function, [square])
        return b.call_pointer(inner.function, I64, [b.call_by_name("one up", I64, once)])

    assert computed(write, I64, (I64, 3)) == 12


def test_types():
    """Equal vector types are the same object; `type_like` keeps the number of lanes."""
    assert vector_type(F32, 16) is FLOATS
    assert type_like(poison(FLOATS), I32) is INTS
    assert type_like(poison(F32), I64) is I64


MISTAKES = {
    "two types": lambda b, x, y: b.fadd(x, y),
    "integers added as float": lambda b, _, y: b.fadd(y, y),
    "a condition with no sense": lambda b, x, y: b.select(y, x, x),
    "a lane of a number": lambda b, x, y: b.insert_element(x, x, y),
}


@pytest.mark.parametrize("write", MISTAKES.values(), ids=MISTAKES)
def test_llvm_rejects_wrong_types(write):
    """LLVM's parser rejects operands of the wrong type."""
    module = IRModule.of(host())
    b = Builder(module.function("f", VOID, [F32, I32]))
    write(b, *b.function.args)
    b.ret_void()

    with pytest.raises(RuntimeError, match="parsing error"):
        compile_object(module, host())


def test_a_call_has_the_arguments_of_its_function():
    """Calling a function with other arguments is an error, which LLVM itself wouldn't find."""
    b = Builder(IRModule.of(host()).function("f", VOID, [F32, I32]))

    with pytest.raises(AssertionError, match='@"f"'):
        b.call(b.function, b.function.args[:1])


def test_the_text_of_a_module():
    """The text of a module, with linkage and `noalias`, is valid LLVM IR."""
    module = IRModule("x86_64-unknown-linux-gnu")
    b = Builder(module.function("half of it", VOID, [PTR, PTR, I64], internal=True, noalias=1))
    source, target, _ = b.function.args
    b.store(b.fmul(b.load(source), constant(F32, 0.5)), target)
    b.ret_void()

    assert (
        str(module)
        == """\
target triple = "x86_64-unknown-linux-gnu"
define internal void @"half of it"(ptr noalias %a0, ptr %a1, i64 %a2) nounwind {
entry0:
  %v1 = load float, ptr %a0, align 4
  %v2 = fmul float %v1, 0x3fe0000000000000
  store float %v2, ptr %a1, align 4
  ret void
}
"""
    )
    llvm.parse_assembly(str(module)).verify()
