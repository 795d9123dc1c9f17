"""Pooling: the books' numbers and equations, the edges, and errors word for word."""

import tracemalloc
from itertools import product

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from helpers import Lowered, tolerance
from striate.errors import OptionError, ShapeError
from striate.functions.weight import (
    AdaptiveAveragePooling,
    AveragePooling,
    BlurPooling,
    Convolution,
    GlobalAveragePooling,
    GlobalMaxPooling,
    LpPooling,
    MaxPooling,
    SumPooling,
    TrainableAveragePooling,
)
from striate.graph.shorthand import parse
from striate.graph.shorthand_writer import write
from striate.maths import reductions
from striate.maths.check import relative_error
from striate.maths.windows import Axis

RNG = np.random.default_rng(4)
IMAGES = RNG.standard_normal((2, 3, 6, 9))


def test_hagan_figure_8_8():
    """The diamond, filtered with the backslash kernel and pooled, gives the figure's numbers."""
    diamond = [[float(abs(i - 7) + abs(j - 7) == 4) for j in range(15)] for i in range(15)]
    backslash = np.array([[[[0.0, 0, 1], [0, 1, 0], [1, 0, 0]]]])
    filtered = Convolution(feature_maps=1, kernel_size=3, padding=1).apply(
        backslash, np.array([[diamond]])
    )

    pooled = MaxPooling(window=3).apply(filtered)

    assert pooled[0, 0].tolist() == [
        [0, 0, 1, 0, 0],
        [0, 3, 3, 1, 0],
        [1, 3, 1, 3, 1],
        [0, 1, 3, 3, 0],
        [0, 0, 1, 0, 0],
    ]


def test_hagan_8_22_and_8_24_counted_from_one():
    """Pixel (r(i-1)+k, c(j-1)+l) belongs to position (i, j): weighted sum and maximum."""
    r, c = 2, 3
    w = np.array([0.5, -1.0, 2.0])
    summed, largest = np.zeros((2, 3, 3, 3)), np.full((2, 3, 3, 3), -np.inf)
    for q, h, i, j in product(range(2), range(3), range(1, 4), range(1, 4)):
        for k, l in product(range(1, r + 1), range(1, c + 1)):
            v = IMAGES[q, h, r * (i - 1) + k - 1, c * (j - 1) + l - 1]
            summed[q, h, i - 1, j - 1] += v * w[h]
            largest[q, h, i - 1, j - 1] = max(v, largest[q, h, i - 1, j - 1])

    assert (MaxPooling(window=(r, c)).apply(IMAGES) == largest).all()
    average = TrainableAveragePooling(window=(r, c)).apply(w, IMAGES)
    assert relative_error(average, summed) <= tolerance(6)


def test_hagan_p8_3_and_p8_4():
    """DA repeats each dZ over its window, times w; dw sums dZ times the window sums."""
    kind, w = TrainableAveragePooling(window=(2, 3)), np.array([0.5, -1.0, 2.0])
    dz = RNG.standard_normal((2, 3, 3, 3))
    expanded = np.kron(dz, np.ones((2, 3)))

    da, dw = kind.backward_a(w, IMAGES, dz), kind.backward_w(w, IMAGES, dz)

    assert (da == w.reshape(3, 1, 1) * expanded).all()
    assert relative_error(dw, (expanded * IMAGES).sum(axis=(0, 2, 3))) <= tolerance(108)


def test_an_untrained_trainable_average_is_the_average():
    """The weights start at 1/(rc)."""
    kind = TrainableAveragePooling(window=(2, 3))
    start = kind.parameters((3, 6, 9))["weight"].start

    found = kind.apply(np.full(3, start), IMAGES)

    assert start == 1 / 6
    assert relative_error(found, AveragePooling(window=(2, 3)).apply(IMAGES)) <= tolerance(6)


