"""Loads images from the user's array into the lanes: uint8, uint16 or float32, each one moved.

The compiled step computes sixteen images at once, one in each lane of a vector, while the user's
array holds one image after another. So the step reads a group of sixteen consecutive values of a
row from each of the sixteen images, converts them to float32, and transposes the 16 x 16 values.
An image's row of the packed :class:`striate.maths.pixel_map.PixelMap` says where its pixels come
from. Only a row that is read forward, inside the image and not covered, is loaded as a vector; in
all other cases the values of the group are loaded one by one.

With affine maps, a value of the group lies between four pixels of its image. Where these pixels
are, and the weights between them, is computed for all sixteen values at once; only the pixels are
loaded one by one, two neighbors in a row together where a word of 32 bits holds both. A pixel
outside the image is replaced by the fill value; another address, inside, is accessed instead.
"""

from collections.abc import Sequence

from striate.llvm.builder import FLOATS, INTS, Builder, to_value
from striate.llvm.ir import (
    F32,
    I8,
    I16,
    I32,
    I64,
    PTR,
    VOID,
    IRModule,
    IRType,
    IRValue,
    iota,
    poison,
    vector_type,
)
from striate.llvm.lanes import load_part, transposed
from striate.maths.pixel_map import (
    AFFINE_COLUMNS,
    GRID,
    GRID_BITS,
    MAP_COLUMNS,
    AffineColumn,
    MapColumn,
)
from striate.plan.statement import LANES, LoadStored

_ELEMENTS = {"uint8": (I8, 1), "uint16": (I16, 2), "float32": (F32, 4)}
"""LLVM type and alignment in bytes of each dtype that images may be stored in."""

_WORD = 32  # bits
_LARGEST = {"uint8": 255, "uint16": 65_535}


def write_load_stored(module: IRModule, name: str, item: LoadStored) -> None:
    """Emit a function that loads a block of images into the lanes.

    Its arguments are all images, the block's indices (64 bits each), its packed maps (32 bits
    each), the packed :class:`striate.graph.batch.PixelScale`, the affine maps if there are any, the
    array in lanes, and the number of images in the block; lanes without an image repeat the first
    one.
    """
    arrays = len(item.reads) + 1
    function = module.function(name, VOID, [*[PTR] * arrays, I64], internal=True)
    writer = _AffineLoadWriter if item.affine else _ImageLoadWriter
    writer(Builder(function), item).write()


class _ImageLoadWriter:
    """Emits the function."""

    def __init__(self, builder: Builder, item: LoadStored) -> None:
        self.b = builder
        self.item = item
        *arrays, self.target, self.count = builder.function.args
        self.images, self.indices, self.maps, self.scale = arrays[:4]
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
        self.begin_group(position)
        b.loop(0, LANES, 1, lane)
        rows = [load_part(b, b.at(self.buffer, k * LANES), LANES) for k in range(LANES)]
        for k, vector in enumerate(transposed(b, rows)[:width]):
            b.store(vector, b.at(self.buffer, k * LANES), 64)
        b.loop(0, width, 1, scale)

    def begin_group(self, position: tuple[IRValue, IRValue, IRValue]) -> None:
        """Compute what is the same for all images of the group."""

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

    def image_of(self, k: IRValue) -> tuple[IRValue, IRValue]:
        """Find the image in a lane: its number in the block, and its pixels."""
        b, item = self.b, self.item
        there = b.select(b.icmp_signed("<", k, self.count), k, I64(0))
        size = item.rows * item.columns * item.channels
        index = b.load(b.at(self.indices, there, I64), I64, 8)
        return there, b.at(self.images, b.multiply(index, size), self.element)

    def lane(self, k: IRValue, position: tuple[IRValue, IRValue, IRValue], width: int) -> None:
        """Load one image's values of the group."""
        b, item = self.b, self.item
        plane, r, first = position
        there, image = self.image_of(k)
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


