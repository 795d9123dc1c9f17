"""Random masks, drawn with Philox 4x32-10 like those of the NumPy engine."""

from striate.llvm.builder import FLOATS, INTS, Builder
from striate.llvm.ir import I32, I64, PTR, VOID, IRModule, IRValue, constant, iota, vector_type
from striate.maths.philox import KEY_STEPS, MULTIPLIERS, ROUNDS
from striate.plan.statement import LANES, DrawMask

_WORDS = 4


def write_draw_mask(module: IRModule, name: str, size: int, item: DrawMask) -> None:
    """Emit a function that draws the mask of a block of images.

    Its arguments are the mask, the index of the block's first image, the seed and the step.
    """
    function = module.function(name, VOID, [PTR, I64, I64, I64], internal=True)
    b = Builder(function)
    mask, first, seed, step = function.args
    key = (b.trunc(seed, I32), b.trunc(b.lshr(seed, I64(32)), I32))
    lanes = iota(INTS)
    images = b.iadd(b.splat(b.trunc(first, I32)), lanes)
    steps = b.splat(b.trunc(step, I32))
    layer = constant(INTS, item.stream)

    def four(group: IRValue, count: int) -> None:
        number = b.splat(b.trunc(group, I32))
        words = _mixed(b, key, [number, images, steps, layer])
        pointer = b.at(mask, b.multiply(group, _WORDS * LANES))
        for k in range(count):
            upper = b.lshr(words[k], constant(INTS, 8))
            kept = b.icmp_unsigned(">=", upper, constant(INTS, item.threshold))
            value = b.select(kept, constant(FLOATS, 1.0), constant(FLOATS, 0.0))
            b.store(value, b.at(pointer, k * LANES), 64)

    def body(group: IRValue, _: object) -> list[IRValue]:
        four(group, _WORDS)
        return []

    b.loop(0, size // _WORDS, 1, body)
    if size % _WORDS:
        four(I64(size // _WORDS), size % _WORDS)
    b.ret_void()


def _mixed(b: Builder, key: tuple[IRValue, IRValue], counter: list[IRValue]) -> list[IRValue]:
    """Emit the rounds of Philox 4x32."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for round_ in range(ROUNDS):
        if round_:
            k0 = b.iadd(k0, I32(KEY_STEPS[0]))
            k1 = b.iadd(k1, I32(KEY_STEPS[1]))
        hi0, lo0 = _product(b, c0, MULTIPLIERS[0])
        hi1, lo1 = _product(b, c2, MULTIPLIERS[1])
        c0 = b.xor(b.xor(hi1, c1), b.splat(k0))
        c2 = b.xor(b.xor(hi0, c3), b.splat(k1))
        c1, c3 = lo1, lo0
    return [c0, c1, c2, c3]


def _product(b: Builder, x: IRValue, y: int) -> tuple[IRValue, IRValue]:
    """Multiply words; return both halves of the product."""
    wide = vector_type(I64, LANES)
    whole = b.imul(b.zext(x, wide), constant(wide, y))
    return b.trunc(b.lshr(whole, constant(wide, 32)), INTS), b.trunc(whole, INTS)