def test_wichmann_5_8_corrected():
    """With overlapping windows, a pixel's derivative is the sum over its windows."""
    f, s = 3, 2
    dz = RNG.standard_normal((2, 3, 2, 4))
    wanted = np.zeros_like(IMAGES)
    for i, j in product(range(6), range(9)):
        rows = range(max(0, -((f - 1 - i) // s)), min(1, i // s) + 1)
        columns = range(max(0, -((f - 1 - j) // s)), min(3, j // s) + 1)
        for p, q in product(rows, columns):
            wanted[:, :, i, j] += dz[:, :, p, q] / f**2

    found = AveragePooling(window=f, stride=s).backward_a(IMAGES, dz)

    assert relative_error(found, wanted) <= tolerance(9)


def test_the_first_of_equal_pixels_wins():
    """In ties, the first pixel in row order gets the derivative, as in PyTorch."""
    a = np.array([[[[1.0, 7.0, 7.0], [7.0, 7.0, 2.0]]]])
    kind = MaxPooling(window=(2, 3))

    assert kind.winners(a).tolist() == [[[[1]]]]
    assert kind.backward_a(a, np.ones((1, 1, 1, 1))).tolist() == [[[[0, 1, 0], [0, 0, 0]]]]
    assert GlobalMaxPooling().backward_a(a, np.ones((1, 1))).tolist() == [[[[0, 1, 0], [0, 0, 0]]]]


def test_padding_never_wins():
    """Pixels outside the image count as minus infinity: negative images stay negative."""
    a = -1 - np.arange(9.0).reshape(1, 1, 3, 3)

    z = MaxPooling(window=3, stride=1, padding=1).apply(a)

    assert z[0, 0].tolist() == [[-1, -1, -2], [-1, -1, -2], [-4, -4, -5]]


@pytest.mark.parametrize("kind", [MaxPooling(window=2), GlobalMaxPooling()])
def test_what_is_not_a_number_shows(kind):
    """NaN exceeds every number, and gets the derivative."""
    a = np.array([[[[3.0, np.nan], [np.inf, 1.0]]]])

    z = kind.apply(a)
    da = kind.backward_a(a, np.ones_like(z))

    assert np.isnan(z).all()
    assert da.tolist() == [[[[0, 1], [0, 0]]]]


def test_a_shift_by_two_shifts_the_pooled_map_by_one():
    """Wolter's "the result will remain the same" is a slip: the map shifts, too."""
    a = np.arange(36.0).reshape(1, 1, 6, 6)
    kind = MaxPooling(window=2)

    z, shifted = kind.apply(a), kind.apply(np.roll(a, 2, axis=3))

    assert (shifted == np.roll(z, 1, axis=3)).all()
    assert (shifted != z).any()


AXES = st.builds(
    Axis,
    length=st.integers(1, 30),
    window=st.integers(1, 9),
    stride=st.integers(1, 5),
    dilation=st.integers(1, 4),
    before=st.integers(0, 12),
    after=st.integers(0, 12),
    ceil_mode=st.booleans(),
)


@settings(deadline=None)
@given(AXES)
def test_window_pixels_are_counted_without_listing_the_positions(axis):
    """The closed form gives the sum of the numbers of all positions."""
    assume(axis.reach <= axis.padded)

    assert reductions.seen_in_all(axis) == reductions.seen(axis, padding=False).sum()


@pytest.mark.parametrize(
    "kind",
    [
        AveragePooling(window=3, stride=2, padding=1),
        AveragePooling(window=2**23),
        AveragePooling(window=2, dilation=2**22, stride=3),
    ],
)
def test_the_costs_of_a_long_axis_need_no_long_arrays(kind):
    """An axis of millions of pixels costs no more than a short one."""
    tracemalloc.start()
    try:
        adds = kind.multiply_adds((1, 2**24, 2**24))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert adds > 2**40
    assert peak < 1_000_000


def test_the_divisor_at_the_edge():
    """`inside` counts pixels of the image; `window` adds padding, but not that of ceil mode."""
    a = np.ones((1, 1, 4))
    options = {"window": 3, "stride": 2, "padding": 1, "ceil_mode": True}

    inside = AveragePooling(**options).apply(a)
    window = AveragePooling(**options, divisor="window").apply(a)

    # Places start at -1, 1 and 3; the padding ends before 5.
    assert inside[0, 0].tolist() == [1, 1, 1]
    assert window[0, 0].tolist() == [2 / 3, 1, 1 / 2]


def test_sums_and_norms():
    """With p = 1 the norm is the sum of magnitudes; for large p it approaches the maximum."""
    magnitudes = abs(IMAGES)

    one, many = LpPooling(window=3, p=1), LpPooling(window=3, p=200)

    assert relative_error(one.apply(IMAGES), SumPooling(window=3).apply(magnitudes)) < 1e-14
    largest = MaxPooling(window=3).apply(magnitudes)
    # For nine equal pixels, the norm is at most 9^(1/200) times the maximum.
    assert (many.apply(IMAGES) >= largest * (1 - 1e-12)).all()
    assert (many.apply(IMAGES) <= largest * 9 ** (1 / 200) * (1 + 1e-12)).all()


def test_the_norm_of_nothing_has_no_slope():
    """For a window of zeros, the derivative is zero, as in PyTorch."""
    a = np.zeros((1, 1, 4))

    da = LpPooling(window=2, p=3).backward_a(a, np.ones((1, 1, 2)))

    assert da.tolist() == [[[0, 0, 0, 0]]]


def test_norms_of_tiny_pixels_keep_their_slopes():
    """In float32, |a|^(p-1) would underflow and z^(1-p) overflow, but their quotient doesn't."""
    a = np.full((1, 1, 2), 1e-12, np.float32)

    da = LpPooling(window=2, p=3).backward_a(a, np.ones((1, 1, 1), np.float32))

    assert relative_error(da, np.full((1, 1, 2), 2 ** (-2 / 3))) <= tolerance(8, np.float32)


@pytest.mark.parametrize(("p", "size"), [(8, 1e-6), (8, 1e6), (2, 1e-23), (2, 1e20), (8, 1e38)])
def test_norms_of_tiny_and_of_huge_pixels_stay_in_range(p, size):
    """In float32, |a|^p would underflow or overflow, but norm, slopes and nests don't."""
    kind, a = LpPooling(window=2, p=p), np.array([[[1.0, -2.0]]])
    scaled, dz = (size * a).astype(np.float32), np.ones((1, 1, 1), np.float32)

    lowered = Lowered(kind.lowering((1, 2)), 1)
    computed = lowered.forward({"a": scaled})
    nests = computed["z"], lowered.backward({"a": scaled, **computed, "dz": dz}, ["da"])["da"]

    for z, da in ((kind.apply(scaled), kind.backward_a(scaled, dz)), nests):
        # The norm is proportional to its pixels; its slopes don't depend on their size.
        assert (z.dtype, da.dtype) == (np.float32, np.float32)
        assert relative_error(z / size, kind.apply(a)) <= tolerance(8, np.float32)
        assert relative_error(da, kind.backward_a(a, np.ones_like(dz))) <= tolerance(8, np.float32)


def test_the_norm_of_an_infinite_pixel_is_infinite():
    """Infinity and NaN in the input also appear in the output."""
    kind, a = LpPooling(window=2, p=3), np.array([[[1.0, -np.inf, np.nan, 2.0]]])

    z, nests = kind.apply(a), Lowered(kind.lowering((1, 4)), 1).forward({"a": a})["z"]

    np.testing.assert_array_equal(z, [[[np.inf, np.nan]]])
    np.testing.assert_array_equal(nests, z)


def test_the_norm_of_padding_alone_is_zero():
    """A window without pixels of the image sums to zero, also in the nests."""
    kind, a = LpPooling(window=2, padding=2), np.ones((1, 1, 2))

    z, nests = kind.apply(a), Lowered(kind.lowering((1, 2)), 1).forward({"a": a})["z"]

    np.testing.assert_allclose(z, [[[0, 2**0.5, 0]]], rtol=1e-15)
    np.testing.assert_array_equal(nests, z)


def test_adaptive_windows():
    """Windows go from floor(iR/S) to before ceil((i+1)R/S): 0-2, 2-4 and 4-6 of 7 pixels."""
    a = np.arange(7.0).reshape(1, 1, 7)

    z = AdaptiveAveragePooling(size=3).apply(a)

    assert relative_error(z, np.array([[[1.0, 3.0, 5.0]]])) <= tolerance(3)


def test_one_place_is_the_global_average():
    """Adaptive pooling to one pixel equals global pooling, except that it keeps the axes."""
    one = AdaptiveAveragePooling(size=1).apply(IMAGES)

    found = GlobalAveragePooling().apply(IMAGES)

    assert found.shape == (2, 3)
    assert relative_error(one[:, :, 0, 0], found) <= tolerance(54)


@pytest.mark.parametrize("kind", [MaxPooling, AveragePooling])
def test_a_window_that_holds_only_padding_is_refused(kind):
    """Windows without any pixel are an error for maxima and means."""
    with pytest.raises(ShapeError) as error:
        kind(window=2, padding=2).output_shape((1, 4, 5))

    assert str(error.value) == (
        f"{kind.layer.name}(2, padding=2): some windows lie on padding alone: an image of 4x5 "
        "pixels with 2 + 2, 2 + 2 added. "
        "Their maximum and mean are undefined (Hagan 8.22, 8.24). "
        "Use less padding or a smaller dilation."
    )


@pytest.mark.parametrize(
    "kind",
    [
        MaxPooling(window=2),
        SumPooling(window=2),
        BlurPooling(stride=2),
        GlobalMaxPooling(),
        GlobalAveragePooling(),
    ],
    ids=str,
)
def test_vectors_cannot_be_pooled(kind):
    """Pooling needs pixel axes."""
    with pytest.raises(ShapeError) as error:
        kind.output_shape((120,))

    assert str(error.value) == (
        f"{kind}: the input must be an image with one to three pixel axes, got a vector. "
        "Move this layer before Flatten(), or put Reshape((rows, columns, channels)) "
        "before it."
    )


@pytest.mark.bad_input
def test_invalid_options_are_refused():
    """The divisor is one of two words; the order of a norm is at least 1."""
    with pytest.raises(OptionError) as word:
        AveragePooling(window=2, divisor="outside")
    with pytest.raises(OptionError) as number:
        LpPooling(window=2, p=0.5)

    assert str(word.value) == (
        'AveragePool(2): `divisor` must be "inside" or "window", got "outside". Did you mean '
        '"inside"?'
    )
    assert str(number.value) == (
        "LpPool(2): `p` must be a finite number of at least 1, got 0.5. Try 2.0."
    )


@pytest.mark.bad_input
def test_weights_that_do_not_fit_are_named():
    """Trainable pooling has one weight for each map."""
    with pytest.raises(ShapeError) as error:
        TrainableAveragePooling(window=3).apply(np.ones(2), IMAGES)

    assert str(error.value) == (
        "AveragePool(3, trainable=True): the weights have shape (2,), but 3 maps need (3,): "
        "one weight for each map (Hagan 8.22)."
    )


@pytest.mark.parametrize(
    "options",
    [
        {"window": 2, "padding": 1},
        {"window": 3, "stride": 1, "padding": 1},
        {"window": 2, "stride": 2, "dilation": 2, "padding": 1},
        {"window": 3, "stride": 2, "padding": 1, "ceil_mode": True},
    ],
)
def test_the_nest_and_numpy_send_derivatives_past_the_padding(options):
    """A pixel of minus infinity wins over padding, which is as low, in both engines."""
    kind, rng = MaxPooling(**options), np.random.default_rng(12)
    a = rng.choice([-np.inf, -1.0, 2.0], size=(2, 2, 5, 6), p=[0.7, 0.15, 0.15])
    dz = rng.normal(size=kind.apply(a).shape)

    found = kind.backward_a(a, dz)

    by_nest = Lowered(kind.lowering((2, 5, 6)), 2).backward({"a": a, "dz": dz}, ["da"])["da"]
    assert relative_error(found, by_nest) <= tolerance(9)


def test_blur_pooling_in_words():
    """The layer prints as it is typed, in Python and in the shorthand, with each of its options."""
    for text, layer in (
        ("blur 2x2", BlurPooling(stride=2)),
        ("blur 2x2 valid window 5", BlurPooling(stride=2, window=5, padding="valid")),
        ("blur 2x2 padding 1", BlurPooling(stride=2, padding=1)),
        ("blur 2x1 same padding-mode zeros",
         BlurPooling(stride=(2, 1), padding="same", padding_mode="zeros")),
    ):  # fmt: skip
        graph = parse(text, (9, 9, 1))

        assert graph.layers[0].layer.weight == layer
        assert write(graph) == text


@pytest.mark.bad_input
def test_invalid_options_of_blur_pooling_are_refused():
    """Strides and windows have limits, since the weights are those of Pascal's triangle."""
    for make, message in (
        (
            lambda: BlurPooling(stride=33),
            (
                "BlurPool(33): `stride` must be a positive integer up to 32, or a tuple with one "
                "for each axis, got 33. Try 2."
            ),
        ),
        (
            lambda: BlurPooling(stride=2, window=64),
            (
                "BlurPool(2): `window` must be a positive integer up to 63, or a tuple with one "
                "for each axis, or None, got 64. Try 3."
            ),
        ),
        (
            lambda: BlurPooling(stride=2).output_shape((1, 1)),
            (
                'padding_mode="reflect" cannot add 1 pixel to an image of 1: it repeats each pixel '
                "at most once on each side, the edge pixel not at all. "
                'Use padding_mode="replicate".'
            ),
        ),
    ):
        with pytest.raises((OptionError, ShapeError)) as error:
            make()
        assert str(error.value) == message
