r"""Two-dimensional FFTs, and the correlation of pictures by their spectra.

An FFT of n numbers is computed in steps. A step with radix r takes r numbers that are a distance
(its *span*) apart, computes their DFT, and multiplies it by roots of unity, the *twiddle factors*::

    n = 32 = 4 * 8        step 1: radix 4, span 8      step 2: radix 8, span 1
    x0  x1 ... x7         DFT of x0, x8, x16, x24      DFT of x0 ... x7
    x8  x9 ... x15        DFT of x1, x9, x17, x25      DFT of x8 ... x15
    x16 ...   x23         ...                          ...
    x24 ...   x31

The frequencies end up in a scrambled order. That does no harm: spectra are only multiplied with
each other, and the inverse undoes the steps, last step first.

The FFTs of eight columns are computed together, in the lanes of vectors, so a step needs no
operation across lanes. Eight columns are a *strip*, which stays in the first or second cache during
all steps. A picture of real numbers would leave half of each complex number empty, so two pictures
share one FFT, as real and imaginary parts. Correlating with a real kernel keeps them apart.

A spectrum is stored as ``[rows / 8, columns, 2, 8]``: eight neighboring rows are in the lanes, so
that FFTs along the columns find complete vectors. The last step along the rows yields eight rows of
a strip at a time, and transposes this square of eight by eight numbers before it stores it::

    pictures --- FFT along rows, strip by strip ---> transposed squares
             --- FFT along columns, eight rows at a time ---> spectrum
    spectrum * conjugate kernel --- inverse along columns ---> --- inverse along rows ---> pictures

"""

from collections.abc import Callable, Sequence

from striate.llvm.builder import Builder
from striate.llvm.ir import I64, PTR, VOID, IRFunction, IRModule, IRType, IRValue
from striate.llvm.lanes import transposed
from striate.llvm.matching.butterflies import RADICES, dft, multiply
from striate.llvm.matching.vectors import (
    COMPLEX,
    DOUBLES,
    WIDTH,
    Complex,
    at,
    each,
    load,
    load_complex,
    number,
    store,
    store_complex,
    times,
)

END = 8
"""Radix of the last step, whose span is 1: the numbers of a square."""

STEP_ITEMS = 4
"""Integers of a step in a plan: its radix, the number of its blocks, its span, and the address of
its twiddle factors. A plan begins with the number of steps without the last one."""


def write_fourier(module: IRModule) -> None:
    """Add the functions ``along_rows``, ``along_columns`` and ``correlation`` to a module."""
    steps = {
        name: {radix: write(module, radix, name) for radix in RADICES}
        for name, write in {
            "forward": _write_step,
            "inverse": _write_step,
            "from_pictures": _write_from_pictures,
            "to_pictures": _write_to_pictures,
        }.items()
    }
    _write_rows(module, steps, _write_end_of_rows(module))
    eight_rows = _write_eight_rows(module, steps, _write_end(module))
    _write_columns(module, eight_rows)
    ends = _write_products(module), _write_begin_of_rows(module)
    _write_correlation(module, steps, eight_rows, *ends)


_StepFunctions = dict[str, dict[int, IRFunction]]
"""Functions by their purpose and radix."""


def _begin(module: IRModule, name: str, *arguments: IRType) -> tuple[Builder, list[IRValue]]:
    """Start a function that is only called from within the module."""
    function = module.function(name, VOID, arguments, internal=True)
    return Builder(function), function.args


def _twiddles(b: Builder, table: IRValue, radix: int) -> list[Complex]:
    """Load the factors of one DFT, those of its numbers 1, 2, ..."""
    each = [number(b, table, k) for k in range(2 * (radix - 1))]
    return [Complex(re, im) for re, im in zip(each[::2], each[1::2], strict=True)]


