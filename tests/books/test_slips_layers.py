"""A counterexample for each slip of the three texts that concerns layers.

Slips that only concern equations are in `test_printed_*.py`.
"""

import itertools

import numpy as np
import pytest

import striate as st
from books.test_networks import apply
from striate.equations.printed import hagan_gradient, wichmann, wichmann_pooling, wolter
from striate.functions.initializer import Given
from striate.functions.net_input import Sum
from striate.functions.vec import Flatten
from striate.functions.weight import (
    AveragePooling,
    Convolution,
    MaxPooling,
    SumPooling,
    TrainableAveragePooling,
)

RNG = np.random.default_rng(81)
MAPS = RNG.integers(-5, 6, size=(1, 2, 6, 8)).astype(float)
KERNELS = RNG.integers(-5, 6, size=(3, 2, 2, 3)).astype(float)
CONVOLUTION = Convolution(feature_maps=3, kernel_size=(2, 3))


def shifted(picture, rows, columns=0):
    """Shift an image with an empty margin, so that no pixel leaves or enters it."""
    return np.roll(picture, (rows, columns), axis=(0, 1))


@pytest.fixture
def blob():
    """Return an empty 24 x 24 image with random pixels in the middle."""
    return np.pad(np.random.default_rng(82).uniform(1, 2, size=(6, 7)), ((9, 9), (9, 8)))


def conv(stride):
    """Return a convolution layer with two maps."""
    kernels = np.random.default_rng(83).normal(size=(2, 1, 3, 3))
    return st.Conv(2, 3, stride=stride, padding="same", initializer=Given(values=kernels))


def test_wolter_pooling_does_change_with_a_shift_by_two(blob):
    """Slides, pooling: after a shift by two pixels, the pooled maps are shifted by one.

    The result of 2 x 2 pooling is only unchanged if the maxima stay in their windows.
    """
    still, moved = (apply([st.MaxPool(2)], shifted(blob, k))[0] for k in (0, 2))

    assert not np.array_equal(moved, still)
    assert np.array_equal(moved, shifted(still, 1))


def test_wolter_pooling_ignores_some_shifts_by_one():
    """Slides, pooling: the correct statement is that a single pixel may move within its window."""
    picture = np.zeros((8, 8))
    picture[2, 4] = 1

    still, within, out = (
        apply([st.MaxPool(2)], shifted(picture, *shift)) for shift in ((0, 0), (1, 1), (-1, 0))
    )

    assert np.array_equal(within, still)
    assert not np.array_equal(out, still)


def test_wolter_global_pooling_is_what_ignores_shifts(blob):
    """Slides, pooling: the maximum and the mean of a whole map don't change for any shift."""
    for layer in (st.GlobalMaxPool(), st.GlobalAveragePool()):
        net = st.Network([conv(1), layer], input_shape=(24, 24, 1))

        pictures = np.array([shifted(blob, *by) for by in ((0, 0), (2, 0), (3, -5), (-6, 1))])
        found = net.predict(pictures)

        # The same 24² values are added in a different order, in float32.
        assert np.allclose(found, found[0], rtol=0, atol=1e-6 * 24)


def test_wolter_convolution_shifts_with_its_input(blob):
    """Slides, "The shifting input problem": with stride 1, maps shift with the image."""
    for by in ((1, 0), (2, -3), (-4, 5)):
        still, moved = apply([conv(1)], blob), apply([conv(1)], shifted(blob, *by))

        assert np.array_equal(moved, np.roll(still, by, axis=(1, 2)))


@pytest.mark.parametrize("s", [2, 3])
def test_wolter_strides_shift_only_for_multiples(blob, s):
    """The same: with stride s, only shifts by multiples of s shift the maps without changing them.

    24 pixels are a multiple of both strides.
    """
    still = apply([conv(s)], blob)

    assert np.array_equal(apply([conv(s)], shifted(blob, 2 * s)), np.roll(still, 2, axis=1))
    found = apply([conv(s)], shifted(blob, 1))
    assert not any(np.allclose(found, np.roll(still, k, axis=1)) for k in range(still.shape[1]))


