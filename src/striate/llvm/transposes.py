"""Functions that load arrays into the lanes, store them, and transpose them into row layout."""

from collections.abc import Callable

from striate.llvm.builder import Builder
from striate.llvm.ir import I64, PTR, VOID, IRModule, IRValue
from striate.llvm.lanes import load_part, store_part, transposed
from striate.plan.statement import LANES


def write_load(module: IRModule, name: str, size: int) -> None:
    """Emit a function that loads ``size`` elements of each image into the lanes.

    Lanes without an image repeat the first image of the block.
    """
    b = _begin(module, name)
    rows, lanes, count = b.function.args
    pointers: list[IRValue] = []
    for lane in range(LANES):
        there = b.icmp_signed("<", I64(lane), count)
        pointers.append(b.at(rows, b.select(there, I64(lane * size), I64(0))))

    def square(first: IRValue | int, width: int) -> None:
        parts = [load_part(b, b.at(p, first), width) for p in pointers]
        target = b.at(lanes, b.multiply(first, LANES))
        for k, row in enumerate(transposed(b, parts)[:width]):
            b.store(row, b.at(target, k * LANES), 64)

    _squares(b, size, square)
    b.ret_void()


def write_store(module: IRModule, name: str, size: int) -> None:
    """Emit a function that stores ``size`` elements of each image from the lanes."""
    b = _begin(module, name)
    rows, lanes, count = b.function.args

    def square(first: IRValue | int, width: int) -> None:
        source = b.at(lanes, b.multiply(first, LANES))
        vectors = [load_part(b, b.at(source, k * LANES), LANES) for k in range(width)]
        vectors += [vectors[-1]] * (LANES - width)
        for lane, row in enumerate(transposed(b, vectors)):
            with b.if_then(b.icmp_signed("<", I64(lane), count)):
                store_part(b, row, b.at(b.at(rows, lane * size), first), width)

    _squares(b, size, square)
    b.ret_void()


def _begin(module: IRModule, name: str) -> Builder:
    """Start a function of an array in row layout, one in the lanes, and the number of images."""
    function = module.function(name, VOID, [PTR, PTR, I64], internal=True, noalias=2)
    return Builder(function)


def _squares(b: Builder, size: int, square: Callable[[IRValue | int, int], None]) -> None:
    """Emit a loop over squares of 16 elements of 16 images, and the remainder."""
    full = size // LANES * LANES

    def body(first: IRValue, _: object) -> list[IRValue]:
        square(first, LANES)
        return []

    b.loop(0, full, LANES, body)
    if size > full:
        square(full, size - full)


def write_transpose(module: IRModule, name: str, size: int, row: int) -> None:
    """Emit a function that transposes ``size`` elements of each image into row layout."""
    b = _begin(module, name)
    rows, lanes, _ = b.function.args

    def square(first: IRValue | int, width: int) -> None:
        source = b.at(lanes, b.multiply(first, LANES))
        vectors = [load_part(b, b.at(source, k * LANES), LANES) for k in range(width)]
        vectors += [vectors[-1]] * (LANES - width)
        for lane, vector in enumerate(transposed(b, vectors)):
            b.store(vector, b.at(b.at(rows, lane * row), first), 64)

    _squares(b, size, square)
    b.ret_void()
