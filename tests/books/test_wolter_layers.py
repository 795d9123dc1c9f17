"""Wolter's printed equations, compared with kinds and layers.

All numbers are integers, so that sums are exact in float64 in any order. Results must be equal bit
for bit, unless a comment explains why not.
"""

import numpy as np
import pytest

import striate as st
from striate.equations.printed import wolter
from striate.functions.net_input import Sum
from striate.functions.transfer import Relu
from striate.functions.weight import Convolution, DotProduct
from striate.maths import im2col_matrix

RNG = np.random.default_rng(61)
# The multichannel figure: a 3 x 2 x 3 x 3 kernel on a 2 x 5 x 5 input; a sixth column
# makes exchanged rows and columns visible.
K = RNG.integers(-5, 6, size=(3, 2, 3, 3)).astype(float)
X = RNG.integers(-5, 6, size=(1, 2, 5, 6)).astype(float)
TIED = np.array([3.0, -4.0, 1.0])
UNTIED = RNG.integers(-5, 6, size=(3, 3, 4)).astype(float)
DELTA = RNG.integers(-5, 6, size=(1, 3, 3, 4)).astype(float)
CONVOLUTION = Convolution(feature_maps=3, kernel_size=3)


def relu(x):
    """Apply relu, the transfer function in these tests."""
    return max(x, 0.0)


def relu_dot(x):
    """Return its derivative, which is 0 at 0."""
    return 1.0 if x > 0 else 0.0


def printed_net_input(bias):
    """Return h̄ of 5, with a row per kernel and a column per position."""
    if bias == "tied":
        return wolter.equation_5(K, X[0], TIED)
    return wolter.equation_5(K, X[0], np.zeros(3)) + UNTIED.reshape(3, -1)


def net_input(bias):
    """Compute the net input with the kinds."""
    b = TIED if bias == "tied" else UNTIED
    return Sum(bias=bias).apply((CONVOLUTION.apply(K, X),), b)


def test_1_is_the_convolution_of_signals():
    """1: for signals of one length, Convolution with flip=True and full padding."""
    x, k = X[0, 0, 0], X[0, 0, 1]
    kind = Convolution(feature_maps=1, kernel_size=(6,), padding="full", flip=True)

    found = kind.apply(k.reshape(1, 1, 6), x.reshape(1, 1, 6))[0, 0]

    assert np.array_equal(found, wolter.equation_1(x, k))


def test_2_and_3_are_the_convolution_with_and_without_flip():
    """2, 3: the true convolution, and the cross-correlation that is called convolution."""
    k, image = K[:1, :1], X[:, :1]
    flipped = Convolution(feature_maps=1, kernel_size=3, padding="full", flip=True)
    default = Convolution(feature_maps=1, kernel_size=3)

    assert np.array_equal(flipped.apply(k, image)[0, 0], wolter.equation_2(k[0, 0], image[0, 0]))
    assert np.array_equal(default.apply(k, image)[0, 0], wolter.equation_3(k[0, 0], image[0, 0]))


def test_4_is_the_output_shape():
    """4: o = (i - k) + 1 on each axis."""
    for k in range(1, 6):
        shape = Convolution(feature_maps=3, kernel_size=(k, 2)).output_shape((2, 5, 6))

        assert shape == (3, wolter.equation_4(5, k), wolter.equation_4(6, 2))


@pytest.mark.parametrize("bias", ["tied", "untied"])
def test_5_and_6_are_the_forward_pass(bias):
    """5, 6: flattened kernels times the restructured image plus the bias; then f."""
    n = net_input(bias)

    h_bar = printed_net_input(bias)
    assert np.array_equal(n.reshape(3, -1), h_bar)
    assert np.array_equal(Relu().apply(n).reshape(3, -1), wolter.equation_6(relu, h_bar))


def test_5_is_a_dense_layer_on_the_columns():
    """5: DotProduct with the kernels as rows, given the columns of im2col, is the convolution."""
    patches = im2col_matrix(X[0], (3, 3)).T

    found = DotProduct(neurons=3).apply(K.reshape(3, -1), patches)

    assert np.array_equal(found.T, wolter.equation_5(K, X[0], np.zeros(3)))


@pytest.mark.parametrize("bias", ["tied", "untied"])
def test_7_is_the_way_back_to_kernels_and_bias(bias):
    """7: derivatives of kernels; of the bias summed over the places if tied, as printed if not."""
    n = net_input(bias)
    dn = Relu().backward_n(n, Relu().apply(n), DELTA)

    dk = CONVOLUTION.backward_w(K, X, dn)
    db = Sum(bias=bias).backward_b((n,), TIED if bias == "tied" else UNTIED, dn)

    h_bar, delta = printed_net_input(bias), DELTA.reshape(3, -1)
    delta_K, delta_b = wolter.equation_7(relu_dot, h_bar, delta, X[0], (3, 3))
    assert np.array_equal(dk.reshape(3, -1), delta_K)
    if bias == "tied":
        assert np.array_equal(db, delta_b)
    else:
        printed = wolter.equation_7_as_printed(relu_dot, h_bar, delta)
        assert np.array_equal(db.reshape(3, -1), printed)


@pytest.mark.parametrize("bias", ["tied", "untied"])
def test_8_is_the_way_back_to_the_image(bias):
    """8: col2im of the product of the transposed kernels with the derivatives."""
    n = net_input(bias)
    dn = Relu().backward_n(n, Relu().apply(n), DELTA)

    dx = CONVOLUTION.backward_a(K, X, dn)

    h_bar, delta = printed_net_input(bias), DELTA.reshape(3, -1)
    assert np.array_equal(dx[0], wolter.equation_8(K, relu_dot, h_bar, delta, X[0].shape))


def test_7_and_8_sum_over_images():
    """7: with several images the derivatives of the kernels add up; 8: each image has its own."""
    x, dz = np.concatenate([X, -2 * X]), np.concatenate([DELTA, DELTA])

    dk, dx = CONVOLUTION.backward_w(K, x, dz), CONVOLUTION.backward_a(K, x, dz)

    assert np.array_equal(dk, -CONVOLUTION.backward_w(K, X, DELTA))
    assert np.array_equal(dx[0], dx[1])


def test_the_multichannel_figure_as_a_layer():
    """The figure: a 3 x 2 x 3 x 3 kernel on a 2 x 5 x 5 input gives 3 x 3 x 3."""
    net = st.Network([st.Conv(3, 3)], input_shape=(5, 5, 2))

    assert net.parameters["conv1.weight"].shape == (3, 2, 3, 3)
    assert net.trace(np.ones((1, 5, 5, 2)))["conv1"].Z.shape == (1, 3, 3, 3)
