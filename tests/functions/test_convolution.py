"""Convolution compared with plain loops and `striate.maths`, and its errors word for word."""

from itertools import product

import numpy as np
import pytest

from helpers import tolerance
from striate.errors import OptionError, ShapeError
from striate.functions.weight import Convolution
from striate.maths.check import relative_error
from striate.maths.signal import convolve


def test_it_is_hagan_8_38_counted_from_one():
    """z(i,j) = sum over l, u, v of w(u,v) a(i+u-1, j+v-1), as printed."""
    rng = np.random.default_rng(0)
    w, a = rng.standard_normal((3, 2, 3, 2)), rng.standard_normal((1, 2, 5, 5))
    wanted = np.zeros((1, 3, 3, 4))
    for h, i, j in product(range(3), range(1, 4), range(1, 5)):
        for l, u, v in product(range(2), range(1, 4), range(1, 3)):
            wanted[0, h, i - 1, j - 1] += w[h, l, u - 1, v - 1] * a[0, l, i + u - 2, j + v - 2]

    found = Convolution(feature_maps=3, kernel_size=(3, 2)).apply(w, a)

    assert relative_error(found, wanted) <= tolerance(12)


def test_wolters_figure():
    """3 x 2 x 3 x 3 kernels over 2 x 5 x 5 give 3 x 3 x 3 (Wolter, "Multichannel convolution")."""
    convolution = Convolution(feature_maps=3, kernel_size=3)

    assert convolution.output_shape((2, 5, 5)) == (3, 3, 3)
    assert convolution.parameters((2, 5, 5))["weight"].shape == (3, 2, 3, 3)


def test_flipped_it_is_the_true_convolution():
    """`flip=True` computes Hagan 8.8."""
    rng = np.random.default_rng(1)
    kernel, image = rng.standard_normal((3, 2)), rng.standard_normal((6, 5))

    found = Convolution(feature_maps=1, kernel_size=(3, 2), padding="full", flip=True).apply(
        kernel[None, None], image[None, None]
    )

    assert relative_error(found[0, 0], convolve(image, kernel, padding="full")) <= tolerance(6)


def test_groups_do_not_see_each_other():
    """With one group per map, each map is convolved separately."""
    rng = np.random.default_rng(2)
    w, a = rng.standard_normal((4, 1, 3, 3)), rng.standard_normal((2, 4, 5, 5))

    together = Convolution(feature_maps=4, kernel_size=3, groups=4).apply(w, a)

    alone = Convolution(feature_maps=1, kernel_size=3)
    for h in range(4):
        apart = alone.apply(w[h : h + 1], a[:, h : h + 1])
        assert relative_error(together[:, h : h + 1], apart) <= tolerance(9)


@pytest.mark.parametrize(
    ("options", "shape", "kind", "message"),
    [
        (
            {"feature_maps": 4, "kernel_size": 3, "groups": 3},
            (6, 8, 8),
            OptionError,
            (
                "Conv(4, 3, groups=3): `groups` must divide both the 6 input maps and the 4 "
                "output maps, got 3. "
                "Use a divisor of 2."
            ),
        ),
        (
            {"feature_maps": 2, "kernel_size": 3},
            (120,),
            ShapeError,
            (
                "Conv(2, 3): the input must be an image with one to three pixel axes, got a "
                "vector. Move this layer before Flatten(), or put "
                "Reshape((rows, columns, channels)) before it."
            ),
        ),
        (
            {"feature_maps": 2, "kernel_size": 1},
            (1, 2, 2, 2, 2),
            ShapeError,
            (
                "Conv(2, 1): the input must be an image with one to three pixel axes, got 4. "
                "Use Reshape to merge axes."
            ),
        ),
    ],
)
def test_errors_of_shapes_teach(options, shape, kind, message):
    """Groups that don't divide the maps, vectors and 4-D images are errors with a remedy."""
    with pytest.raises(kind) as error:
        Convolution(**options).output_shape(shape)

    assert str(error.value) == message


def test_kernels_that_do_not_fit_are_named():
    """Kernels of a different shape are an error."""
    convolution = Convolution(feature_maps=3, kernel_size=2)

    with pytest.raises(ShapeError) as error:
        convolution.apply(np.ones((3, 1, 2, 2)), np.ones((1, 2, 4, 4)))

    assert str(error.value) == (
        "Conv(3, 2): the kernels have shape (3, 1, 2, 2), but 2 input maps need (3, 2, 2, "
        "2). Kernels are w[output map, input map of the group, *window] (Hagan 8.20)."
    )


@pytest.mark.parametrize("padding_mode", ["reflect", "circular"])
def test_padding_that_repeats_too_many_pixels_is_refused_with_the_shapes(padding_mode):
    """A network that can't be computed is an error when it is built, not in its first pass."""
    kind = Convolution(feature_maps=1, kernel_size=3, padding=5, padding_mode=padding_mode)

    with pytest.raises(ShapeError, match="cannot add 5 pixels to an image of 4"):
        kind.output_shape((1, 4, 4))
