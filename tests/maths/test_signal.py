"""Convolution and cross-correlation of single images."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from striate.errors import OptionError, ShapeError
from striate.maths import convolve, cross_correlate, impulse, impulse_response, rot180

CASES = json.loads((Path(__file__).parent / "conv_arithmetic_cases.json").read_text())
METHODS = ["loops", "windows", "fft"]
PADDINGS = ["valid", "same", "full", 1]
# Kernel and image, one to three axes, odd and even lengths, a kernel as large as the image.
SIZES = [
    ((3,), (8,)),
    ((4,), (9,)),
    ((7,), (7,)),
    ((2, 3), (5, 6)),
    ((4, 1), (4, 5)),
    ((2, 2, 3), (4, 3, 4)),
]


def rounding(w, p):
    """Bound the difference of two ways to sum products: terms x unit x the products' sizes.

    A spectrum's rounding grows with the logarithm of its length and with the norms of the whole
    arrays; 8 covers the logarithms of these images and the constant.
    """
    eps = np.finfo(np.result_type(w, p)).eps
    return 8 * eps * w.size**0.5 * np.linalg.norm(w) * np.linalg.norm(p)


def random_pair(w_shape, p_shape, dtype=np.float64):
    """Draw a kernel and an image."""
    rng = np.random.default_rng(sum(w_shape) + sum(p_shape))
    return rng.normal(size=w_shape).astype(dtype), rng.normal(size=p_shape).astype(dtype)


@pytest.mark.parametrize("function", [cross_correlate, convolve])
@pytest.mark.parametrize(("w_shape", "p_shape"), SIZES)
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_method_gives_the_same_answer(function, w_shape, p_shape, padding, dtype):
    """The printed sum, its vectorized form and the product of spectra agree up to rounding."""
    w, p = random_pair(w_shape, p_shape, dtype)

    loops, windows, spectra = (function(w, p, padding=padding, method=m) for m in METHODS)

    assert loops.dtype == windows.dtype == spectra.dtype == dtype
    assert np.abs(windows - loops).max() <= rounding(w, p)
    assert np.abs(spectra - loops).max() <= rounding(w, p)


@pytest.mark.parametrize("function", [cross_correlate, convolve])
@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int16, np.int64])
def test_every_method_gives_the_same_whole_numbers(function, dtype):
    """Sums over whole numbers are exact in every method, and uint8 pixels do not wrap."""
    rng = np.random.default_rng(8)
    high = 2 if dtype is np.bool_ else 120
    w, p = (rng.integers(0, high, size=n).astype(dtype) for n in ((3, 3), (7, 8)))

    results = [function(w, p, padding="full", method=m) for m in METHODS]

    wide = function(w.astype(float), p.astype(float), padding="full", method="loops")
    for z in results:
        assert z.dtype == np.int64
        assert np.array_equal(z, wide)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("padding", ["valid", "full"])
def test_one_axis_is_what_numpy_computes(method, padding):
    """In one dimension the functions are np.convolve and np.correlate."""
    w, p = random_pair((4,), (9,))

    convolved = convolve(w, p, padding=padding, method=method)
    correlated = cross_correlate(w, p, padding=padding, method=method)

    assert np.allclose(convolved, np.convolve(p, w, padding), rtol=0, atol=rounding(w, p))
    assert np.allclose(correlated, np.correlate(p, w, padding), rtol=0, atol=rounding(w, p))


@pytest.mark.parametrize("case", CASES["numerical"][:2], ids=lambda case: case["name"])
@pytest.mark.parametrize("method", METHODS)
def test_published_numbers(case, method):
    """The guide's two worked figures come out; a stride takes every s-th place."""
    kernel, image = np.array(case["kernel"]), np.array(case["input"])

    z = cross_correlate(kernel, image, padding=case["p"], method=method)

    assert z[:: case["s"], :: case["s"]].tolist() == case["output"]


@pytest.mark.parametrize(("w_shape", "p_shape"), SIZES)
def test_full_convolution_is_commutative(w_shape, p_shape):
    """W * P = P * W when every overlap counts (Hagan 8.7)."""
    w, p = random_pair(w_shape, p_shape)

    gap = convolve(w, p, padding="full") - convolve(p, w, padding="full")

    assert np.abs(gap).max() <= rounding(w, p)


@pytest.mark.parametrize(("w_shape", "p_shape"), SIZES)
@pytest.mark.parametrize("padding", PADDINGS)
def test_convolution_is_correlation_with_the_turned_kernel(w_shape, p_shape, padding):
    """Under every padding, convolving with a kernel is correlating with it turned (P8.1)."""
    w, p = random_pair(w_shape, p_shape)

    gap = convolve(w, p, padding=padding, method="loops") - cross_correlate(
        rot180(w), p, padding=padding, method="loops"
    )

    assert np.abs(gap).max() <= rounding(w, p)


