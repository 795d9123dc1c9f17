r"""Sums over every window of a picture, without cancellation.

The usual way subtracts two entries of an integral image. Their size grows with the distance from
the image's corner, so the difference of two large numbers loses digits: the score of a faint window
then depends on bright pixels far away, and the variance of a constant window isn't 0.

Here only pixels of the window are added. A line of numbers is cut into blocks as long as a window,
so each window consists of the end of a block and the beginning of the next one. For windows of 3::

    x                 1  2  3 | 4  5  6 | 7  8  9
    from here to the
    end of the block  6  5  3 |15 11  6 |24 17  9
    from the start of
    the block to here 1  3  6 | 4  9 15 | 7 15 24      window at 2:  2 + 3, and 4 of the next block

That takes three additions for each number, however long the windows are (van Herk 1992). Numbers
are first added up in groups of :data:`GROUP`, and then the groups, so that no number passes through
more additions than a group has numbers and a window has groups. The relative error of a sum of
squares is at most that many rounding errors (:func:`striate.matching.window_sums.additions`). It
depends neither on other pixels nor on how the image is cut into tiles.

Columns are added up eight at a time, in the lanes of vectors. Along rows, neighbors are added to
pairs, pairs to fours, and fours to eights. Vectors of eights are then the numbers of a line: those
that are eight apart make up a window. What is left of its length, up to seven numbers, is added.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from striate.llvm.builder import Builder
from striate.llvm.ir import I64, PTR, VOID, IRFunction, IRModule, IRValue
from striate.llvm.matching.vectors import DOUBLES, WIDTH, at, each, load, multiply_add, store, times

GROUP = 16
"""Numbers that are added up one after the other."""

_FEW = 4
"""Windows of at most this many eights are added up one by one."""

AHEAD = 4 * WIDTH
"""Elements behind the last window that are read, though they don't count."""


@dataclass(frozen=True, slots=True, eq=False)
class _Line:
    """A line of vectors: how to read one, and the number of elements between two of them."""

    start: IRValue
    stride: IRValue
    read: Callable[[IRValue], IRValue]

    def place(self, b: Builder, index: IRValue) -> IRValue:
        return at(b, self.start, b.imul(index, self.stride))


def _grouped(
    b: Builder,
    count: IRValue,
    carried: Sequence[IRValue],
    body: Callable[[Sequence[IRValue], IRValue, IRValue], tuple[list[IRValue], IRValue]],
) -> None:
    """Emit a loop that adds up numbers group by group.

    The body gets loop-carried values, the sum of all groups before, and the sum within the group.
    It returns the next values and the next sum within the group.
    """

    def group(first: IRValue, outer: Sequence[IRValue]) -> list[IRValue]:
        before, *values = outer
        rest = b.isub(count, first)
        here = b.select(b.icmp_signed("<", rest, I64(GROUP)), rest, I64(GROUP))

        def one(_: IRValue, inner: Sequence[IRValue]) -> list[IRValue]:
            following, within = body(inner[1:], before, inner[0])
            return [within, *following]

        within, *values = b.loop(0, here, 1, one, [DOUBLES(0.0), *values], at_least_once=True)
        return [b.fadd(before, within), *values]

    b.loop(0, count, GROUP, group, [DOUBLES(0.0), *carried])


def _windows_of_line(
    b: Builder,
    line: _Line,
    length: IRValue,
    count: IRValue,
    ends: IRValue,
    target: _Line,
    write: Callable[[IRValue, IRValue], None],
) -> None:
    """Emit the sums over windows of a line of vectors.

    ``ends`` has space for as many vectors as a window. Sums are written to the target's places.
    """
    back = b.isub(I64(0), line.stride)

    def block(k: IRValue) -> None:
        first = b.imul(k, length)

        def to_the_end(
            carried: Sequence[IRValue], before: IRValue, within: IRValue
        ) -> tuple[list[IRValue], IRValue]:
            source, end = carried
            within = b.fadd(within, line.read(source))
            store(b, b.fadd(before, within), end)
            return [at(b, source, back), at(b, end, WIDTH)], within

        last = line.place(b, b.add(first, b.isub(length, I64(1))))
        _grouped(b, length, [last, ends], to_the_end)

        rest = b.isub(count, first)
        here = b.select(b.icmp_signed("<", rest, length), rest, length)
        end, place = at(b, ends, times(b, b.isub(length, I64(1)), WIDTH)), target.place(b, first)
        write(place, load(b, end))

        def from_the_start(
            carried: Sequence[IRValue], before: IRValue, within: IRValue
        ) -> tuple[list[IRValue], IRValue]:
            source, end, place = carried
            within = b.fadd(within, line.read(source))
            write(place, b.fadd(load(b, end), b.fadd(before, within)))
            following = at(b, source, line.stride), at(b, end, -WIDTH), at(b, place, target.stride)
            return [*following], within

        start = [
            line.place(b, b.add(first, length)),
            at(b, end, -WIDTH),
            at(b, place, target.stride),
        ]
        _grouped(b, b.isub(here, I64(1)), start, from_the_start)

    each(b, 0, b.udiv(b.add(count, b.isub(length, I64(1))), length), 1, block)


