"""Convolution as matrix multiplication."""

import json
from pathlib import Path

import numpy as np
import pytest

from striate.errors import ShapeError
from striate.maths import (
    adjoint_gap,
    axes,
    col2im_matrix,
    convolution_matrix,
    cross_correlate,
    im2col,
    im2col_matrix,
    index_view,
    pad,
    rot180,
    shared_weights,
    unvec,
    vec,
)

CASES = json.loads((Path(__file__).parent / "conv_arithmetic_cases.json").read_text())
# Image, kernel, and how the window moves.
WALKS = [
    ((6,), (3,), {}),
    ((5, 4), (2, 3), {}),
    ((5, 6), (3, 2), {"stride": 2, "padding": 1}),
    ((7, 6), (2, 3), {"dilation": (2, 1), "padding": "same"}),
    ((4, 4), (3, 3), {"padding": "full", "stride": (1, 2)}),
    ((3, 4, 3), (2, 2, 2), {"padding": ((1, 0), (0, 0), (0, 1))}),
]


def correlate(w, p, walk):
    """Multiply kernel and columns; other tests compare the columns with loops."""
    laid = axes(p.shape, window=w.shape, **walk)
    taps = tuple(range(w.ndim))
    return np.tensordot(w, im2col(pad(p, laid), laid), axes=(taps, taps))


@pytest.mark.parametrize(("image", "kernel", "walk"), WALKS)
@pytest.mark.parametrize("order", ["rows", "columns"])
def test_the_matrix_times_the_image_is_the_correlation(image, kernel, walk, order):
    """M vec(P) = vec(W ⊗ P) in either order, for every stride, dilation and padding."""
    rng = np.random.default_rng(14)
    w, p = rng.normal(size=kernel), rng.normal(size=image)

    z = convolution_matrix(w, image, order=order, **walk) @ vec(p, order)

    assert np.allclose(z, vec(correlate(w, p, walk), order), rtol=0, atol=1e-13)


def test_the_matrix_is_what_cross_correlate_computes():
    """Without options, the matrix is that of `striate.maths`."""
    rng = np.random.default_rng(15)
    w, p = rng.normal(size=(2, 3)), rng.normal(size=(4, 5))

    z = unvec(convolution_matrix(w, (4, 5)) @ vec(p), (3, 3))

    assert np.allclose(z, cross_correlate(p, w), rtol=0, atol=1e-13)


@pytest.mark.parametrize(("image", "kernel", "walk"), WALKS)
@pytest.mark.parametrize("order", ["rows", "columns"])
def test_shared_weights_name_the_entries(image, kernel, walk, order):
    """Each element of the matrix is the kernel's element of that number, or zero for -1."""
    w = np.random.default_rng(16).normal(size=kernel)

    element = shared_weights(kernel, image, order=order, **walk)
    matrix = convolution_matrix(w, image, order=order, **walk)

    assert np.array_equal(matrix, np.where(element >= 0, w.ravel()[np.maximum(element, 0)], 0))


def test_without_padding_each_row_holds_each_weight_once():
    """Weight sharing: every position uses each weight once."""
    element = shared_weights((2, 3), (5, 6), order="columns")

    for row in element:
        assert sorted(row[row >= 0]) == list(range(6))


@pytest.mark.parametrize("case", CASES["transposed"], ids=lambda case: case["name"])
def test_the_transposed_matrix_is_the_published_transposed_convolution(case):
    """The transpose of the matrix does what the guide draws: a direct convolution.

    Its input is stretched by zeros between the pixels and `a` zeros after them, and padded by p';
    its kernel is turned.
    """
    rng = np.random.default_rng(17)
    forward = case["forward"]
    n, s, a = forward["o"], forward["s"], case["a"]
    w, dz = rng.normal(size=(forward["k"],) * 2), rng.normal(size=(n, n))
    matrix = convolution_matrix(w, (forward["i"],) * 2, stride=s, padding=forward["p"])

    transposed = unvec(matrix.T @ vec(dz), (forward["i"],) * 2)

    stretched = np.zeros((case["stretched_i"] + a,) * 2)
    stretched[: n * s : s, : n * s : s] = dz
    assert case["stretched_i"] == s * (n - 1) + 1
    direct = cross_correlate(stretched, rot180(w), padding=case["p_prime"])
    assert transposed.shape == (case["o_prime"],) * 2
    assert np.allclose(transposed, direct, rtol=0, atol=1e-13)


@pytest.mark.parametrize(("image", "kernel", "walk"), WALKS)
def test_the_index_view_finds_the_pixels(image, kernel, walk):
    """With a zero for the padding, image[index] @ kernel is the correlation."""
    rng = np.random.default_rng(18)
    w, p = rng.normal(size=kernel), rng.normal(size=image)

    index, places = index_view(image, kernel, **walk)

    pixels = np.append(p.ravel(), 0.0)  # index -1 finds the zero
    z = (pixels[index] @ w.ravel()).reshape(places)
    assert np.allclose(z, correlate(w, p, walk), rtol=0, atol=1e-13)


