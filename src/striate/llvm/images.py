"""Images brought into the lanes from where they lie: uint8 or float32, each moved in its own way.

Sixteen numbers of a row at a time are read of each image, turned into float32, and turned so that
the images lie in the lanes. Where an image is mirrored, or a place falls outside it or is covered,
its numbers are found one by one.
"""

from collections.abc import Sequence

from striate.llvm.builder import FLOATS, Builder, to_value
from striate.llvm.lanes import load_part, turned
from striate.llvm.text import F32, I8, I32, I64, PTR, VOID, Module, Value, vector_type
from striate.plan.statement import LANES, MOVES, Gather

ROW, ROW_STEP, COLUMN, COLUMN_STEP, TOP, BOTTOM, LEFT, RIGHT = range(MOVES)
"""Places in an image's moves: where its first pixel comes from, the way on, and what is covered."""


def write_gather(module: Module, name: str, item: Gather) -> None:
    """Write a function that brings a block of images into the lanes.

    Its arguments are all images, the block's numbers (64 bits each), its moves (32 bits each), the
    tones (a factor and a summand for each channel, then the gray level of what is outside), the
    array in lanes, and how many images there are; lanes without one repeat the first.
    """
    function = module.function(name, VOID, [*[PTR] * 5, I64], internal=True)
    _Gathering(Builder(function), item).write()


