"""Convolution and cross-correlation of images, feature maps and batches: values and errors."""

import itertools
import json
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from helpers import tolerance
from striate.errors import OptionError, ShapeError
from striate.functions.weight import Convolution
from striate.maths import (
    convolve,
    cross_correlate,
    impulse_response,
    relative_error,
    rot180,
)

CASES = json.loads((Path(__file__).parent / "conv_arithmetic_cases.json").read_text())
METHODS = ["loops", "windows", "fft"]
PADDINGS = ["valid", "same", "full", 1]
FUNCTIONS = [cross_correlate, convolve]
# Image and kernel, one to three axes, odd and even lengths, a kernel as large as the image.
SIZES = [
    ((8,), (3,)),
    ((9,), (4,)),
    ((7,), (7,)),
    ((5, 6), (2, 3)),
    ((4, 5), (4, 1)),
    ((4, 3, 4), (2, 2, 3)),
]
# Image, kernel and options, in all forms: one image, maps, batches, each with every option.
FORMS = {
    "signal, stride": ((9,), (3,), {"stride": 2}),
    "picture, dilation": ((8, 9), (3, 2), {"dilation": (2, 3)}),
    "picture, reflect": ((7, 6), (3, 3), {"padding": "same", "padding_mode": "reflect"}),
    "picture, replicate": (
        (5, 6),
        (3, 2),
        {"padding": ((2, 0), (1, 3)), "padding_mode": "replicate", "stride": (1, 2)},
    ),
    "volume, circular": ((4, 5, 3), (2, 3, 1), {"padding": 1, "padding_mode": "circular"}),
    "maps of signals": ((2, 9), (3, 2, 4), {"padding": "full", "stride": 3}),
    "maps": ((2, 5, 5), (3, 2, 3, 3), {}),
    "maps, groups": ((4, 7, 6), (6, 2, 3, 2), {"groups": 2, "stride": 2, "padding": "same"}),
    "maps, depthwise": ((3, 5, 6), (3, 1, 2, 2), {"groups": 3, "dilation": 2}),
    "maps of volumes": ((2, 3, 4, 3), (2, 2, 2, 2, 2), {"padding": (1, 0, 1)}),
    "batch": ((2, 3, 6, 5), (4, 3, 3, 2), {"padding": 2, "padding_mode": "replicate"}),
    "batch of volumes": ((2, 1, 3, 4, 3), (2, 1, 2, 1, 3), {"stride": (2, 1, 1)}),
}
FORM = pytest.mark.parametrize("form", FORMS)
FUNCTION = pytest.mark.parametrize("function", FUNCTIONS)


def rounding(p, w):
    """Bound the difference of two ways to sum products: terms x unit x the products' sizes.

    A spectrum's rounding grows with the logarithm of its length and with the norms of the whole
    arrays; 8 covers the logarithms of these images and the constant.
    """
    eps = np.finfo(np.result_type(w, p)).eps
    return 8 * eps * w.size**0.5 * np.linalg.norm(w) * np.linalg.norm(p)


def random_pair(p_shape, w_shape, dtype=np.float64):
    """Draw an image and a kernel."""
    rng = np.random.default_rng(sum(w_shape) + sum(p_shape))
    return rng.normal(size=p_shape).astype(dtype), rng.normal(size=w_shape).astype(dtype)


def drawn(form):
    """Draw an image and kernels of a form; also return its options."""
    p_shape, w_shape, options = FORMS[form]
    return *random_pair(p_shape, w_shape), options


