"""Operations across the lanes of a vector: sums, masks, and transposes."""

from collections.abc import Sequence

from striate.llvm.builder import INTS, Builder
from striate.llvm.ir import F32, I32, IRValue, iota, vector_type
from striate.plan.statement import LANES


def lanes_below(b: Builder, count: IRValue) -> IRValue:
    """Make a mask of the lanes below a count."""
    numbers = iota(INTS)
    return b.icmp_signed("<", numbers, b.splat(b.trunc(count, I32)))


def sum_of_lanes(b: Builder, vector: IRValue) -> IRValue:
    """Add up the lanes by halving, in the same order on all machines."""
    width = LANES
    while width > 1:
        width //= 2
        low = b.shuffle(vector, vector, range(width))
        high = b.shuffle(vector, vector, range(width, 2 * width))
        vector = b.fadd(low, high)
    return b.extract_element(vector, I32(0))


def transposed(b: Builder, rows: Sequence[IRValue]) -> list[IRValue]:
    """Transpose a square of vectors: lane ``i`` of row ``j`` becomes lane ``j`` of row ``i``."""
    square, width = list(rows), len(rows)
    assert square[0].type.count == width, width
    step = width // 2
    while step:
        for first in range(0, width, 2 * step):
            for k in range(first, first + step):
                upper, lower = square[k], square[k + step]
                kept = [e if not e & step else width + e - step for e in range(width)]
                moved = [e + step if not e & step else width + e for e in range(width)]
                square[k] = b.shuffle(upper, lower, kept)
                square[k + step] = b.shuffle(upper, lower, moved)
        step //= 2
    return square


def load_part(b: Builder, pointer: IRValue, count: int) -> IRValue:
    """Load at most one vector of elements; the other lanes repeat the last element."""
    part = b.load(pointer, vector_type(F32, count))
    if count == LANES:
        return part
    return b.shuffle(part, part, [min(k, count - 1) for k in range(LANES)])


def store_part(b: Builder, value: IRValue, pointer: IRValue, count: int) -> None:
    """Store the first lanes of a vector."""
    b.store(value if count == LANES else b.shuffle(value, value, range(count)), pointer)
