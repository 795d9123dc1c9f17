"""Impulses, and images as sums of them."""

import numpy as np
import pytest

from striate import maths
from striate.errors import ShapeError
from striate.maths import convolve, impulse, impulse_decomposition, impulse_response


def test_impulse_is_one_at_the_origin_or_at_a_pixel():
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


@pytest.mark.parametrize("shape", [(4,), (3, 5), (2, 3, 2)])
def test_the_terms_of_an_image_add_up_to_it(shape):
    """8.3: the sum over all pixels of value times impulse is the image, for any number of axes."""
    image = np.random.default_rng(1).normal(size=shape)

    terms = list(impulse_decomposition(image))

    assert [term.at for term in terms] == list(np.ndindex(shape))
    assert all(np.array_equal(term.impulse, impulse(shape, at=term.at)) for term in terms)
    assert np.array_equal(sum(term.image for term in terms), image)


def test_a_linear_function_is_the_sum_of_its_impulse_responses():
    """8.4: the transform of an image is the sum of value times transform of each impulse."""
    image = np.random.default_rng(2).integers(-9, 10, size=(4, 5))
    ramp = np.arange(5)  # linear, but not position invariant

    found = sum(term.value * (term.impulse * ramp) for term in impulse_decomposition(image))

    assert np.array_equal(found, image * ramp)


def test_with_position_invariance_the_sum_is_a_convolution():
    """8.5: then each response is the kernel shifted to its pixel, and the sum is `convolve`."""
    image = np.random.default_rng(3).integers(-9, 10, size=(4, 5))
    kernel = np.array([[1, 2, 0], [0, -1, 3]])
    shifted = []
    for term in impulse_decomposition(image):
        response = np.zeros((5, 7))
        i, j = term.at
        response[i : i + 2, j : j + 3] = kernel
        shifted.append(term.value * response)

    assert np.array_equal(sum(shifted), convolve(image, kernel, padding="full"))


def test_an_impulse_response_is_measured_in_the_middle():
    """By default the impulse is pixel n // 2, so that responses on all sides are seen (P8.2)."""
    assert impulse_response(lambda p: p, (4, 3)).tolist() == impulse((4, 3), at=(2, 1)).tolist()
    assert impulse_response(lambda p: p, (4,), at=(0,)).tolist() == [1, 0, 0, 0]


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("call", "name"),
    [
        (lambda: maths.impulse(5), "shape"),
        (lambda: maths.impulse_response(lambda p: p, 5), "shape"),
        (lambda: maths.as_convolution(lambda p: p, 5), "shape"),
        (lambda: maths.convolution_matrix(np.ones((2, 2)), 5), "image_shape"),
        (lambda: maths.im2col_matrix(np.ones((1, 3, 3)), 5), "window"),
        (lambda: maths.col2im_matrix(np.ones((4, 4)), 5, (2, 2)), "image_shape"),
    ],
)
def test_a_shape_is_not_a_number(call, name):
    """The size of a square must be written for each axis, and the error shows how."""
    with pytest.raises(ShapeError) as error:
        call()

    assert str(error.value) == (
        f"`{name}` must be a tuple with a length for each axis, got 5. Try (5, 5) for pixels, or "
        "(5,) for a signal."
    )