def test_wolter_5_has_matrices():
    """5: K_f is k_o x (k_i k_h k_w), v_I is (k_i k_h k_w) x positions; vectors wouldn't fit."""
    layer = st.Network([st.Conv(3, (2, 3))], input_shape=(6, 8, 2)).parameters["conv1.weight"]

    assert layer.reshape(3, -1).shape == (3, 2 * 2 * 3)
    with pytest.raises(ValueError, match="mismatch in its core dimension"):
        wolter.equation_5_as_printed(KERNELS, MAPS[0], np.zeros(3))


def test_wolter_7_has_an_untied_bias():
    """7: without the sum over positions, there is one value per neuron instead of per kernel."""
    dn = RNG.integers(-5, 6, size=(1, 3, 5, 6)).astype(float)

    printed = wolter.equation_7_as_printed(lambda _n: 1.0, dn.reshape(3, -1), dn.reshape(3, -1))

    untied = Sum(bias="untied").backward_b((dn,), np.zeros((3, 5, 6)), dn)
    assert printed.size == untied.size == 3 * 5 * 6
    assert Sum().backward_b((dn,), np.zeros(3), dn).shape == (3,)


def test_wichmann_2_1_as_printed_asks_for_negative_padding():
    """2.1: the printed left side is solved by (1 - f)/2; "same" takes (f - 1)/2."""
    net = st.Network([st.Conv(1, 5, padding="same")], input_shape=(9, 9, 1))

    (axis, _) = net.graph["conv1"].layer.weight.axes((9, 9))
    assert net.output_shape == (9, 9, 1)
    assert (axis.before, axis.after) == (2, 2)
    assert wichmann.equation_2_1_as_printed(5) == -2


def test_wichmann_figure_1_answers_to_vertical_edges():
    """Figure 1: the "horizontal" filter responds to changes along a row: to vertical edges.

    Its response to brightness that increases to the right is positive, not "the negative result".
    """
    edge_filter = Given(values=[[[[-1, 0, 1]] * 3]])
    layer = st.Conv(1, 3, bias=None, initializer=edge_filter)
    bright_right = np.tile(np.arange(6.0), (6, 1))

    assert np.all(apply([layer], bright_right) == 6)
    assert np.all(apply([layer], bright_right.T) == 0)


def test_wichmann_4_1_takes_the_bias_into_the_net_input():
    """4.1: the braced Z excludes the bias; sigma and sigma' are applied to N, which includes it."""
    net = st.Network.parse("conv 1@3x3 tanh as l", (6, 8, 1))
    net.parameters["l.bias"][:] = 0.5
    w = net.parameters["l.weight"][0, 0].astype(float)
    picture = MAPS[0, 0] / 5

    trace = net.trace(picture[np.newaxis], np.zeros((1, 4, 6, 1)))["l"]

    braced, A = wichmann.equation_4_1_as_printed(w, picture, 0.5, 1, np.tanh)
    # Float32, nine products of numbers below 1.
    assert np.allclose(trace.Z[0, 0], braced, rtol=0, atol=1e-5)
    assert np.allclose(trace.N[0, 0], braced + 0.5, rtol=0, atol=1e-5)
    assert np.allclose(trace.A[0, 0], A, rtol=0, atol=1e-5)
    assert np.allclose(trace.dN, (1 - np.tanh(trace.N) ** 2) * trace.dA, rtol=0, atol=1e-5)
    assert not np.allclose(trace.dN, (1 - np.tanh(trace.Z) ** 2) * trace.dA, rtol=0, atol=1e-3)


