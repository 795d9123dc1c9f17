"""Functions that are convolutions, and functions that aren't."""

import re

import numpy as np
import pytest

import striate as st
from striate.errors import ShapeError
from striate.maths import (
    ConvolutionFound,
    NotAConvolution,
    as_convolution,
    convolve,
    cross_correlate,
    kernels,
    rot180,
)

W = np.random.default_rng(9).normal(size=(3, 4))
SHAPE = (20, 20)


def with_edge(mode):
    """Correlate with W and one of NumPy's padding modes."""
    return lambda p: cross_correlate(np.pad(p, ((1, 1), (2, 1)), mode=mode), W)


# Functions that correlate with W, and what they do with the edge.
CORRELATIONS = {
    "valid": lambda p: cross_correlate(p, W),
    "same": lambda p: cross_correlate(p, W, padding="same"),
    "full": lambda p: cross_correlate(p, W, padding="full"),
    "reflect": with_edge("reflect"),
    "edge": with_edge("edge"),
    "wrap": with_edge("wrap"),
    "fft": lambda p: np.fft.irfft2(np.fft.rfft2(p) * np.conj(np.fft.rfft2(W, p.shape)), s=p.shape),
}


@pytest.mark.parametrize("edge", CORRELATIONS)
def test_the_kernel_is_found_whatever_happens_at_the_edge(edge):
    """The correlation kernel is W, and the result computes the function away from the edge."""
    f = CORRELATIONS[edge]
    p = np.random.default_rng(10).normal(size=(23, 25))

    found = as_convolution(f, SHAPE)

    assert isinstance(found, ConvolutionFound)
    # W has twelve terms near 1; fft rounds more, by the logarithm of 400.
    assert np.allclose(found.correlation_kernel, W, rtol=0, atol=1e-14)
    assert np.array_equal(found.kernel, rot180(found.correlation_kernel))
    assert found(p).shape == f(p).shape
    inner = (slice(6, -6),) * 2
    assert np.allclose(found(p)[inner], f(p)[inner], rtol=0, atol=1e-13)


@pytest.mark.parametrize("edge", ["valid", "same", "full"])
def test_with_zeros_outside_the_result_is_the_function_everywhere(edge):
    """If the function pads with zeros, the convolution equals it up to the edge."""
    f = CORRELATIONS[edge]
    p = np.random.default_rng(11).normal(size=(6, 7))

    found = as_convolution(f, SHAPE)

    assert np.allclose(found(p), f(p), rtol=0, atol=1e-13)


def test_offsets_locate_the_kernel():
    """Both offsets are measured from the pixel of the result to the pixel of the image."""
    found = as_convolution(CORRELATIONS["valid"], SHAPE)

    assert found.correlation_offset == (0, 0)
    assert found.offset == (-2, -3)
    assert found.growth == (-2, -3)


def test_a_far_shift_has_a_kernel_of_one_pixel():
    """A shift by 5 is a kernel of one pixel far from the impulse, and works on small images."""
    found = as_convolution(lambda p: np.roll(p, 5), (40,))

    assert found.kernel.tolist() == [1.0]
    assert found.offset == (5,)
    assert found(np.arange(1.0, 8.0)).tolist() == [0, 0, 0, 0, 0, 1, 2]
    assert found(np.arange(1.0, 4.0)).tolist() == [0, 0, 0]


def test_volumes_are_images_too():
    """A convolution of volumes is recognized."""
    w = np.random.default_rng(12).normal(size=(2, 1, 2))

    found = as_convolution(lambda p: convolve(p, w, padding="full"), (8, 7, 9))

    assert np.allclose(found.kernel, w, rtol=0, atol=1e-14)


def test_the_zero_function_is_a_convolution():
    """The zero function is the convolution with a zero kernel."""
    found = as_convolution(np.zeros_like, (9, 9))

    assert found.kernel.tolist() == [[0.0]]


