"""Blur pooling of images: its weights, its layer, its derivatives, and what shifts change."""

import numpy as np
import pytest

from striate.errors import OptionError, ShapeError
from striate.functions.weight import BlurPooling
from striate.maths import (
    binomial,
    blur_pool,
    blur_pool_backward,
    central_differences,
    cross_correlate,
    max_pool,
    relative_error,
)

RNG = np.random.default_rng(3)
OPTIONS = [
    (2, 2, {}),
    (2, 2, {"window": (4, 5), "padding_mode": "replicate"}),
    (2, (1, 3), {"padding": "same", "padding_mode": "zeros"}),
    (2, 2, {"padding": ((0, 2), 1), "padding_mode": "circular"}),
    (1, (2,), {"padding": "valid"}),
    (3, (1, 2, 2), {"window": 2}),
]


def test_the_weights_are_rows_of_pascals_triangle():
    """Each row is the mean of the row before and its neighbor; the sum is exactly 1."""
    assert binomial(5).tolist() == [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16]
    for size in range(2, 64):
        row = binomial(size - 1)
        assert np.allclose(binomial(size), (np.append(row, 0) + np.append(0, row)) / 2, rtol=1e-15)
        assert abs(binomial(size).sum() - 1) < 1e-15


def test_the_published_layer():
    """Stride 2 is: pad by one reflected pixel, convolve with 1, 2, 1 along both axes, divide by 16.

    Every other pixel of the result is kept, beginning with the first.
    """
    image = RNG.normal(size=(6, 9))
    kernel = np.outer([1, 2, 1], [1, 2, 1]) / 16
    whole = cross_correlate(np.pad(image, 1, mode="reflect"), kernel)

    assert relative_error(blur_pool(image, 2), whole[::2, ::2]) < 1e-15


@pytest.mark.parametrize(("rank", "stride", "options"), OPTIONS)
def test_values_and_derivatives_are_those_of_the_layer(rank, stride, options):
    """The layer kind with the same options gives the same, bit for bit."""
    a = RNG.normal(size=(2, 3, *(6, 5, 4)[:rank]))
    layer = BlurPooling(stride=stride, **options)

    z = blur_pool(a, stride, **options)

    dz = RNG.normal(size=z.shape)
    dA, dW, db = blur_pool_backward(a, stride, dz, **options)
    assert np.array_equal(z, layer.apply(a))
    assert np.array_equal(dA, layer.backward_a(a, dz))
    assert dW is None
    assert np.allclose(db, dz.sum(axis=(0, *range(2, dz.ndim))))


@pytest.mark.parametrize(("rank", "stride", "options"), OPTIONS)
def test_derivatives_are_central_differences(rank, stride, options):
    """Changing each pixel changes the loss as the derivatives say."""
    a = RNG.normal(size=(6, 5, 4)[:rank])
    dz = RNG.normal(size=blur_pool(a, stride, **options).shape)

    found = blur_pool_backward(a, stride, dz, **options)

    by_image = central_differences(lambda x: blur_pool(x, stride, **options), a, dz)
    # The differences have an error of about 1e-10 of the largest slope (maths.check).
    assert relative_error(found.dA, by_image) < 1e-8
    assert found.db == pytest.approx(dz.sum(), rel=1e-12)


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("mode", ["reflect", "replicate", "circular"])
def test_a_flat_image_keeps_its_brightness(stride, mode):
    """Up to its edge, unless the padding is black."""
    flat = np.full((9, 10), 7.0)

    assert (blur_pool(flat, stride, padding_mode=mode) == 7).all()
    if stride > 1:
        assert blur_pool(flat, stride, padding_mode="zeros")[0, 0] < 7


@pytest.mark.parametrize("length", range(2, 14))
def test_it_takes_the_place_of_a_stride(length):
    """A maximum with stride 1 and a blur with stride 2: the size and the positions of max 2."""
    spot = np.zeros(length)
    spot[length // 2 - 1 :][:2] = 1

    pooled = max_pool(spot, 2)
    blurred = blur_pool(max_pool(spot, 2, stride=1), 2) if length > 2 else pooled

    assert blurred.shape == pooled.shape
    assert pooled[blurred.argmax()] == 1


def test_integers_become_fractions():
    """Means of integer pixels are not rounded, and uint8 doesn't wrap."""
    found = blur_pool(np.array([200, 100, 201], np.uint8), 2)

    assert found.dtype == np.float64
    assert found.tolist() == [150, 150.5]


@pytest.mark.bad_input
def test_invalid_arguments_are_refused():
    """The messages name the argument, its value, and what to do."""
    image = np.zeros((4, 4))
    for call, message in (
        (
            lambda: blur_pool(image, 0),
            "`stride` must be a positive integer, or one for each axis, got 0. Try 1.",
        ),
        (
            lambda: blur_pool(image, (2, 2, 2)),
            (
                "`stride` has 3 pixel axes, but `image` has shape (4, 4). Pixels are the last axes "
                "of an image: use an image with at least 3 axes."
            ),
        ),
        (
            lambda: blur_pool(image, 40),
            (
                "`window` must be at most 63 pixels, got 79 for stride 40. Use a smaller stride, "
                "or several layers."
            ),
        ),
        (
            lambda: blur_pool(image, 2, window=64),
            "`window` must be at most 63 pixels, got 64. Use a smaller window.",
        ),
        (
            lambda: blur_pool(image[:, :1], 2),
            (
                'padding_mode="reflect" cannot add 1 pixel to an image of 1: it repeats each pixel '
                "at most once on each side, the edge pixel not at all. "
                'Use padding_mode="replicate".'
            ),
        ),
        (
            lambda: blur_pool(image, 2, padding_mode="mirror"),
            '`padding_mode` must be "zeros", "reflect", "replicate" or "circular", got "mirror".',
        ),
        (
            lambda: blur_pool_backward(image, 2, np.zeros((4, 4))),
            (
                "`dz` has shape (4, 4), but the forward function returns shape (2, 2) for these "
                "arguments. Use the derivatives of its result, and the same options in both calls."
            ),
        ),
        (lambda: binomial(64), "`size` must be an integer from 1 to 63, got 64. Try 3."),
    ):
        with pytest.raises((OptionError, ShapeError)) as error:
            call()
        assert str(error.value) == message
