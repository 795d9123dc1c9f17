"""Hagan's worked numbers, as far as `striate.maths` computes them."""

import numpy as np
import pytest

from books.hagan_pictures import (
    BACKSLASH,
    DIAMOND,
    E8_1_IMAGE,
    E8_1_KERNEL,
    E8_4_IMAGE,
    E8_6_KERNEL,
    HORIZONTAL,
    P8_1_KERNEL,
    P8_2_KERNEL,
    SLASH,
    SQUARE,
    VERTICAL,
)
from striate.maths import (
    Axis,
    as_convolution,
    axes,
    convolution_matrix,
    convolve,
    cross_correlate,
    impulse_response,
    max_pool,
    rot180,
    shared_weights,
    unvec,
    vec,
)

E8_1_ANSWER = [
    [0, 1, 1, 1, 1, 1, 1, 0],
    [1, 3, 3, 3, 3, 3, 3, 1],
    [1, 3, 2, 1, 1, 2, 3, 1],
    [1, 3, 1, 0, 0, 1, 3, 1],
    [1, 3, 1, 0, 0, 1, 3, 1],
    [1, 3, 2, 1, 1, 2, 3, 1],
    [1, 3, 3, 3, 3, 3, 3, 1],
    [0, 1, 1, 1, 1, 1, 1, 0],
]
E8_6_CONVOLUTION = [
    [2, 2, 1, 1, 2, 1],
    [2, 2, 1, 1, 3, 1],
    [1, 1, 0, 0, 3, 1],
    [1, 1, 0, 0, 3, 1],
    [2, 3, 3, 3, 5, 2],
    [1, 1, 1, 1, 2, 0],
]
E8_6_CORRELATION = [
    [0, 2, 1, 1, 1, 1],
    [2, 5, 3, 3, 3, 2],
    [1, 3, 0, 0, 1, 1],
    [1, 3, 0, 0, 1, 1],
    [1, 3, 1, 1, 2, 2],
    [1, 2, 1, 1, 2, 2],
]


def filtered(kernel, picture):
    """Filter as in figures 8.6 and 8.7: correlation, stride 1, padding 1."""
    return cross_correlate(picture, kernel, padding=1)


@pytest.mark.parametrize("method", ["loops", "windows", "fft"])
def test_exercise_8_1(method):
    """E8.1: the plus on the square's outline, stride 1, padding 1."""
    found = cross_correlate(E8_1_IMAGE, E8_1_KERNEL, padding=1, method=method)

    assert found.tolist() == E8_1_ANSWER


def test_exercise_8_2():
    """E8.2: 2 x 2 max pooling of the result of E8.1."""
    pooled = max_pool(np.array(E8_1_ANSWER), 2)

    assert pooled.tolist() == [[3, 3, 3, 3], [3, 2, 2, 3], [3, 2, 2, 3], [3, 3, 3, 3]]


def test_exercise_8_4_in_the_axes_of_problem_8_1():
    """E8.4: with i to the right and j upward, P8.2's kernel shifts right and up."""

    def as_ij(picture):
        """Index an image [i, j] with i to the right and j upward, as P8.1 draws its kernel."""
        return picture[::-1].T

    def drawn(array):
        """Draw an array [i, j] as rows from top to bottom."""
        return array.T[::-1]

    full = convolve(as_ij(E8_4_IMAGE), as_ij(P8_2_KERNEL), padding="full")

    # Pixel (m, n) of the result corresponds to pixel (m, n) of the image, without the last ones.
    assert drawn(full[:5, :5]).tolist() == [
        [0, 0, 0, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 1, 1, 0],
        [0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0],
    ]


def test_exercise_8_4_in_rows_and_columns():
    """In the axes of 8.8, rows down and columns right, the same matrix shifts right only."""
    full = convolve(E8_4_IMAGE, P8_2_KERNEL, padding="full")

    assert full[:5, :5].tolist() == np.roll(E8_4_IMAGE, 1, axis=1).tolist()


