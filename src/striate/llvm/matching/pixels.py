"""Pixels of a scene in float64, channel by channel, minus a center."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from striate.llvm.builder import Builder
from striate.llvm.ir import (
    F32,
    F64,
    I8,
    I16,
    I64,
    PTR,
    VOID,
    IRModule,
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
    store,
    times,
)

PIXELS = {"uint8": I8, "uint16": I16, "float32": F32, "float64": F64}
"""Types of pixels by name."""

_BYTES = {"uint8": 1, "uint16": 2, "float32": 4, "float64": 8}


def write_pixels(module: IRModule) -> None:
    """Emit a function for each type of pixels, such as ``pixels_uint8``.

    ``pixels_uint8(scene, row_step, column_step, channel_step, channels, rows, columns, unit,
    centers, pixels, places, stride, energy)`` computes ``pixel * unit - center``. Steps are in
    bytes. Each channel of the result has ``places`` rows, a stride apart; those that the scene
    doesn't fill are 0. The sum of all squares is added to eight lanes.
    """
    for name in PIXELS:
        _write(module, name)


def _write(module: IRModule, name: str) -> None:
    """Emit the function for one type of pixels."""
    types = [PTR, I64, I64, I64, I64, I64, I64, F64, PTR, PTR, I64, I64, PTR]
    b = Builder(module.function(f"pixels_{name}", VOID, types))
    scene, row_step, column_step, channel_step, channels, rows, columns, *rest = b.function.args
    unit, centers, pixels, places, stride, energy = rest
    size = b.imul(places, stride)

    def channel(k: IRValue) -> None:
        source, target = b.at(scene, b.imul(k, channel_step), I8), at(b, pixels, b.imul(k, size))
        scale = _Scale(b, unit, b.load(at(b, centers, k), F64, ITEM))

        def row(i: IRValue) -> None:
            pixel, place = b.at(source, b.imul(i, row_step), I8), at(b, target, b.imul(i, stride))
            _write_row(scale, _Pixels(b, pixel, column_step, name), columns, place)
            each(b, columns, stride, 1, lambda j: b.store(F64(0.0), at(b, place, j), ITEM))
            store(b, _energy(b, place, stride, load(b, energy)), energy)

        each(b, 0, rows, 1, row)
        beyond = b.imul(rows, stride)
        each(b, beyond, size, WIDTH, lambda j: store(b, DOUBLES(0.0), target, j))

    each(b, 0, channels, 1, channel)
    b.ret_void()


@dataclass(frozen=True, slots=True, eq=False)
class _Pixels:
    """The pixels of a row, a number of bytes apart."""

    b: Builder
    start: IRValue
    step: IRValue
    name: str

    def one(self, index: IRValue) -> IRValue:
        """Load a pixel."""
        place = self.b.at(self.start, self.b.imul(index, self.step), I8)
        return self.b.load(place, PIXELS[self.name], _BYTES[self.name])

    def eight(self, first: IRValue) -> IRValue:
        """Load eight pixels, one by one."""
        found = self.b.splat(self.one(first), WIDTH)
        for k in range(1, WIDTH):
            found = self.b.insert_element(found, self.one(self.b.add(first, k)), I64(k))
        return found

    def eight_neighbors(self, first: IRValue) -> IRValue:
        """Load eight pixels that are next to each other in memory."""
        element = PIXELS[self.name]
        type_ = vector_type(element, WIDTH)
        return self.b.load(self.b.at(self.start, first, element), type_, _BYTES[self.name])


@dataclass(frozen=True, slots=True, eq=False)
class _Scale:
    """Converts pixels to float64, scales them, and subtracts the center."""

    b: Builder
    unit: IRValue
    center: IRValue

    def apply(self, x: IRValue) -> IRValue:
        """Emit this for one pixel, or for eight."""
        b, many = self.b, x.type.count is not None
        type_, element = DOUBLES if many else F64, x.type.element or x.type
        if element is F32:
            x = b.fpext(x, type_)
        elif element is not F64:
            x = b.uitofp(x, type_)
        factor, offset = (b.splat(n, WIDTH) if many else n for n in (self.unit, self.center))
        return b.fsub(b.fmul(x, factor), offset)


def _write_row(scale: _Scale, pixels: _Pixels, columns: IRValue, place: IRValue) -> None:
    """Emit the conversion of a row, eight pixels at a time, and of the rest."""
    b = pixels.b
    full = times(b, b.lshr(columns, I64(3)), WIDTH)

    def vectors(read: Callable[[IRValue], IRValue]) -> None:
        each(b, 0, full, WIDTH, lambda j: store(b, scale.apply(read(j)), place, j))

    dense = b.icmp_signed("==", pixels.step, I64(_BYTES[pixels.name]))
    b.if_else(dense, lambda: vectors(pixels.eight_neighbors), lambda: vectors(pixels.eight))
    each(b, full, columns, 1, lambda j: b.store(scale.apply(pixels.one(j)), at(b, place, j), ITEM))


def _energy(b: Builder, row: IRValue, stride: IRValue, before: IRValue) -> IRValue:
    """Emit the sum of the squares of a row, in eight lanes."""

    def squares(j: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
        x = load(b, row, j)
        return [multiply_add(b, x, x, carried[0])]

    return b.loop(0, stride, WIDTH, squares, [before])[0]
