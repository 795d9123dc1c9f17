"""Fit the polynomials of `striate.llvm.vector_math` and print them for its `coefficients.py`.

    python tools/fit_polynomials.py [NAME ...]

The aim is the smallest maximum error, relative or weighted, for coefficients in float32. Remez's
exchange algorithm finds the best polynomial with real coefficients. Its coefficients are then
rounded one by one, from the lowest power, and after each rounding the remaining ones are fitted
again to compensate for it. All computations use 40 decimal digits (`decimal`).

Sources: Remez 1934; Muller, Elementary Functions, 2016, chapter 3.
"""

import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal, getcontext

getcontext().prec = 40

ONE = Decimal(1)
TWO = Decimal(2)
LN2 = TWO.ln()
PI = Decimal("3.141592653589793238462643383279502884197169399375")
GRID = 600
"""Number of points at which the error is evaluated."""

EXCHANGES = 30
"""Maximum number of exchanges."""

Function = Callable[[Decimal], Decimal]


@dataclass(frozen=True, kw_only=True)
class Task:
    """A polynomial to fit, minimizing ``weight(x) * (sum(c[k] * x**k) - target(x))``.

    Parameters
    ----------
    target
        The function to approximate.
    weight
        The weight of an error at a point.
    interval
        The interval on which the polynomial is used.
    degree
        The degree of the polynomial.
    double
        Whether the coefficients are float64 instead of float32.
    """

    target: Function
    weight: Function
    interval: tuple[Decimal, Decimal]
    degree: int
    double: bool = False


def expm1(x: Decimal) -> Decimal:
    """Compute ``exp(x) - 1`` without losing digits near 0."""
    if abs(x) > Decimal("0.01"):
        return x.exp() - 1
    total = term = x
    for k in range(2, 20):
        term *= x / k
        total += term
    return total


def log1p(x: Decimal) -> Decimal:
    """Compute ``log(1 + x)`` without losing digits near 0."""
    if abs(x) > Decimal("0.01"):
        return (1 + x).ln()
    return sum((-((-x) ** k) / k for k in range(1, 24)), start=Decimal(0))


def erf(x: Decimal) -> Decimal:
    """Sum the series of the error function; for x up to 4, its terms are below 1e8."""
    total = term = x
    k = 0
    while abs(term) > Decimal("1e-38"):
        k += 1
        term *= -x * x / k
        total += term / (2 * k + 1)
    return total * 2 / PI.sqrt()


def erfc(x: Decimal) -> Decimal:
    """Compute ``1 - erf(x)`` with enough digits up to 4."""
    return 1 - erf(x)


def near_zero(function: Function, limit: Function) -> Function:
    """Replace a quotient with its series near zero, where it would divide by zero."""
    return lambda x: limit(x) if abs(x) < Decimal("1e-12") else function(x)


HALF_LN2 = LN2 / 2 + Decimal("1e-5")  # the largest remainder after rounding to a power of two
THIRD = ONE / 3
ERF_SEAM = Decimal("1.2")
ERF_END = Decimal("3.93")


def _quotient_of_squares(s: Decimal) -> Decimal:
    """Compute ``log2((1 + t) / (1 - t)) / t`` for ``s = t * t``."""
    t = s.sqrt()
    return ((1 + t) / (1 - t)).ln() / t / LN2


TASKS = {
    # exp(r) = 1 + r + r**2 * p(r)
    "EXP": Task(
        target=near_zero(lambda r: (expm1(r) - r) / (r * r), lambda r: (1 + r / 3) / 2),
        weight=lambda r: r * r / r.exp(),
        interval=(-HALF_LN2, HALF_LN2),
        degree=4,
    ),
    # exp(r) - 1 = r + r**2 * p(r)
    "EXPM1": Task(
        target=near_zero(lambda r: (expm1(r) - r) / (r * r), lambda r: (1 + r / 3) / 2),
        weight=near_zero(lambda r: abs(r * r / expm1(r)), abs),
        interval=(-HALF_LN2, HALF_LN2),
        degree=4,
    ),
    # log(1 + f) = f + f**2 * p(f)
    "LOG": Task(
        target=near_zero(lambda f: (log1p(f) - f) / (f * f), lambda f: -(1 - 2 * f / 3) / 2),
        weight=near_zero(lambda f: abs(f * f / log1p(f)), abs),
        interval=(-THIRD, THIRD),
        degree=8,
    ),
    # erf(x) = x + x * p(x**2)
    "ERF_NEAR": Task(
        target=near_zero(
            lambda s: erf(s.sqrt()) / s.sqrt() - 1, lambda s: 2 / PI.sqrt() * (1 - s / 3) - 1
        ),
        weight=near_zero(lambda s: s.sqrt() / erf(s.sqrt()), lambda _: PI.sqrt() / 2),
        interval=(Decimal(0), ERF_SEAM * ERF_SEAM),
        degree=6,
    ),
    # 1 - erf(x) = p(x)**8
    "ERF_FAR": Task(
        target=lambda x: (erfc(x).ln() / 8).exp(),
        weight=lambda x: 8 * (erfc(x).ln() * 7 / 8).exp(),
        interval=(ERF_SEAM, ERF_END),
        degree=6,
    ),
    # log2((1 + t) / (1 - t)) = t * p(t**2)
    "LOG2": Task(
        target=near_zero(_quotient_of_squares, lambda s: 2 / LN2 * (1 + s / 3)),
        weight=near_zero(lambda s: 1 / _quotient_of_squares(s), lambda _: LN2 / 2),
        interval=(Decimal(0), Decimal("0.04")),
        degree=5,
        double=True,
    ),
    # 2**g = p(g)
    "EXP2": Task(
        target=lambda g: (g * LN2).exp(),
        weight=lambda g: (-g * LN2).exp(),
        interval=(Decimal("-0.5"), Decimal("0.5")),
        degree=7,
        double=True,
    ),
}


