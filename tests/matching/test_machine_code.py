"""The machine code for matching, function by function, against NumPy and exact sums."""

import sys
from fractions import Fraction
from math import log2
from platform import machine

import numpy as np
import pytest

import striate
from striate.errors import EngineError
from striate.llvm.machine import compile_object, describe, host
from striate.llvm.matching.pixels import PIXELS
from striate.llvm.matching.program import write_matching
from striate.llvm.matching.scores import line_length
from striate.matching import score_map, scratch
from striate.matching.fourier import Fourier, fast_lengths, radices, steps_of
from striate.matching.methods import METHODS, TOLERANCE
from striate.matching.program import functions
from striate.matching.scratch import KEPT, Scratch, borrowed
from striate.matching.sums import UNIT
from striate.matching.window_sums import additions, column_sums

LENGTHS = [n for n in fast_lengths() if n <= 400]


def correlated(rows, columns, picture, kernel, kept):
    """Correlate two pictures with a kernel."""
    work, fft = Scratch(), Fourier(rows, columns)
    spectra, strip = work.array((1, *fft.shape)), work.array((rows, 16))
    pictures = work.array((2, rows, fft.stride))
    pictures[...] = np.nan  # between the columns and the stride nothing may be read
    pictures[:, :, :columns] = picture
    fft.along_rows(pictures[0], pictures[1], spectra[0], strip, columns)
    found = work.array((2, kept[0], fft.stride))
    kernels = fft.kernel(kernel[..., np.newaxis], work)
    fft.correlation(spectra, columns, kernels, spectra[0], strip, found[0], found[1], kept[1])
    return found[:, :, : kept[1]]


@pytest.mark.parametrize("length", LENGTHS)
def test_correlations_of_all_lengths_are_those_of_the_definition(length):
    """Each combination of radices, along rows and columns: within the bound for rounding."""
    rng = np.random.default_rng(length)
    other = 24
    for rows, columns in ((length, other), (other, length)):
        pictures, kernel = rng.normal(size=(2, rows, columns)), rng.normal(size=(3, 5))
        kept = rows - 2, columns - 4
        windows = np.lib.stride_tricks.sliding_window_view(pictures, (3, 5), axis=(1, 2))
        expected = np.einsum("pijuv,uv->pij", windows, kernel)

        found = correlated(rows, columns, pictures, kernel, kept)

        bound = 20 * UNIT * log2(rows * columns)
        bound *= np.linalg.norm(pictures) * np.linalg.norm(kernel)
        assert np.abs(found - expected).max() <= bound


@pytest.mark.parametrize("length", [768, 1280, 2304])
def test_spectra_of_long_signals_are_as_exact_as_the_bound_says(length):
    """The spectrum of an impulse has a magnitude of 1 everywhere."""
    impulse = np.zeros((16, length, 1))
    impulse[5, 7] = 16 * length

    spectrum = Fourier(16, length).kernel(impulse, Scratch())

    each = np.hypot(spectrum[:, :, :, 0], spectrum[:, :, :, 1])
    assert np.abs(each - 1).max() <= 6.7 * UNIT * log2(16 * length)


@pytest.mark.parametrize("length", [16, 24, 40, 72, 128, 640])
def test_twiddle_factors_are_correct_to_two_units(length):
    """Compared with the same factors computed from exact fractions of a turn."""
    for factors, radix in zip(steps_of(length).twiddles, radices(length), strict=True):
        span = len(factors)
        for row, power in ((k, j) for k in range(span) for j in range(1, radix)):
            turn = Fraction(row * power, radix * span) % 1
            angle = -2 * np.pi * np.longdouble(turn.numerator) / np.longdouble(turn.denominator)
            exact = np.array([np.cos(angle), np.sin(angle)])
            error = np.abs(factors[row, power - 1] - exact).max()
            assert error <= 2 * UNIT + 4 * np.finfo(np.longdouble).eps


