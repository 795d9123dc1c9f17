"""Loads images from the user's array into the lanes: uint8, uint16 or float32, each one moved.

The compiled step computes sixteen images at once, one in each lane of a vector, while the user's
array holds one image after another. So the step reads a group of sixteen consecutive values of a
row from each of the sixteen images, converts them to float32, and transposes the 16 x 16 values.
An image's row of the packed :class:`striate.maths.pixel_map.PixelMap` says where its pixels come
from. Only a row that is read forward, inside the image and not covered, is loaded as a vector; in
all other cases the values of the group are loaded one by one.
"""

from collections.abc import Sequence

from striate.llvm.builder import FLOATS, Builder, to_value
from striate.llvm.ir import F32, I8, I16, I32, I64, PTR, VOID, IRModule, IRValue, vector_type
from striate.llvm.lanes import load_part, transposed
from striate.maths.pixel_map import MAP_COLUMNS, MapColumn
from striate.plan.statement import LANES, LoadStored

_ELEMENTS = {"uint8": (I8, 1), "uint16": (I16, 2), "float32": (F32, 4)}
"""LLVM type and alignment in bytes of each dtype that images may be stored in."""


def write_load_stored(module: IRModule, name: str, item: LoadStored) -> None:
    """Emit a function that loads a block of images into the lanes.

    Its arguments are all images, the block's indices (64 bits each), its packed maps (32 bits
    each), the packed :class:`striate.graph.batch.PixelScale`, the array in lanes, and the number
    of images in the block; lanes without an image repeat the first one.
    """
    function = module.function(name, VOID, [*[PTR] * 5, I64], internal=True)
    _ImageLoadWriter(Builder(function), item).write()


