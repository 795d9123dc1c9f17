"""Wolter's printed equations, compared with each other and with `striate.maths`."""

import itertools

import numpy as np
import pytest

from striate.equations.printed import wolter
from striate.equations.printed.indexed import derivative
from striate.maths import (
    axes,
    col2im_matrix,
    convolve,
    cross_correlate,
    cross_correlate_backward,
    im2col_matrix,
)

RNG = np.random.default_rng(40)
SIGNAL, SIGNAL_KERNEL = RNG.integers(-5, 6, size=(2, 5)).astype(float)
K = RNG.integers(-5, 6, size=(2, 3)).astype(float)
I = RNG.integers(-5, 6, size=(4, 6)).astype(float)
# The figure of the slides: a 3 x 2 x 3 x 3 kernel on a 2 x 5 x 5 input.
KERNELS, IMAGE, BIAS = RNG.normal(size=(3, 2, 3, 3)), RNG.normal(size=(2, 5, 5)), RNG.normal(size=3)
DELTA = RNG.normal(size=(3, 9))


def f_dot(x):
    """Differentiate tanh."""
    return 1 - np.tanh(x) ** 2


def loss(kernels, image, bias):
    """Return a loss whose derivative with respect to the activations is DELTA."""
    return np.sum(DELTA * np.tanh(wolter.equation_5(kernels, image, bias)))


def test_1():
    """1: convolve() of two signals of length T is the sum from 0 to T - 1."""
    found = convolve(SIGNAL, SIGNAL_KERNEL, padding="full")

    assert np.array_equal(found, wolter.equation_1(SIGNAL, SIGNAL_KERNEL))


def test_1_as_printed_takes_a_term_too_many():
    """1: x doesn't have an entry T."""
    with pytest.raises(IndexError):
        wolter.equation_1_as_printed(SIGNAL, SIGNAL_KERNEL)


def test_2():
    """2: convolve() is the printed sum with K(m, n) and the kernel's limits."""
    assert np.array_equal(convolve(I, K, padding="full"), wolter.equation_2(K, I))


def test_2_as_printed_transposes_the_kernel():
    """2: K(n, m) with the image's limits leaves the kernel, or convolves with its transpose."""
    with pytest.raises(IndexError):
        wolter.equation_2_as_printed(K, I)
    square = K[:, :2]

    printed = wolter.equation_2_as_printed(square, I, outside=0)

    assert np.array_equal(printed, convolve(I, square.T, padding="full"))
    assert not np.array_equal(printed, convolve(I, square, padding="full"))


def test_3():
    """3: cross_correlate() is the printed sum with the kernel's limits."""
    assert np.array_equal(cross_correlate(I, K), wolter.equation_3(K, I))


def test_3_as_printed_leaves_the_kernel():
    """3: the size of the image isn't the limit of the kernel's indices."""
    with pytest.raises(IndexError):
        wolter.equation_3_as_printed(K, I)


def test_4():
    """4: the printed size, for every kernel that fits."""
    for i, k in itertools.product(range(1, 10), range(1, 10)):
        if k <= i:
            (axis,) = axes((i,), window=k)

            assert axis.output == wolter.equation_4(i, k)


def test_5_and_6():
    """5, 6: the product of matrices is the correlation of all maps, with bias and activation."""
    found = KERNELS.reshape(3, -1) @ im2col_matrix(IMAGE, (3, 3)) + BIAS[:, np.newaxis]

    printed = wolter.equation_5(KERNELS, IMAGE, BIAS)
    by_correlation = cross_correlate(IMAGE, KERNELS).reshape(3, -1) + BIAS[:, np.newaxis]
    assert np.allclose(found, printed, rtol=0, atol=1e-13)
    assert np.allclose(by_correlation, printed, rtol=0, atol=1e-13)
    assert np.array_equal(wolter.equation_6(np.tanh, printed), np.tanh(printed))


def test_5_as_printed_does_not_multiply():
    """5: a kernel that is flattened to one vector can't be multiplied with the columns."""
    with pytest.raises(ValueError, match="mismatch"):
        wolter.equation_5_as_printed(KERNELS, IMAGE, BIAS)


def test_7():
    """7: the derivatives of kernels and tied biases."""
    h_bar = wolter.equation_5(KERNELS, IMAGE, BIAS)
    inner = f_dot(h_bar) * DELTA

    delta_K, delta_b = wolter.equation_7(f_dot, h_bar, DELTA, IMAGE, (3, 3))

    assert np.allclose(delta_K, inner @ im2col_matrix(IMAGE, (3, 3)).T, rtol=0, atol=1e-13)
    by_definition = derivative(lambda K: loss(K, IMAGE, BIAS), KERNELS)
    assert np.allclose(delta_K, by_definition.reshape(3, -1), atol=1e-8)
    assert np.allclose(delta_b, derivative(lambda b: loss(KERNELS, IMAGE, b), BIAS), atol=1e-8)
    found = cross_correlate_backward(IMAGE, KERNELS, inner.reshape(3, 3, 3))
    assert np.allclose(found.dW.reshape(3, -1), delta_K, rtol=0, atol=1e-13)
    assert np.allclose(found.db, delta_b, rtol=0, atol=1e-13)


def test_7_as_printed_is_an_untied_bias():
    """7: without the sum over positions, there is a derivative per position, not per map."""
    h_bar = wolter.equation_5(KERNELS, IMAGE, BIAS)
    untied = np.tile(BIAS[:, np.newaxis], 9)

    printed = wolter.equation_7_as_printed(f_dot, h_bar, DELTA)

    def untied_loss(b):
        return np.sum(DELTA * np.tanh(wolter.equation_5(KERNELS, IMAGE, 0 * BIAS) + b))

    assert printed.shape != BIAS.shape
    assert np.allclose(printed, derivative(untied_loss, untied), atol=1e-8)
    _, tied = wolter.equation_7(f_dot, h_bar, DELTA, IMAGE, (3, 3))
    assert np.allclose(printed.sum(axis=1), tied)


def test_8():
    """8: the derivatives of the image are the columns added back."""
    h_bar = wolter.equation_5(KERNELS, IMAGE, BIAS)
    columns = KERNELS.reshape(3, -1).T @ (f_dot(h_bar) * DELTA)

    printed = wolter.equation_8(KERNELS, f_dot, h_bar, DELTA, IMAGE.shape)

    found = col2im_matrix(columns, IMAGE.shape, (3, 3))
    assert np.allclose(found, printed, rtol=0, atol=1e-13)
    assert np.allclose(printed, derivative(lambda x: loss(KERNELS, x, BIAS), IMAGE), atol=1e-8)
    dz = (f_dot(h_bar) * DELTA).reshape(3, 3, 3)
    by_function = cross_correlate_backward(IMAGE, KERNELS, dz).dA
    assert np.allclose(by_function, printed, rtol=0, atol=1e-13)