def write_column_sums(module: IRModule) -> None:
    """Emit sums along the columns of the pixels and of their squares.

    ``column_sums(pictures, size, channels, stride, used, length, places, totals, squares, work)``
    writes sums of each channel, and sums of squares over all channels, whose pictures are a size
    apart, for the columns that are used, up to the end of a strip. Squares may be a null pointer.
    ``work`` has space for a strip of a window.
    """
    types = [PTR, I64, I64, I64, I64, I64, I64, PTR, PTR, PTR]
    b = Builder(module.function("column_sums", VOID, types))
    pictures, size, channels, stride, used, length, places, *rest = b.function.args
    totals, squares, work = rest
    kept = b.imul(places, stride)

    def sums(source: IRValue, read: Callable[[IRValue], IRValue], target: IRValue) -> None:
        def write(place: IRValue, value: IRValue) -> None:
            store(b, value, place)

        lines = (_Line(place, stride, read) for place in (source, target))
        line, written = lines
        _windows_of_line(b, line, length, places, work, written, write)

    def squared(place: IRValue) -> IRValue:
        def channel(k: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
            x = load(b, place, b.imul(k, size))
            return [multiply_add(b, x, x, carried[0])]

        first = load(b, place)
        return b.loop(1, channels, 1, channel, [b.fmul(first, first)])[0]

    def strip(first: IRValue) -> None:
        source = at(b, pictures, first)

        def channel(k: IRValue) -> None:
            picture, target = (at(b, x, b.imul(k, n)) for x, n in ((source, size), (totals, kept)))
            sums(picture, lambda place: load(b, place), at(b, target, first))

        each(b, 0, channels, 1, channel)
        with b.if_then(b.icmp_signed("!=", b.ptrtoint(squares, I64), I64(0))):
            sums(source, squared, at(b, squares, first))

    each(b, 0, used, WIDTH, strip)
    b.ret_void()


def write_row_sums(module: IRModule) -> IRFunction:
    """Emit ``row_sums(row, result, work, count, length)``.

    The sums of ``length`` neighbors are computed at ``count`` places of a row, up to the end of a
    vector. The result has space for them, and ``work`` for twice as many and three windows.
    """
    types = [PTR, PTR, PTR, I64, I64]
    b = Builder(module.function("row_sums", VOID, types, internal=True))
    row, result, work, count, length = b.function.args
    eights, left = b.lshr(length, I64(3)), b.and_(length, I64(WIDTH - 1))
    vectors = b.lshr(b.add(count, WIDTH - 1), I64(3))
    elements = times(b, vectors, WIDTH)

    def sum_of(place: IRValue, terms: IRValue, step: int) -> IRValue:
        def term(_: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
            total, place = carried
            return [b.fadd(total, load(b, place)), at(b, place, step)]

        return b.loop(0, terms, 1, term, [DOUBLES(0.0), place])[0]

    def add(place: IRValue, value: IRValue) -> None:
        store(b, b.fadd(load(b, place), value), place)

    def one_by_one() -> None:
        def vector(i: IRValue) -> None:
            add(at(b, result, i), sum_of(at(b, work, i), eights, WIDTH))

        each(b, 0, elements, WIDTH, vector)

    def in_blocks() -> None:
        ends = at(b, work, b.add(elements, times(b, eights, WIDTH)))
        lines = (_Line(place, I64(WIDTH), lambda place: load(b, place)) for place in (work, result))
        source, target = lines
        _windows_of_line(b, source, eights, vectors, ends, target, add)

    after = at(b, row, times(b, eights, WIDTH))
    each(b, 0, elements, WIDTH, lambda i: store(b, sum_of(at(b, after, i), left, 1), result, i))
    with b.if_then(b.icmp_signed(">", eights, I64(0))):
        _write_eights(b, row, b.add(vectors, eights), work)
        b.if_else(b.icmp_signed("<=", eights, I64(_FEW)), one_by_one, in_blocks)
    b.ret_void()
    return b.function


def write_rows(module: IRModule, row_sums: IRFunction) -> None:
    """Emit ``row_sums`` for several rows.

    ``rows_of_sums(picture, sums, rows, stride, count, length, work)``; the rows of both pictures
    are a stride apart.
    """
    b = Builder(module.function("rows_of_sums", VOID, [PTR, PTR, I64, I64, I64, I64, PTR]))
    picture, sums, rows, stride, count, length, work = b.function.args

    def row(i: IRValue) -> None:
        source, target = (at(b, x, b.imul(i, stride)) for x in (picture, sums))
        b.call(row_sums, [source, target, work, count, length])

    each(b, 0, rows, 1, row)
    b.ret_void()


def _write_eights(b: Builder, row: IRValue, vectors: IRValue, sums: IRValue) -> None:
    """Emit the sums of eight neighbors.

    A vector of them needs that vector and the next one. Pairs are computed a vector ahead of
    fours, and these a vector ahead of eights, so that all operands are in registers.
    """

    def doubled(x: IRValue, following: IRValue, span: int) -> IRValue:
        return b.fadd(x, b.shuffle(x, following, range(span, span + WIDTH)))

    x = [load(b, row, WIDTH * k) for k in range(3)]
    pairs = [doubled(x[k], x[k + 1], 1) for k in range(2)]
    fours = doubled(pairs[0], pairs[1], 2)

    def vector(i: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
        x, pair, four = carried
        place = times(b, i, WIDTH)
        following = load(b, at(b, row, place), 3 * WIDTH)
        next_pair = doubled(x, following, 1)
        next_four = doubled(pair, next_pair, 2)
        store(b, doubled(four, next_four, 4), sums, place)
        return [following, next_pair, next_four]

    b.loop(0, vectors, 1, vector, [x[2], pairs[1], fours], at_least_once=True)