def _write_step(module: IRModule, radix: int, name: str) -> IRFunction:
    """Emit a step in place: ``step(numbers, blocks, span, twiddles)``."""
    b, args = _begin(module, f"{name}_{radix}", PTR, I64, I64, PTR)
    numbers, blocks, span, twiddles = args
    inverse = name == "inverse"
    offsets = [times(b, span, COMPLEX * k) for k in range(radix + 1)]

    def one(_: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
        place, table = carried
        x = [load_complex(b, place, offset) for offset in offsets[:-1]]
        factors = _twiddles(b, table, radix)
        if inverse:
            y = dft(b, _turned(b, x, factors, conjugate=True), inverse=True)
        else:
            y = _turned(b, dft(b, x, inverse=False), factors, conjugate=False)
        for value, offset in zip(y, offsets[:-1], strict=True):
            store_complex(b, value, place, offset)
        return [at(b, place, COMPLEX), at(b, table, 2 * (radix - 1))]

    def block(_: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
        b.loop(0, span, 1, one, [carried[0], twiddles], at_least_once=True)
        return [at(b, carried[0], offsets[-1])]

    b.loop(0, blocks, 1, block, [numbers], at_least_once=True)
    b.ret_void()
    return b.function


def _turned(
    b: Builder, x: Sequence[Complex], factors: Sequence[Complex], *, conjugate: bool
) -> list[Complex]:
    """Multiply all numbers but the first by twiddle factors."""
    pairs = zip(x[1:], factors, strict=True)
    return [x[0], *(multiply(b, one, factor, conjugate=conjugate) for one, factor in pairs)]


def _write_from_pictures(module: IRModule, radix: int, name: str) -> IRFunction:
    """Emit the first step of a strip: ``step(x, y, stride, strip, span, twiddles)``.

    It reads eight columns of two pictures, whose rows are a stride apart.
    """
    b, args = _begin(module, f"{name}_{radix}", PTR, PTR, I64, PTR, I64, PTR)
    x, y, stride, strip, span, twiddles = args
    sources = [b.imul(b.imul(span, stride), I64(k)) for k in range(radix)]
    targets = [times(b, span, COMPLEX * k) for k in range(radix)]

    def one(_: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
        re, im, place, table = carried
        found = [Complex(load(b, re, source), load(b, im, source)) for source in sources]
        spectrum = dft(b, found, inverse=False)
        factors = _twiddles(b, table, radix)
        for value, target in zip(
            _turned(b, spectrum, factors, conjugate=False), targets, strict=True
        ):
            store_complex(b, value, place, target)
        return [
            at(b, re, stride),
            at(b, im, stride),
            at(b, place, COMPLEX),
            at(b, table, 2 * (radix - 1)),
        ]

    b.loop(0, span, 1, one, [x, y, strip, twiddles], at_least_once=True)
    b.ret_void()
    return b.function


def _write_to_pictures(module: IRModule, radix: int, name: str) -> IRFunction:
    """Emit the last step of a strip's inverse: ``step(strip, span, twiddles, x, y, stride, rows)``.

    It writes the first rows of eight columns of two pictures.
    """
    b, args = _begin(module, f"{name}_{radix}", PTR, I64, PTR, PTR, PTR, I64, I64)
    strip, span, twiddles, x, y, stride, rows = args
    sources = [times(b, span, COMPLEX * k) for k in range(radix)]
    firsts = [b.imul(span, I64(k)) for k in range(radix)]
    targets = [b.imul(first, stride) for first in firsts]

    def one(row: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
        re, im, place, table = carried
        found = [load_complex(b, place, source) for source in sources]
        factors = _twiddles(b, table, radix)
        values = dft(b, _turned(b, found, factors, conjugate=True), inverse=True)
        for value, first, target in zip(values, firsts, targets, strict=True):
            with b.if_then(b.icmp_signed("<", b.add(row, first), rows)):
                store(b, value.re, re, target)
                store(b, value.im, im, target)
        return [
            at(b, re, stride),
            at(b, im, stride),
            at(b, place, COMPLEX),
            at(b, table, 2 * (radix - 1)),
        ]

    b.loop(0, span, 1, one, [x, y, strip, twiddles], at_least_once=True)
    b.ret_void()
    return b.function


def _square(b: Builder, place: IRValue) -> list[Complex]:
    """Load eight neighboring complex vectors."""
    return [load_complex(b, place, COMPLEX * k) for k in range(END)]


def _store_square(b: Builder, square: Sequence[Complex], place: IRValue) -> None:
    """Store eight neighboring complex vectors."""
    for k, value in enumerate(square):
        store_complex(b, value, place, COMPLEX * k)


def _transposed(b: Builder, square: Sequence[Complex]) -> list[Complex]:
    """Transpose eight complex vectors."""
    re, im = (transposed(b, part) for part in ([x.re for x in square], [x.im for x in square]))
    return [Complex(*pair) for pair in zip(re, im, strict=True)]


def _write_end(module: IRModule) -> IRFunction:
    """Emit the last step in place: ``end(numbers, blocks)``."""
    b, (numbers, blocks) = _begin(module, "end", PTR, I64)

    def one(_: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
        _store_square(b, dft(b, _square(b, carried[0]), inverse=False), carried[0])
        return [at(b, carried[0], COMPLEX * END)]

    b.loop(0, blocks, 1, one, [numbers], at_least_once=True)
    b.ret_void()
    return b.function


def _write_end_of_rows(module: IRModule) -> IRFunction:
    """Emit the last step of a strip: ``end_of_rows(strip, blocks, spectrum, stride)``.

    Squares are a stride apart in the spectrum.
    """
    b, args = _begin(module, "end_of_rows", PTR, I64, PTR, I64)
    strip, blocks, spectrum, stride = args

    def one(_: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
        source, target = carried
        square = dft(b, _square(b, source), inverse=False)
        _store_square(b, _transposed(b, square), target)
        return [at(b, source, COMPLEX * END), at(b, target, stride)]

    b.loop(0, blocks, 1, one, [strip, spectrum], at_least_once=True)
    b.ret_void()
    return b.function


def _write_begin_of_rows(module: IRModule) -> IRFunction:
    """Emit the first step of a strip's inverse: ``begin_of_rows(spectrum, stride, strip, blocks)``.

    Squares are a stride apart in the spectrum.
    """
    b, args = _begin(module, "begin_of_rows", PTR, I64, PTR, I64)
    spectrum, stride, strip, blocks = args

    def one(_: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
        source, target = carried
        square = _transposed(b, _square(b, source))
        _store_square(b, dft(b, square, inverse=True), target)
        return [at(b, source, stride), at(b, target, COMPLEX * END)]

    b.loop(0, blocks, 1, one, [spectrum, strip], at_least_once=True)
    b.ret_void()
    return b.function


def _write_products(module: IRModule) -> IRFunction:
    """Emit the first step of the inverse along the columns, of products of spectra.

    ``products(spectra, kernels, channels, size, numbers, blocks)`` adds up the products of all
    channels, whose spectra are a size apart.
    """
    b, args = _begin(module, "products", PTR, PTR, I64, I64, PTR, I64)
    spectra, kernels, channels, size, numbers, blocks = args

    def one(_: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
        spectrum, kernel, target = carried

        def channel(_: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
            source, factor, *parts = carried
            total = [Complex(*pair) for pair in zip(parts[::2], parts[1::2], strict=True)]
            added = [
                multiply(
                    b,
                    load_complex(b, source, COMPLEX * k),
                    load_complex(b, factor, COMPLEX * k),
                    total[k],
                    conjugate=True,
                )
                for k in range(END)
            ]
            return [at(b, source, size), at(b, factor, size), *_parts(added)]

        zeros = [DOUBLES(0.0)] * (2 * END)
        _, _, *parts = b.loop(
            0, channels, 1, channel, [spectrum, kernel, *zeros], at_least_once=True
        )
        square = [Complex(*pair) for pair in zip(parts[::2], parts[1::2], strict=True)]
        _store_square(b, dft(b, square, inverse=True), target)
        return [at(b, place, COMPLEX * END) for place in (spectrum, kernel, target)]

    b.loop(0, blocks, 1, one, [spectra, kernels, numbers], at_least_once=True)
    b.ret_void()
    return b.function


def _parts(values: Sequence[Complex]) -> list[IRValue]:
    """List the real and imaginary parts in turns."""
    return [part for value in values for part in (value.re, value.im)]


class _Plan:
    """The steps of an FFT, read from a table while the program runs."""

    def __init__(self, b: Builder, table: IRValue) -> None:
        self.b = b
        self.table = table
        self.count = self.entry(0)

    def entry(self, index: IRValue | int) -> IRValue:
        return self.b.load(self.b.at(self.table, index, I64), I64, 8)

    def call(
        self,
        functions: dict[int, IRFunction],
        number: IRValue | int,
        arguments: Callable[[IRValue, IRValue, IRValue], Sequence[IRValue]],
    ) -> None:
        """Call the function for the radix of a step, with its blocks, span and twiddle factors."""
        b = self.b
        first = b.add(b.multiply(number, STEP_ITEMS), 1)
        radix, blocks, span = (self.entry(b.add(first, k)) for k in range(3))
        twiddles = b.load(b.at(self.table, b.add(first, 3), I64), PTR, 8)
        for value, function in functions.items():
            with b.if_then(b.icmp_signed("==", radix, I64(value))):
                b.call(function, arguments(blocks, span, twiddles))

    def forward(self, functions: dict[int, IRFunction], numbers: IRValue, first: int) -> None:
        """Run the steps from a first one on, without the last one."""

        def step(k: IRValue, _: Sequence[IRValue]) -> list[IRValue]:
            self.call(functions, k, lambda blocks, span, table: [numbers, blocks, span, table])
            return []

        self.b.loop(first, self.count, 1, step)

    def inverse(self, functions: dict[int, IRFunction], numbers: IRValue, first: int) -> None:
        """Run these steps in reverse."""

        def step(k: IRValue, _: Sequence[IRValue]) -> list[IRValue]:
            back = self.b.isub(self.b.add(self.count, first - 1), k)
            self.call(functions, back, lambda blocks, span, table: [numbers, blocks, span, table])
            return []

        self.b.loop(first, self.count, 1, step)


def _write_rows(module: IRModule, steps: _StepFunctions, end_of_rows: IRFunction) -> None:
    """Emit the FFTs of two pictures along the rows.

    ``along_rows(x, y, stride, used, spectrum, rows, columns, row_plan, strip)`` reads the columns
    that are used, up to the end of a strip.
    """
    types = [PTR, PTR, I64, I64, PTR, I64, I64, PTR, PTR]
    b = Builder(module.function("along_rows", VOID, types))
    x, y, stride, used, spectrum, rows, columns, row_plan, strip = b.function.args
    plan = _Plan(b, row_plan)
    squares, row_blocks = times(b, columns, COMPLEX), b.lshr(rows, I64(3))

    def eight_columns(_: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
        re, im, place = carried
        plan.call(
            steps["from_pictures"],
            0,
            lambda _, span, table: [re, im, stride, strip, span, table],
        )
        plan.forward(steps["forward"], strip, 1)
        b.call(end_of_rows, [strip, row_blocks, place, squares])
        return [at(b, re, WIDTH), at(b, im, WIDTH), at(b, place, COMPLEX * WIDTH)]

    b.loop(0, b.lshr(b.add(used, WIDTH - 1), I64(3)), 1, eight_columns, [x, y, spectrum])
    b.ret_void()


def _write_eight_rows(module: IRModule, steps: _StepFunctions, end: IRFunction) -> IRFunction:
    """Emit the FFTs of eight rows along the columns: ``eight_rows(place, used, columns, plan)``."""
    b, args = _begin(module, "eight_rows", PTR, I64, I64, PTR)
    place, used, columns, column_plan = args
    read = b.lshr(b.add(used, WIDTH - 1), I64(3))
    beyond, stop = times(b, read, COMPLEX * WIDTH), times(b, columns, COMPLEX)
    each(b, beyond, stop, WIDTH, lambda k: store(b, DOUBLES(0.0), place, k))
    _Plan(b, column_plan).forward(steps["forward"], place, 0)
    b.call(end, [place, b.lshr(columns, I64(3))])
    b.ret_void()
    return b.function


def _write_columns(module: IRModule, eight_rows: IRFunction) -> None:
    """Emit the FFTs along the columns: ``along_columns(spectrum, used, rows, columns, plan)``.

    They complete a spectrum. Columns that aren't used are zero.
    """
    types = [PTR, I64, I64, I64, PTR]
    b = Builder(module.function("along_columns", VOID, types))
    spectrum, used, rows, columns, plan = b.function.args

    def step(_: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
        b.call(eight_rows, [carried[0], used, columns, plan])
        return [at(b, carried[0], times(b, columns, COMPLEX))]

    b.loop(0, b.lshr(rows, I64(3)), 1, step, [spectrum])
    b.ret_void()


def _write_correlation(
    module: IRModule,
    steps: _StepFunctions,
    eight_rows: IRFunction,
    products: IRFunction,
    begin_of_rows: IRFunction,
) -> None:
    """Emit the correlation of pictures with a kernel.

    ``correlation(spectra, used, kernels, channels, product, rows, columns, row_plan, column_plan,
    strip, x, y, stride, kept_rows, kept_columns)`` adds up the products of all channels, and writes
    the first rows and columns of two pictures, up to the end of a strip. If ``used`` isn't 0, it
    completes spectra of ``along_rows`` first: eight rows at a time, which are then in the cache.
    """
    types = [PTR, I64, PTR, I64, PTR, I64, I64, PTR, PTR, PTR, PTR, PTR, I64, I64, I64]
    b = Builder(module.function("correlation", VOID, types))
    spectra, used, kernels, channels, product, rows, columns, *rest = b.function.args
    row_plan, column_plan, strip, x, y, stride, kept_rows, kept_columns = rest
    along_rows, along_columns = _Plan(b, row_plan), _Plan(b, column_plan)
    squares, row_blocks = times(b, columns, COMPLEX), b.lshr(rows, I64(3))
    blocks, size = b.lshr(columns, I64(3)), b.imul(times(b, rows, 2), columns)
    begun = b.icmp_signed("!=", used, I64(0))

    def row(_: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
        spectrum, kernel, target = carried

        def complete(k: IRValue) -> None:
            b.call(eight_rows, [at(b, spectrum, b.imul(k, size)), used, columns, column_plan])

        with b.if_then(begun):
            each(b, 0, channels, 1, complete)
        b.call(products, [spectrum, kernel, channels, size, target, blocks])
        along_columns.inverse(steps["inverse"], target, 0)
        return [at(b, place, squares) for place in carried]

    def eight_columns(_: IRValue, carried: Sequence[IRValue]) -> list[IRValue]:
        re, im, place = carried
        b.call(begin_of_rows, [place, squares, strip, row_blocks])
        along_rows.inverse(steps["inverse"], strip, 1)
        along_rows.call(
            steps["to_pictures"],
            0,
            lambda _, span, table: [strip, span, table, re, im, stride, kept_rows],
        )
        return [at(b, re, WIDTH), at(b, im, WIDTH), at(b, place, COMPLEX * WIDTH)]

    b.loop(0, row_blocks, 1, row, [spectra, kernels, product])
    written = b.lshr(b.add(kept_columns, WIDTH - 1), I64(3))
    b.loop(0, written, 1, eight_columns, [x, y, product])
    b.ret_void()