@FUNCTION
@pytest.mark.parametrize(("p_shape", "w_shape"), SIZES)
@pytest.mark.parametrize("padding", PADDINGS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_method_gives_the_same_result(function, p_shape, w_shape, padding, dtype):
    """The printed sum, its vectorized form and the product of spectra agree up to rounding."""
    p, w = random_pair(p_shape, w_shape, dtype)

    loops, windows, spectra = (function(p, w, padding=padding, method=m) for m in METHODS)

    assert loops.dtype == windows.dtype == spectra.dtype == dtype
    assert np.abs(windows - loops).max() <= rounding(p, w)
    assert np.abs(spectra - loops).max() <= rounding(p, w)


@FUNCTION
@FORM
def test_every_method_gives_the_same_result_with_every_option(function, form):
    """So do they with strides, dilation, padding, maps, groups and batches."""
    p, w, options = drawn(form)

    loops, windows, spectra = (function(p, w, **options, method=m) for m in METHODS)

    assert loops.shape == windows.shape == spectra.shape
    assert np.abs(windows - loops).max() <= rounding(p, w)
    assert np.abs(spectra - loops).max() <= rounding(p, w)


@FUNCTION
@FORM
def test_they_compute_what_the_layer_computes(function, form):
    """The layer kind with the same options, with `flip` for the convolution, gives the same."""
    p, w, options = drawn(form)
    rank = p.ndim if p.ndim == w.ndim <= 3 else w.ndim - 2
    kernels = w.reshape((1,) * (rank + 2 - w.ndim) + w.shape)
    images = p.reshape((1,) * (rank + 2 - p.ndim) + p.shape)
    kind = Convolution(
        feature_maps=len(kernels),
        kernel_size=kernels.shape[2:],
        flip=function is convolve,
        **options,
    )

    found = function(p, w, **options)

    wanted = kind.apply(kernels, images)
    assert found.shape == wanted.shape[rank + 2 - p.ndim :]
    assert relative_error(found.ravel(), wanted.ravel()) <= tolerance(w.size)


@FUNCTION
@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int16, np.int64])
def test_every_method_gives_the_same_integers(function, dtype):
    """Sums of integers are exact in every method, and uint8 pixels do not wrap."""
    rng = np.random.default_rng(8)
    high = 2 if dtype is np.bool_ else 120
    p, w = (rng.integers(0, high, size=n).astype(dtype) for n in ((7, 8), (3, 3)))

    results = [function(p, w, padding="full", method=m) for m in METHODS]

    wide = function(p.astype(float), w.astype(float), padding="full", method="loops")
    for z in results:
        assert z.dtype == np.int64
        assert np.array_equal(z, wide)


@FUNCTION
def test_complex_numbers_are_summed_as_such(function):
    """The product of spectra keeps the imaginary part."""
    p, w = random_pair((5, 6), (2, 3))
    p, w = p + 1j * p[::-1], w - 2j * w[:, ::-1]

    loops, windows, spectra = (function(p, w, method=m) for m in METHODS)

    assert np.abs(windows - loops).max() <= rounding(p, w)
    assert np.abs(spectra - loops).max() <= rounding(p, w)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("padding", ["valid", "full"])
def test_one_axis_is_what_numpy_computes(method, padding):
    """In one dimension the functions are np.convolve and np.correlate."""
    p, w = random_pair((9,), (4,))

    convolved = convolve(p, w, padding=padding, method=method)
    correlated = cross_correlate(p, w, padding=padding, method=method)

    assert np.allclose(convolved, np.convolve(p, w, padding), rtol=0, atol=rounding(p, w))
    assert np.allclose(correlated, np.correlate(p, w, padding), rtol=0, atol=rounding(p, w))


@pytest.mark.parametrize("case", CASES["numerical"][:2], ids=lambda case: case["name"])
@pytest.mark.parametrize("method", METHODS)
def test_published_numbers(case, method):
    """The guide's two worked figures come out."""
    kernel, image = np.array(case["kernel"]), np.array(case["input"])

    z = cross_correlate(image, kernel, padding=case["p"], stride=case["s"], method=method)

    assert z.tolist() == case["output"]


@FUNCTION
@pytest.mark.parametrize("s", [1, 2, 3])
def test_a_stride_takes_every_sth_position(function, s):
    """With stride s, the result is every s-th pixel of the result with stride 1."""
    p, w = random_pair((9, 8), (3, 2))

    every = function(p, w, padding=1)

    assert np.array_equal(function(p, w, padding=1, stride=s), every[::s, ::s])


@FUNCTION
def test_dilation_is_a_kernel_with_zeros_in_its_gaps(function):
    """With dilation d, kernel pixels are d apart."""
    p, w = random_pair((9, 8), (3, 2))
    gaps = np.zeros((5, 4))
    gaps[::2, ::3] = w

    found = function(p, w, dilation=(2, 3))

    assert np.allclose(found, function(p, gaps), rtol=0, atol=rounding(p, w))


