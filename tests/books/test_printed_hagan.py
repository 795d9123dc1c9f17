"""Hagan's printed equations, compared with each other and with `striate.maths`."""

import itertools

import numpy as np
import pytest

from striate.equations.printed import hagan_forward as forward
from striate.equations.printed import hagan_gradient as gradient
from striate.equations.printed.indexed import derivative
from striate.maths import (
    ConvolutionFound,
    as_convolution,
    axes,
    convolution_matrix,
    convolve,
    cross_correlate,
    cross_correlate_backward,
    impulse,
    impulse_decomposition,
    impulse_response,
    max_pool,
    rot180,
    sum_pool,
    trainable_average_pool,
    vec,
)

RNG = np.random.default_rng(31)
W = RNG.integers(-5, 6, size=(2, 3)).astype(float)
P = RNG.integers(-5, 6, size=(4, 5)).astype(float)
# Three maps in layer m and two in layer n, so that a limit of the wrong layer is noticed.
LW = RNG.integers(-5, 6, size=(3, 2, 2, 3)).astype(float)
A = RNG.integers(-5, 6, size=(2, 5, 6)).astype(float)
DLZ = RNG.integers(-5, 6, size=(3, 4, 4)).astype(float)


def transform(p):
    """Apply a linear, position-invariant function: the convolution with W, cropped to the image."""
    return convolve(p, W, padding="full")[: p.shape[0], : p.shape[1]]


def layer(lw, a):
    """Convolve with several maps, by the correlation of single images."""
    return np.stack([sum(map(cross_correlate, a, kernels)) for kernels in lw])


def loss(lw, a):
    """Return a loss whose derivative with respect to the layer's output is DLZ."""
    return np.sum(DLZ * forward.equation_8_20(lw, a))


def test_8_1():
    """8.1: impulse() is the printed function at every pixel."""
    printed = [[forward.equation_8_1(i, j) for j in range(4)] for i in range(3)]

    assert impulse((3, 4)).tolist() == printed


def test_8_2():
    """8.2: impulse_response() of a convolution is its kernel, at the printed indices."""
    printed = forward.equation_8_2(transform, reach=3)

    found = impulse_response(transform, (7, 7))

    assert np.array_equal(found, printed.array)
    assert all(printed[i, j] == W[i, j] for i, j in itertools.product(range(2), range(3)))
    assert as_convolution(transform, (12, 12)).kernel == pytest.approx(W)


def test_8_3():
    """8.3: an image is the sum of its pixels times shifted impulses: impulse_decomposition()."""
    found = sum(term.image for term in impulse_decomposition(P))

    assert np.array_equal(found, forward.equation_8_3(P))
    assert np.array_equal(forward.equation_8_3(P), P)


def test_8_4():
    """8.4: its transform is the sum of the transforms of shifted impulses."""
    found = sum(term.value * transform(term.impulse) for term in impulse_decomposition(P))

    assert np.array_equal(found, forward.equation_8_4(transform, P))
    assert np.array_equal(forward.equation_8_4(transform, P), transform(P))


def test_8_5_to_8_8():
    """8.5, 8.6, 8.7, 8.8: four forms of the convolution, all equal to convolve()."""
    found = convolve(P, W, padding="full")

    assert np.array_equal(found, forward.equation_8_5(P, W))
    assert np.array_equal(found, forward.equation_8_6(P, W))
    assert np.array_equal(found, forward.equation_8_8(W, P))
    for printed in forward.equation_8_7(P, W):
        assert np.array_equal(found, printed)


def test_8_9_8_10_8_13():
    """8.9, 8.10, 8.13: cross_correlate() is the printed sum, counted from 0 and from 1."""
    found = cross_correlate(P, W)

    assert np.array_equal(found, forward.equation_8_9(W, P))
    assert np.array_equal(found, forward.equation_8_10(W, P))
    assert np.array_equal(found, forward.equation_8_13(W, P))


def test_8_11_and_8_12():
    """8.11, 8.12: the written-out example, as a correlation and as a product of matrices."""
    w, p = W[:, :2], P[:3, :3]

    matrix = convolution_matrix(w, (3, 3), order="columns")

    assert np.array_equal(cross_correlate(p, w), forward.equation_8_11(w, p))
    assert np.array_equal(matrix, forward.equation_8_12(w))
    assert np.array_equal(matrix @ vec(p, "columns"), vec(forward.equation_8_11(w, p), "columns"))


