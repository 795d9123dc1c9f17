"""Hagan's printed equations, compared with kinds, layers and networks.

All numbers are integers, so that sums are exact in float64 in any order. Results must be equal bit
for bit, unless a comment explains why not.
"""

import itertools

import numpy as np
import pytest

import striate as st
from helpers import tolerance
from striate.equations.printed import hagan_forward as forward
from striate.equations.printed import hagan_gradient as gradient
from striate.equations.printed.indexed import from_1, pairs, span, table
from striate.functions.net_input import Sum
from striate.functions.transfer import Linear, Logistic, Relu, Softmax, Tanh
from striate.functions.vec import Flatten
from striate.functions.weight import (
    AveragePooling,
    Convolution,
    DotProduct,
    MaxPooling,
    SumPooling,
    TrainableAveragePooling,
)

RNG = np.random.default_rng(41)
# Three maps in layer m, two in layer n, and different rows and columns expose wrong limits.
LW = RNG.integers(-5, 6, size=(3, 2, 2, 3)).astype(float)
A = RNG.integers(-5, 6, size=(2, 2, 5, 6)).astype(float)  # two images
DLZ = RNG.integers(-5, 6, size=(2, 3, 4, 4)).astype(float)
B = np.array([3.0, -2.0, 5.0])
CONVOLUTION = Convolution(feature_maps=3, kernel_size=(2, 3))


def each(equation, *batches):
    """Apply an equation of the book, which is for one image, to each image of a batch."""
    return np.stack([equation(*images) for images in zip(*batches, strict=True)])


def kernel_derivative(stride, padding):
    """Extend 8.40 to strides and padding: how an output pixel depends on an input pixel."""

    def dlz_da(h, l, i, j, u, v):
        at = u - stride * (i - 1) + padding, v - stride * (j - 1) + padding
        return from_1(LW, outside=0)[h, l, *at]

    return dlz_da


def pixel_derivative(a, stride, padding):
    """Extend the second factor of 8.46 in the same way: how an output pixel depends on a weight."""
    a = from_1(a, outside=0)

    def dlz_dw(_h, l, i, j, u, v):
        return a[l, stride * (i - 1) + u - padding, stride * (j - 1) + v - padding]

    return dlz_dw