@FUNCTION
@FORM
def test_they_are_linear_in_the_image_and_in_the_kernel(function, form):
    """A sum of images, or of kernels, gives the sum of the results; factors can be taken out."""
    p, w, options = drawn(form)
    q, v = p[..., ::-1] * 0.5, w[..., ::-1] - 1

    z = function(p, w, **options)

    by_image = function(p + 3 * q, w, **options) - 3 * function(q, w, **options)
    by_kernel = function(p, w + 3 * v, **options) - 3 * function(p, v, **options)
    assert np.abs(by_image - z).max() <= 10 * rounding(p, w)
    assert np.abs(by_kernel - z).max() <= 10 * rounding(p, w)


@FUNCTION
@pytest.mark.parametrize("by", [(1, 0), (0, 2), (3, -2)])
def test_a_shifted_image_gives_the_shifted_result(function, by):
    """With circular padding nothing is lost at the edge, so any shift shifts the result."""
    p, w = random_pair((7, 8), (3, 2))
    options = {"padding": "same", "padding_mode": "circular"}

    moved = function(np.roll(p, by, axis=(0, 1)), w, **options)

    assert np.array_equal(moved, np.roll(function(p, w, **options), by, axis=(0, 1)))


@pytest.mark.parametrize(("p_shape", "w_shape"), SIZES)
def test_full_convolution_is_commutative(p_shape, w_shape):
    """W * P = P * W when every overlap counts (Hagan 8.7)."""
    p, w = random_pair(p_shape, w_shape)

    gap = convolve(p, w, padding="full") - convolve(w, p, padding="full")

    assert np.abs(gap).max() <= rounding(p, w)


@pytest.mark.parametrize(("p_shape", "w_shape"), SIZES)
@pytest.mark.parametrize("padding", PADDINGS)
def test_convolution_is_correlation_with_the_rotated_kernel(p_shape, w_shape, padding):
    """Under every padding, convolving with a kernel is correlating with it rotated (P8.1)."""
    p, w = random_pair(p_shape, w_shape)

    gap = convolve(p, w, padding=padding, method="loops") - cross_correlate(
        p, rot180(w), padding=padding, method="loops"
    )

    assert np.abs(gap).max() <= rounding(p, w)


@pytest.mark.parametrize("r", [1, 2, 3, 4, 5])
def test_same_pads_the_odd_pixel_after_the_image(r):
    """`same` is the full result from pixel r // 2 on: an odd zero is added after the image."""
    p, w = random_pair((6,), (r,))

    correlated = cross_correlate(p, w, padding="same")
    convolved = convolve(p, w, padding="same")

    full_correlation = cross_correlate(p, w, padding="full")
    full_convolution = convolve(p, w, padding="full")
    start = r // 2  # r - 1 - (r - 1) // 2
    assert np.allclose(correlated, full_correlation[start : start + 6], atol=rounding(p, w))
    assert np.allclose(convolved, full_convolution[start : start + 6], atol=rounding(p, w))


@FUNCTION
def test_a_kernel_may_be_larger_if_the_padding_makes_room(function):
    """In 8.45, dZ is padded in full and is often smaller than the kernel."""
    p, w = random_pair((2, 2), (3, 4))

    full, padded = function(p, w, padding="full"), function(p, w, padding=(2, 3))

    assert full.shape == (4, 5)
    assert np.array_equal(full, padded)


def test_convolution_is_associative():
    """Convolving with two kernels in turn is convolving once with their convolution."""
    p, (w, v) = random_pair((6, 5), (1, 1))[0], random_pair((2, 4), (2, 2))

    twice = convolve(convolve(p, w, padding="full"), v, padding="full")
    once = convolve(p, convolve(w, v, padding="full"), padding="full")

    assert np.allclose(twice, once, rtol=0, atol=rounding(p, v) * np.linalg.norm(w))


def test_convolving_the_impulse_gives_the_kernel():
    """The kernel is the impulse response of the convolution with it (Hagan 8.2)."""
    w = np.arange(6.0).reshape(2, 3)

    response = impulse_response(lambda p: convolve(p, w, padding="full"), (3, 5))

    assert response[1:3, 2:5].tolist() == w.tolist()
    assert np.count_nonzero(response) == 5  # the kernel holds one zero