def test_8_14_to_8_17():
    """8.14 to 8.17: sizes without and with padding, as the printed sums have them."""
    rows, columns = forward.equation_8_13(W, P).shape
    assert (rows, columns) == (forward.equation_8_14(4, 2), forward.equation_8_15(5, 3))

    for padding in range(4):
        found = axes((4, 5), window=(2, 3), padding=padding)
        printed = (
            forward.equation_8_16(4, padding, 2),
            forward.equation_8_17(5, padding, 3),
        )

        assert tuple(axis.output for axis in found) == printed


@pytest.mark.parametrize(
    ("equation", "as_printed"),
    [
        (forward.equation_8_18, forward.equation_8_18_as_printed),
        (forward.equation_8_19, forward.equation_8_19_as_printed),
    ],
    ids=["8.18", "8.19"],
)
def test_8_18_and_8_19(equation, as_printed):
    """8.18, 8.19: sizes with stride need the floor if the division leaves a remainder."""
    for n, padding, window, stride in itertools.product(range(4, 9), range(2), (2, 3), (1, 2, 3)):
        (axis,) = axes((n,), window=window, stride=stride, padding=padding)

        assert axis.output == equation(n, padding, window, stride)
        fits = (n + 2 * padding - window) % stride == 0
        assert (axis.output == as_printed(n, padding, window, stride)) == fits


def test_8_20_and_8_21():
    """8.20, 8.21: several maps are sums of correlations of single ones."""
    found = layer(LW, A)

    assert np.array_equal(found, cross_correlate(A, LW))
    assert np.array_equal(found, forward.equation_8_20(LW, A))
    assert np.array_equal(found, forward.equation_8_21(LW, A))


def test_8_22_to_8_25():
    """8.22 to 8.25: both notations of both poolings agree, on numbers worked by hand."""
    v = np.array([[1, 2, 3, 4], [5, 6, 7, 8]])

    assert forward.equation_8_22(v, 2, 2, w=0.5).tolist() == [[7.0, 11.0]]
    assert forward.equation_8_23(0.5, 2, 2, v).tolist() == [[7.0, 11.0]]
    assert forward.equation_8_24(v, 2, 2).tolist() == [[6, 8]]
    assert forward.equation_8_25(2, 2, v).tolist() == [[6, 8]]
    assert trainable_average_pool(v, 0.5, 2).tolist() == [[7.0, 11.0]]
    assert max_pool(v, 2).tolist() == [[6, 8]]


def test_8_26():
    """8.26: vec() in column order stacks the columns of the first map, then of the next."""
    assert np.array_equal(vec(A, "columns"), forward.equation_8_26(A))
    assert not np.array_equal(vec(A), forward.equation_8_26(A))


def test_8_27_and_8_28():
    """8.27, 8.28: the five derivatives of one layer equal those of the other equations."""
    a, lw, b = A[0], LW[0, 0], 0.25
    lz = forward.equation_8_13(lw, a)
    n = gradient.equation_8_32(lz, b)

    def performance(n):
        return np.sum(np.tanh(n) * DLZ[0])

    printed = gradient.equation_8_28(
        {
            "N": performance,
            "Z": lambda lz: performance(gradient.equation_8_32(lz, b)),
            "b": lambda b: performance(gradient.equation_8_32(lz, b)),
            "W": lambda lw: performance(forward.equation_8_13(lw, a) + b),
            "A": lambda a: performance(forward.equation_8_13(lw, a) + b),
        },
        {"N": n, "Z": lz, "b": b, "W": lw, "A": a},
    )

    dn = gradient.equation_8_27(performance, n)
    assert np.allclose(dn, (1 - np.tanh(n) ** 2) * DLZ[0], atol=1e-8)
    assert np.allclose(printed["dN"], dn)
    assert np.allclose(printed["dZ"], gradient.equation_8_35(dn), atol=1e-8)
    assert np.allclose(printed["db"], gradient.equation_8_36(dn), atol=1e-8)
    assert np.allclose(printed["dW"], cross_correlate(a, dn), atol=1e-7)
    assert np.allclose(printed["dA"], convolve(dn, lw, padding="full"), atol=1e-7)