def evaluate(coefficients: Sequence[Decimal], x: Decimal) -> Decimal:
    """Evaluate a polynomial, given from the lowest power."""
    total = Decimal(0)
    for coefficient in reversed(coefficients):
        total = total * x + coefficient
    return total


def solve(matrix: list[list[Decimal]]) -> list[Decimal]:
    """Solve linear equations by elimination with pivoting; the last column is the right side."""
    size = len(matrix)
    rows = [list(row) for row in matrix]
    for k in range(size):
        pivot = max(range(k, size), key=lambda i: abs(rows[i][k]))
        rows[k], rows[pivot] = rows[pivot], rows[k]
        for i in range(k + 1, size):
            factor = rows[i][k] / rows[k][k]
            rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    found: list[Decimal] = []
    for k in reversed(range(size)):
        known = sum((a * b for a, b in zip(rows[k][k + 1 : -1], found, strict=True)), Decimal(0))
        found.insert(0, (rows[k][-1] - known) / rows[k][k])
    return found


def alternating(errors: Sequence[Decimal], count: int) -> list[int]:
    """Choose `count` points with the largest errors of alternating signs."""
    extrema: list[int] = []
    for point, error in enumerate(errors):
        if extrema and (errors[extrema[-1]] > 0) == (error > 0):
            if abs(error) > abs(errors[extrema[-1]]):
                extrema[-1] = point
        else:
            extrema.append(point)
    while len(extrema) > count:
        if len(extrema) == count + 1:
            ends = (0, len(extrema) - 1)
            extrema.pop(min(ends, key=lambda end: abs(errors[extrema[end]])))
            continue
        weakest = min(
            range(len(extrema) - 1),
            key=lambda i: max(abs(errors[extrema[i]]), abs(errors[extrema[i + 1]])),
        )
        del extrema[weakest : weakest + 2]
    return extrema


class Fit:
    """Fits one polynomial on a grid that is denser at the ends."""

    def __init__(self, task: Task) -> None:
        low, high = task.interval
        steps = (Decimal(k) / (GRID - 1) for k in range(GRID))
        # x**2 * (3 - 2 * x) makes the grid denser at both ends, where the extrema are denser, too
        self.points = [low + (high - low) * k * k * (3 - 2 * k) for k in steps]
        self.targets = [task.target(x) for x in self.points]
        self.weights = [task.weight(x) for x in self.points]
        self.task = task

    def errors(self, coefficients: Sequence[Decimal]) -> list[Decimal]:
        """Return the weighted error at each point."""
        return [
            weight * (evaluate(coefficients, x) - target)
            for x, target, weight in zip(self.points, self.targets, self.weights, strict=True)
        ]

    def best(self, known: Sequence[Decimal]) -> list[Decimal]:
        """Find the remaining coefficients with Remez's exchange algorithm."""
        first, last = len(known), self.task.degree + 1
        count = last - first + 1
        # A point with weight zero doesn't constrain the polynomial, so it isn't used.
        usable = [i for i, weight in enumerate(self.weights) if weight]
        chosen = [usable[(2 * k + 1) * len(usable) // (2 * count)] for k in range(count)]
        found: list[Decimal] = []
        lowest = Decimal("inf")
        for _ in range(EXCHANGES):
            *coefficients, level = self._leveled(chosen, known)
            errors = self.errors([*known, *coefficients])
            largest = max(map(abs, errors))
            if largest < lowest:
                found, lowest = coefficients, largest
            extrema = alternating(errors, count)
            if len(extrema) < count or largest < abs(level) * Decimal("1.0001"):
                break
            chosen = extrema
        return found

    def _leveled(self, chosen: Sequence[int], known: Sequence[Decimal]) -> list[Decimal]:
        """Find coefficients whose errors at these points are equal, with alternating signs."""
        matrix: list[list[Decimal]] = []
        for turn, i in enumerate(chosen):
            x = self.points[i]
            powers = (
                evaluate([*[Decimal(0)] * k, ONE], x)
                for k in range(len(known), len(known) + len(chosen) - 1)
            )
            sign = (-1) ** turn / self.weights[i]
            matrix.append([*powers, sign, self.targets[i] - evaluate(known, x)])
        return solve(matrix)

    def rounded(self) -> list[float]:
        """Round the coefficients one by one, and fit the remaining ones again each time."""
        known: list[float] = []
        while len(known) <= self.task.degree:
            free = self.best([Decimal(c) for c in known])
            known.append(self._round(free[0]))
        return known

    def _round(self, number: Decimal) -> float:
        """Round to the type of the coefficients."""
        return float(number) if self.task.double else to_float32(float(number))

    def largest(self, coefficients: Sequence[float]) -> float:
        """Return the largest error on the grid."""
        return float(max(map(abs, self.errors([Decimal(c) for c in coefficients]))))


def to_float32(number: float) -> float:
    """Round to float32."""
    return struct.unpack("f", struct.pack("f", number))[0]


def shown(number: float, *, double: bool) -> str:
    """Format a number with enough digits to identify it."""
    return f"{number:.16e}" if double else f"{number:.8e}"


def main(names: Sequence[str]) -> None:
    """Fit and print the polynomials with these names, or all of them."""
    for name in names or TASKS:
        fit = Fit(TASKS[name])
        found = fit.rounded()
        print(f"{name} = (  # error {fit.largest(found):.1e}")
        for number in found:
            print(f"    {shown(number, double=fit.task.double)},")
        print(")")


if __name__ == "__main__":
    main(sys.argv[1:])