class _ImageLoadWriter:
    """Emits the function."""

    def __init__(self, builder: Builder, item: LoadStored) -> None:
        self.b = builder
        self.item = item
        self.images, self.indices, self.maps, self.scale, self.target, self.count = (
            builder.function.args
        )
        self.buffer = builder.alloca(FLOATS, LANES, 4 * LANES)
        self.element, self.align = _ELEMENTS[item.element]
        self.step = item.channels if item.last else 1  # values from one column to the next

    def write(self) -> None:
        """Emit the loops over planes and rows, and over each row's values in groups of sixteen.

        Only the transposition of one group is unrolled, so wide images don't need more code.
        """
        b, item = self.b, self.item
        width = item.columns * self.step
        whole = width // LANES * LANES

        def plane(p: IRValue, _: object) -> list[IRValue]:
            def row(r: IRValue, _: object) -> list[IRValue]:
                def group(first: IRValue, _: object) -> list[IRValue]:
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

    def group(self, position: tuple[IRValue, IRValue, IRValue], width: int) -> None:
        """Emit one group: load each image's values, transpose, scale and store them.

        ``position`` is the plane, the row, and the index of the group's first value in the row.
        """

        def lane(k: IRValue, _: object) -> list[IRValue]:
            self.lane(k, position, width)
            return []

        def scale(k: IRValue, _: object) -> list[IRValue]:
            channel, column = self.channel_and_column(position, k)
            factor = b.splat(b.load(b.at(self.scale, channel)))
            offset = b.splat(b.load(b.at(self.scale, b.add(channel, item.channels))))
            found = b.load(b.at(self.buffer, b.multiply(k, LANES)), FLOATS, 64)
            at = b.add(b.multiply(channel, item.rows), position[1])
            at = b.add(b.multiply(at, item.columns), column)
            b.store(b.fma(found, factor, offset), b.at(self.target, b.multiply(at, LANES)), 64)
            return []

        b, item = self.b, self.item
        b.loop(0, LANES, 1, lane)
        rows = [load_part(b, b.at(self.buffer, k * LANES), LANES) for k in range(LANES)]
        for k, vector in enumerate(transposed(b, rows)[:width]):
            b.store(vector, b.at(self.buffer, k * LANES), 64)
        b.loop(0, width, 1, scale)

    def channel_and_column(
        self, position: tuple[IRValue, IRValue, IRValue], k: IRValue
    ) -> tuple[IRValue, IRValue]:
        """Compute the channel and the column of a value of the group."""
        plane, _, first = position
        number = self.b.iadd(first, k)
        if not self.item.last:
            return plane, number
        channels = I64(self.item.channels)
        return self.b.urem(number, channels), self.b.udiv(number, channels)

    def lane(self, k: IRValue, position: tuple[IRValue, IRValue, IRValue], width: int) -> None:
        """Load one image's values of the group."""
        b, item = self.b, self.item
        plane, r, first = position
        there = b.select(b.icmp_signed("<", k, self.count), k, I64(0))
        size = item.rows * item.columns * item.channels
        index = b.load(b.at(self.indices, there, I64), I64, 8)
        image = b.at(self.images, b.multiply(index, size), self.element)
        packed = b.at(self.maps, b.multiply(there, MAP_COLUMNS), I32)
        move = [b.sext(b.load(b.at(packed, m, I32), I32), I64) for m in MapColumn]
        row = b.iadd(move[MapColumn.FIRST_ROW], b.imul(move[MapColumn.ROW_STEP], r))
        seen = b.icmp_unsigned("<", row, I64(item.rows))
        covered = self.between(r, move[MapColumn.TOP], move[MapColumn.BOTTOM])
        line = b.add(b.multiply(plane, item.rows), row)
        start = to_value(b.multiply(line, item.columns * self.step))
        target = b.at(self.buffer, b.multiply(k, LANES))
        first_column, column_step = move[MapColumn.FIRST_COLUMN], move[MapColumn.COLUMN_STEP]
        begin = b.iadd(to_value(b.multiply(first_column, self.step)), first)
        whole = [
            seen,
            b.icmp_signed("==", column_step, I64(1)),
            b.icmp_signed(">=", begin, I64(0)),
            b.icmp_signed("<=", begin, I64(item.columns * self.step - width)),
            b.not_(covered),
        ]

        def quick() -> None:
            self.vector(b.at(image, b.iadd(start, begin), self.element), target, width)

        def slow() -> None:
            pixels = b.at(image, start, self.element)
            self.one_by_one(pixels, target, move, (seen, covered), position, width)

        b.if_else(self.all(whole), quick, slow)

    def vector(self, pointer: IRValue, target: IRValue, width: int) -> None:
        """Load a whole group with one vector load."""
        b = self.b
        found = b.load(pointer, vector_type(self.element, width), self.align)
        if self.element is not F32:
            found = b.uitofp(found, vector_type(F32, width))
        b.store(found, target)

    def one_by_one(
        self,
        line: IRValue,
        target: IRValue,
        move: Sequence[IRValue],
        row: tuple[IRValue, IRValue],
        position: tuple[IRValue, IRValue, IRValue],
        width: int,
    ) -> None:
        """Load the values of a group one by one.

        A value is read only if it is inside the visible image, so no address outside it is
        accessed.
        """
        b, item = self.b, self.item
        seen, covered_row = row
        fill = b.load(b.at(self.scale, 2 * item.channels))

        def number(k: IRValue, _: object) -> list[IRValue]:
            channel, column = self.channel_and_column(position, k)
            source = b.iadd(
                move[MapColumn.FIRST_COLUMN], b.imul(move[MapColumn.COLUMN_STEP], column)
            )
            inside = b.icmp_unsigned("<", source, I64(item.columns))
            hidden = b.and_(
                covered_row, self.between(column, move[MapColumn.LEFT], move[MapColumn.RIGHT])
            )
            shown = self.all([seen, inside, b.not_(hidden)])
            at = b.multiply(source, self.step)
            if item.last:
                at = b.add(at, channel)
            # Elsewhere, the very first value is loaded instead, and discarded.
            pointer = b.select(shown, b.at(line, at, self.element), self.images)
            value = b.load(pointer, self.element, self.align)
            pixel = value if self.element is F32 else b.uitofp(value, F32)
            b.store(b.select(shown, pixel, fill), b.at(target, k))
            return []

        b.loop(0, width, 1, number)

    def between(self, value: IRValue, low: IRValue, high: IRValue) -> IRValue:
        """Test whether ``low <= value < high``."""
        b = self.b
        return b.and_(b.icmp_signed(">=", value, low), b.icmp_signed("<", value, high))

    def all(self, conditions: Sequence[IRValue]) -> IRValue:
        """Test whether all conditions hold."""
        found = conditions[0]
        for condition in conditions[1:]:
            found = self.b.and_(found, condition)
        return found
