"""Windows of images, padding, and their adjoints."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from striate.errors import OptionError, ShapeError
from striate.maths import Axis, adjoint_gap, axes, col2im, im2col, pad, pad_adjoint
from striate.maths.columns import PADDING_MODES, padding_table

CASES = json.loads((Path(__file__).parent / "conv_arithmetic_cases.json").read_text())
NUMERICAL = {case["name"]: case for case in CASES["numerical"]}
# NumPy's names of the four padding modes.
NUMPY_MODES = {"zeros": "constant", "reflect": "reflect", "replicate": "edge", "circular": "wrap"}
WALKS = [
    axes((7,), window=3, stride=2, padding=1),
    axes((6, 5), window=(3, 2), stride=(2, 1), padding=((1, 0), (0, 1))),
    axes((7, 7), window=2, stride=3),
    axes((7, 8), window=3, dilation=(2, 1), padding="same"),
    axes((5, 5), window=2, stride=2, ceil_mode=True),
    axes((3, 4, 5), window=2, stride=(1, 2, 1), padding="full"),
]


def walk_id(walk):
    """Return a test id from the lengths of the axes."""
    return "x".join(str(axis.length) for axis in walk)


@pytest.mark.parametrize("walk", WALKS, ids=walk_id)
def test_im2col_holds_the_pixel_under_each_window_pixel(walk):
    """Column entry (u, i) is pixel s i + d u - p, and zero in the padding."""
    rng = np.random.default_rng(1)
    a = rng.normal(size=(2, 3, *(axis.length for axis in walk)))

    columns = im2col(pad(a, walk), walk)

    taps = [range(axis.window) for axis in walk]
    places = [range(axis.output) for axis in walk]
    assert columns.shape == (2, 3, *map(len, taps), *map(len, places))
    for u in itertools.product(*taps):
        for i in itertools.product(*places):
            pixel = tuple(
                axis.stride * m + axis.dilation * k - axis.before
                for axis, m, k in zip(walk, i, u, strict=True)
            )
            inside = all(0 <= x < axis.length for x, axis in zip(pixel, walk, strict=True))
            wanted = a[(..., *pixel)] if inside else np.zeros((2, 3))
            assert np.array_equal(columns[(..., *u, *i)], wanted)


def test_im2col_copies_nothing():
    """The columns are a view of the padded image."""
    image = np.zeros((1, 1, 6, 6))

    columns = im2col(image, axes((6, 6), window=3, stride=2))

    assert np.shares_memory(columns, image)


@pytest.mark.parametrize("walk", WALKS, ids=walk_id)
def test_col2im_is_the_adjoint_of_im2col(walk):
    """<im2col(a), c> = <a, col2im(c)> for random images and columns."""
    rng = np.random.default_rng(2)
    padded = rng.normal(size=(2, 3, *(axis.before + axis.length + axis.end for axis in walk)))
    columns = im2col(padded, walk)
    c = rng.normal(size=columns.shape)

    gap = adjoint_gap((columns, c), (padded, col2im(c, walk)))

    assert gap < 1e-14  # rounding of sums of a few hundred products


@pytest.mark.parametrize("mode", PADDING_MODES)
def test_padding_is_what_numpy_calls_it(mode):
    """Each mode pads like the corresponding mode of np.pad."""
    a = np.arange(2 * 4 * 5.0).reshape(2, 4, 5)
    walk = axes((4, 5), window=3, padding=((2, 3), (0, 4)))

    padded = pad(a, walk, mode)

    assert np.array_equal(padded, np.pad(a, ((0, 0), (2, 3), (0, 4)), mode=NUMPY_MODES[mode]))


def test_padding_with_another_number():
    """Mode `zeros` pads with the given value, such as -inf for max pooling."""
    padded = pad(np.zeros((1, 2)), axes((2,), window=2, padding=((1, 0),)), value=-np.inf)

    assert padded.tolist() == [[-np.inf, 0.0, 0.0]]


def test_padding_covers_what_ceil_mode_adds():
    """In ceil mode, the last window is inside the padded image."""
    walk = axes((5,), window=2, stride=2, ceil_mode=True)

    columns = im2col(pad(np.arange(5.0).reshape(1, 5), walk), walk)

    assert columns[0].T.tolist() == [[0, 1], [2, 3], [4, 0]]


@pytest.mark.parametrize("mode", PADDING_MODES)
def test_pad_adjoint_is_the_adjoint_of_pad(mode):
    """<pad(a), d> = <a, pad_adjoint(d)> in every mode."""
    rng = np.random.default_rng(3)
    walk = axes((4, 5), window=3, padding=((2, 3), (0, 4)))
    a = rng.normal(size=(2, 4, 5))
    d = rng.normal(size=(2, 9, 9))

    gap = adjoint_gap((pad(a, walk, mode), d), (a, pad_adjoint(d, walk, mode)))

    assert gap < 1e-14  # rounding of sums of 162 products


def test_padding_table_marks_zeros():
    """The table of mode `zeros` is -1 in the padding."""
    table = padding_table(Axis(length=2, window=3, before=1, after=2), "zeros")

    assert table.tolist() == [-1, 0, 1, -1, -1]


def test_published_average_pooling():
    """The guide's drawn average pooling: sums of 3 x 3 windows, nine times the averages."""
    case = NUMERICAL["numerical_average_pooling"]
    columns = im2col(np.array(case["input"]), axes((5, 5), window=3))

    assert columns.sum(axis=(0, 1)).tolist() == case["output_times_9"]
    assert (columns.mean(axis=(0, 1)).round(1)).tolist() == case["output_rounded_to_1_decimal"]


def test_published_max_pooling():
    """The guide's drawn max pooling: the largest of each 3 x 3 window."""
    case = NUMERICAL["numerical_max_pooling"]
    columns = im2col(np.array(case["input"]), axes((5, 5), window=3))

    assert columns.max(axis=(0, 1)).tolist() == case["output"]


def test_too_much_reflection_is_explained():
    """The error gives the required and available pixels, and a remedy."""
    with pytest.raises(ShapeError) as error:
        pad(np.zeros((1, 3)), axes((3,), window=3, padding=3), "reflect")

    assert str(error.value) == (
        'padding_mode="reflect" cannot add 3 pixels to an image of 3: it repeats each pixel '
        "at most once on each side, the edge pixel not at all. Use at most 2 pixels of "
        'padding, or padding_mode="replicate".'
    )


def test_too_much_wrapping_is_explained():
    """The error of the circular mode includes the edge pixel."""
    with pytest.raises(ShapeError) as error:
        pad(np.zeros((1, 3)), axes((3,), window=3, padding=4), "circular")

    assert str(error.value) == (
        'padding_mode="circular" cannot add 4 pixels to an image of 3: it repeats each pixel '
        "at most once on each side. Use at most 3 pixels of padding, or "
        'padding_mode="replicate".'
    )


@pytest.mark.bad_input
def test_an_unknown_padding_mode_is_explained():
    """The error lists the modes with their meanings."""
    with pytest.raises(OptionError) as error:
        padding_table(Axis(length=3, window=3), "mirror")

    assert str(error.value) == (
        '`padding_mode` must be "zeros", "reflect", "replicate" or "circular", got "mirror".'
    )
