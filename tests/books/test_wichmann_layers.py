"""Wichmann's printed equations, compared with kinds and networks.

All numbers are integers, so that sums are exact in float64 in any order. Results must be equal bit
for bit, unless a comment explains why not.
"""

import itertools

import numpy as np
import pytest

import striate as st
from striate.equations.printed import wichmann, wichmann_pooling
from striate.functions.net_input import Sum
from striate.functions.transfer import Tanh
from striate.functions.weight import AveragePooling, Convolution, MaxPooling

RNG = np.random.default_rng(51)
X = RNG.integers(-5, 6, size=(7, 9)).astype(float)  # different numbers of rows and columns
W = RNG.integers(-5, 6, size=(3, 3)).astype(float)  # f = 1 in section 4: 2f + 1 pixels
B = 2.0
STRIDES = pytest.mark.parametrize("s", [1, 2, 3])
POOLING = pytest.mark.parametrize(("f", "s"), [(2, 2), (3, 1), (3, 2), (2, 3)])


def images(array):
    """Add axes for images and maps to a matrix."""
    return array[np.newaxis, np.newaxis]


def sigma_dot(z):
    """Differentiate the hyperbolic tangent."""
    return 1 - np.tanh(z) ** 2


class Layer:
    """Compute the convolution of one map with stride, bias and tanh, forward and backward."""

    def __init__(self, s):
        self.kind = Convolution(feature_maps=1, kernel_size=3, stride=s)
        # Multiples of 0.1, so that tanh isn't flat.
        self.z = self.kind.apply(images(W / 10), images(X))
        self.n = Sum().apply((self.z,), np.array([B / 10]))
        self.a = Tanh().apply(self.n)
        self.da = np.random.default_rng(52).integers(-5, 6, size=self.a.shape).astype(float)
        self.dn = Tanh().backward_n(self.n, self.a, self.da)
        self.dw = self.kind.backward_w(images(W / 10), images(X), self.dn)[0, 0]
        self.db = Sum().backward_b((self.z,), np.array([B / 10]), self.dn)[0]
        self.dx = self.kind.backward_a(images(W / 10), images(X), self.dn)[0, 0]


def close(found, printed):
    """Compare sums of at most 63 products of tanh's derivative, integers and tenths.

    Each product is below 100 and rounded to 1e-14; computing 1 - tanh² adds an error of the same
    size.
    """
    return np.allclose(found, printed, rtol=0, atol=1e-12)


def test_1_3_to_1_7_are_the_convolution_with_and_without_flip():
    """1.3 to 1.7: flip=True is the convolution, the default the cross-correlation."""
    flipped = Convolution(feature_maps=1, kernel_size=3, padding="full", flip=True)
    row = Convolution(feature_maps=1, kernel_size=(3,), padding="full", flip=True)
    default = Convolution(feature_maps=1, kernel_size=3)

    convolved = flipped.apply(images(W), images(X))[0, 0]
    correlated = default.apply(images(W), images(X))[0, 0]
    signal = row.apply(images(W[0]), images(X[0]))[0, 0]

    assert np.array_equal(signal, wichmann.equation_1_3(W[0], X[0]))
    assert np.array_equal(convolved, wichmann.equation_1_4(W, X))
    assert np.array_equal(convolved, wichmann.equation_1_5(W, X))
    assert np.array_equal(correlated, wichmann.equation_1_6(W, X))
    assert np.array_equal(correlated, wichmann.equation_1_7(W, X))


@pytest.mark.parametrize("f", [1, 3, 5, 7])
def test_2_1_is_same_padding(f):
    """2.1: padding="same" equals padding (f - 1)/2 if f is odd."""
    kernel = np.random.default_rng(f).integers(-5, 6, size=(1, 1, f, f)).astype(float)
    p = wichmann.equation_2_1(f)

    same = Convolution(feature_maps=1, kernel_size=f, padding="same").apply(kernel, images(X))
    stated = Convolution(feature_maps=1, kernel_size=f, padding=int(p)).apply(kernel, images(X))

    assert p == int(p)
    assert same.shape[2:] == X.shape
    assert np.array_equal(same, stated)


