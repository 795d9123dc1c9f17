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
    """The way back from Flatten, with one length left to follow."""
    found = Reshape(shape=(2, -1, 3)).apply(Flatten().apply(A))

    assert (found == A).all()


@pytest.mark.bad_input
def test_another_order_is_refused():
    """There are two orders."""
    with pytest.raises(OptionError) as error:
        Flatten(order="maps")

    assert str(error.value) == (
        "Flatten cannot have order='maps'. It is 'rows' or 'columns'. "
        "Use order='rows', for example."
    )


@pytest.mark.parametrize("shape", [(-1, 2, -1), (0, 3), (2, -3), ()])
def test_a_shape_that_cannot_be_is_refused(shape):
    """At most one length is left open, the others are at least 1."""
    with pytest.raises(OptionError) as error:
        Reshape(shape=shape)

    assert str(error.value) == (
        f"Reshape has shape={shape}. A shape holds the lengths of its axes, each at least 1; one "
        "of them may be -1 and follows from the others. Use for example shape=(1, 28, 28)."
    )


@pytest.mark.parametrize(("shape", "known"), [((3, 5), 15), ((5, -1), 5)])
def test_numbers_that_do_not_fill_the_shape_are_refused(shape, known):
    """The same numbers fill both shapes."""
    with pytest.raises(ShapeError) as error:
        Reshape(shape=shape).output_shape((2, 2, 3))

    assert str(error.value) == (
        f"Reshape(shape={shape}) got an array of shape (2, 2, 3): 12 numbers for {known}. "
        "The same numbers fill both shapes. "
        "Use lengths whose product is 12, or -1 for one of them."
    )