def test_wichmann_4_15_leaves_the_filter():
    """4.15: as printed, its indices leave filter and image; with zeros, it is backward_a."""
    w, x = KERNELS[:1, :1], MAPS[:, :1]
    kind = Convolution(feature_maps=1, kernel_size=(2, 3), stride=2)
    delta = RNG.integers(-5, 6, size=kind.apply(w, x).shape).astype(float)
    given = delta[0, 0], lambda _z: 1.0, delta[0, 0], w[0, 0], 2, x[0, 0].shape

    with pytest.raises(IndexError):
        wichmann.equation_4_15_as_printed(*given)

    assert np.array_equal(kind.backward_a(w, x, delta)[0, 0], wichmann.equation_4_15(*given))


@pytest.mark.parametrize(("f", "s"), [(2, 2), (3, 2), (3, 1)])
def test_wichmann_5_5_and_5_8_sum_over_the_wrong_windows(f, s):
    """5.5, 5.8: the windows i ... i + f - 1 aren't those that contain pixel i."""
    x = RNG.permutation(48).reshape(6, 8).astype(float)
    maximum, mean = MaxPooling(window=f, stride=s), AveragePooling(window=f, stride=s)
    picture = x[np.newaxis, np.newaxis]
    delta = RNG.uniform(1, 2, size=mean.apply(picture).shape)

    by_max = wichmann_pooling.equation_5_5_as_printed(delta[0, 0], x, f, s)
    by_mean = wichmann_pooling.equation_5_8_as_printed(delta[0, 0], f, x.shape)

    assert not np.allclose(by_max, maximum.backward_a(picture, delta)[0, 0])
    assert not np.allclose(by_mean, mean.backward_a(picture, delta)[0, 0])
    # The parts of each window must add up to its derivative.
    assert not np.isclose(by_mean.sum(), delta.sum())
    assert mean.backward_a(picture, delta).sum() == pytest.approx(delta.sum(), rel=1e-12)


def test_wichmann_5_4_is_not_defined_for_ties():
    """5.4: if several pixels share the maximum, the first one in row order gets the derivative."""
    picture = np.array([[0.0, 3.0], [3.0, 3.0]])

    found = MaxPooling(window=2).backward_a(picture[np.newaxis, np.newaxis], np.ones((1, 1, 1, 1)))

    pixels = list(itertools.product(range(2), repeat=2))
    as_printed = [
        wichmann_pooling.equation_5_4_as_printed(picture, 2, 2, 0, 0, *at) for at in pixels
    ]
    assert as_printed == [0, 1, 1, 1]
    assert found.ravel().tolist() == [0, 1, 0, 0]


def test_wichmann_5_6_forgets_the_stride():
    """5.6: the printed windows move by one pixel for any stride."""
    printed = wichmann_pooling.equation_5_6_as_printed(MAPS[0, 0], 2, 2)

    by_two, by_one = (AveragePooling(window=2, stride=s).apply(MAPS)[0, 0] for s in (2, 1))
    assert not np.allclose(printed, by_two)
    assert np.array_equal(printed, by_one[:3, :4])


def test_wichmann_f_is_a_window_in_one_section_and_half_of_one_in_another():
    """Sections 2, 3, 5 compared with 1, 4: f or 2f + 1 pixels; the kernel size is f."""
    kernel = np.ones((1, 1, 5, 5))

    found = Convolution(feature_maps=1, kernel_size=2 * 2 + 1).apply(kernel, MAPS[:, :1])[0, 0]

    Z, _ = wichmann.equation_4_1(kernel[0, 0], MAPS[0, 0], 0.0, 1, lambda z: z)
    assert np.array_equal(found, Z)
    assert found.shape == wichmann.equation_3_1(6, 8, 0, 5, 1)