def test_2_2_2_3_3_1_are_the_output_shape():
    """2.2, 2.3, 3.1: height and width of the next layer, rounded down; n_c is the filters."""
    for p, f, s in itertools.product(range(3), range(1, 6), range(1, 4)):
        layer = st.Conv(4, f, stride=s, padding=p)

        found = st.Network([layer], input_shape=(7, 9, 3)).output_shape

        assert found == (*wichmann.equation_3_1(7, 9, p, f, s), 4)
        assert found[:2] == (wichmann.equation_2_3(7, p, f, s), wichmann.equation_2_3(9, p, f, s))
        if (7 + 2 * p - f) % s == 0:
            assert found[0] == wichmann.equation_2_2(7, p, f, s)


@STRIDES
def test_4_1_is_the_forward_pass(s):
    """4.1: Wichmann's Z, which includes the bias, is the net input N; A is the activation."""
    layer = Layer(s)

    Z, A = wichmann.equation_4_1(W / 10, X, B / 10, s, np.tanh)

    assert close(layer.n[0, 0], Z)
    assert close(layer.a[0, 0], A)


@STRIDES
def test_4_2_to_4_7_are_the_derivative_of_the_filter(s):
    """4.2 to 4.7: the chain rule, step by step and at once, gives backward_w."""
    layer = Layer(s)
    da, n = layer.da[0, 0], layer.n[0, 0]

    at_once = wichmann.equation_4_7(da, sigma_dot, n, X, s, W.shape)

    assert close(layer.dw, at_once)
    for at in itertools.product(range(3), range(3)):

        def dz_dw(i, j, at=at):
            return wichmann.equation_4_6(X, s, i, j, *at)

        def by_all_places(i, j, dz_dw=dz_dw):
            return wichmann.equation_4_3(sigma_dot, n, dz_dw, i, j)

        def by_one_place(i, j, dz_dw=dz_dw):
            return wichmann.equation_4_4(sigma_dot, n, dz_dw, i, j)

        assert close(layer.dw[at], wichmann.equation_4_2(da, by_all_places))
        assert close(layer.dw[at], wichmann.equation_4_2(da, by_one_place))
        bracket = wichmann.equation_4_5(W, X, B, s, 1, 0)[at]
        # Central differences of a linear function: roundings of numbers below 1000 over 1e-5.
        assert bracket == pytest.approx(dz_dw(1, 0), abs=1e-7)


@STRIDES
def test_4_8_is_the_derivative_of_the_bias(s):
    """4.8: the derivatives with respect to the net input, summed over positions."""
    layer = Layer(s)

    assert close(layer.db, wichmann.equation_4_8(layer.da[0, 0], sigma_dot, layer.n[0, 0]))


@STRIDES
def test_4_11_to_4_15_are_the_errors_of_the_layer_before(s):
    """4.11 to 4.15: any stride, zero outside the filter: backward_a of the errors times sigma'."""
    layer = Layer(s)
    delta, n = layer.da[0, 0], layer.n[0, 0]

    at_once = wichmann.equation_4_15(delta, sigma_dot, n, W / 10, s, X.shape)

    assert close(layer.dx, at_once)
    for i, j in ((0, 0), (2, 5), (6, 8)):

        def dz_dx(k, l, i=i, j=j):
            return wichmann.equation_4_14(W / 10, s, k, l, i, j)

        def da_dz(i, j, k, l):
            return sigma_dot(n[k, l]) if (i, j) == (k, l) else 0.0

        assert close(layer.dx[i, j], wichmann.equation_4_11(delta, da_dz, dz_dx))
        assert close(layer.dx[i, j], wichmann.equation_4_12(delta, sigma_dot, n, dz_dx))
        bracket = wichmann.equation_4_13(W / 10, X, B, s, 1, 1)[i, j]
        assert bracket == pytest.approx(dz_dx(1, 1), abs=1e-7)


