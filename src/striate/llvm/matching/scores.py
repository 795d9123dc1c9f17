r"""The scores of a tile, and which of them are doubtful, from the sums over its windows.

There is a function for each of two formulas, in float32 and in float64: ``normalized`` divides by
the root of a variance, and ``linear`` adds up all sums with constant factors. A function works on
one row at a time, which stays in the first cache. It adds up the row's column sums over the columns
of each window, then computes eight scores at a time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from striate.llvm.builder import Builder
from striate.llvm.ir import (
    F32,
    F64,
    I8,
    I64,
    PTR,
    IRFunction,
    IRModule,
    IRType,
    IRValue,
    vector_type,
)
from striate.llvm.matching.vectors import (
    DOUBLES,
    ITEM,
    WIDTH,
    at,
    each,
    load,
    multiply_add,
    number,
    times,
)
from striate.llvm.matching.window_sums import AHEAD

BYTES = vector_type(I8, WIDTH)

_TINY = 2.0**-1022
"""The smallest positive normal number."""

HEADER = 8
"""Constants of a method in front of those of the channels."""
_PER_CHANNEL = 2


def write_scores(module: IRModule, row_sums: IRFunction) -> None:
    """Emit the functions ``normalized_32``, ``normalized_64``, ``linear_32`` and ``linear_64``.

    Their arguments are ``(products, totals, squares, size, channels, rows, stride, kept, length,
    constants, scores, doubtful, work)``, and they write scores in float32 or float64. The channels
    of totals are a size apart. ``doubtful``
    receives 1 for each score that isn't certain, and the result is 0 if there is none. The rows of
    all arrays are a stride apart, and the columns that are kept are computed, up to the end of a
    vector. ``work`` has space for ``channels + 4`` lines, see :func:`line_length`.
    """
    for element in (F32, F64):
        bits = 32 if element is F32 else 64
        _write(module, f"normalized_{bits}", element, row_sums, _normalized)
        _write(module, f"linear_{bits}", element, row_sums, _linear)


@dataclass(frozen=True, slots=True, eq=False)
class _Windows:
    """The sums of eight windows, and the constants of the method."""

    products: IRValue
    squares: IRValue
    channels: IRValue
    totals: Callable[[IRValue], IRValue]
    constants: IRValue

    def constant(self, b: Builder, k: int) -> IRValue:
        return number(b, self.constants, k)

    def over_channels(
        self,
        b: Builder,
        start: Sequence[IRValue],
        body: Callable[[IRValue, Sequence[IRValue], Sequence[IRValue]], Sequence[IRValue]],
    ) -> list[IRValue]:
        """Emit a loop over channels, with their totals and constants."""

        def one(k: IRValue, carried: Sequence[IRValue]) -> Sequence[IRValue]:
            place = at(b, at(b, self.constants, HEADER), times(b, k, _PER_CHANNEL))
            constants = [number(b, place, j) for j in range(_PER_CHANNEL)]
            return body(self.totals(k), constants, carried)

        return b.loop(0, self.channels, 1, one, start, at_least_once=True)


_Formula = Callable[[Builder, _Windows], tuple[IRValue, IRValue]]


def _normalized(b: Builder, w: _Windows) -> tuple[IRValue, IRValue]:
    """Emit ``scale * products / sqrt(spread)`` with ``spread = size * squares - sum of totals**2``.

    If all sums are integers, so is the spread. It is then equal to the constant ``none``, which is
    0, for windows without variance only. Otherwise ``none`` is a number that it never is.
    """
    fixed, growing, size, scale, none = (w.constant(b, k) for k in range(5))
    (spread,) = w.over_channels(
        b,
        [b.fmul(size, w.squares)],
        lambda total, c, carried: [multiply_add(b, b.fneg(b.fmul(total, c[0])), total, carried[0])],
    )
    constant = b.fcmp_ordered("==", spread, none)
    doubtful = b.fcmp_unordered("<=", spread, multiply_add(b, growing, w.squares, fixed))
    tiny, one, zero = DOUBLES(_TINY), DOUBLES(1.0), DOUBLES(0.0)
    root = b.intrinsic("sqrt", b.select(b.fcmp_ordered(">", spread, tiny), spread, tiny))
    score = b.fdiv(b.fmul(scale, w.products), root)
    score = b.select(b.fcmp_ordered("<", score, one), score, one)
    score = b.select(b.fcmp_ordered(">", score, b.fneg(one)), score, b.fneg(one))
    return b.select(constant, zero, score), b.and_(doubtful, b.not_(constant))


def _linear(b: Builder, w: _Windows) -> tuple[IRValue, IRValue]:
    """Emit a weighted sum of all sums, and a constant."""
    fixed, growing, of_products, of_squares, constant, of_energy, least, scale = (
        w.constant(b, k) for k in range(HEADER)
    )
    start = [multiply_add(b, of_squares, w.squares, constant), b.fadd(w.squares, of_energy)]
    found, energy = w.over_channels(
        b,
        start,
        lambda total, c, carried: [
            multiply_add(b, total, factor, x) for factor, x in zip(c, carried, strict=True)
        ],
    )
    doubtful = b.fcmp_unordered("<", energy, multiply_add(b, growing, w.squares, fixed))
    score = multiply_add(b, of_products, w.products, found)
    score = b.select(b.fcmp_ordered(">", score, least), score, least)
    # A scale below 0 asks for rounding to integers.
    rounded = b.intrinsic("rint", score)
    whole = b.fcmp_ordered("<", scale, DOUBLES(0.0))
    score = b.select(whole, rounded, score)
    return b.fmul(score, b.intrinsic("fabs", scale)), doubtful


def _write(
    module: IRModule, name: str, element: IRType, row_sums: IRFunction, formula: _Formula
) -> None:
    """Emit one of the functions."""
    types = [PTR, PTR, PTR, I64, I64, I64, I64, I64, I64, PTR, PTR, PTR, PTR]
    b = Builder(module.function(name, I64, types))
    products, totals, squares, size, channels, rows, stride, kept, length, *rest = b.function.args
    constants, scores, doubtful, work = rest
    line = _up_to_vectors(b, b.add(b.add(kept, length), AHEAD))
    lines = at(b, work, times(b, line, 3))

    def row(i: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
        start = b.imul(i, stride)

        def channel(k: IRValue) -> None:
            source = at(b, at(b, totals, b.imul(k, size)), start)
            b.call(row_sums, [source, at(b, lines, b.imul(k, line)), work, kept, length])

        each(b, 0, channels, 1, channel)
        squared = at(b, lines, b.imul(channels, line))
        b.call(row_sums, [at(b, squares, start), squared, work, kept, length])
        product, marks = at(b, products, start), b.at(doubtful, start, I8)
        target = b.at(scores, start, element)

        def vector(j: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
            def total(k: IRValue) -> IRValue:
                return load(b, at(b, lines, b.imul(k, line)), j)

            zero, found = DOUBLES(0.0), load(b, squared, j)
            # Rounding of an FFT may have made it negative.
            found = b.select(b.fcmp_ordered(">", found, zero), found, zero)
            w = _Windows(load(b, product, j), found, channels, total, constants)
            score, doubt = formula(b, w)
            if element is F32:
                score = b.fptrunc(score, vector_type(F32, WIDTH))
            b.store(score, b.at(target, j, element), ITEM // 2)
            b.store(b.zext(doubt, BYTES), b.at(marks, j, I8), 1)
            return [b.or_(carried[0], b.bitcast(doubt, I8))]

        return b.loop(0, kept, WIDTH, vector, carried, at_least_once=True)

    found = b.loop(0, rows, 1, row, [I8(0)], at_least_once=True)
    b.ret(b.zext(found[0], I64))


def line_length(kept: int, length: int) -> int:
    """Return the length of a line of work: a row, a window and :data:`AHEAD`.

    Parameters
    ----------
    kept
        Number of positions.
    length
        Columns of a window.
    """
    return -(-(kept + length + AHEAD) // WIDTH) * WIDTH


def _up_to_vectors(b: Builder, count: IRValue) -> IRValue:
    """Round up to complete vectors."""
    return times(b, b.lshr(b.add(count, WIDTH - 1), I64(3)), WIDTH)