@pytest.mark.parametrize("r", [1, 2, 3, 4, 5])
def test_same_pads_the_odd_pixel_after_the_image(r):
    """`same` is the full result from place r // 2 on: of an odd number of zeros more lie behind."""
    w, p = random_pair((r,), (6,))

    correlated = cross_correlate(w, p, padding="same")
    convolved = convolve(w, p, padding="same")

    full_correlation = cross_correlate(w, p, padding="full")
    full_convolution = convolve(w, p, padding="full")
    start = r // 2  # r - 1 - (r - 1) // 2
    assert np.allclose(correlated, full_correlation[start : start + 6], atol=rounding(w, p))
    assert np.allclose(convolved, full_convolution[start : start + 6], atol=rounding(w, p))


def test_convolution_is_associative():
    """Convolving with two kernels in turn is convolving once with their convolution."""
    (v, w), p = random_pair((3, 2), (2, 4)), random_pair((1, 1), (6, 5))[1]

    twice = convolve(v, convolve(w, p, padding="full"), padding="full")
    once = convolve(convolve(v, w, padding="full"), p, padding="full")

    assert np.allclose(twice, once, rtol=0, atol=rounding(v, p) * np.linalg.norm(w))


def test_convolving_the_impulse_gives_the_kernel():
    """The kernel is the impulse response of the convolution with it (Hagan 8.2)."""
    w = np.arange(6.0).reshape(2, 3)

    response = impulse_response(lambda p: convolve(w, p, padding="full"), (3, 5))

    assert response[1:3, 2:5].tolist() == w.tolist()
    assert np.count_nonzero(response) == 5  # the kernel holds one zero


def test_rot180_turns_all_axes_or_the_last():
    """All axes are reversed, or the pixel axes of kernels [h, l, u, v] only."""
    w = np.arange(2 * 3 * 2 * 2).reshape(2, 3, 2, 2)

    turned = rot180(w, rank=2)

    assert rot180(w).ravel().tolist() == w.ravel().tolist()[::-1]
    for h, l in itertools.product(range(2), range(3)):
        assert turned[h, l].tolist() == w[h, l, ::-1, ::-1].tolist()


def test_impulse_is_one_at_the_origin_or_where_asked():
    """One pixel is 1, all others are zero (Hagan 8.1)."""
    assert impulse((2, 2)).tolist() == [[1, 0], [0, 0]]
    assert impulse((3,), at=(2,)).tolist() == [0, 0, 1]


@pytest.mark.parametrize("at", [(2, 0), (-1, 0), (0,)])
def test_an_impulse_outside_the_image_is_explained(at):
    """The error gives the pixel and the image's shape."""
    with pytest.raises(ShapeError) as error:
        impulse((2, 3), at=at)

    assert str(error.value) == (
        f"`at` must be a pixel of an image of shape (2, 3), counted from 0, got {at}."
    )


def test_different_numbers_of_axes_are_explained():
    """The error gives both shapes and says what to do with several maps."""
    with pytest.raises(ShapeError) as error:
        cross_correlate(np.zeros((3, 3)), np.zeros((8, 8, 3)))

    assert str(error.value) == (
        "cross_correlate: kernel and image must have the same number of axes, at least one, "
        "got shapes (3, 3) and (8, 8, 3). Use one map of the image, or a convolution layer."
    )


def test_a_kernel_larger_than_the_image_is_explained():
    """Unlike NumPy, striate does not exchange kernel and image; the error shows the sizes."""
    with pytest.raises(ShapeError) as error:
        convolve(np.zeros(5), np.zeros(3))

    assert str(error.value) == (
        "the kernel of 5 pixels is longer than its input, 3 after padding (3 + 0 + 0; Hagan "
        "8.18). Use padding=1 or a smaller kernel, or remove a pooling layer."
    )


@pytest.mark.bad_input
@pytest.mark.parametrize("function", [cross_correlate, convolve])
def test_an_unknown_method_is_explained(function):
    """The error lists the three forms."""
    with pytest.raises(OptionError) as error:
        function(np.zeros(2), np.zeros(3), method="direct")

    assert str(error.value) == (
        'method="direct" does not exist. The three forms are "loops" (the printed sum), "windows" '
        '(vectorized) and "fft" (a product of spectra); they give the same numbers. '
        "Use one of these words."
    )
