"""Transposed convolution: the backward step of a convolution, and its errors word for word."""

import numpy as np
import pytest

from helpers import tolerance
from striate.errors import OptionError, ShapeError
from striate.functions.weight import Convolution, TransposedConvolution
from striate.maths.check import relative_error


@pytest.mark.parametrize("groups", [1, 2])
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize(
    ("size", "options"),
    [
        ((9,), {"kernel_size": 3, "stride": 2, "padding": 1}),
        ((7, 8), {"kernel_size": (3, 2), "stride": (2, 1), "dilation": (1, 2)}),
        ((5, 6), {"kernel_size": 4, "stride": 2, "padding": ((2, 1), (0, 3))}),
        ((3, 4, 5), {"kernel_size": 2, "padding": "full"}),
    ],
)
def test_it_is_the_backward_step_of_a_convolution(size, options, groups, flip):
    """With the same kernels it computes what `Convolution.backward_a` computes (Hagan 8.39)."""
    rng = np.random.default_rng(3)
    convolution = Convolution(feature_maps=4, groups=groups, flip=flip, **options)
    image = rng.standard_normal((2, 2, *size))
    w = rng.standard_normal(convolution.parameters(image.shape[1:])["weight"].shape)
    dz = rng.standard_normal(convolution.apply(w, image).shape)
    wanted = convolution.backward_a(w, image, dz)
    # Several input lengths have the same output length; output padding selects one of them.
    bare = TransposedConvolution(feature_maps=2, groups=groups, flip=flip, **options)
    short = bare.output_shape(dz.shape[1:])[1:]
    missing = tuple(n - m for n, m in zip(size, short, strict=True))

    found = TransposedConvolution(
        feature_maps=2, groups=groups, flip=flip, output_padding=missing, **options
    ).apply(w, dz)

    assert relative_error(found, wanted) <= tolerance(w.size)


def test_same_padding_multiplies_the_size_by_the_stride():
    """With "same", 7 x 9 pixels at stride (2, 3) become 14 x 27."""
    kind = TransposedConvolution(feature_maps=3, kernel_size=3, stride=(2, 3), padding="same")

    assert kind.output_shape((1, 7, 9)) == (3, 14, 27)


@pytest.mark.bad_input
def test_kernels_that_do_not_fit_are_named():
    """Kernels in the order of a convolution are refused."""
    kind = TransposedConvolution(feature_maps=3, kernel_size=2)

    with pytest.raises(ShapeError) as error:
        kind.apply(np.ones((3, 2, 2, 2)), np.ones((1, 2, 4, 4)))

    assert str(error.value) == (
        "ConvTranspose(3, 2): the kernels have shape (3, 2, 2, 2), but 2 input maps need "
        "(2, 3, 2, 2). Kernels are w[input map, output map of the group, *window]."
    )


def test_groups_that_do_not_divide_are_refused():
    """Groups must divide the numbers of maps."""
    with pytest.raises(OptionError) as error:
        TransposedConvolution(feature_maps=4, kernel_size=2, groups=4).output_shape((2, 5, 5))

    assert str(error.value) == (
        "ConvTranspose(4, 2, groups=4): `groups` must divide both the 2 input maps and the 4 "
        "output maps, got 4. Use a divisor of 2."
    )