def test_problem_8_2_by_its_impulse_response():
    """P8.2: the kernel of a shift right and up is a single 1, one column right and one row up."""

    def shift(p):
        return np.pad(p, 1)[2:, :-2]

    found = as_convolution(shift, (9, 9))

    assert impulse_response(shift, (3, 3)).tolist() == [[0, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert found.kernel.tolist() == [[1.0]]
    assert found.offset == (-1, 1)
    assert found(E8_4_IMAGE).tolist() == shift(E8_4_IMAGE).tolist()


def test_exercise_8_5():
    """E8.5: the average of each pixel and its left neighbor, as convolution and as correlation."""

    def average(p):
        return (p + np.pad(p, ((0, 0), (1, 0)))[:, :-1]) / 2

    found = as_convolution(average, (9, 9))

    by_convolution = convolve(E8_1_IMAGE, found.kernel, padding=((0, 0), (1, 0)))
    by_correlation = cross_correlate(E8_1_IMAGE, found.correlation_kernel, padding=((0, 0), (1, 0)))
    assert found.kernel.tolist() == [[0.5, 0.5]]
    assert (found.offset, found.correlation_offset) == ((0, 0), (0, -1))
    assert by_convolution.tolist() == by_correlation.tolist() == average(E8_1_IMAGE).tolist()
    assert by_convolution[1].tolist() == [0, 0.5, 1, 1, 1, 1, 1, 0.5]
    assert by_convolution[2].tolist() == [0, 0.5, 0.5, 0, 0, 0, 0.5, 0.5]


@pytest.mark.parametrize("method", ["loops", "windows", "fft"])
def test_exercise_8_6(method):
    """E8.6: the convolution, the correlation, and the kernel that makes them equal."""
    options = {"padding": "valid", "method": method}

    convolved = convolve(E8_1_IMAGE, E8_6_KERNEL, **options)
    correlated = cross_correlate(E8_1_IMAGE, E8_6_KERNEL, **options)
    with_turned_kernel = cross_correlate(E8_1_IMAGE, rot180(E8_6_KERNEL), **options)

    assert convolved.tolist() == E8_6_CONVOLUTION
    assert correlated.tolist() == E8_6_CORRELATION
    assert with_turned_kernel.tolist() == E8_6_CONVOLUTION


def test_exercise_8_7():
    """E8.7: 15 pixels, window 3, stride 2, padding 1 give 8; at stride 1, padding 1 keeps 15."""
    (axis,) = axes((15,), window=3, stride=2, padding=1)
    (same,) = axes((15,), window=3, padding="same")

    assert axis.output == 8
    assert (same.before, same.after, same.output) == (1, 1, 15)


def test_problem_8_1():
    """P8.1: the convolution kernel 7..3 acts as the correlation kernel 3..7."""
    image = np.random.default_rng(21).integers(0, 9, size=(6, 7))

    turned = rot180(P8_1_KERNEL)

    assert turned.tolist() == [[3, 2, 1], [6, 5, 4], [9, 8, 7]]
    assert np.array_equal(convolve(image, P8_1_KERNEL), cross_correlate(image, turned))


def test_figure_8_2():
    """Figure 8.2: a 2 x 2 kernel has four positions on a 3 x 3 image, each an inner product."""
    kernel, image = np.array([[1, 2], [3, 4]]), np.arange(1, 10).reshape(3, 3)

    z = cross_correlate(image, kernel)

    assert z.tolist() == [
        [1 * 1 + 2 * 2 + 3 * 4 + 4 * 5, 1 * 2 + 2 * 3 + 3 * 5 + 4 * 6],
        [1 * 4 + 2 * 5 + 3 * 7 + 4 * 8, 1 * 5 + 2 * 6 + 3 * 8 + 4 * 9],
    ]


def test_figure_8_3():
    """Figure 8.3: with stride 2, a 2 x 2 kernel has four positions on a 4 x 4 image."""
    kernel, image = np.array([[1, 2], [3, 4]]), np.arange(16).reshape(4, 4)

    matrix = convolution_matrix(kernel, (4, 4), stride=2)

    assert Axis(length=4, window=2, stride=2).output == 2
    assert np.array_equal(
        unvec(matrix @ vec(image), (2, 2)), cross_correlate(image, kernel, stride=2)
    )
    assert np.count_nonzero(matrix, axis=0).tolist() == [1] * 16


def test_figure_8_4():
    """Figure 8.4: the outline of the square has 32 pixels, that of the diamond 16."""
    assert (SQUARE.shape, SQUARE.sum()) == ((15, 15), 32)
    assert (DIAMOND.shape, DIAMOND.sum()) == ((15, 15), 16)


@pytest.mark.parametrize(
    ("figure", "kernel", "largest"),
    [
        (SQUARE, HORIZONTAL, 3),
        (SQUARE, VERTICAL, 3),
        (SQUARE, SLASH, 2),
        (SQUARE, BACKSLASH, 2),
        (DIAMOND, HORIZONTAL, 2),
        (DIAMOND, VERTICAL, 2),
        (DIAMOND, SLASH, 3),
        (DIAMOND, BACKSLASH, 3),
    ],
)
def test_figures_8_6_and_8_7(figure, kernel, largest):
    """Figures 8.6 and 8.7: each kernel fully matches the lines that it is a template for."""
    response = filtered(kernel, figure)

    assert response.shape == (15, 15)
    assert response.max() == largest


def test_figure_8_6_where_the_lines_match():
    """Figure 8.6: the horizontal kernel's response is 3 inside both horizontal lines."""
    response = filtered(HORIZONTAL, SQUARE)

    assert {tuple(pixel) for pixel in np.argwhere(response == 3).tolist()} == {
        (row, column) for row in (3, 11) for column in range(4, 11)
    }


def test_figure_8_7_where_the_lines_match():
    """Figure 8.7: the slash's response is 3 inside two of the diamond's four sides."""
    response = filtered(SLASH, DIAMOND)

    assert {tuple(pixel) for pixel in np.argwhere(response == 3).tolist()} == {
        *((7 - 3 + k, 7 + 1 + k) for k in range(3)),  # the side from the top to the right
        *((7 + 1 + k, 7 - 3 + k) for k in range(3)),  # the side from the left to the bottom
    }


@pytest.mark.parametrize(
    ("figure", "kernel", "pooled"),
    [
        (
            DIAMOND,
            SLASH,
            [[0, 0, 1, 0, 0], [0, 1, 3, 3, 0], [1, 3, 1, 3, 1], [0, 3, 3, 1, 0], [0, 0, 1, 0, 0]],
        ),
        (
            DIAMOND,
            BACKSLASH,
            [[0, 0, 1, 0, 0], [0, 3, 3, 1, 0], [1, 3, 1, 3, 1], [0, 1, 3, 3, 0], [0, 0, 1, 0, 0]],
        ),
        (
            SQUARE,
            HORIZONTAL,
            [[0, 0, 0, 0, 0], [1, 3, 3, 3, 1], [1, 1, 0, 1, 1], [1, 3, 3, 3, 1], [0, 0, 0, 0, 0]],
        ),
    ],
)
def test_figure_8_8(figure, kernel, pooled):
    """Figure 8.8: 3 x 3 max pooling with stride 3 takes the filtered images from 15 to 5 pixels."""
    assert max_pool(filtered(kernel, figure), 3).tolist() == pooled


def test_equation_8_12_entry_by_entry():
    """8.12: the matrix of the 2 x 2 kernel on the 3 x 3 image, with named weights."""
    names = np.array(["w11", "w12", "w21", "w22", "0"])  # the last one is for index -1

    matrix = names[shared_weights((2, 2), (3, 3), order="columns")]

    assert [" ".join(row) for row in matrix] == [
        "w11 w21 0 w12 w22 0 0 0 0",
        "0 w11 w21 0 w12 w22 0 0 0",
        "0 0 0 w11 w21 0 w12 w22 0",
        "0 0 0 0 w11 w21 0 w12 w22",
    ]


def test_equation_8_12_as_a_product():
    """8.12: the matrix times the stacked columns of P gives the stacked columns of W ⊗ P."""
    rng = np.random.default_rng(22)
    w, p = rng.integers(-9, 9, size=(2, 2)), rng.integers(-9, 9, size=(3, 3))

    product = convolution_matrix(w, (3, 3), order="columns") @ vec(p, "columns")

    assert product.tolist() == vec(cross_correlate(p, w), "columns").tolist()