def median(p):
    """Return the median of each pixel and its two neighbors in the row."""
    return np.median(np.stack([p[:, :-2], p[:, 1:-1], p[:, 2:]]), axis=0)


NOT_CONVOLUTIONS = {
    "relu": ("homogeneity", lambda p: np.maximum(p, 0)),
    "bias": ("homogeneity", lambda p: p + 1),
    "square": ("homogeneity", lambda p: p * p),
    "saturating far out": ("homogeneity", lambda p: np.clip(p, -50, 50)),
    "dead zone": ("homogeneity", lambda p: np.where(np.abs(p) < 1e-2, 0, p)),
    "nan": ("homogeneity", lambda p: p * np.nan),
    "median": ("additivity", median),
    "normalized": ("additivity", lambda p: p * p / np.linalg.norm(p) * np.sign(p)),
    "mean": ("local support", lambda p: p - p.mean()),
    "spectrum": ("local support", lambda p: np.fft.fft2(p).real),
    "mirror": ("position invariance", lambda p: p[::-1]),
    "transpose": ("position invariance", lambda p: p.T),
    "stride": ("position invariance", lambda p: p[::2, ::2]),
    "ramp": ("position invariance", lambda p: p * np.arange(p.shape[1])),
    "blind spot": (
        "position invariance",
        lambda p: np.where(np.arange(p.shape[1]) == p.shape[1] // 2, 0, p),
    ),
}


@pytest.mark.parametrize("name", NOT_CONVOLUTIONS)
def test_a_broken_law_is_named(name):
    """The result names the first law that fails and a pixel where the outputs differ."""
    law, f = NOT_CONVOLUTIONS[name]

    found = as_convolution(f, SHAPE)

    assert isinstance(found, NotAConvolution)
    assert found.law == law
    wrong, right = (output[found.pixel] for output in found.outputs)
    assert not np.isclose(wrong, right, rtol=1e-9, atol=0)


def test_the_counterexample_of_homogeneity_can_be_repeated():
    """The inputs are an image and a multiple, the outputs those of function and law."""
    found = as_convolution(np.abs, SHAPE)

    a, multiple = found.inputs
    c = multiple[0, 0] / a[0, 0]
    assert np.allclose(multiple, c * a)
    assert np.array_equal(found.outputs[0], np.abs(multiple))
    assert np.allclose(found.outputs[1], c * np.abs(a))


def test_the_counterexample_of_additivity_can_be_repeated():
    """The inputs are two summands, the outputs those of function and law."""
    found = as_convolution(median, SHAPE)

    a, b = found.inputs
    assert np.array_equal(found.outputs[0], median(a + b))
    assert np.array_equal(found.outputs[1], median(a) + median(b))


def test_the_counterexample_of_local_support_can_be_repeated():
    """Its input is the impulse in the middle, its output the response that reaches the edge."""
    found = as_convolution(NOT_CONVOLUTIONS["mean"][1], SHAPE)

    (delta,) = found.inputs
    assert np.argwhere(delta).tolist() == [[10, 10]]
    assert np.array_equal(found.outputs[0], delta - delta.mean())


def test_the_counterexample_of_invariance_can_be_repeated():
    """Its inputs are an image and that image shifted by a row, its outputs f of both."""
    found = as_convolution(np.flipud, SHAPE)

    p, shifted = found.inputs
    assert np.array_equal(shifted, np.roll(p, 1, axis=0))
    assert np.array_equal(found.outputs[0], np.flipud(shifted))
    assert np.array_equal(found.outputs[1], np.roll(np.flipud(p), 1, axis=0))


def test_the_counterexample_is_printed_as_a_sentence():
    """Printed, it is one sentence with the law, the pixel and both numbers."""
    found = NotAConvolution(
        law="additivity",
        inputs=(np.array([1.0]), np.array([-1.0])),
        outputs=(np.array([0.0]), np.array([1.0])),
        pixel=(0,),
    )

    assert str(found) == "Not additive: at pixel (0,), f(a + b) is 0, but f(a) + f(b) is 1."


def test_the_same_seed_finds_the_same_counterexample():
    """Random numbers depend only on the seed."""
    first, second = (as_convolution(np.abs, (8, 8), seed=3) for _ in range(2))

    assert all(map(np.array_equal, first.inputs, second.inputs))
    assert not np.array_equal(first.inputs[0], as_convolution(np.abs, (8, 8), seed=4).inputs[0])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_the_tolerance_follows_the_dtype(dtype):
    """Rounding errors don't violate a law, but real differences do."""

    def f(p):
        return cross_correlate(p.astype(dtype), W.astype(dtype))

    assert isinstance(as_convolution(f, SHAPE), ConvolutionFound)
    assert isinstance(as_convolution(lambda p: f(p) + dtype(1), SHAPE), NotAConvolution)


def test_a_float32_layer_is_a_convolution():
    """A convolution layer of a network, which computes in float32, is found with its kernel."""
    net = st.Network([st.Conv(1, 3, bias=None)], input_shape=(12, 12, 1))

    found = as_convolution(lambda p: net.predict(p[None, ..., None])[0, ..., 0], (12, 12))

    kernel = net.parameters["conv1.weight"][0, 0]
    np.testing.assert_allclose(found.correlation_kernel, kernel, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("entry", kernels.catalog(), ids=lambda entry: entry.name)
@pytest.mark.parametrize("method", ["windows", "fft"])
def test_every_named_kernel_is_found_in_float32(entry, method):
    """With the default tolerance, a float32 function is a convolution, by sums and by spectra."""
    kernel = entry.make().astype(np.float32)

    found = as_convolution(
        lambda p: convolve(p.astype(np.float32), kernel, padding="same", method=method), (48, 48)
    )

    assert isinstance(found, ConvolutionFound)
    p = np.random.default_rng(13).normal(size=(20, 21))
    wanted = convolve(p, kernel, padding="same")
    # Elements of the kernel below 1e-4 of the largest count as rounding.
    assert np.allclose(found(p), wanted, rtol=0, atol=1e-3 * np.abs(kernel).max())


def test_the_counterexample_shows_the_difference():
    """Numbers that differ in their last digits are printed with enough digits."""

    def f(p):
        return cross_correlate(p.astype(np.float32), W.astype(np.float32))

    text = str(as_convolution(f, SHAPE, tolerance=1e-9))
    first, second = re.findall(r" is (-?[\d.e+-]+)[,.]", text)

    assert first != second
    assert float(first) == pytest.approx(float(second), rel=1e-4)


def test_a_complex_counterexample_is_printed_with_both_parts():
    """A complex output is printed with its real and imaginary parts."""
    found = as_convolution(lambda p: 1j * np.sort(p), (5, 5))

    assert "j" in str(found)


@pytest.mark.bad_input
@pytest.mark.parametrize("f", [np.sum, lambda p: p[:0]])
def test_a_function_that_makes_no_image_is_explained(f):
    """The error gives the shape that the function returned."""
    with pytest.raises(ShapeError) as error:
        as_convolution(f, (4, 4))

    shape = np.shape(f(np.zeros((4, 4))))
    assert str(error.value) == (
        f"`f` must return an image with 2 axes and at least one pixel, got shape {shape} for an "
        "image of shape (4, 4). Use a function of a single feature map."
    )


def test_an_image_too_small_to_move_in_is_explained():
    """The error gives the response's size and a larger shape."""
    with pytest.raises(ShapeError) as error:
        as_convolution(lambda p: cross_correlate(p, np.ones((3, 3)), padding="same"), (5, 12))

    assert str(error.value) == (
        "`shape` must leave room to move the impulse response, which spans pixels -1 to 1 around "
        "the impulse, by one pixel without touching the edges, got (5, 12). Try (10, 24)."
    )
