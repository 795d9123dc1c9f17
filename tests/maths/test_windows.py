"""Sizes, as Dumoulin and Visin's guide tabulates them and as counting finds them."""

import itertools
import json
from math import floor
from pathlib import Path

import numpy as np
import pytest

from striate.errors import OptionError, ShapeError
from striate.maths import Axis, axes, transposed_axes

CASES = json.loads((Path(__file__).parent / "conv_arithmetic_cases.json").read_text())

# The guide's relationships: the output size, and under which conditions it holds.
CONVOLUTIONS = {
    1: ("(i - k) + 1", "s == 1 and p == 0 and d == 1"),
    2: ("(i - k) + 2*p + 1", "s == 1 and d == 1"),
    3: ("i", "s == 1 and k % 2 == 1 and p == k//2 and d == 1"),
    4: ("i + (k - 1)", "s == 1 and p == k - 1 and d == 1"),
    5: ("floor((i - k)/s) + 1", "p == 0 and d == 1"),
    6: ("floor((i + 2*p - k)/s) + 1", "d == 1"),
    7: ("floor((i - k)/s) + 1", "p == 0 and d == 1"),
    15: ("floor((i + 2*p - k - (k - 1)*(d - 1))/s) + 1", "True"),
}
TRANSPOSED = {
    8: ("i + (k - 1)", "s == 1 and p == 0 and a == 0"),
    9: ("i + (k - 1) - 2*p", "s == 1 and a == 0"),
    10: ("i", "s == 1 and k % 2 == 1 and p == k//2 and a == 0"),
    11: ("i - (k - 1)", "s == 1 and p == k - 1 and a == 0"),
    12: ("s*(i - 1) + k", "p == 0 and a == 0"),
    13: ("s*(i - 1) + a + k - 2*p", "a < s"),
}


def sizes_of(relationship, **choices):
    """Return all choices of sizes under the relationship's conditions, each with the output."""
    formula, conditions = relationship
    for numbers in itertools.product(*choices.values()):
        size = dict(zip(choices, numbers, strict=True))
        if eval(conditions, {}, size):
            yield size, eval(formula, {"floor": floor}, size)


def test_every_published_relationship_is_tried():
    """No relationship of the guide is left out."""
    published = {case["number"] for case in CASES["relationships"]}

    assert published == {*CONVOLUTIONS, *TRANSPOSED}


@pytest.mark.parametrize("number", CONVOLUTIONS)
def test_output_follows_the_published_relationship(number):
    """Convolution and pooling have the guide's output sizes for all small inputs and kernels."""
    small = {"i": range(1, 12), "k": range(1, 6), "s": range(1, 4), "p": range(5), "d": range(1, 4)}
    tried = 0
    for size, wanted in sizes_of(CONVOLUTIONS[number], **small):
        if wanted < 1:
            continue
        i, k, s, p, d = size.values()
        (axis,) = axes((i,), window=k, stride=s, dilation=d, padding=p)

        assert axis.output == wanted
        tried += 1
    assert tried >= 20


@pytest.mark.parametrize("number", TRANSPOSED)
def test_transposed_output_follows_the_published_relationship(number):
    """Transposed convolution has the guide's output sizes for all small inputs and kernels."""
    small = {"i": range(1, 12), "k": range(1, 6), "s": range(1, 4), "p": range(5), "a": range(3)}
    tried = 0
    for size, wanted in sizes_of(TRANSPOSED[number], **small):
        if wanted < 1:
            continue
        i, k, s, p, a = size.values()
        (axis,) = transposed_axes((i,), window=k, stride=s, padding=p, output_padding=a)

        assert axis.length == wanted
        assert axis.output == i
        tried += 1
    assert tried >= 20


@pytest.mark.parametrize("case", CASES["convolution"], ids=lambda case: case["name"])
def test_output_is_the_published_one(case):
    """Each drawn convolution of the guide has the drawn size, along both axes."""
    laid = axes(
        (case["i"],) * 2,
        window=case["k"],
        stride=case["s"],
        padding=case["p"],
        dilation=case["d"],
    )

    assert [axis.output for axis in laid] == [case["o"]] * 2


@pytest.mark.parametrize("case", CASES["transposed"], ids=lambda case: case["name"])
def test_transposed_output_is_the_published_one(case):
    """Each drawn transposed convolution has the drawn size, and turns the drawn one around."""
    call, forward = case["as_library_call"], case["forward"]
    laid = transposed_axes(
        (call["input"],) * 2,
        window=call["kernel"],
        stride=call["stride"],
        padding=call["padding"],
        output_padding=call["output_padding"],
    )

    assert [axis.length for axis in laid] == [call["expected_output"]] * 2
    assert [axis.output for axis in laid] == [forward["o"]] * 2
    assert laid == axes(
        (forward["i"],) * 2, window=forward["k"], stride=forward["s"], padding=forward["p"]
    )