def test_8_29_to_8_31():
    """8.29, 8.30, 8.31: the steps in this order give the derivatives of the whole layer."""
    n_n = A / 5

    def performance(n_n, lw, b):
        n_m = layer(lw, np.tanh(n_n)) + b[:, np.newaxis, np.newaxis]
        return np.sum(DLZ * n_m)

    b = np.array([0.5, -1.0, 2.0])
    dn_n = gradient.equation_8_29(DLZ, LW, lambda n: 1 - np.tanh(n) ** 2, n_n)
    db = gradient.equation_8_30(DLZ)
    dlw = gradient.equation_8_31(DLZ, np.tanh(n_n))

    # Central differences with step 1e-5 have errors of about 1e-8 for sums of this size.
    assert np.allclose(dn_n, derivative(lambda n_n: performance(n_n, LW, b), n_n), atol=1e-6)
    assert np.allclose(db, derivative(lambda b: performance(n_n, LW, b), b), atol=1e-6)
    assert np.allclose(dlw, derivative(lambda lw: performance(n_n, lw, b), LW), atol=1e-6)


def test_8_32_to_8_35():
    """8.32 to 8.35: the sum in both forms, and derivatives that pass through it unchanged."""
    lz = DLZ[0]

    assert np.array_equal(gradient.equation_8_32(lz, 0.5), gradient.equation_8_33(lz, 0.5))
    assert np.array_equal(gradient.equation_8_34(lz), gradient.equation_8_35(lz))


def test_8_36_and_8_37():
    """8.36, 8.37: the bias sums over the map; the pooling in 8.37 is a sum, not an average."""
    dn = DLZ[0]

    by_definition = derivative(lambda b: np.sum(dn * (P[:4, :4] + b)), 0.0)
    assert gradient.equation_8_36(dn) == pytest.approx(by_definition, abs=1e-7)
    assert gradient.equation_8_37(dn) == gradient.equation_8_36(dn)
    assert cross_correlate_backward(A, LW, DLZ).db[0] == gradient.equation_8_36(dn)
    assert sum_pool(dn, dn.shape).item() == gradient.equation_8_36(dn)
    assert gradient.equation_8_37_as_printed(dn) != gradient.equation_8_36(dn)


def test_8_38():
    """8.38: 8.20 under another name."""
    assert np.array_equal(gradient.equation_8_38(LW, A), forward.equation_8_20(LW, A))


def test_8_39_to_8_45():
    """8.39, 8.40, 8.41, 8.44, 8.45: five equal forms of the derivative with respect to the maps."""
    found = cross_correlate_backward(A, LW, DLZ).dA

    by_convolution = np.stack(
        [sum(convolve(DLZ[h], LW[h, l], padding="full") for h in range(3)) for l in range(2)]
    )
    assert np.array_equal(found, by_convolution)
    dlz_da = gradient.equation_8_40(LW)
    assert np.array_equal(found, gradient.equation_8_39(DLZ, dlz_da, A.shape))
    assert np.array_equal(found, gradient.equation_8_41(LW, DLZ))
    assert np.array_equal(found, gradient.equation_8_44(LW, DLZ))
    assert np.array_equal(found, gradient.equation_8_45(LW, DLZ))
    assert np.allclose(found, derivative(lambda a: loss(LW, a), A), atol=1e-6)


def test_8_40_is_the_derivative_of_8_38():
    """8.40: the weight between an input pixel and an output pixel, and zero elsewhere."""
    dlz_da = gradient.equation_8_40(LW)

    for h, i, j in ((0, 0, 0), (1, 2, 3), (2, 3, 1)):
        numerical = derivative(lambda a: forward.equation_8_20(LW, a)[h, i, j], A)  # noqa: B023  # called at once
        printed = [
            dlz_da(h + 1, l, i + 1, j + 1, u, v)
            for l, u, v in itertools.product(range(1, 3), range(1, 6), range(1, 7))
        ]
        assert np.allclose(numerical.ravel(), printed, atol=1e-8)