@pytest.mark.parametrize("dtype", PIXELS)
@pytest.mark.parametrize("order", ["dense", "columns", "mirrored"])
def test_pixels_of_any_layout_are_converted(dtype, order):
    """Three channels, every second column, and mirrored images: any steps in memory."""
    rng = np.random.default_rng(3)
    scene = (200 * rng.random((9, 42, 3))).astype(dtype)
    part = {"dense": scene[:, :21, :1], "columns": scene[:, ::2], "mirrored": scene[::-1, 20::-1]}[
        order
    ]
    channels, centers = part.shape[2], np.array([3.5, -1.0, 7.0])
    found, energy = Scratch().array((channels, 12, 24)), np.zeros(8)

    functions()[f"pixels_{dtype}"](
        part, *part.strides, channels, 9, 21, 0.25, centers, found, 12, 24, energy
    )

    expected = np.zeros((channels, 12, 24))
    expected[:, :9, :21] = np.moveaxis(part * 0.25 - centers[:channels], 2, 0)
    assert (found == expected).all()
    assert energy.sum() == pytest.approx((expected**2).sum(), rel=1e-13)


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (5, 8), (16, 17), (33, 40), (50, 41), (7, 100)])
def test_sums_over_windows_are_within_their_bound(size):
    """Sums of squares over windows of many sizes, next to numbers a million times larger."""
    rng = np.random.default_rng(size)
    high, wide = size
    places = 60, 30
    rows, columns = places[0] + high - 1, places[1] + wide - 1
    work = Scratch()
    pixels = work.array((1, rows, -(-columns // 8) * 8))
    pixels[...] = 0
    pixels[0, :, :columns] = rng.normal(size=(rows, columns)) * 10 ** rng.uniform(0, 6, (rows, 1))
    totals, squares = (
        work.array((1, *places[:1], pixels.shape[2])),
        work.array((60, pixels.shape[2])),
    )
    column_sums(pixels, columns, high, totals, squares, work)

    # The spread of a linear formula with a factor of 1 for squares is their sum.
    constants = np.zeros(10)
    constants[[3, 6, 7]] = 1, -np.inf, 1
    products, found = np.zeros(squares.shape), work.array(squares.shape)
    functions()["linear_64"](
        products,
        totals,
        squares,
        totals[0].size,
        1,
        *squares.shape,
        places[1],
        wide,
        constants,
        found,
        work.array(squares.shape, np.bool),
        work.array((5, line_length(places[1], wide))),
    )

    windows = np.lib.stride_tricks.sliding_window_view(
        pixels[0, :, :columns].astype(np.longdouble) ** 2, size
    )
    expected = windows.sum(axis=(2, 3))
    error = np.abs(found[:, : places[1]] - expected) / expected
    assert error.max() <= (additions(size) + 1) * UNIT


def test_other_processors_get_a_program_too():
    """Vectors of eight numbers are valid on processors with shorter registers."""
    for name, features, triple in (
        ("haswell", "+avx2,+fma", "x86_64-unknown-linux-gnu"),
        ("nehalem", "+sse4.2,-avx2,-fma", "x86_64-unknown-linux-gnu"),
        ("neoverse-n1", "+neon", "aarch64-unknown-linux-gnu"),
    ):
        target = describe(name, features, triple)
        text = compile_object(write_matching(target), target, assembly=True)
        assert "fma@PLT" not in text  # a call for each number of a vector


@pytest.mark.skipif(machine() != "x86_64", reason="these features are of x86-64 processors")
@pytest.mark.parametrize("missing", ["avx512", "avx"])
def test_code_for_shorter_registers_gives_the_same_scores(missing, monkeypatch):
    """Without AVX-512, or without AVX and FMA, scores are within the tolerance."""
    rng = np.random.default_rng(6)
    scene = rng.random((50, 61, 3))
    mask = rng.random((9, 11)) < 0.6
    cases = [(x, m, n) for x in (scene, scene[..., 0]) for m in (None, mask) for n in METHODS]
    wanted = [score_map(x, x[4:13, 5:16], mask=m, method=n, engine="fft") for x, m, n in cases]
    features = host().features.split(",")
    left = [one for one in features if not one.startswith((f"+{missing}", "-"))]
    if missing == "avx":
        left = [one for one in left if one[1:] not in {"fma", "f16c", "vaes", "vpclmulqdq"}]
    without = [f"-{one[1:]}" for one in features if one not in left]
    name = {"avx512": "haswell", "avx": "nehalem"}[missing]
    narrow = describe(name, ",".join([*left, *without]), host().triple)
    compiled_for = []
    monkeypatch.setattr(striate.llvm.machine, "host", lambda: compiled_for.append(narrow) or narrow)
    functions.cache_clear()

    found = [score_map(x, x[4:13, 5:16], mask=m, method=n, engine="fft") for x, m, n in cases]

    functions.cache_clear()
    assert compiled_for
    for one, other, (x, _, method) in zip(found, wanted, cases, strict=True):
        # No pixel is larger than 1, so this is the largest mean of sums of squares.
        unit = x[4:13, 5:16].size if method == "cross-correlation" else 1
        assert np.abs(one - other).max() <= 2 * TOLERANCE * unit


def test_memory_between_calls_is_limited():
    """Small memory is used again; memory above the limit is released."""
    scratch.forget()
    with borrowed() as first:
        first.array((1000,))
    with borrowed() as second:
        second.array((KEPT // 8 + 1,))
    with borrowed() as third:
        pass

    assert second is first
    assert third is not first


def test_threads_do_not_share_memory():
    """Calls at the same time have memory of their own."""
    with borrowed() as one, borrowed() as other:
        assert one is not other


def test_a_scene_may_be_a_view():
    """Mirrored and transposed scenes give the scores of their copies."""
    rng = np.random.default_rng(5)
    scene = rng.integers(0, 256, (50, 61, 3), np.uint8)
    for view in (scene[::-1], scene[:, ::-2], scene.swapaxes(0, 1), scene[..., 1]):
        template = view[4:14, 5:16]
        found, expected = (score_map(x, template, engine="fft") for x in (view, view.copy()))
        assert found.tobytes() == expected.tobytes()


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 3])
def test_constant_windows_are_found_among_all_kinds_of_windows(dtype, channels):
    """Windows that are constant, or in one channel or in all but one pixel of a corner."""
    rng = np.random.default_rng(8)
    scene = np.full((90, 120, channels), 200, dtype)
    scene[40:, :60] = rng.integers(0, 255, (50, 60, channels))
    scene[10, 80, -1] = 199
    template = scene[50:57, 10:19]
    windows = np.lib.stride_tricks.sliding_window_view(scene, (7, 9), axis=(0, 1))
    constant = (windows == windows[..., :1, :1]).all(axis=(2, 3, 4))

    scores = score_map(scene, template, engine="fft")

    assert (scores[constant] == 0).all()
    assert (scores[~constant] != 0).all()


def test_without_llvmlite_the_error_names_it(monkeypatch):
    """Scenes that need the machine code are an error; the formula itself works without it."""
    scene = np.random.default_rng(9).random((40, 50))
    functions.cache_clear()
    monkeypatch.delitem(sys.modules, "striate.llvm.machine")
    monkeypatch.delattr(striate.llvm, "machine")
    monkeypatch.setitem(sys.modules, "llvmlite", None)

    with pytest.raises(EngineError) as error:
        score_map(scene, scene[:9, :9], engine="fft")

    assert score_map(scene, scene[:9, :9], engine="direct")[0, 0] == pytest.approx(1)
    assert str(error.value) == (
        "Matching by FFT needs llvmlite, which is not installed. Install it with pip install "
        'llvmlite, or use engine="direct" for small images.'
    )
