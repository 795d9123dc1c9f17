"""Wichmann's printed equations, compared with each other and with `striate.maths`."""

import itertools

import numpy as np
import pytest

from striate.equations.printed import wichmann, wichmann_pooling
from striate.equations.printed.indexed import derivative
from striate.maths import (
    Axis,
    average_pool,
    average_pool_backward,
    axes,
    central_differences,
    convolve,
    cross_correlate,
    cross_correlate_backward,
    max_pool,
    max_pool_backward,
)

RNG = np.random.default_rng(32)
F_FILTER = RNG.integers(-5, 6, size=(3, 3)).astype(float)
G_IMAGE = RNG.integers(-5, 6, size=(4, 6)).astype(float)
# A 3 x 3 filter with stride 2 on 7 x 9 pixels has 3 x 4 positions: exchanged limits are noticed.
W = RNG.normal(size=(3, 3))
X = RNG.normal(size=(7, 9))
B, S = 0.25, 2
DL_DA = RNG.normal(size=(3, 4))
Z, ACTIVATION = wichmann.equation_4_1(W, X, B, S, np.tanh)


def sigma_dot(z):
    """Differentiate tanh."""
    return 1 - np.tanh(z) ** 2


def loss(W, X, b):
    """Return a loss whose derivative with respect to the layer's output is DL_DA."""
    return np.sum(DL_DA * wichmann.equation_4_1(W, X, b, S, np.tanh)[1])


def box(t):
    """Return a box function, 1 between 0 and 1."""
    return 1.0 if 0 <= t < 1 else 0.0


def ramp(t):
    """Return a ramp function between 0 and 2."""
    return t if 0 <= t < 2 else 0.0


def test_1_1_and_1_2():
    """1.1, 1.2: both integrals are the convolution of box and ramp, known in closed form."""
    # The box averages the ramp over [t - 1, t], cut to [0, 2].
    known = {0.5: 0.125, 1.0: 0.5, 1.5: 1.0, 2.5: 0.875, 3.5: 0.0}
    for t, value in known.items():
        # The error of the midpoint rule is its step, 4e-4, times the size of the jumps.
        assert wichmann.equation_1_1(box, ramp, t, reach=4) == pytest.approx(value, abs=2e-3)
        assert wichmann.equation_1_2(box, ramp, t, reach=4) == pytest.approx(value, abs=2e-3)


def test_1_3():
    """1.3: convolve() in one dimension is the printed sum over all integers."""
    f, g = F_FILTER[0], G_IMAGE[0]

    assert np.array_equal(convolve(g, f, padding="full"), wichmann.equation_1_3(f, g))


def test_1_4_and_1_5():
    """1.4, 1.5: convolve() in two dimensions is the sum over all pairs, and over those of f."""
    found = convolve(G_IMAGE, F_FILTER, padding="full")

    assert np.array_equal(found, wichmann.equation_1_4(F_FILTER, G_IMAGE))
    assert np.array_equal(found, wichmann.equation_1_5(F_FILTER, G_IMAGE))


def test_1_6_and_1_7():
    """1.6, 1.7: cross_correlate() is the printed sum, and the convolution with f⁻ on -2F ... 0."""
    found = cross_correlate(G_IMAGE, F_FILTER)

    assert np.array_equal(found, wichmann.equation_1_6(F_FILTER, G_IMAGE))
    assert np.array_equal(found, wichmann.equation_1_7(F_FILTER, G_IMAGE))


def test_1_7_with_an_array_that_starts_at_0_is_shifted():
    """1.7: if f⁻ is an array whose indices start at 0, the result is shifted by 2F pixels."""
    shifted = wichmann.mirrored_from_zero(F_FILTER, G_IMAGE)

    unshifted = cross_correlate(G_IMAGE, F_FILTER)
    assert shifted.shape == unshifted.shape
    assert not np.array_equal(shifted, unshifted)
    assert np.array_equal(shifted, cross_correlate(np.pad(G_IMAGE, 2), F_FILTER)[:2, :4])


def test_2_1():
    """2.1: p = (f - 1)/2 keeps the size; the printed left side would need negative padding."""
    for f in (3, 5, 7):
        p = wichmann.equation_2_1(f)
        (axis,) = axes((9,), window=f, padding=int(p))

        assert axis.output == 9
        assert wichmann.equation_2_1_as_printed(f) == -p < 0