def test_8_42_and_8_43():
    """8.42, 8.43: the new variables turn 8.41's limits and indices into those of 8.44."""
    r, c = 2, 3
    for u, v in itertools.product(range(1, 6), range(1, 7)):
        rows = [gradient.equation_8_42(i, r, u) for i in range(u - r + 1, u + 1)]
        columns = [gradient.equation_8_43(j, c, v) for j in range(v - c + 1, v + 1)]

        assert rows == list(range(1, r + 1))
        assert columns == list(range(1, c + 1))
        for i in range(u - r + 1, u + 1):
            i_new = gradient.equation_8_42(i, r, u)
            assert u - i + 1 == r - i_new + 1
            assert i == i_new + u - r


def test_8_39_as_printed_forgets_maps():
    """8.39, 8.41, 8.44: h counts the three maps of layer m, not the two of layer n."""
    right = gradient.equation_8_39(DLZ, gradient.equation_8_40(LW), A.shape)
    printed = gradient.equation_8_39_as_printed(DLZ, gradient.equation_8_40(LW), A.shape)

    assert not np.array_equal(printed, right)
    assert np.array_equal(printed, gradient.equation_8_41(LW[:2], DLZ[:2]))


@pytest.mark.parametrize(
    "as_printed", [gradient.equation_8_41_as_printed, gradient.equation_8_44_as_printed]
)
def test_8_41_and_8_44_as_printed_leave_the_image(as_printed):
    """8.41, 8.44: the indices run outside dLZ, which must be zero there."""
    with pytest.raises(IndexError):
        as_printed(LW, DLZ)


def test_8_45_as_printed_has_no_l():
    """8.45: summed over l, the right side is a single image and isn't that of any l."""
    right = gradient.equation_8_45(LW, DLZ)
    for h in range(3):
        printed = gradient.equation_8_45_as_printed(LW, DLZ, h)

        assert printed.shape == right[0].shape
        assert not any(np.array_equal(printed, right[l]) for l in range(2))


def test_8_46_to_8_48():
    """8.46, 8.47, 8.48: three equal forms of the derivative with respect to the kernels."""
    found = cross_correlate_backward(A, LW, DLZ).dW

    assert np.array_equal(found, [[cross_correlate(a, dz) for a in A] for dz in DLZ])

    def dz_dw(_h, l, i, j, u, v):
        return A[l - 1, i + u - 2, j + v - 2]

    assert np.array_equal(found, gradient.equation_8_46(DLZ, dz_dw, LW.shape))
    assert np.array_equal(found, gradient.equation_8_47(DLZ, A))
    assert np.array_equal(found, gradient.equation_8_48(DLZ, A))
    assert np.allclose(found, derivative(lambda lw: loss(lw, A), LW), atol=1e-6)


def test_8_49_to_8_53():
    """8.49 to 8.53: four equal forms of the derivative through the transfer function."""
    n = P / 5

    def performance(n):
        return np.sum(np.tanh(n) ** 3)

    dF_da = gradient.equation_8_50(lambda a: np.sum(a**3), np.tanh(n))
    da_dn = gradient.equation_8_51(np.tanh, n)
    by_definition = derivative(performance, n)

    assert np.allclose(da_dn, 1 - np.tanh(n) ** 2, atol=1e-8)
    assert np.allclose(gradient.equation_8_49(da_dn, dF_da), by_definition, atol=1e-8)
    f_dot = gradient.equation_8_52(lambda n: 1 - np.tanh(n) ** 2, n, dF_da)
    assert np.allclose(f_dot, by_definition, atol=1e-8)
    assert np.allclose(gradient.equation_8_53(da_dn, dF_da), by_definition, atol=1e-8)


def test_summary_convolution():
    """Summary: counted from 1, p[m - i + 1] replaces p[m - i] of 8.8."""
    found = convolve(P, W, padding="full")
    r, c = W.shape

    for m, n in itertools.product(range(r, 5), range(c, 6)):
        printed = sum(
            W[i - 1, j - 1] * P[m - i + 1 - 1, n - j + 1 - 1]
            for i, j in itertools.product(range(1, r + 1), range(1, c + 1))
        )
        assert found[m - 1, n - 1] == printed


def test_every_convolution_found_is_8_5():
    """8.5: the convolution that as_convolution() returns is the printed sum with its kernel."""
    found = as_convolution(transform, (12, 12))

    assert isinstance(found, ConvolutionFound)
    printed = forward.equation_8_5(P, found.kernel)[:4, :5]
    assert np.allclose(found(P), printed, rtol=0, atol=1e-12)
    assert np.array_equal(found.correlation_kernel, rot180(found.kernel))
