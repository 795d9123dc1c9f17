"""The kernel functions that convolution and its transpose share."""

import numpy as np
import pytest

from striate.errors import ShapeError
from striate.functions.weight import Convolution, TransposedConvolution
from striate.functions.weight.kernels import kernel_parameters
from striate.maths.feature_maps import grouped, oriented, require_kernels


def test_a_true_convolution_turns_every_axis_of_the_window():
    """Rotated by 180 degrees, the first pixel of the window is the last; maps stay in order."""
    w = np.arange(12.0).reshape(1, 2, 2, 3)

    assert oriented(w, flip=True)[0, 1].tolist() == [[11, 10, 9], [8, 7, 6]]
    assert oriented(w, flip=False) is w


def test_groups_take_neighboring_maps():
    """The first group has the first maps."""
    w = np.arange(8.0).reshape(4, 1, 2)

    split = grouped(w, 2, flip=True)

    assert split[:, :, 0].tolist() == [[[1, 0], [3, 2]], [[5, 4], [7, 6]]]


@pytest.mark.parametrize(
    ("kind", "shape"),
    [(Convolution, (6, 2, 3, 5)), (TransposedConvolution, (4, 3, 3, 5))],
)
def test_both_ask_with_the_fans_of_one_group(kind, shape):
    """With 4 maps, 6 outputs and 2 groups, the fan-in is 2 maps and the fan-out 3, of 15 pixels."""
    asked = kind(feature_maps=6, kernel_size=(3, 5), groups=2).parameters((4, 8, 8))

    assert asked == kernel_parameters(shape, groups=2, incoming=4, outgoing=6)
    assert (asked["weight"].fan_in, asked["weight"].fan_out) == (30, 45)


def test_kernels_of_another_shape_are_refused_word_for_word():
    """The error names the layer, both shapes and the order of the axes."""
    with pytest.raises(ShapeError) as error:
        require_kernels("A convolution", (1, 2, 3), (2, 2, 3), incoming=2, layout="w[h, l, *u]")

    assert str(error.value) == (
        "A convolution: the kernels have shape (1, 2, 3), but 2 input maps need (2, 2, 3). "
        "Kernels are w[h, l, *u]."
    )