class _AffineLoadWriter(_ImageLoadWriter):
    """Emits the function for affine maps.

    Its arithmetic is that of :meth:`striate.maths.pixel_map.PixelMap.apply`, operation by
    operation, so that both give the same bits.
    """

    def __init__(self, builder: Builder, item: LoadStored) -> None:
        super().__init__(builder, item)
        self.affine, self.values = builder.function.args[4:6]
        # Values of an image in a word of 32 bits, if a word holds two neighbors in a row.
        in_word = _WORD // (8 * self.align)
        fits = self.step < in_word <= item.rows * item.columns * item.channels
        self.in_word = in_word if fits else 0

    def begin_group(self, position: tuple[IRValue, IRValue, IRValue]) -> None:
        """Find the columns of the group's values, and where their channels begin."""
        b, item = self.b, self.item
        plane, _, first = position
        numbers = b.iadd(b.splat(b.trunc(first, I32)), iota(INTS))
        if item.last:
            channels = INTS(item.channels)
            self.channels, self.columns = b.urem(numbers, channels), b.udiv(numbers, channels)
        else:
            begin = to_value(b.multiply(plane, item.rows * item.columns))
            self.channels, self.columns = b.splat(b.trunc(begin, I32)), numbers
        _, self.first_column = self.channel_and_column(position, I64(0))
        self.after = b.isub(self.columns, b.splat(b.trunc(self.first_column, I32)))

    def lane(self, k: IRValue, position: tuple[IRValue, IRValue, IRValue], width: int) -> None:
        """Load one image's values of the group; those beyond ``width`` are not used."""
        del width
        b, item = self.b, self.item
        row = position[1]
        there, image = self.image_of(k)
        numbers = b.at(self.affine, b.multiply(there, AFFINE_COLUMNS), I64)
        line = item.columns * self.step
        rows, inside_rows, down = self.axis(numbers, AffineColumn.ROW, row, (item.rows, line))
        columns, inside_columns, right = self.axis(
            numbers, AffineColumn.COLUMN, row, (item.columns, self.step)
        )
        corners = [(i, j) for i in (0, 1) for j in (0, 1)]
        starts = [b.iadd(one, self.channels) for one in rows]
        if self.in_word:
            loaded = [pixel for start in starts for pixel in self.load_pairs(image, start, columns)]
        else:
            loaded = [
                self.load_each(image, b.iadd(starts[i], columns[j]), self.element)
                for i, j in corners
            ]
        fill = b.splat(b.load(b.at(self.scale, 2 * item.channels)))
        changes = b.at(self.values, b.multiply(there, 2))
        factor, offset = b.load(changes), b.load(b.at(changes, 1))
        most = _LARGEST.get(item.element)
        change = b.splat(factor), b.splat(b.fmul(offset, F32(most or 1)))
        values = [
            b.select(b.and_(inside_rows[i], inside_columns[j]), self.value(pixels, change), fill)
            for pixels, (i, j) in zip(loaded, corners, strict=True)
        ]
        upper = self.blended(values[0], values[1], right)
        lower = self.blended(values[2], values[3], right)
        found = self.blended(upper, lower, down)
        if most is not None:
            for sign, limit in (("<", FLOATS(0)), (">", FLOATS(most))):
                found = b.select(b.fcmp_ordered(sign, found, limit), limit, found)
            found = b.intrinsic("rint", found)
        covered = self.covered(there, row)
        b.store(b.select(covered, fill, found), b.at(self.buffer, b.multiply(k, LANES)), 4 * LANES)

    def axis(
        self, numbers: IRValue, first: int, row: IRValue, lengths: tuple[int, int]
    ) -> tuple[list[IRValue], list[IRValue], IRValue]:
        """Find the two pixels around each source along one axis, and the weight of the second.

        The source of the group's first column is a 64-bit number. From there, the steps along the
        row fit into 32 bits, in which they are done for all columns of the group.

        Parameters
        ----------
        numbers, first
            The image's affine map, and the first of the axis's three columns in it.
        row
            The row of the output.
        lengths
            Pixels along the axis, and values from one to the next.

        Returns
        -------
        tuple
            The offsets of both pixels (0 where they are outside), whether they are inside, and the
            weights.
        """
        b = self.b
        length, stride = lengths
        start, by_row, by_column = (b.load(b.at(numbers, first + k, I64), I64, 8) for k in range(3))
        start = b.iadd(start, b.imul(by_row, row))
        start = b.iadd(start, b.imul(by_column, self.first_column))
        fraction = (1 << GRID_BITS) - 1
        rest = b.splat(b.trunc(b.and_(start, I64(fraction)), I32))
        further = b.iadd(rest, b.imul(b.splat(b.trunc(by_column, I32)), self.after))
        pixel = b.splat(b.trunc(b.ashr(start, I64(GRID_BITS)), I32))
        pixel = b.iadd(pixel, b.ashr(further, INTS(GRID_BITS)))
        weight = b.sitofp(b.and_(further, INTS(fraction)), FLOATS)
        inside = [
            b.icmp_unsigned("<", one, INTS(length)) for one in (pixel, b.iadd(pixel, INTS(1)))
        ]
        offset = b.imul(pixel, INTS(stride))
        offsets = [
            b.select(seen, one, INTS(0))
            for seen, one in zip(inside, (offset, b.iadd(offset, INTS(stride))), strict=True)
        ]
        return offsets, inside, b.fmul(weight, FLOATS(GRID))

    def load_pairs(
        self, image: IRValue, start: IRValue, columns: Sequence[IRValue]
    ) -> list[IRValue]:
        """Load two neighbors in a row with one access, from a word of 32 bits.

        The word begins at the first of the two; near the end of the image it begins a little
        earlier, so that it doesn't reach beyond.
        """
        b, item = self.b, self.item
        bits = _WORD // self.in_word
        last = INTS(item.rows * item.columns * item.channels - self.in_word)
        places = [b.iadd(start, one) for one in columns]
        begin = places[0]  # also of the second pixel, if the first one is outside
        begin = b.select(b.icmp_signed("<", begin, last), begin, last)
        words = self.load_each(image, begin, I32)
        found: list[IRValue] = []
        for place in places:
            shift = b.imul(b.isub(place, begin), INTS(bits))
            # The shift of a pixel outside, which is replaced by the fill value, may be any number.
            shifted = b.lshr(words, b.and_(shift, INTS(_WORD - 1)))
            found.append(b.and_(shifted, INTS((1 << bits) - 1)))
        return found

    def load_each(self, image: IRValue, places: IRValue, element: IRType) -> IRValue:
        """Load a pixel, or a word, for each value of the group."""
        b = self.b
        found = poison(vector_type(element, LANES))
        for k in range(LANES):
            place = b.zext(b.extract_element(places, I32(k)), I64)
            pixel = b.load(b.at(image, place, self.element), element, self.align)
            found = b.insert_element(found, pixel, I32(k))
        return found

    def value(self, pixels: IRValue, change: tuple[IRValue, IRValue]) -> IRValue:
        """Convert pixels to float32, and change their values."""
        b = self.b
        if self.element is not F32:
            pixels = b.sitofp(pixels, FLOATS) if self.in_word else b.uitofp(pixels, FLOATS)
        return b.fadd(b.fmul(pixels, change[0]), change[1])

    def blended(self, first: IRValue, second: IRValue, weight: IRValue) -> IRValue:
        """Go from the first values to the second ones by a fraction of the way."""
        b = self.b
        return b.fadd(first, b.fmul(weight, b.fsub(second, first)))

    def covered(self, there: IRValue, row: IRValue) -> IRValue:
        """Mark the values of the group that are in the covered box."""
        b = self.b
        packed = b.at(self.maps, b.multiply(there, MAP_COLUMNS), I32)
        top, bottom, left, right = (
            b.load(b.at(packed, column, I32), I32)
            for column in (MapColumn.TOP, MapColumn.BOTTOM, MapColumn.LEFT, MapColumn.RIGHT)
        )
        in_rows = self.between(b.trunc(row, I32), top, bottom)
        # A box without columns covers nothing.
        end = b.select(in_rows, right, left)
        return self.between(self.columns, b.splat(left), b.splat(end))
