"""Pixels of a scene in float64, channel by channel, minus a center."""

from collections.abc import Callable, Sequence

from striate.llvm.builder import Builder
from striate.llvm.ir import F32, F64, I8, I16, I64, PTR, VOID, IRModule, IRType, IRValue, vector_type
from striate.llvm.matching.vectors import DOUBLES, WIDTH, at, load, store, times

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
    element, bytes_ = PIXELS[name], _BYTES[name]
    types = [PTR, I64, I64, I64, I64, I64, I64, F64, PTR, PTR, I64, I64, PTR]
    b = Builder(module.function(f"pixels_{name}", VOID, types))
    scene, row_step, column_step, channel_step, channels, rows, columns, *rest = b.function.args
    unit, centers, pixels, places, stride, energy = rest
    size = b.imul(places, stride)
    full = times(b, b.lshr(columns, I64(3)), WIDTH)
    dense = b.icmp_signed("==", column_step, I64(bytes_))

    def shifted(x: IRValue, center: IRValue) -> IRValue:
        """Convert pixels, one or eight."""
        many = x.type.count is not None
        type_ = DOUBLES if many else F64
        if element in (F32, F64):
            wide = b.fpext(x, type_) if element is F32 else x
        else:
            wide = b.uitofp(x, type_)
        factor, offset = (b.splat(n, WIDTH) if many else n for n in (unit, center))
        return b.fsub(b.fmul(wide, factor), offset)

    def eight(source: IRValue) -> IRValue:
        """Load eight pixels that aren't next to each other."""
        type_ = vector_type(element, WIDTH)
        found = b.splat(b.load(source, element, bytes_), WIDTH)
        place = source
        for k in range(1, WIDTH):
            place = b.at(place, column_step, I8)
            found = b.insert_element(found, b.load(place, element, bytes_), I64(k))
        assert found.type is type_
        return found

    def each(
        first: IRValue | int, last: IRValue, step: int, body: Callable[[IRValue], object]
    ) -> None:
        def one(i: IRValue, _: Sequence[IRValue]) -> list[IRValue]:
            body(i)
            return []

        b.loop(first, last, step, one)

    def channel(k: IRValue, _: Sequence[IRValue]) -> list[IRValue]:
        center = b.load(at(b, centers, k), F64, 8)
        source, target = b.at(scene, b.imul(k, channel_step), I8), at(b, pixels, b.imul(k, size))

        def row(i: IRValue) -> None:
            pixel, place = b.at(source, b.imul(i, row_step), I8), at(b, target, b.imul(i, stride))
            b.if_else(
                dense,
                lambda: each(
                    0,
                    full,
                    WIDTH,
                    lambda j: store(
                        b,
                        shifted(b.load(b.at(pixel, j, element), vector_type(element, WIDTH), bytes_), center),
                        place,
                        j,
                    ),
                ),
                lambda: each(
                    0,
                    full,
                    WIDTH,
                    lambda j: store(
                        b, shifted(eight(b.at(pixel, b.imul(j, column_step), I8)), center), place, j
                    ),
                ),
            )

            def one(j: IRValue) -> None:
                x = b.load(b.at(pixel, b.imul(j, column_step), I8), element, bytes_)
                b.store(shifted(x, center), at(b, place, j), 8)

            each(full, columns, 1, one)
            each(columns, stride, 1, lambda j: b.store(F64(0.0), at(b, place, j), 8))

            def squares(j: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
                x = load(b, place, j)
                return [b.fma(x, x, carried[0])]

            store(b, b.loop(0, stride, WIDTH, squares, [load(b, energy)])[0], energy)

        each(0, rows, 1, row)
        each(
            b.imul(rows, stride), size, WIDTH, lambda j: store(b, DOUBLES(0.0), target, j)
        )
        return []

    b.loop(0, channels, 1, channel, at_least_once=True)
    b.ret_void()
