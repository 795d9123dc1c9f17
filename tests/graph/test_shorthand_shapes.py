"""Shapes in the shorthand: maps, then their pixels, as in the figures."""

import pytest

import striate as st
from striate.errors import ShorthandError


@pytest.mark.parametrize(
    ("text", "shape"),
    [("reshape 2@7x56", (2, 7, 56)), ("reshape -1", (784,)), ("reshape 784", (784,))],
)
def test_a_shape_is_read_and_written_alike(text, shape):
    """A shape is read, and written as it was read."""
    network = st.Network.parse(text, (28, 28, 1))

    assert network.graph.shapes["reshape1"] == shape
    assert str(network) == text


def test_a_shape_is_no_size_of_a_window():
    """Three lengths without maps are an error that shows what to write."""
    with pytest.raises(ShorthandError) as error:
        st.Network.parse("reshape 16x7x7", (28, 28, 1))

    assert str(error.value) == (
        'Segment 1, "reshape 16x7x7": The shape of reshape must be maps@pixels or the length '
        'of a vector, where one number may be -1, got "16x7x7". For example, write "reshape '
        '16@7x7" or "reshape 120".'
    )