@pytest.mark.parametrize(("image", "kernel", "walk"), WALKS)
def test_im2col_as_a_matrix(image, kernel, walk):
    """Kernels, one a row, times the restructured image are the summed correlations of its maps."""
    rng = np.random.default_rng(19)
    w, a = rng.normal(size=(2, 3, *kernel)), rng.normal(size=(3, *image))

    h = w.reshape(2, -1) @ im2col_matrix(a, kernel, **walk)

    for row, kernels in zip(h, w, strict=True):
        wanted = sum(correlate(k, p, walk) for k, p in zip(kernels, a, strict=True))
        assert np.allclose(row, wanted.ravel(), rtol=0, atol=1e-13)


@pytest.mark.parametrize(("image", "kernel", "walk"), WALKS)
def test_col2im_as_a_matrix_is_the_adjoint(image, kernel, walk):
    """<im2col(a), c> = <a, col2im(c)>, padding included."""
    rng = np.random.default_rng(20)
    a = rng.normal(size=(3, *image))
    columns = im2col_matrix(a, kernel, **walk)
    c = rng.normal(size=columns.shape)

    gap = adjoint_gap((columns, c), (a, col2im_matrix(c, a.shape, kernel, **walk)))

    assert gap < 1e-14  # rounding of sums of a few hundred products


@pytest.mark.parametrize("mode", ["zeros", "reflect", "replicate", "circular"])
@pytest.mark.parametrize(("image", "kernel", "walk"), [w for w in WALKS if "padding" in w[2]])
def test_every_kind_of_padding(image, kernel, walk, mode):
    """Padding that repeats pixels: both matrices, and the transpose of the first."""
    rng = np.random.default_rng(21)
    w, p = rng.normal(size=kernel), rng.normal(size=image)
    wanted = cross_correlate(p, w, **walk, padding_mode=mode).ravel()
    dz = rng.normal(size=wanted.size)

    matrix = convolution_matrix(w, image, **walk, padding_mode=mode)
    columns = im2col_matrix(p[np.newaxis], kernel, **walk, padding_mode=mode)
    back = col2im_matrix(np.outer(w, dz), (1, *image), kernel, **walk, padding_mode=mode)

    assert np.allclose(matrix @ p.ravel(), wanted, rtol=0, atol=1e-13)
    assert np.allclose(w.ravel() @ columns, wanted, rtol=0, atol=1e-13)
    assert np.allclose(matrix.T @ dz, back.ravel(), rtol=0, atol=1e-13)


def test_a_pixel_under_several_weights():
    """Mirrored at its edge, the first pixel's neighbor is under two weights of the first row."""
    matrix = convolution_matrix(np.array([1, 2, 4]), (3,), padding=1, padding_mode="reflect")

    assert matrix.tolist() == [[2, 5, 0], [1, 2, 4], [0, 5, 2]]


def test_padding_that_has_too_few_pixels_to_repeat():
    """The error is that of the convolution itself."""
    with pytest.raises(ShapeError, match='padding_mode="reflect" cannot add 3 pixels'):
        convolution_matrix(np.zeros(4), (3,), padding=3, padding_mode="reflect")


@pytest.mark.parametrize(
    "call",
    [
        lambda: convolution_matrix(np.zeros((2, 2)), (1, 4, 4)),
        lambda: shared_weights((2, 2), (1, 4, 4)),
        lambda: index_view((1, 4, 4), (2, 2)),
    ],
)
def test_a_window_with_other_axes_is_explained(call):
    """The error gives both shapes."""
    with pytest.raises(ShapeError) as error:
        call()

    assert str(error.value) == (
        "The window must have one length for each pixel axis of the image, got (2, 2) for an "
        "image of shape (1, 4, 4). Leave the axis of feature maps out of the window."
    )


def test_columns_of_another_image_are_explained():
    """The error gives the arithmetic of the shape that was expected."""
    with pytest.raises(ShapeError) as error:
        col2im_matrix(np.zeros((8, 5)), (2, 3, 3), (2, 2))

    assert str(error.value) == (
        "`columns` has shape (8, 5), but an image of shape (2, 3, 3) has 2 * 4 pixels under a "
        "window and 4 places for it. Use the image's shape and the options that made the "
        "columns."
    )


@pytest.mark.parametrize("mode", ["zeros", "circular"])
def test_matrices_of_bytes_hold_their_sums(mode):
    """Circular padding adds up elements of the kernel, and products of bytes don't fit a byte."""
    rng = np.random.default_rng(0)
    kernel, image = (rng.integers(100, 256, shape, np.uint8) for shape in ((3, 3), (2, 2)))
    options = {"padding": 1, "padding_mode": mode}

    found = convolution_matrix(kernel, (2, 2), **options) @ vec(image)

    expected = cross_correlate(image, kernel, **options)
    assert (found == vec(expected)).all()
    columns = np.full((9, 4), 200, np.uint8)
    assert (
        col2im_matrix(columns, (1, 2, 2), (3, 3), **options)
        == col2im_matrix(columns.astype(int), (1, 2, 2), (3, 3), **options)
    ).all()
