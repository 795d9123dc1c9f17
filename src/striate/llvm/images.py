"""Images brought into the lanes from where they lie: uint8 or float32, each moved in its own way.

Sixteen numbers of a row at a time are read of each image, turned into float32, and turned so that
the images lie in the lanes. Where an image is mirrored, or a place falls outside it or is covered,
its numbers are found one by one.
"""

from collections.abc import Sequence

from llvmlite import ir

from striate.llvm.builder import F32, FLOATS, I32, I64, PTR, VOID, Builder, Value
from striate.llvm.lanes import load_part, turned
from striate.plan.statement import LANES, MOVES, Gather

I8 = ir.IntType(8)

ROW, ROW_STEP, COLUMN, COLUMN_STEP, TOP, BOTTOM, LEFT, RIGHT = range(MOVES)
"""Places in an image's moves: where its first pixel comes from, the way on, and what is covered."""


def write_gather(module: ir.Module, name: str, item: Gather) -> None:
    """Write a function that brings a block of images into the lanes.

    Its arguments are all images, the block's numbers (64 bits each), its moves (32 bits each), the
    tones (a factor and a summand for each channel, then the grey level of what is outside), the
    array in lanes, and how many images there are; lanes without one repeat the first.
    """
    function = ir.Function(module, ir.FunctionType(VOID, [*[PTR] * 5, I64]), name)
    function.linkage = "internal"
    for attribute in ("nounwind", "noinline"):
        function.attributes.add(attribute)
    _Gathering(Builder(module, function), item).write()


class _Gathering:
    """The function while it is written."""

    def __init__(self, builder: Builder, item: Gather) -> None:
        self.b = builder
        self.item = item
        self.images, self.numbers, self.moves, self.tones, self.target, self.count = (
            builder.function.args
        )
        room = builder.ir.alloca(FLOATS, LANES)
        room.align = 4 * LANES
        room.type = PTR  # llvmlite's own pointer says what it points to; nothing else here does
        self.room = room
        self.element = I8 if item.element == "uint8" else F32

    def write(self) -> None:
        """Write the loop over rows, and for each row its numbers in groups of sixteen."""
        b, item = self.b, self.item
        width = item.columns * (item.channels if item.last else 1)
        planes = 1 if item.last else item.channels
        for plane in range(planes):

            def row(r: Value, _: object, plane: int = plane) -> list[Value]:
                for first in range(0, width, LANES):
                    self.group(r, plane, first, min(LANES, width - first))
                return []

            b.loop(0, item.rows, 1, row)
        b.ir.ret_void()

    def group(self, r: Value, plane: int, first: int, width: int) -> None:
        """Write one group: each image's numbers into a row of the room, then turned and stored."""

        def lane(k: Value, _: object) -> list[Value]:
            self.lane(k, r, plane, first, width)
            return []

        b, item = self.b, self.item
        b.loop(0, LANES, 1, lane)
        rows = [load_part(b, b.at(self.room, k * LANES), LANES) for k in range(LANES)]
        for k, vector in enumerate(turned(b, rows)[:width]):
            channel, column = self.place(plane, first + k)
            scale = b.splat(b.load(b.at(self.tones, channel)))
            shift = b.splat(b.load(b.at(self.tones, item.channels + channel)))
            toned = b.fma(vector, scale, shift)
            at = b.add(b.multiply(r, item.columns), channel * item.rows * item.columns + column)
            b.store(toned, b.at(self.target, b.multiply(at, LANES)), 64)

    def place(self, plane: int, k: int) -> tuple[int, int]:
        """Give channel and column of a number of a row."""
        item = self.item
        return (k % item.channels, k // item.channels) if item.last else (plane, k)

    def lane(self, k: Value, r: Value, plane: int, first: int, width: int) -> None:
        """Write how one image's numbers of a group are found."""
        b, item = self.b, self.item
        there = b.select(b.ir.icmp_signed("<", k, self.count), k, I64(0))
        size = item.rows * item.columns * item.channels
        number = b.load(b.at(self.numbers, there, I64), I64, 8)
        image = b.at(self.images, b.multiply(number, size), self.element)
        moves = b.at(self.moves, b.multiply(there, MOVES), I32)
        move = [b.ir.sext(b.load(b.at(moves, m, I32), I32), I64) for m in range(MOVES)]
        row = b.ir.add(move[ROW], b.ir.mul(move[ROW_STEP], r))
        seen = b.ir.icmp_unsigned("<", row, I64(item.rows))
        covered = self.between(r, move[TOP], move[BOTTOM])
        start = b.ir.mul(row, I64(item.columns))
        if item.last:
            start = b.ir.mul(start, I64(item.channels))
        else:
            start = b.add(start, plane * item.rows * item.columns)
        target = b.at(self.room, b.multiply(k, LANES))
        step = item.channels if item.last else 1
        begin = b.ir.add(b.multiply(move[COLUMN], step), I64(first))
        width_all = item.columns * step
        whole = [
            seen,
            b.ir.icmp_signed("==", move[COLUMN_STEP], I64(1)),
            b.ir.icmp_signed(">=", begin, I64(0)),
            b.ir.icmp_signed("<=", begin, I64(width_all - width)),
            b.ir.not_(covered),
        ]
        with b.ir.if_else(self.all(whole)) as (quick, slow):
            with quick:
                pointer = b.at(image, b.ir.add(start, begin), self.element)
                self.vector(pointer, target, width)
            with slow:
                self.one_by_one(image, start, target, move, (seen, covered), plane, first, width)

    def vector(self, pointer: Value, target: Value, width: int) -> None:
        """Write how a whole group of neighbours is read."""
        b = self.b
        found = b.load(pointer, ir.VectorType(self.element, width), 1 if self.element is I8 else 4)
        if self.element is I8:
            found = b.ir.uitofp(found, ir.VectorType(F32, width))
        b.store(found, target)

    def one_by_one(
        self,
        image: Value,
        start: Value,
        target: Value,
        move: Sequence[Value],
        row: tuple[Value, Value],
        plane: int,
        first: int,
        width: int,
    ) -> None:
        """Write how the numbers of a group are found where they are no neighbours."""
        b, item = self.b, self.item
        seen, covered_row = row
        fill = b.load(b.at(self.tones, 2 * item.channels))
        for k in range(width):
            channel, column = self.place(plane, first + k)
            source = b.add(move[COLUMN], b.multiply(move[COLUMN_STEP], column))
            inside = b.ir.icmp_unsigned("<", source, I64(item.columns))
            hidden = b.ir.and_(covered_row, self.between(I64(column), move[LEFT], move[RIGHT]))
            shown = self.all([seen, inside, b.ir.not_(hidden)])
            at = b.ir.add(start, b.multiply(source, item.channels if item.last else 1))
            at = b.select(shown, b.add(at, channel if item.last else 0), I64(0))
            value = b.load(b.at(image, at, self.element), self.element, 1)
            number = b.ir.uitofp(value, F32) if self.element is I8 else value
            b.store(b.select(shown, number, fill), b.at(target, k))

    def between(self, value: Value, low: Value, high: Value) -> Value:
        """Write whether a number lies from one up to, and without, another."""
        b = self.b.ir
        return b.and_(b.icmp_signed(">=", value, low), b.icmp_signed("<", value, high))

    def all(self, conditions: Sequence[Value]) -> Value:
        """Write whether all conditions hold."""
        found = conditions[0]
        for condition in conditions[1:]:
            found = self.b.ir.and_(found, condition)
        return found
