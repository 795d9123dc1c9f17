r"""DFTs of 2, 3, 4, 5 and 8 complex numbers, the steps of which every longer FFT consists.

They are written once, as straight-line arithmetic, for eight FFTs at a time: each number is a
vector with one FFT in each lane. Multiplications by -1 and by the imaginary unit take no
instruction; they only change what is added and what is subtracted. A DFT of 4 numbers, for example,
is 16 additions::

    sums         x0 + x2    x1 + x3        y0 = (x0 + x2) +   (x1 + x3)
    differences  x0 - x2    x1 - x3        y1 = (x0 - x2) - i (x1 - x3)
                                           y2 = (x0 + x2) -   (x1 + x3)
                                           y3 = (x0 - x2) + i (x1 - x3)
"""

from collections.abc import Sequence
from math import cos, pi, sin, sqrt

from striate.llvm.builder import Builder
from striate.llvm.ir import IRValue
from striate.llvm.matching.vectors import DOUBLES, Complex, multiply_add

RADICES = (8, 4, 2, 3, 5)
"""Lengths of these DFTs."""


def dft(b: Builder, x: Sequence[Complex], *, inverse: bool) -> list[Complex]:
    r"""Emit a DFT of 2, 3, 4, 5 or 8 numbers.

    .. math:: y_k = \sum_j x_j \, e^{\mp 2 \pi i j k / n}

    with the plus sign for the inverse, which isn't divided by n.
    """
    special = {3: _three, 5: _five, 8: _eight}.get(len(x))
    if special:
        return special(b, x, inverse=inverse)
    if len(x) == 1:
        return list(x)
    # Two halves: the even numbers and the odd ones, whose DFTs are added and subtracted.
    even, odd = (dft(b, x[k::2], inverse=inverse) for k in range(2))
    turned = [odd[0], *(_quarter(b, y, inverse=inverse) for y in odd[1:])]
    return [add(b, e, o) for e, o in zip(even, turned, strict=True)] + [
        subtract(b, e, o) for e, o in zip(even, turned, strict=True)
    ]


def add(b: Builder, x: Complex, y: Complex) -> Complex:
    """Add complex numbers."""
    return Complex(b.fadd(x.re, y.re), b.fadd(x.im, y.im))


def subtract(b: Builder, x: Complex, y: Complex) -> Complex:
    """Subtract complex numbers."""
    return Complex(b.fsub(x.re, y.re), b.fsub(x.im, y.im))


def multiply(
    b: Builder, x: Complex, y: Complex, total: Complex | None = None, *, conjugate: bool = False
) -> Complex:
    """Multiply complex numbers, the second one conjugated or not, and add them to a total."""
    if total is None:
        re, im = b.fmul(x.re, y.re), b.fmul(x.im, y.re)
    else:
        re, im = multiply_add(b, x.re, y.re, total.re), multiply_add(b, x.im, y.re, total.im)
    first, second = (x.im, b.fneg(x.re)) if conjugate else (b.fneg(x.im), x.re)
    return Complex(multiply_add(b, first, y.im, re), multiply_add(b, second, y.im, im))


def _quarter(b: Builder, x: Complex, *, inverse: bool) -> Complex:
    """Multiply by -i, or by i for the inverse."""
    return Complex(b.fneg(x.im), x.re) if inverse else Complex(x.im, b.fneg(x.re))


def _three(b: Builder, x: Sequence[Complex], *, inverse: bool) -> list[Complex]:
    """Emit a DFT of 3 numbers: y1 and y2 = x0 - (x1 + x2) / 2 -+ i sqrt(3)/2 (x1 - x2)."""
    both, apart = add(b, x[1], x[2]), subtract(b, x[1], x[2])
    middle = _plus_scaled(b, x[0], -0.5, both)
    turned = _quarter(b, apart, inverse=inverse)
    height = sqrt(0.75)
    plus, minus = (_plus_scaled(b, middle, h, turned) for h in (height, -height))
    return [add(b, x[0], both), plus, minus]


def _five(b: Builder, x: Sequence[Complex], *, inverse: bool) -> list[Complex]:
    """Emit a DFT of 5 numbers: pairs of conjugate roots have one cosine, and opposite sines."""
    outer, inner = add(b, x[1], x[4]), add(b, x[2], x[3])
    apart = [_quarter(b, subtract(b, x[k], x[5 - k]), inverse=inverse) for k in (1, 2)]
    cosines = [cos(2 * pi * k / 5) for k in (1, 2)]
    sines = [sin(2 * pi * k / 5) for k in (1, 2)]
    found = [add(b, x[0], add(b, outer, inner))]
    first = _plus_scaled(b, _plus_scaled(b, x[0], cosines[0], outer), cosines[1], inner)
    second = _plus_scaled(b, _plus_scaled(b, x[0], cosines[1], outer), cosines[0], inner)
    for middle, signs in ((first, (sines[0], sines[1])), (second, (sines[1], -sines[0]))):
        for sign in (1, -1):
            half = _plus_scaled(b, middle, sign * signs[0], apart[0])
            found.append(_plus_scaled(b, half, sign * signs[1], apart[1]))
    return [found[k] for k in (0, 1, 3, 4, 2)]


def _eight(b: Builder, x: Sequence[Complex], *, inverse: bool) -> list[Complex]:
    """Emit a DFT of 8 numbers: as two halves, with the eighth roots of unity fused in.

    The roots between the axes are (1 -+ i) / sqrt(2): sums and differences, scaled.
    """
    even, odd = (dft(b, x[k::2], inverse=inverse) for k in range(2))
    root = sqrt(0.5)
    first, third = (_diagonal(b, odd[k], k, inverse=inverse) for k in (1, 3))
    second = _quarter(b, odd[2], inverse=inverse)
    upper = [
        add(b, even[0], odd[0]),
        _plus_scaled(b, even[1], root, first),
        add(b, even[2], second),
        _plus_scaled(b, even[3], root, third),
    ]
    lower = [
        subtract(b, even[0], odd[0]),
        _plus_scaled(b, even[1], -root, first),
        subtract(b, even[2], second),
        _plus_scaled(b, even[3], -root, third),
    ]
    return upper + lower


def _diagonal(b: Builder, x: Complex, power: int, *, inverse: bool) -> Complex:
    """Multiply by sqrt(2) times the first or the third power of an eighth root of unity."""
    one = Complex(b.fadd(x.re, x.im), b.fsub(x.im, x.re))  # times 1 - i
    other = Complex(b.fsub(x.re, x.im), one.re)  # times 1 + i
    plain, turned = (other, one) if inverse else (one, other)
    if power == 1:
        return plain
    # Times -1 -+ i: the other diagonal, negated.
    return Complex(b.fneg(turned.re), b.fneg(turned.im))


def _plus_scaled(b: Builder, x: Complex, factor: float, y: Complex) -> Complex:
    """Add complex numbers, the second one scaled."""
    scale: IRValue = DOUBLES(factor)
    return Complex(multiply_add(b, scale, y.re, x.re), multiply_add(b, scale, y.im, x.im))