def test_2_2_and_2_3():
    """2.2, 2.3: the size, exact if the fraction is an integer, and otherwise rounded down."""
    for n, p, f, s in itertools.product(range(5, 9), range(2), (2, 3), (1, 2, 3)):
        (axis,) = axes((n,), window=f, stride=s, padding=p)

        assert axis.output == wichmann.equation_2_3(n, p, f, s)
        if (n + 2 * p - f) % s == 0:
            assert axis.output == wichmann.equation_2_2(n, p, f, s)
        else:
            assert axis.output < wichmann.equation_2_2(n, p, f, s)


def test_3_1():
    """3.1: height and width of a layer, along the chain of section 3.3."""
    sizes = [(39, 39)]
    for f, s in ((3, 1), (5, 2), (5, 2)):
        sizes.append(wichmann.equation_3_1(*sizes[-1], p=0, f=f, s=s))

        found = axes(sizes[-2], window=f, stride=s)
        assert tuple(axis.output for axis in found) == sizes[-1]
    assert sizes == [(39, 39), (37, 37), (17, 17), (7, 7)]


def test_4_1():
    """4.1: a layer's output is sigma of the correlation at every s-th position plus the bias."""
    found = cross_correlate(X, W, stride=S) + B

    assert np.allclose(found, Z, rtol=0, atol=1e-14)
    assert np.allclose(np.tanh(found), ACTIVATION, rtol=0, atol=1e-14)


def test_4_1_as_printed_gives_another_derivative():
    """4.1: if Z excludes the bias, as the brace says, sigma'(Z) in 4.7 is wrong."""
    Z_printed, A_printed = wichmann.equation_4_1_as_printed(W, X, B, S, np.tanh)
    right = derivative(lambda W: loss(W, X, B), W)

    assert np.allclose(A_printed, ACTIVATION)
    with_bias = wichmann.equation_4_7(DL_DA, sigma_dot, Z, X, S, (3, 3))
    without_bias = wichmann.equation_4_7(DL_DA, sigma_dot, Z_printed, X, S, (3, 3))
    assert np.allclose(with_bias, right, atol=1e-8)
    assert not np.allclose(without_bias, right, atol=1e-2)


def a_by_w(m, n):
    """Return the second factor of 4.2 for one weight, as a function of i, j."""
    return lambda i, j: wichmann.equation_4_4(
        sigma_dot, Z, lambda k, l: wichmann.equation_4_6(X, S, k, l, m, n), i, j
    )


def test_4_2_to_4_7():
    """4.2 to 4.7: the chain of derivatives for a weight, step by step, ends at the derivative."""
    right = central_differences(lambda W: loss(W, X, B), W)

    found = cross_correlate_backward(X, W, DL_DA * sigma_dot(Z), stride=S).dW
    assert np.allclose(found, right, atol=1e-8)
    assert np.allclose(wichmann.equation_4_7(DL_DA, sigma_dot, Z, X, S, (3, 3)), right, atol=1e-8)
    for m, n in itertools.product(range(3), range(3)):

        def z_by_w(k, l, m=m, n=n):
            return wichmann.equation_4_6(X, S, k, l, m, n)

        for i, j in itertools.product(range(3), range(4)):
            summed = wichmann.equation_4_3(sigma_dot, Z, z_by_w, i, j)
            assert summed == pytest.approx(a_by_w(m, n)(i, j))
            assert wichmann.equation_4_5(W, X, B, S, i, j)[m, n] == pytest.approx(z_by_w(i, j))
        assert wichmann.equation_4_2(DL_DA, a_by_w(m, n)) == pytest.approx(right[m, n], abs=1e-8)


def test_4_2_as_printed_leaves_the_output():
    """4.2: with n_W for rows and n_H for columns, the sum leaves an output that isn't square."""
    with pytest.raises(IndexError):
        wichmann.equation_4_2_as_printed(DL_DA, a_by_w(0, 0))


def test_4_3_as_printed_leaves_the_output():
    """4.3: the width and height of the input aren't the limits of Z's indices."""
    with pytest.raises(IndexError):
        wichmann.equation_4_3_as_printed(sigma_dot, Z, lambda _k, _l: 1.0, 0, 0, *X.shape)


def test_4_8():
    """4.8: the derivative of the bias."""
    right = derivative(lambda b: loss(W, X, b), B)

    assert wichmann.equation_4_8(DL_DA, sigma_dot, Z) == pytest.approx(float(right), abs=1e-8)
    found = cross_correlate_backward(X, W, DL_DA * sigma_dot(Z), stride=S).db
    assert found == pytest.approx(float(right), abs=1e-8)