@pytest.mark.parametrize("ceil_mode", [False, True])
def test_hagan_8_18_needs_the_floor(ceil_mode):
    """8.18: (6 - 3)/2 + 1 isn't an integer; rounded down it is 2, and with ceil_mode 3."""
    net = st.Network([st.MaxPool(3, stride=2, ceil_mode=ceil_mode)], input_shape=(6, 6, 1))

    assert net.output_shape == ((3, 3, 1) if ceil_mode else (2, 2, 1))


def test_hagan_8_22_is_an_average_only_for_one_weight():
    """8.22, 8.37: "average" pooling is the sum times w: a mean if w = 1/(rc), a sum if w = 1."""
    kind = TrainableAveragePooling(window=2)

    assert np.array_equal(kind.apply(np.full(2, 0.25), MAPS), AveragePooling(window=2).apply(MAPS))
    assert np.array_equal(kind.apply(np.ones(2), MAPS), SumPooling(window=2).apply(MAPS))
    layer = st.Network([st.AveragePool(2, trainable=True)], input_shape=(6, 8, 2))
    (weight,) = layer.parameters.values()
    assert weight.tolist() == [0.25, 0.25]


def test_hagan_8_26_is_another_order_than_that_of_most_libraries():
    """8.26: (map, column, row); the default, as in PyTorch and ONNX, is (map, row, column)."""
    numbers = np.arange(12.0).reshape(1, 2, 2, 3)

    assert Flatten().apply(numbers)[0].tolist() == list(range(12))
    by_columns = Flatten(order="columns").apply(numbers)[0].tolist()
    assert by_columns == [0, 3, 1, 4, 2, 5, 6, 9, 7, 10, 8, 11]


def test_hagan_8_41_and_8_44_leave_the_maps():
    """8.41, 8.44: as printed, their indices leave dLZ; with zeros there, they are backward_a."""
    dlz = RNG.integers(-5, 6, size=(1, 3, 5, 6)).astype(float)

    for as_printed, equation in (
        (hagan_gradient.equation_8_41_as_printed, hagan_gradient.equation_8_41),
        (hagan_gradient.equation_8_44_as_printed, hagan_gradient.equation_8_44),
    ):
        with pytest.raises(IndexError):
            as_printed(KERNELS, dlz[0])
        found = CONVOLUTION.backward_a(KERNELS, MAPS, dlz)[0]
        assert np.array_equal(found, equation(KERNELS, dlz[0]))


def test_hagan_8_45_sums_over_the_wrong_maps():
    """8.45: summed over l instead of h, it isn't the derivative of any input map."""
    dlz = RNG.integers(-5, 6, size=(1, 3, 5, 6)).astype(float)
    found = CONVOLUTION.backward_a(KERNELS, MAPS, dlz)[0]

    for h, l in itertools.product(range(3), range(2)):
        printed = hagan_gradient.equation_8_45_as_printed(KERNELS, dlz[0], h)
        assert not np.array_equal(printed, found[l])


def test_hagan_8_47_holds_for_stride_1_alone():
    """8.39 to 8.48 are for stride 1 only: with another stride, 8.47 isn't the derivative."""
    kind = Convolution(feature_maps=3, kernel_size=(2, 3), stride=2)
    z = kind.apply(KERNELS, MAPS)

    printed = hagan_gradient.equation_8_47(z[0], MAPS[0])

    assert kind.backward_w(KERNELS, MAPS, z).shape == KERNELS.shape
    assert printed.shape[2:] == (4, 6)


def test_sensitivity_and_error_are_two_things():
    """8.27 against Wichmann 4.9: Hagan's sensitivity is dN, Wichmann's error is dA."""
    net = st.Network.parse("conv 2@3x3 tanh as l | dense 2", (6, 8, 1))

    found = net.trace(MAPS[0, :1] / 5, np.ones((1, 2)))["l"]

    # Float32, numbers below 1.
    assert np.allclose(found.dN, found.dA * (1 - found.A**2), rtol=0, atol=1e-6)
    assert not np.allclose(found.dN, found.dA, rtol=0, atol=1e-3)