@pytest.mark.parametrize("case", CASES["transposed"], ids=lambda case: case["name"])
def test_direct_form_of_a_transposed_convolution_has_its_size(case):
    """The stretched and padded input, walked with stride 1, gives the transposed output's size."""
    before, after = case["p_prime"], case["p_prime"] + case["a"]
    laid = axes(
        (case["stretched_i"],), window=case["k_prime"], padding=((before, after),), stride=1
    )

    assert laid[0].output == case["o_prime"]


def test_output_counts_the_places_where_the_window_fits():
    """The formula agrees with counting, for all small sizes."""
    sizes = itertools.product(
        range(1, 8), range(1, 5), range(1, 4), range(1, 3), range(3), range(3)
    )
    for n, r, s, d, before, after in sizes:
        reach = d * (r - 1) + 1
        last = before + n + after - reach
        if last < 0:
            continue
        axis = Axis(length=n, window=r, stride=s, dilation=d, before=before, after=after)

        assert axis.output == sum(place % s == 0 for place in range(last + 1))


def test_ceil_mode_counts_a_last_place_that_partly_fits():
    """In ceil mode, a window counts if it extends by less than a stride and starts on the image.

    As in pooling, the padding is at most half the window.
    """
    sizes = itertools.product(range(1, 9), range(1, 5), range(1, 5), range(3))
    for n, r, s, p in sizes:
        if n + 2 * p < r or 2 * p > r:
            continue
        axis = Axis(length=n, window=r, stride=s, before=p, after=p, ceil_mode=True)

        starts = [m for m in range(0, n + 2 * p, s) if m + r - (n + 2 * p) < s and m < p + n]
        assert axis.output == len(starts)
        assert axis.before + axis.length + axis.end >= starts[-1] + r