def test_4_9_and_4_10():
    """4.9, 4.10: a layer's error is the derivative with respect to the next layer's input."""
    error = wichmann.equation_4_9(lambda A: loss(W, A, B), X)

    assert np.array_equal(error, wichmann.equation_4_10(lambda X: loss(W, X, B), X))


def z_by_x(i, j):
    """Return the last factor of 4.12 for one input, as a function of i', j'."""
    return lambda k, l: wichmann.equation_4_14(W, S, k, l, i, j)


def a_by_z(i, j, k, l):
    """Return the middle factor of 4.11."""
    return sigma_dot(Z[i, j]) if (i, j) == (k, l) else 0.0


def test_4_11_to_4_15():
    """4.11 to 4.15: the chain of derivatives for an input, step by step, ends at the derivative."""
    right = wichmann.equation_4_10(lambda X: loss(W, X, B), X)

    final = wichmann.equation_4_15(DL_DA, sigma_dot, Z, W, S, X.shape)
    assert np.allclose(final, right, atol=1e-8)
    found = cross_correlate_backward(X, W, DL_DA * sigma_dot(Z), stride=S).dA
    assert np.allclose(found, final, rtol=0, atol=1e-13)
    for i, j in itertools.product(range(7), range(9)):
        assert wichmann.equation_4_12(DL_DA, sigma_dot, Z, z_by_x(i, j)) == pytest.approx(
            final[i, j]
        )
    for i, j in ((0, 0), (2, 4), (6, 8)):
        assert wichmann.equation_4_11(DL_DA, a_by_z, z_by_x(i, j)) == pytest.approx(final[i, j])
        for k, l in itertools.product(range(3), range(4)):
            by_definition = wichmann.equation_4_13(W, X, B, S, k, l)[i, j]
            assert by_definition == pytest.approx(z_by_x(i, j)(k, l), abs=1e-8)


def test_4_15_is_a_convolution():
    """4.15: at stride 1 the backpropagation of errors is a true convolution with W."""
    delta, ones = RNG.normal(size=(4, 5)), np.ones((4, 5))

    printed = wichmann.equation_4_15(delta, lambda z: z, ones, W, 1, (6, 7))

    assert np.allclose(printed, convolve(delta, W, padding="full"), rtol=0, atol=1e-13)


@pytest.mark.parametrize(
    "call",
    [
        lambda: wichmann.equation_4_11_as_printed(DL_DA, a_by_z, z_by_x(0, 0)),
        lambda: wichmann.equation_4_12_as_printed(DL_DA, sigma_dot, Z, z_by_x(0, 0)),
        lambda: wichmann.equation_4_14_as_printed(W, S, 1, 1, 0, 0),
        lambda: wichmann.equation_4_15_as_printed(DL_DA, sigma_dot, Z, W, S, X.shape),
        lambda: wichmann.equation_4_15_as_printed(DL_DA[:, :3], sigma_dot, Z[:, :3], W, S, (7, 7)),
    ],
    ids=["4.11", "4.12", "4.14", "4.15", "4.15 on a square"],
)
def test_sums_as_printed_leave_their_arrays(call):
    """4.11, 4.12, 4.15: exchanged limits leave the output; 4.14, 4.15 leave W on a square too."""
    with pytest.raises(IndexError):
        call()


POOLINGS = [(2, 2, (4, 6)), (3, 1, (5, 6)), (3, 2, (7, 9)), (2, 3, (8, 5))]


def pool_max(X, f, s):
    """Pool by the printed equation, to differentiate it."""
    return wichmann_pooling.equation_5_2(X, f, s)


@pytest.mark.parametrize(("f", "s", "shape"), POOLINGS)
def test_5_1_to_5_5(f, s, shape):
    """5.1 to 5.5: max pooling and its errors, with and without overlap."""
    # In a permutation, pixels differ by at least 1, so a step of 1e-5 doesn't change a maximum.
    x = np.random.default_rng(33).permutation(np.prod(shape)).reshape(shape).astype(float)
    places = tuple(Axis(length=n, window=f, stride=s).output for n in shape)
    delta = np.random.default_rng(34).normal(size=places)

    right = derivative(lambda X: np.sum(delta * pool_max(X, f, s)), x)
    printed = wichmann_pooling.equation_5_5(delta, x, f, s)

    assert pool_max(x, f, s).shape == places
    assert np.array_equal(max_pool(x, f, stride=s), pool_max(x, f, s))
    # A pixel that wins several windows receives several derivatives.
    found = max_pool_backward(x, f, delta, stride=s).dA
    assert np.allclose(found, printed, rtol=0, atol=1e-14)
    assert np.allclose(printed, right, atol=1e-8)
    for i, j in itertools.product(*map(range, shape)):
        chained = wichmann_pooling.equation_5_1(
            delta,
            lambda k, l: wichmann_pooling.equation_5_4(x, f, s, k, l, i, j),  # noqa: B023  # called at once
        )
        assert chained == pytest.approx(printed[i, j])


