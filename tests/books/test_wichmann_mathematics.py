"""Wichmann's numbers, as far as `striate.maths` computes them."""

import numpy as np

from striate.maths import (
    Axis,
    axes,
    convolve,
    cross_correlate,
    receptive_field,
    rot180,
    uncovered_pixels,
)

EDGE_FILTER = np.array([[-1, 0, 1], [-1, 0, 1], [-1, 0, 1]])  # figure 1


def test_section_1_3_the_mirrored_filter_needs_an_offset():
    """1.7: f⁻ is nonzero on -2F ... 0; convolving with rot180(f) is the same after 2F pixels."""
    rng = np.random.default_rng(23)
    f, g = rng.integers(-9, 9, size=(3, 3)), rng.integers(-9, 9, size=(5, 6))
    two_f = 2

    correlation = cross_correlate(g, f)  # positions 0 ... where f is inside
    convolution = convolve(g, rot180(f), padding="full")  # positions 0 ... with zeros outside

    assert np.array_equal(correlation, convolution[two_f:-two_f, two_f:-two_f])
    assert not np.array_equal(correlation, convolution[: 5 - two_f, : 6 - two_f])


def test_figure_1_answers_to_vertical_edges():
    """Section 2.1: the response is positive if brightness increases to the right, 0 if downward."""
    to_the_right = np.tile(np.arange(5), (5, 1))

    assert np.all(cross_correlate(to_the_right, EDGE_FILTER) == 6)
    assert np.all(cross_correlate(to_the_right.T, EDGE_FILTER) == 0)


def test_section_2_1_a_3_x_3_filter_costs_two_pixels():
    """An n x n image has (n - 2) x (n - 2) blocks of 3 x 3 pixels."""
    for n in range(3, 12):
        assert cross_correlate(np.zeros((n, n), int), EDGE_FILTER).shape == (n - 2, n - 2)


def test_section_2_3_padding_that_keeps_the_size():
    """2.1: padding with p = (f - 1)/2 keeps the size for every odd f."""
    for f in (1, 3, 5, 7, 9):
        for n in range(f, 20):
            (axis,) = axes((n,), window=f, padding=(f - 1) // 2)

            assert axis.output == n


def test_section_2_4_the_last_point_is_missed():
    """2.2, 2.3: if (n + 2p - f)/s isn't an integer, it is rounded down, and pixels are lost."""
    exact, rounded = Axis(length=7, window=3, stride=2), Axis(length=8, window=3, stride=2)

    assert (exact.output, exact.uncovered) == (3, 0)
    assert (rounded.output, rounded.uncovered) == (3, 1)


def test_section_3_1_a_filter_for_three_channels():
    """100 x 100 x 3 under 5 x 5 x 3 gives 96 x 96: the sum is over all three dimensions."""
    image, kernel = np.zeros((100, 100, 3)), np.zeros((5, 5, 3))

    assert cross_correlate(image, kernel).shape == (96, 96, 1)


def test_section_3_3_the_chain_of_sizes():
    """39 -> 37 -> 17 -> 7, and 7 * 7 * 40 = 1960 features."""
    chain = [
        Axis(length=39, window=3),
        Axis(length=37, window=5, stride=2),
        Axis(length=17, window=5, stride=2),
    ]

    assert [axis.output for axis in chain] == [37, 17, 7]
    assert 7 * 7 * 40 == 1960
    assert [chain[0].length, *(axis.output for axis in chain)] == [39, 37, 17, 7]
    assert receptive_field(chain).size == 15
    assert uncovered_pixels(chain).tolist() == []


def test_section_6_1_lenet_5():
    """LeNet-5: 32 -> 28 -> 14 -> 10 -> 5, and 5 * 5 * 16 features."""
    sizes = [32]
    for window, stride in ((5, 1), (2, 2), (5, 1), (2, 2)):
        sizes.append(Axis(length=sizes[-1], window=window, stride=stride).output)

    assert sizes == [32, 28, 14, 10, 5]
