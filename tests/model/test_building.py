"""What a user gives as layers, inputs and outputs."""

import pytest

import striate as st
from striate.errors import GraphError, ShapeError


def test_an_input_that_leads_nowhere_is_refused():
    """The input that is listed must be the one that the outputs come from."""
    listed, other = st.Input((8, 8, 1)), st.Input((8, 8, 1))

    with pytest.raises(GraphError) as error:
        st.Network(listed, st.Conv(2, 3)(other))

    assert str(error.value) == (
        "The input that was listed does not lead to the outputs; another input does. Layers are "
        "called on one another, from the input to the outputs. List the input that the first "
        "layer was called on."
    )


def test_channels_first_given_for_last_in_the_shape_is_guessed():
    """Where a window does not fit a shape with its channels first, the error says what to try."""
    with pytest.raises(ShapeError) as error:
        st.Network([st.Conv(6, 5)], input_shape=(1, 28, 28))

    assert str(error.value) == (
        "in layer 1 (conv1): Convolution(feature_maps=6, window=5) does not fit: the padded image "
        "has 1 rows (1 + 0 + 0). A window needs at least 5 (Hagan 8.18). Use padding=2 or more, or "
        "a smaller window.\n"
        "The sizes so far: input 28@1x28.\n"
        "input_shape=(1, 28, 28) is read as (rows, columns, channels). If the channels stand "
        'first, give (28, 28, 1), or channels="first".'
    )


def test_a_shape_with_channels_last_gets_no_guess():
    """An image that is just too small is not taken for one with its channels first."""
    with pytest.raises(ShapeError) as error:
        st.Network([st.Conv(6, 5)], input_shape=(4, 4, 3))

    assert "channels" not in str(error.value)