def test_4_9_and_4_10_are_da_of_the_trace():
    """4.9, 4.10: Wichmann's error of layer l is dA, the derivative at layer l + 1's input."""
    net = st.Network.parse("conv 1@3x3 tanh as l | conv 1@3x3 tanh as next", (7, 9, 1))
    target = RNG.normal(size=(1, 3, 5, 1))
    trace = net.trace(X[np.newaxis, ..., np.newaxis] / 5, target)
    weights = {name: array.astype(float) for name, array in net.parameters.items()}

    def loss(x):
        """Compute the loss from the output of layer l, with the remaining layers."""
        z = Convolution(feature_maps=1, kernel_size=3).apply(weights["next.weight"], images(x))
        return np.mean((np.tanh(z + weights["next.bias"][0])[0, 0] - target[0, ..., 0]) ** 2)

    a = trace["l"].A[0, 0].astype(float)
    # The trace is in float32: derivatives of a mean of 15 squares, with about 9 products each.
    for error in (wichmann.equation_4_9(loss, a), wichmann.equation_4_10(loss, a)):
        assert np.allclose(trace["l"].dA[0, 0], error, rtol=0, atol=1e-6)
    assert not np.allclose(trace["l"].dA, trace["l"].dN, rtol=0, atol=1e-3)  # Hagan's dN differs


@POOLING
def test_5_2_to_5_5_are_max_pooling(f, s):
    """5.2 to 5.5: the maximum, and errors that go to the first maximum of every window."""
    kind = MaxPooling(window=f, stride=s)
    # With few distinct numbers, most windows contain their maximum more than once.
    x = np.random.default_rng(53).integers(0, 3, size=(7, 9)).astype(float)
    z = kind.apply(images(x))
    delta = np.random.default_rng(54).integers(-5, 6, size=z.shape).astype(float)

    dx = kind.backward_a(images(x), delta)[0, 0]

    assert np.array_equal(z[0, 0], wichmann_pooling.equation_5_2(x, f, s))
    assert np.array_equal(dx, wichmann_pooling.equation_5_5(delta[0, 0], x, f, s))
    for i, j in ((0, 0), (1, 2), (4, 6)):

        def da_dx(k, l, i=i, j=j):
            return wichmann_pooling.equation_5_4(x, f, s, k, l, i, j)

        assert dx[i, j] == wichmann_pooling.equation_5_1(delta[0, 0], da_dx)


@POOLING
def test_5_3_is_where_a_winner_can_be(f, s):
    """5.3: winners() counts through the printed domain, rows first."""
    x = np.random.default_rng(55).permutation(63).reshape(7, 9).astype(float)

    winners = MaxPooling(window=f, stride=s).winners(images(x))[0, 0]

    for (i, j), number in np.ndenumerate(winners):
        domain = wichmann_pooling.equation_5_3(i, j, f, s)
        assert x[domain[number]] == max(x[at] for at in domain)


@POOLING
def test_5_6_to_5_8_are_average_pooling(f, s):
    """5.6 to 5.8: the mean, and errors distributed over all pixels of every window."""
    kind = AveragePooling(window=f, stride=s)
    z = kind.apply(images(X))
    delta = np.random.default_rng(56).integers(-5, 6, size=z.shape).astype(float)

    dx = kind.backward_a(images(X), delta)[0, 0]

    assert close(z[0, 0], wichmann_pooling.equation_5_6(X, f, s))
    assert close(dx, wichmann_pooling.equation_5_8(delta[0, 0], f, s, X.shape))
    for i, j in ((0, 0), (1, 2), (4, 6)):

        def da_dx(k, l, i=i, j=j):
            return wichmann_pooling.equation_5_7(f, s, k, l, i, j)

        assert close(dx[i, j], wichmann_pooling.equation_5_1(delta[0, 0], da_dx))
