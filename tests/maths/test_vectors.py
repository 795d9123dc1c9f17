"""Images as vectors and back."""

import numpy as np
import pytest

from striate.errors import OptionError, ShapeError
from striate.maths import unvec, vec


def test_column_order_stacks_columns_map_by_map():
    """Column order is (map, column, row): Hagan's equation 8.26, written as loops."""
    a = np.arange(2 * 3 * 4).reshape(2, 3, 4)

    stacked = [a[h, i, j] for h in range(2) for j in range(4) for i in range(3)]

    assert vec(a, "columns").tolist() == stacked


def test_row_order_is_how_numpy_stores():
    """Row order, the default, is (map, row, column)."""
    a = np.arange(2 * 3 * 4).reshape(2, 3, 4)

    assert vec(a).tolist() == list(range(24))


@pytest.mark.parametrize("order", ["rows", "columns"])
@pytest.mark.parametrize("shape", [(5,), (3, 4), (2, 3, 4), (2, 2, 3, 4)])
def test_unvec_is_the_inverse(order, shape):
    """unvec(vec(a)) = a for signals, images, feature maps and stacks of them."""
    a = np.random.default_rng(13).normal(size=shape)

    assert np.array_equal(unvec(vec(a, order), shape, order), a)


def test_vec_of_a_signal_has_one_order():
    """A signal is its own vector, whatever the order."""
    a = np.arange(4)

    for order in ("rows", "columns"):
        assert vec(a, order).tolist() == [0, 1, 2, 3]


def test_a_vector_of_another_length_is_explained():
    """The error gives the vector's shape and how many pixels the image has."""
    with pytest.raises(ShapeError) as error:
        unvec(np.zeros(5), (2, 3))

    assert str(error.value) == (
        "`vector` has shape (5,), but an image of shape (2, 3) has 6 pixels. Use the shape "
        "that the image had."
    )


@pytest.mark.bad_input
@pytest.mark.parametrize(
    "call", [lambda: vec(np.zeros((2, 3)), "F"), lambda: unvec(np.zeros(6), (2, 3), "F")]
)
def test_an_unknown_order_is_explained(call):
    """The error says what the two orders are, for vec and for unvec."""
    with pytest.raises(OptionError) as error:
        call()

    assert str(error.value) == (
        '`order` must be "rows" (map, row, column) or "columns" (map, column, row; Hagan '
        '8.26), got "F".'
    )
