"""Numbers of maps, neurons, groups and pixels: whole numbers, whoever computed them."""

import numpy as np
import pytest

from striate.errors import OptionError
from striate.functions.normalization import GroupNormalization, LocalResponseNormalization
from striate.functions.reshape import Reshape
from striate.functions.weight import (
    AdaptiveAveragePooling,
    Convolution,
    DotProduct,
    MaxPooling,
    TransposedConvolution,
)

WINDOW = {"feature_maps": 2, "window": 3}


@pytest.mark.bad_input
@pytest.mark.parametrize("value", [2.5, "3", None, True])
@pytest.mark.parametrize(
    ("kind", "option", "others", "example"),
    [
        (Convolution, "feature_maps", {"window": 3}, 6),
        (Convolution, "groups", WINDOW, 1),
        (TransposedConvolution, "feature_maps", {"window": 3}, 6),
        (TransposedConvolution, "groups", WINDOW, 1),
        (DotProduct, "neurons", {}, 10),
        (GroupNormalization, "groups", {}, 2),
        (LocalResponseNormalization, "size", {}, 5),
    ],
)
def test_a_count_that_is_not_whole_is_refused(kind, option, others, example, value):
    """Fractions, words, nothing and truth values are no counts."""
    with pytest.raises(OptionError) as error:
        kind(**others, **{option: value})

    assert str(error.value) == (
        f"{kind.__name__} cannot have {option}={value!r}. It is a whole number. "
        f"Use {option}={example}, for example."
    )


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("kind", "options", "wrong"),
    [
        (Convolution, {"feature_maps": 2, "window": 2.5}, "window"),
        (TransposedConvolution, {**WINDOW, "stride": 2.5}, "stride"),
        (MaxPooling, {"window": (3, 2.5)}, "window"),
        (AdaptiveAveragePooling, {"size": (3, 2.5)}, "size"),
    ],
)
def test_a_number_of_pixels_that_is_not_whole_is_refused(kind, options, wrong):
    """Windows, strides and sizes are counted in pixels."""
    function = kind(**options)

    with pytest.raises(OptionError) as error:
        function.output_shape((2, 8, 8))

    printed = f"{function} has {wrong}={options[wrong]}"
    assert str(error.value) == (
        f"{printed}. A {wrong} is a whole number of pixels, at least 1. Use {wrong}=1 or more."
    )


@pytest.mark.bad_input
@pytest.mark.parametrize("shape", ["28", (2.5, 2), (True, 4), ()])
def test_a_shape_that_is_none_is_refused(shape):
    """A shape is lengths of axes."""
    with pytest.raises(OptionError) as error:
        Reshape(shape=shape)

    assert str(error.value) == (
        f"Reshape has shape={shape}. A shape holds the lengths of its axes, each at least 1; one "
        "of them may be -1 and follows from the others. Use for example shape=(1, 28, 28)."
    )


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("kind", "computed", "written"),
    [
        (
            Convolution,
            {"feature_maps": np.int64(2), "window": [3, 3], "stride": np.array([1, 2])},
            {"feature_maps": 2, "window": (3, 3), "stride": (1, 2)},
        ),
        (DotProduct, {"neurons": np.uint8(10)}, {"neurons": 10}),
        (AdaptiveAveragePooling, {"size": [2, 3]}, {"size": (2, 3)}),
    ],
)
def test_numpys_numbers_and_lists_become_plain(kind, computed, written):
    """However its numbers were computed, a kind is the same kind, and prints as such."""
    found, wanted = kind(**computed), kind(**written)

    assert found == wanted
    assert str(found) == str(wanted)
