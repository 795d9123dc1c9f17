"""Flatten and Reshape: orders of pixels, and errors word for word."""

import numpy as np
import pytest

from striate.errors import OptionError, ShapeError
from striate.functions.reshape import Reshape
from striate.functions.vec import Flatten

A = np.arange(12.0).reshape(1, 2, 2, 3)


def test_hagan_8_26_stacks_the_columns_of_each_map():
    """First map's first column, its second, ..., then the second map's."""
    z = Flatten(order="columns").apply(A)

    columns = [A[0, h, :, j] for h in range(2) for j in range(3)]
    assert z[0].tolist() == np.concatenate(columns).tolist()


def test_rows_are_the_order_of_memory():
    """(map, row, column), as in PyTorch and ONNX."""
    assert Flatten().apply(A)[0].tolist() == list(range(12))


def test_vectors_stay_as_they_are():
    """Flatten after a global pooling does nothing."""
    v = np.array([[1.0, 2.0, 3.0]])

    assert (Flatten(order="columns").apply(v) == v).all()


def test_reshape_goes_back():
    """Reshape reverses Flatten, with one inferred length."""
    found = Reshape(shape=(2, -1, 3)).apply(Flatten().apply(A))

    assert (found == A).all()


@pytest.mark.bad_input
def test_another_order_is_refused():
    """There are two orders."""
    with pytest.raises(OptionError) as error:
        Flatten(order="maps")

    assert str(error.value) == (
        'Flatten("maps"): `order` must be "rows" or "columns", got "maps". Try "rows".'
    )


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("shape", "typed"),
    [
        ((-1, 2, -1), "(2, -1, -1)"),
        ((0, 3), "(3, 0)"),
        ((2, -3), "(-3, 2)"),
        ((), "()"),
        ("28", '"28"'),
        ((2.5, 2), "(2, 2.5)"),
        ((True, 4), "(4, True)"),
        ((1,) * 9, "(1, 1, 1, 1, 1, 1, 1, 1, 1)"),
    ],
)
def test_a_shape_that_is_not_allowed_is_refused(shape, typed):
    """At most one length is inferred, the others are at least 1; channels are shown last."""
    with pytest.raises(OptionError) as error:
        Reshape(shape=shape)

    assert str(error.value) == (
        f"Reshape({typed}): `shape` must be (rows, columns, channels), (length, channels) or "
        f"(features,), positive integers of which one may be -1, got {typed}. Try (7, 7, 16)."
    )


@pytest.mark.parametrize(
    ("shape", "typed", "holds"),
    [((3, 5), "(5, 3)", "15 numbers"), ((5, -1), "(-1, 5)", "5 numbers for each length -1")],
)
def test_numbers_that_do_not_fill_the_shape_are_refused(shape, typed, holds):
    """Both shapes must have the same number of elements."""
    with pytest.raises(ShapeError) as error:
        Reshape(shape=shape).output_shape((2, 2, 3))

    assert str(error.value) == (
        f"Reshape({typed}): the new shape holds {holds}, but the input has 12. "
        "Use lengths whose product is 12, or -1 for one of them."
    )