def test_rot180_rotates_all_axes_or_the_last():
    """All axes are reversed, or the pixel axes of kernels [h, l, u, v] only."""
    w = np.arange(2 * 3 * 2 * 2).reshape(2, 3, 2, 2)

    rotated = rot180(w, rank=2)

    assert rot180(w).ravel().tolist() == w.ravel().tolist()[::-1]
    for h, l in itertools.product(range(2), range(3)):
        assert rotated[h, l].tolist() == w[h, l, ::-1, ::-1].tolist()


@pytest.mark.bad_input
def test_lists_are_images():
    """Anything that NumPy converts to an array of numbers is an image or a kernel."""
    assert cross_correlate([[1, 2], [3, 4]], [[1, 1]]).tolist() == [[3], [7]]
    assert rot180([1, 2]).tolist() == [2, 1]


def test_a_large_kernel_needs_no_memory_for_its_windows():
    """One image with one kernel is summed without a copy of all windows, here 836 MB."""
    image, kernel = np.ones((300, 300), np.float32), np.ones((60, 60), np.float32)

    tracemalloc.start()
    z = cross_correlate(image, kernel)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert np.all(z == 60**2)
    assert peak < 4 * z.nbytes


ERRORS = {
    "channels-last": ((8, 8, 3), (3, 3), {}),
    "channels-first": ((3, 8, 8), (3, 3), {}),
    "padding-is-a-mode": ((8, 8), (3, 3), {"padding": "circular"}),
    "swapped": ((3, 3), (8, 9), {}),
    "swapped-same": ((3,), (5,), {"padding": "same"}),
    "swapped-padded": ((3, 3), (8, 8), {"padding": 2}),
    "swapped-maps": ((4, 3, 3, 3), (3, 8, 8), {}),
    "swapped-batch": ((4, 3, 3, 3), (2, 3, 8, 8), {}),
    "too-long": ((4, 9), (5, 2), {}),
    "several-kernels": ((8, 8), (4, 3, 3), {}),
    "scalar": ((), (), {}),
    "empty": ((0, 3), (1, 1), {}),
    "empty-kernel": ((4, 3), (0, 1), {}),
    "six-axes": ((1,) * 6, (1,) * 6, {}),
    "maps-missing": ((3, 8, 8), (4, 2, 3, 3), {}),
    "groups-of-a-picture": ((8, 8), (3, 3), {"groups": 2}),
    "groups-zero": ((8, 8), (3, 3), {"groups": 0}),
    "groups-odd": ((6, 8, 8), (4, 2, 3, 3), {"groups": 3}),
    "stride-zero": ((8, 8), (3, 3), {"stride": 0}),
    "padding-word": ((8, 8), (3, 3), {"padding": "half"}),
    "padding-mode": ((8, 8), (3, 3), {"padding_mode": "mirror"}),
    "padding-too-wide": ((4, 4), (3, 3), {"padding": 4, "padding_mode": "reflect"}),
    "method": ((8, 8), (3, 3), {"method": "direct"}),
}


@pytest.mark.bad_input
@FUNCTION
@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_explained(function, name, golden):
    """Both functions raise the same error, which says what to do."""
    p_shape, w_shape, options = ERRORS[name]

    with pytest.raises((ShapeError, OptionError)) as error:
        function(np.zeros(p_shape), np.zeros(w_shape), **options)

    golden(f"maths/signal-{name}", str(error.value))


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("name", "kernel"), [("words", ["a", "b"]), ("none", None), ("ragged", [[1, 2], [3]])]
)
def test_other_things_are_not_an_image(name, kernel, golden):
    """Arrays of other things than numbers, and rows of different lengths, are an error."""
    with pytest.raises((ShapeError, OptionError)) as error:
        convolve(np.zeros((4, 4)), kernel)

    golden(f"maths/signal-{name}", str(error.value))


def test_one_kernel_for_each_channel():
    """A color picture is convolved channel by channel by a kernel of one pixel along that axis."""
    p, w = random_pair((6, 7, 3), (3, 2))

    last = convolve(p, w[:, :, np.newaxis])
    first = convolve(np.moveaxis(p, -1, 0), w[np.newaxis])

    wanted = np.stack([convolve(p[..., k], w) for k in range(3)], axis=-1)
    assert np.allclose(last, wanted, rtol=0, atol=rounding(p, w))
    assert np.allclose(np.moveaxis(first, 0, -1), wanted, rtol=0, atol=rounding(p, w))