def problem_8_3(dlz, lw, r, c):
    """P8.3: each derivative fills its window, times the map's weight."""
    maps, rows, columns = dlz.shape
    dlz, lw = from_1(dlz), from_1(lw)
    return table(
        lambda h, u, v: lw[h] * dlz[h, (u - 1) // r + 1, (v - 1) // c + 1],
        maps,
        rows * r,
        columns * c,
        first=1,
    )


def problem_8_4(dlz, a, r, c):
    """P8.4: the derivatives times the sums of their windows."""
    maps, rows, columns = dlz.shape
    dlz, a = from_1(dlz), from_1(a)
    return table(
        lambda h: sum(
            dlz[h, i, j]
            * sum(a[h, r * (i - 1) + u, c * (j - 1) + v] for u, v in pairs(span(1, r), span(1, c)))
            for i, j in pairs(span(1, rows), span(1, columns))
        ),
        maps,
        first=1,
    )


def test_8_8_is_the_flipped_convolution():
    """8.8: with flip=True and full padding, Convolution is the true convolution."""
    kind = Convolution(feature_maps=1, kernel_size=(2, 3), padding="full", flip=True)

    found = kind.apply(LW[:1, :1], A[:1, :1])[0, 0]

    assert np.array_equal(found, forward.equation_8_8(LW[0, 0], A[0, 0]))
    assert np.array_equal(found, forward.equation_8_5(A[0, 0], LW[0, 0]))


def test_8_9_8_10_8_13_are_the_convolution_of_one_map():
    """8.9, 8.10, 8.13: what Convolution computes is the cross-correlation."""
    found = Convolution(feature_maps=1, kernel_size=(2, 3)).apply(LW[:1, :1], A[:1, :1])[0, 0]

    assert np.array_equal(found, forward.equation_8_9(LW[0, 0], A[0, 0]))
    assert np.array_equal(found, forward.equation_8_10(LW[0, 0], A[0, 0]))
    assert np.array_equal(found, forward.equation_8_13(LW[0, 0], A[0, 0]))


def test_8_11_and_8_12_are_a_convolution_and_a_dense_layer():
    """8.11, 8.12: DotProduct with the printed matrix maps vec(P) as Convolution maps P."""
    w, p = LW[:1, :1, :, :2], A[:1, :1, :3, :3]
    vec = Flatten(order="columns")

    z = Convolution(feature_maps=1, kernel_size=2).apply(w, p)

    assert np.array_equal(z[0, 0], forward.equation_8_11(w[0, 0], p[0, 0]))
    matrix = forward.equation_8_12(w[0, 0])
    assert np.array_equal(DotProduct(neurons=4).apply(matrix, vec.apply(p)), vec.apply(z))


@pytest.mark.parametrize("kind", [Convolution, MaxPooling, SumPooling], ids=lambda k: k.__name__)
def test_8_14_to_8_19_are_the_output_shape(kind):
    """8.14 to 8.19: rows and columns of the output follow the book's sizes, rounded down."""
    size = {"feature_maps": 1, "kernel_size": (2, 3)} if kind is Convolution else {"window": (2, 3)}
    for padding, stride in itertools.product(range(2), range(1, 4)):
        function = kind(**size, stride=stride, padding=padding)

        found = function.output_shape((1, 7, 9))

        rows = forward.equation_8_18(7, padding, 2, stride)
        columns = forward.equation_8_19(9, padding, 3, stride)
        assert found == (1, rows, columns)
        if stride == 1:
            assert rows == forward.equation_8_16(7, padding, 2)
            assert columns == forward.equation_8_17(9, padding, 3)
        if stride == 1 and padding == 0:
            assert rows == forward.equation_8_14(7, 2)
            assert columns == forward.equation_8_15(9, 3)


def test_8_20_8_21_8_38_are_the_convolution():
    """8.20, 8.21, 8.38: every output map sums over the input maps."""
    found = CONVOLUTION.apply(LW, A)

    for printed in (forward.equation_8_20, forward.equation_8_21, gradient.equation_8_38):
        assert np.array_equal(found, each(lambda a: printed(LW, a), A))  # noqa: B023  # called at once


def test_8_22_and_8_23_are_the_trainable_average():
    """8.22, 8.23: the sum of the window times the map's one weight; AveragePool's is 1/(rc)."""
    w = np.array([0.5, -2.0])
    kind = TrainableAveragePooling(window=(2, 3))

    found = kind.apply(w, A)

    for image, pooled in zip(A, found, strict=True):
        for h in range(2):
            assert np.array_equal(pooled[h], forward.equation_8_22(image[h, :4], 2, 3, w[h]))
            assert np.array_equal(pooled[h], forward.equation_8_23(w[h], 2, 3, image[h, :4]))
    # 1/6 is rounded in both computations, and the product is rounded once more.
    fixed = kind.apply(np.full(2, 1 / 6), A)
    assert np.allclose(AveragePooling(window=(2, 3)).apply(A), fixed, rtol=1e-15, atol=0)


def test_8_24_and_8_25_are_max_pooling():
    """8.24, 8.25: the largest pixel of each window."""
    found = MaxPooling(window=(2, 3)).apply(A)

    for image, pooled in zip(A, found, strict=True):
        for h in range(2):
            assert np.array_equal(pooled[h], forward.equation_8_24(image[h, :4], 2, 3))
            assert np.array_equal(pooled[h], forward.equation_8_25(2, 3, image[h, :4]))


def test_8_26_is_flatten_by_columns():
    """8.26: Flatten("columns") stacks columns, map by map; the default stacks rows."""
    printed = each(forward.equation_8_26, A)

    assert np.array_equal(Flatten(order="columns").apply(A), printed)
    assert np.array_equal(Flatten().apply(A), each(forward.equation_8_26, A.swapaxes(2, 3)))
    assert not np.array_equal(Flatten().apply(A), printed)


def test_8_32_and_8_33_are_the_sum():
    """8.32, 8.33: the tied bias of a map is added to all its pixels."""
    found = Sum().apply((DLZ,), B)

    for image, n in zip(DLZ, found, strict=True):
        for h in range(3):
            assert np.array_equal(n[h], gradient.equation_8_32(image[h], B[h]))
            assert np.array_equal(n[h], gradient.equation_8_33(image[h], B[h]))


def test_8_34_and_8_35_are_the_way_back_through_the_sum():
    """8.34, 8.35: the derivatives pass unchanged, to each of several incoming layers."""
    found = Sum().backward_z((A[:, :1], A[:, 1:]), B[:1], A[:, :1])

    for dz in found:
        assert np.array_equal(dz[0, 0], gradient.equation_8_34(A[0, 0]))
        assert np.array_equal(dz[0, 0], gradient.equation_8_35(A[0, 0]))


def test_8_36_and_8_37_are_the_derivative_of_the_bias():
    """8.36, 8.37: the sum over the map, and over images, which is SumPool."""
    found = Sum().backward_b((DLZ,), B, DLZ)

    by_pooling = SumPooling(window=(4, 4)).apply(DLZ).sum(axis=(0, 2, 3))
    for h in range(3):
        assert found[h] == sum(gradient.equation_8_36(image[h]) for image in DLZ)
        assert found[h] == sum(gradient.equation_8_37(image[h]) for image in DLZ)
        assert found[h] == by_pooling[h]


def test_8_39_to_8_45_are_the_way_back_to_the_maps():
    """8.39 to 8.41, 8.44, 8.45 (summed over h): backward_a at stride 1, without padding."""
    found = CONVOLUTION.backward_a(LW, A, DLZ)

    dlz_da = gradient.equation_8_40(LW)
    by_chain_rule = each(lambda dlz: gradient.equation_8_39(dlz, dlz_da, A.shape[1:]), DLZ)
    assert np.array_equal(found, by_chain_rule)
    for printed in (gradient.equation_8_41, gradient.equation_8_44, gradient.equation_8_45):
        assert np.array_equal(found, each(lambda dlz: printed(LW, dlz), DLZ))  # noqa: B023  # called at once


def test_8_46_to_8_48_are_the_way_back_to_the_kernels():
    """8.46, 8.47, 8.48: backward_w is their sum over the images."""
    found = CONVOLUTION.backward_w(LW, A, DLZ)

    by_chain_rule = sum(
        gradient.equation_8_46(dlz, pixel_derivative(a, 1, 0), LW.shape)
        for dlz, a in zip(DLZ, A, strict=True)
    )
    assert np.array_equal(found, by_chain_rule)
    assert np.array_equal(found, each(gradient.equation_8_47, DLZ, A).sum(axis=0))
    assert np.array_equal(found, each(gradient.equation_8_48, DLZ, A).sum(axis=0))


@pytest.mark.parametrize(("stride", "padding"), [(2, 0), (2, 1), (3, 1), (1, 2)])
def test_8_39_and_8_46_hold_for_strides_and_padding(stride, padding):
    """8.39, 8.46: with the weight that joins two pixels, the chain rule holds for any stride."""
    kind = Convolution(feature_maps=3, kernel_size=(2, 3), stride=stride, padding=padding)
    z = kind.apply(LW, A)
    dz = np.random.default_rng(42).integers(-5, 6, size=z.shape).astype(float)

    da, dw = kind.backward_a(LW, A, dz), kind.backward_w(LW, A, dz)

    dlz_da = kernel_derivative(stride, padding)
    printed = each(lambda dlz: gradient.equation_8_39(dlz, dlz_da, A.shape[1:]), dz)
    assert np.array_equal(da, printed)
    by_chain_rule = sum(
        gradient.equation_8_46(dlz, pixel_derivative(a, stride, padding), LW.shape)
        for dlz, a in zip(dz, A, strict=True)
    )
    assert np.array_equal(dw, by_chain_rule)


@pytest.mark.parametrize(
    ("kind", "f_dot"),
    [
        (Linear(), lambda _n: 1.0),
        (Relu(), lambda n: 1.0 if n > 0 else 0.0),
        (Tanh(), lambda n: 1 - np.tanh(n) ** 2),
        (Logistic(), lambda n: np.exp(-n) / (1 + np.exp(-n)) ** 2),
    ],
    ids=["linear", "relu", "tanh", "logistic"],
)
def test_8_49_to_8_53_are_the_way_back_through_the_transfer_function(kind, f_dot):
    """8.49 to 8.53: each derivative is multiplied by that of the transfer function there."""
    n, da = DLZ[0] / 2 + 0.25, DLZ[1]  # nowhere zero, where relu has its kink

    found = kind.backward_n(n, kind.apply(n), da)

    F_dot = table(lambda *k: f_dot(n[k]), *n.shape)
    # About four functions of the math library with an error of an ulp or two each. 1 - tanh²
    # cancels: at n = 2.75 it is 0.016, so the error is 60 times larger.
    assert np.allclose(found, gradient.equation_8_49(F_dot, da), rtol=1e-13, atol=0)
    assert np.allclose(found, gradient.equation_8_52(f_dot, n, da), rtol=1e-13, atol=0)
    assert np.allclose(found, gradient.equation_8_53(F_dot, da), rtol=1e-13, atol=0)
    # Central differences with step 1e-5.
    by_definition = gradient.equation_8_51(lambda x: kind.apply(np.array([x]))[0], n)
    assert np.allclose(F_dot, by_definition, rtol=0, atol=1e-9)


def test_8_53_needs_a_function_of_each_entry_alone():
    """8.53: a Hadamard product isn't enough for softmax: outputs depend on every net input."""
    n = np.array([[0.5, -1.0, 2.0]])
    a = Softmax().apply(n)

    only_the_first = Softmax().backward_n(n, a, np.array([[1.0, 0.0, 0.0]]))

    assert np.all(only_the_first != 0)


def test_problem_8_3_is_the_way_back_through_the_average():
    """P8.3: every derivative is expanded over its window."""
    lw = np.array([0.5, -2.0])
    dz = DLZ[:, :2, :2, :3]
    a = np.random.default_rng(43).integers(-5, 6, size=(2, 2, 4, 9)).astype(float)

    found = TrainableAveragePooling(window=(2, 3)).backward_a(lw, a, dz)

    assert np.array_equal(found, each(lambda dlz: problem_8_3(dlz, lw, 2, 3), dz))


def test_problem_8_4_is_the_derivative_of_the_averages_weight():
    """P8.4: derivatives times window sums, summed over the map and the images."""
    dz = DLZ[:, :2, :2, :2]

    found = TrainableAveragePooling(window=(2, 3)).backward_w(np.ones(2), A[:, :, :4], dz)

    printed = each(lambda dlz, a: problem_8_4(dlz, a, 2, 3), dz, A[:, :, :4])
    assert np.array_equal(found, printed.sum(axis=0))


def test_8_20_with_two_incoming_layers():
    """8.20: a layer m with two incoming layers n has kernels for each, and adds their results."""
    first, second = st.Input((5, 6, 2), name="first"), st.Input((5, 6, 2), name="second")
    join = st.Conv(3, (2, 3), name="join")
    net = st.Network([first, second], join([first, second]), seed=1)
    images = A.swapaxes(1, 2).swapaxes(2, 3).astype("f")

    found = net.trace([images[:1], images[1:]])["join"]

    printed = [forward.equation_8_20(w, a) for w, a in zip(found.W, A, strict=True)]
    # Float32, with 12 products per sum.
    bound = tolerance(12, np.float32)
    for z, exact in zip(found.Z, printed, strict=True):
        assert np.linalg.norm(z[0] - exact) <= bound * np.linalg.norm(exact)
    assert np.linalg.norm(found.N[0] - sum(printed)) <= 2 * bound * np.linalg.norm(sum(printed))


def test_8_29_to_8_31_are_the_trace_of_a_network():
    """8.29, 8.30, 8.31: dN of layer m leads to dN of layer n, to db and to dW, as in a trace."""
    net = st.Network(
        [
            st.Conv(3, (2, 3), activation="tanh", name="n"),
            st.Conv(2, 2, activation="tanh", name="m"),
        ],
        input_shape=(6, 7, 2),
    )
    rng = np.random.default_rng(44)
    trace = net.trace(rng.normal(size=(1, 6, 7, 2)), rng.normal(size=(1, 4, 4, 2)))

    n, m = trace["n"], trace["m"]

    dn_n = gradient.equation_8_29(m.dN[0], m.W, lambda x: 1 - np.tanh(x) ** 2, n.N[0])
    db_m = gradient.equation_8_30(m.dN[0])
    dlw_m = gradient.equation_8_31(m.dZ[0], n.A[0])
    for found, printed in ((n.dN[0], dn_n), (m.db, db_m), (m.dW, dlw_m)):
        # Float32, with at most 16 products per sum.
        bound = tolerance(16, np.float32) * np.linalg.norm(printed)
        assert np.linalg.norm(found - printed) <= bound
    assert np.array_equal(m.dZ, m.dN)  # 8.35


def test_8_28_names_the_quantities_of_the_trace():
    """8.27, 8.28: for each of N, A, Z, W, b the trace has the derivative, of the same shape."""
    net = st.Network.parse("conv 3@2x3 tanh as m | dense 2 softmax", (5, 6, 1))

    trace = net.trace(np.ones((2, 5, 6, 1)), [0, 1])

    for layer in trace.values():
        for name in "NAZWb":
            quantity, derivative = getattr(layer, name), getattr(layer, f"d{name}")
            if quantity is not None:
                assert derivative.shape == quantity.shape
    assert net.check_gradients(np.ones((2, 5, 6, 1)), [0, 1]).passed


def test_figure_8_1_an_untied_bias_has_the_size_of_the_output():
    """Figure 8.1: a tied bias is one number for each kernel, an untied one for each neuron."""
    for bias, shape in (("tied", (3,)), ("untied", (3, 4, 4))):
        net = st.Network([st.Conv(3, (2, 3), bias=bias)], input_shape=(5, 6, 2))

        assert net.parameters["conv1.bias"].shape == shape