def test_same_keeps_the_size_divided_by_the_stride():
    """`same` adds the fewest zeros that give ceil(n/s) places, an odd one after the image."""
    for n, r, s, d in itertools.product(range(1, 12), range(1, 6), range(1, 5), range(1, 3)):
        (axis,) = axes((n,), window=r, stride=s, dilation=d, padding="same")
        total = axis.before + axis.after

        assert axis.output == -(-n // s)
        assert axis.before <= axis.after <= axis.before + 1
        if total > 0:
            shorter = Axis(length=n, window=r, stride=s, dilation=d, after=total - 1)
            assert total - 1 + n < axis.reach or shorter.output < axis.output


def test_wichmann_padding_is_same_for_odd_windows():
    """With stride 1 and an odd window, `same` pads (f - 1)/2 on each side (Wichmann 2.1)."""
    for f in (1, 3, 5, 7):
        (axis,) = axes((9,), window=f, padding="same")

        assert (axis.before, axis.after) == ((f - 1) // 2,) * 2


def test_padding_can_be_said_per_axis_and_per_side():
    """One number, one for each axis, and (before, after) for each axis mean what they say."""
    sides = {
        1: [(1, 1), (1, 1)],
        (1, 2): [(1, 1), (2, 2)],
        ((0, 1), (2, 3)): [(0, 1), (2, 3)],
    }
    for padding, wanted in sides.items():
        laid = axes((6, 6), window=3, padding=padding)

        assert [(axis.before, axis.after) for axis in laid] == wanted


def test_uncovered_counts_pixels_that_no_window_covers():
    """Pixels that the floor drops or that a long stride skips are counted."""
    assert Axis(length=5, window=2, stride=2).uncovered == 1
    assert Axis(length=7, window=1, stride=3).uncovered == 4
    assert Axis(length=5, window=2, stride=2, ceil_mode=True).uncovered == 0


def test_uncovered_and_outside_are_what_counting_finds():
    """The closed forms agree with a list of every pixel under every window."""
    rng = np.random.default_rng(0)
    for _ in range(3000):
        length, window, stride, dilation = (int(n) for n in rng.integers(1, 12, 4))
        before, after = (int(n) for n in rng.integers(0, 9, 2))
        axis = Axis(
            length=length, window=window, stride=stride, dilation=dilation, before=before,
            after=after, ceil_mode=bool(rng.integers(2)),
        )  # fmt: skip
        if axis.reach > axis.padded:
            continue
        under = [
            {stride * i + dilation * u - before for u in range(window)} for i in range(axis.output)
        ]
        image = set(range(length))

        assert axis.uncovered == len(image - set().union(*under)), axis
        assert axis.outside() == sum(not image & pixels for pixels in under), axis


def test_a_huge_axis_costs_no_more_than_a_small_one():
    """Millions of windows over millions of pixels are counted without listing them."""
    axis = Axis(length=2**24, window=2**20, stride=2**12, dilation=3)

    assert axis.uncovered == 8192


def test_formula_is_the_arithmetic():
    """The printed formula holds the numbers that lead to the output."""
    assert Axis(length=15, window=3, stride=2, before=1, after=1).formula() == (
        "(15 + 1 + 1 - 3)/2 + 1 = 8"
    )
    assert Axis(length=4, window=3).formula() == "4 - 3 + 1 = 2"


def test_a_window_that_does_not_fit_is_explained():
    """The error gives the padded size, the window's need and the padding that would do."""
    with pytest.raises(ShapeError) as error:
        axes((4, 9), window=5, what="Conv(1, 5)")

    assert str(error.value) == (
        "Conv(1, 5): the 5x5 window is larger than its input, 4x9 after "
        "padding (4 + 0 + 0, 9 + 0 + 0; Hagan 8.18). Use padding=1 or a smaller window, or "
        "remove a pooling layer."
    )


def test_a_dilated_window_that_does_not_fit_is_explained():
    """The error shows how dilation widens the window."""
    with pytest.raises(ShapeError) as error:
        axes((4,), window=3, dilation=3)

    assert str(error.value) == (
        "the window of 3 pixels spans 7 pixels with its dilation and is longer than its "
        "input, 4 after padding (4 + 0 + 0; Hagan 8.18). Use padding=2 or a smaller window."
    )


def test_a_transposed_convolution_that_leaves_nothing_is_explained():
    """The error gives the arithmetic that ends below one pixel."""
    with pytest.raises(ShapeError) as error:
        transposed_axes((1,), window=3, padding=2)

    assert str(error.value) == (
        "no pixels are left: 1 * (1 - 1) + 3 - 2 - 2 + 0 = -1. Use less padding, or a larger image."
    )


def test_output_padding_beyond_the_stride_is_explained():
    """The error says what output padding chooses between."""
    with pytest.raises(OptionError) as error:
        transposed_axes((3,), window=3, stride=2, output_padding=2)

    assert str(error.value) == (
        "`output_padding` must be smaller than the stride or the dilation, got 2 with stride "
        "2 and dilation 1. It chooses among the lengths that the stride maps to the same one. "
        "Use at most 1."
    )


def test_a_number_for_each_axis_is_asked_for():
    """The error counts the numbers and the axes."""
    with pytest.raises(OptionError) as error:
        axes((8, 8), window=(3, 3, 3))

    assert str(error.value) == (
        "`window` is (3, 3, 3), 3 numbers, but the image has 2 pixel axes. Use one number, or "
        "one for each axis."
    )


def test_a_stride_of_zero_is_explained():
    """The error names the smallest number allowed."""
    with pytest.raises(OptionError) as error:
        axes((8, 8), window=3, stride=0)

    assert str(error.value) == (
        "`stride` must be a positive integer, or one for each axis, got 0. Try 1."
    )


@pytest.mark.bad_input
def test_an_unknown_padding_word_is_explained():
    """The error lists the words and what they mean."""
    with pytest.raises(OptionError) as error:
        axes((8,), window=3, padding="half")

    assert str(error.value) == (
        '`padding` must be "valid", "same", "full" or numbers of pixels, got "half". Try "same".'
    )


@pytest.mark.bad_input
@pytest.mark.parametrize("padding", [-1, (1,), ((1, 2, 3), 0)])
def test_padding_in_another_form_is_explained(padding):
    """Negative numbers, a missing axis and three sides are errors with the same rule."""
    with pytest.raises(OptionError) as error:
        axes((8, 8), window=3, padding=padding)

    printed = {-1: "-1", (1,): "(1,)"}.get(padding, "((1, 2, 3), 0)")
    assert str(error.value) == (
        "`padding` must be a non-negative number of pixels, one for each axis, or (before, after) "
        f"for each axis, got {printed} for an image with 2 pixel axes. Try ((0, 1), (0, 1))."
    )


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("window", "printed"),
    [(2.5, "2.5"), ("3", "'3'"), (None, "None"), (True, "True"), ((3, 2.0), "(3, 2.0)")],
)
def test_a_length_that_is_not_whole_is_explained(window, printed):
    """Fractions, words, None and booleans aren't lengths, alone or in a sequence."""
    with pytest.raises(OptionError) as error:
        axes((8, 8), window=window)

    assert str(error.value) == (
        f"`window` must be a positive integer, or one for each axis, got {printed}. Try 1."
    )


@pytest.mark.bad_input
@pytest.mark.parametrize(
    ("padding", "printed"),
    [(1.5, "1.5"), (None, "None"), (True, "True"), (("a", "b"), "('a', 'b')")],
)
def test_padding_that_is_not_whole_is_explained(padding, printed):
    """The same holds for numbers of added pixels."""
    with pytest.raises(OptionError) as error:
        axes((8, 8), window=3, padding=padding)

    assert str(error.value) == (
        "`padding` must be a non-negative number of pixels, one for each axis, or (before, after) "
        f"for each axis, got {printed} for an image with 2 pixel axes. Try ((0, 1), (0, 1))."
    )


@pytest.mark.bad_input
def test_numpys_whole_numbers_are_numbers():
    """NumPy integers are accepted as lengths, and are converted to Python's."""
    found = axes((8, 8), window=np.array([3, 2]), stride=np.int64(2), padding=np.int8(1))

    assert found == axes((8, 8), window=(3, 2), stride=2, padding=1)
    assert {type(axis.window) for axis in found} == {type(axis.before) for axis in found} == {int}