def test_5_2_and_5_3():
    """5.2, 5.3: the largest of the f x f inputs that begin at (is, js)."""
    x = np.arange(20).reshape(4, 5)

    assert wichmann_pooling.equation_5_3(1, 0, f=2, s=2) == [(2, 0), (2, 1), (3, 0), (3, 1)]
    assert pool_max(x, f=2, s=2).tolist() == [[6, 8], [16, 18]]


@pytest.mark.parametrize(
    ("equation", "deltas"),
    [
        (wichmann_pooling.equation_5_4, [1, 0, 0, 0]),
        (wichmann_pooling.equation_5_4_as_printed, [1, 1, 1, 1]),
    ],
)
def test_5_4_needs_a_rule_for_ties(equation, deltas):
    """5.4: the first of equal maxima counts; otherwise, an error is passed on four times."""
    ties = np.ones((2, 2))

    found = [equation(ties, 2, 2, 0, 0, i, j) for i, j in itertools.product(range(2), range(2))]

    assert found == deltas


@pytest.mark.parametrize(("f", "s", "shape"), POOLINGS)
def test_5_6_to_5_8(f, s, shape):
    """5.6, 5.7, 5.8: average pooling and its errors, with and without overlap."""
    x = np.random.default_rng(35).normal(size=shape)
    pooled = wichmann_pooling.equation_5_6(x, f, s)
    delta = np.random.default_rng(36).normal(size=pooled.shape)

    right = derivative(lambda X: np.sum(delta * wichmann_pooling.equation_5_6(X, f, s)), x)
    printed = wichmann_pooling.equation_5_8(delta, f, s, shape)

    average = average_pool(x, f, stride=s)
    assert np.allclose(pooled, average, rtol=0, atol=1e-14)
    assert np.allclose(printed, right, atol=1e-8)
    found = average_pool_backward(x, f, delta, stride=s).dA
    assert np.allclose(found, printed, rtol=0, atol=1e-14)
    for i, j in itertools.product(*map(range, shape)):
        chained = wichmann_pooling.equation_5_1(
            delta,
            lambda k, l: wichmann_pooling.equation_5_7(f, s, k, l, i, j),  # noqa: B023  # called at once
        )
        assert chained == pytest.approx(printed[i, j])


def test_5_1_as_printed_leaves_the_output():
    """5.1: with N_W for rows and N_H for columns, the sum leaves an output that isn't square."""
    with pytest.raises(IndexError):
        wichmann_pooling.equation_5_1_as_printed(DL_DA, lambda _i, _j: 1.0)


@pytest.mark.parametrize(("f", "s", "shape"), POOLINGS)
def test_5_5_and_5_8_as_printed_sum_over_other_windows(f, s, shape):
    """5.5, 5.8: for any stride, the windows i to i + f - 1 aren't those that contain pixel i."""
    x = np.random.default_rng(37).permutation(np.prod(shape)).reshape(shape).astype(float)
    delta = np.random.default_rng(38).normal(size=pool_max(x, f, s).shape)

    by_max = wichmann_pooling.equation_5_5_as_printed(delta, x, f, s)
    by_average = wichmann_pooling.equation_5_8_as_printed(delta, f, shape)

    assert not np.allclose(by_max, wichmann_pooling.equation_5_5(delta, x, f, s))
    assert not np.allclose(by_average, wichmann_pooling.equation_5_8(delta, f, s, shape))


def test_5_6_as_printed_forgets_the_stride():
    """5.6: without the stride the averages are those of stride 1."""
    x = np.random.default_rng(39).normal(size=(6, 8))

    printed = wichmann_pooling.equation_5_6_as_printed(x, f=2, s=2)

    every_place = wichmann_pooling.equation_5_6(x, f=2, s=1)
    assert np.array_equal(printed, every_place[:3, :4])
    assert not np.allclose(printed, wichmann_pooling.equation_5_6(x, f=2, s=2))