class _Gathering:
    """The function while it is written."""

    def __init__(self, builder: Builder, item: Gather) -> None:
        self.b = builder
        self.item = item
        self.images, self.numbers, self.moves, self.tones, self.target, self.count = (
            builder.function.args
        )
        self.room = builder.alloca(FLOATS, LANES, 4 * LANES)
        self.element = I8 if item.element == "uint8" else F32
        self.step = item.channels if item.last else 1  # numbers from a column to the next

    def write(self) -> None:
        """Write the loops over planes and rows, and for each row its numbers in groups of sixteen.

        Nothing is written out but the turning of a group: code for wide images is no longer.
        """
        b, item = self.b, self.item
        width = item.columns * self.step
        whole = width // LANES * LANES

        def plane(p: Value, _: object) -> list[Value]:
            def row(r: Value, _: object) -> list[Value]:
                def group(first: Value, _: object) -> list[Value]:
                    self.group((p, r, first), LANES)
                    return []

                if whole:
                    b.loop(0, whole, LANES, group)
                if width > whole:
                    self.group((p, r, I64(whole)), width - whole)
                return []

            b.loop(0, item.rows, 1, row)
            return []

        b.loop(0, 1 if item.last else item.channels, 1, plane)
        b.ret_void()

    def group(self, place: tuple[Value, Value, Value], width: int) -> None:
        """Write one group: each image's numbers into a row of the room, turned, toned and stored.

        Its place is a plane, a row, and a number in the row.
        """

        def lane(k: Value, _: object) -> list[Value]:
            self.lane(k, place, width)
            return []

        def tone(k: Value, _: object) -> list[Value]:
            channel, column = self.channel_and_column(place, k)
            scale = b.splat(b.load(b.at(self.tones, channel)))
            shift = b.splat(b.load(b.at(self.tones, b.add(channel, item.channels))))
            found = b.load(b.at(self.room, b.multiply(k, LANES)), FLOATS, 64)
            at = b.add(b.multiply(channel, item.rows), place[1])
            at = b.add(b.multiply(at, item.columns), column)
            b.store(b.fma(found, scale, shift), b.at(self.target, b.multiply(at, LANES)), 64)
            return []

        b, item = self.b, self.item
        b.loop(0, LANES, 1, lane)
        rows = [load_part(b, b.at(self.room, k * LANES), LANES) for k in range(LANES)]
        for k, vector in enumerate(turned(b, rows)[:width]):
            b.store(vector, b.at(self.room, k * LANES), 64)
        b.loop(0, width, 1, tone)

    def channel_and_column(
        self, place: tuple[Value, Value, Value], k: Value
    ) -> tuple[Value, Value]:
        """Write which channel and column a number of a group is."""
        plane, _, first = place
        number = self.b.iadd(first, k)
        if not self.item.last:
            return plane, number
        channels = I64(self.item.channels)
        return self.b.urem(number, channels), self.b.udiv(number, channels)

    def lane(self, k: Value, place: tuple[Value, Value, Value], width: int) -> None:
        """Write how one image's numbers of a group are found."""
        b, item = self.b, self.item
        plane, r, first = place
        there = b.select(b.icmp_signed("<", k, self.count), k, I64(0))
        size = item.rows * item.columns * item.channels
        number = b.load(b.at(self.numbers, there, I64), I64, 8)
        image = b.at(self.images, b.multiply(number, size), self.element)
        moves = b.at(self.moves, b.multiply(there, MOVES), I32)
        move = [b.sext(b.load(b.at(moves, m, I32), I32), I64) for m in range(MOVES)]
        row = b.iadd(move[ROW], b.imul(move[ROW_STEP], r))
        seen = b.icmp_unsigned("<", row, I64(item.rows))
        covered = self.between(r, move[TOP], move[BOTTOM])
        line = b.add(b.multiply(plane, item.rows), row)
        start = to_value(b.multiply(line, item.columns * self.step))
        target = b.at(self.room, b.multiply(k, LANES))
        begin = b.iadd(to_value(b.multiply(move[COLUMN], self.step)), first)
        whole = [
            seen,
            b.icmp_signed("==", move[COLUMN_STEP], I64(1)),
            b.icmp_signed(">=", begin, I64(0)),
            b.icmp_signed("<=", begin, I64(item.columns * self.step - width)),
            b.not_(covered),
        ]

        def quick() -> None:
            self.vector(b.at(image, b.iadd(start, begin), self.element), target, width)

        def slow() -> None:
            pixels = b.at(image, start, self.element)
            self.one_by_one(pixels, target, move, (seen, covered), place, width)

        b.if_else(self.all(whole), quick, slow)

    def vector(self, pointer: Value, target: Value, width: int) -> None:
        """Write how a whole group of neighbors is read."""
        b = self.b
        found = b.load(pointer, vector_type(self.element, width), 1 if self.element is I8 else 4)
        if self.element is I8:
            found = b.uitofp(found, vector_type(F32, width))
        b.store(found, target)

    def one_by_one(
        self,
        line: Value,
        target: Value,
        move: Sequence[Value],
        row: tuple[Value, Value],
        place: tuple[Value, Value, Value],
        width: int,
    ) -> None:
        """Write how the numbers of a group are found where they are no neighbors.

        Only what is shown is read: of a row outside the image, none of its line.
        """
        b, item = self.b, self.item
        seen, covered_row = row
        fill = b.load(b.at(self.tones, 2 * item.channels))

        def number(k: Value, _: object) -> list[Value]:
            channel, column = self.channel_and_column(place, k)
            source = b.iadd(move[COLUMN], b.imul(move[COLUMN_STEP], column))
            inside = b.icmp_unsigned("<", source, I64(item.columns))
            hidden = b.and_(covered_row, self.between(column, move[LEFT], move[RIGHT]))
            shown = self.all([seen, inside, b.not_(hidden)])
            at = b.multiply(source, self.step)
            if item.last:
                at = b.add(at, channel)
            # Where nothing is shown, the first number of all is read, and not used.
            pointer = b.select(shown, b.at(line, at, self.element), self.images)
            value = b.load(pointer, self.element, 1 if self.element is I8 else 4)
            gray = b.uitofp(value, F32) if self.element is I8 else value
            b.store(b.select(shown, gray, fill), b.at(target, k))
            return []

        b.loop(0, width, 1, number)

    def between(self, value: Value, low: Value, high: Value) -> Value:
        """Write whether a number lies from one up to, and without, another."""
        b = self.b
        return b.and_(b.icmp_signed(">=", value, low), b.icmp_signed("<", value, high))

    def all(self, conditions: Sequence[Value]) -> Value:
        """Write whether all conditions hold."""
        found = conditions[0]
        for condition in conditions[1:]:
            found = self.b.and_(found, condition)
        return found
