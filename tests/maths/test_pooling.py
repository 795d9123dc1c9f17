"""Pooling functions: values, derivatives, equality with the layers, and errors."""

import itertools

import numpy as np
import pytest

from helpers import away_from_kinks
from striate.errors import OptionError, ShapeError
from striate.functions.weight import (
    AveragePooling,
    MaxPooling,
    SumPooling,
    TrainableAveragePooling,
)
from striate.maths import (
    adjoint_gap,
    average_pool,
    average_pool_backward,
    central_differences,
    cross_correlate,
    max_pool,
    max_pool_backward,
    max_pool_winners,
    relative_error,
    sum_pool,
    sum_pool_backward,
    trainable_average_pool,
    trainable_average_pool_backward,
)

# The number of pixel axes, and the window with its options.
WINDOWS = {
    "side by side": (2, {"window": 2}),
    "overlapping": (2, {"window": 3, "stride": 2}),
    "every pixel": (2, {"window": (2, 3), "stride": 1, "padding": "same"}),
    "padded": (2, {"window": 3, "stride": 2, "padding": 1}),
    "ceil": (2, {"window": (2, 3), "stride": 2, "dilation": (2, 1), "ceil_mode": True}),
    "signal": (1, {"window": (3,), "stride": 2}),
    "volume": (3, {"window": (2, 1, 2), "padding": ((0, 1), 0, 0)}),
}
POOLS = {
    "max": (max_pool, max_pool_backward, MaxPooling, {}),
    "average inside": (average_pool, average_pool_backward, AveragePooling, {}),
    "average window": (
        average_pool,
        average_pool_backward,
        AveragePooling,
        {"divisor": "window"},
    ),
    "sum": (sum_pool, sum_pool_backward, SumPooling, {}),
}
EACH = [
    pytest.param(*POOLS[pool], *WINDOWS[window], id=f"{pool}-{window}")
    for pool, window in itertools.product(POOLS, WINDOWS)
]
PARTS = ("function", "backward", "kind", "extra", "rank", "options")


def image_for(rank, lead=(2, 3)):
    """Draw an image whose pixels differ, so that no small step changes a maximum."""
    return away_from_kinks(np.random.default_rng(rank), (*lead, *(6, 5, 4)[:rank]))


def split(options):
    """Split a window from its options."""
    rest = dict(options)
    return rest.pop("window"), rest


@pytest.mark.parametrize(PARTS, EACH)
def test_values_and_derivatives_are_those_of_the_layer(
    function, backward, kind, extra, rank, options
):
    """The layer kinds with the same options give the same, bit for bit."""
    window, rest = split({**options, **extra})
    layer, a = kind(window=window, **rest), image_for(rank)

    z = function(a, window, **rest)

    dz = np.random.default_rng(9).normal(size=z.shape)
    dA, dW, db = backward(a, window, dz, **rest)
    assert np.array_equal(z, layer.apply(a))
    assert np.array_equal(dA, layer.backward_a(a, dz))
    assert dW is None
    assert np.allclose(db, dz.sum(axis=(0, *range(2, dz.ndim))))


@pytest.mark.parametrize(PARTS, EACH)
def test_derivatives_are_central_differences(function, backward, kind, extra, rank, options):
    """Changing each pixel changes the loss as the derivatives say."""
    del kind
    window, rest = split({**options, **extra})
    a = image_for(rank, lead=())
    dz = np.random.default_rng(9).normal(size=function(a, window, **rest).shape)

    dA, _, db = backward(a, window, dz, **rest)

    by_image = central_differences(lambda x: function(x, window, **rest), a, dz)
    # The differences have an error of about 1e-10 of the largest slope (maths.check).
    assert relative_error(dA, by_image) < 1e-8
    assert db == pytest.approx(dz.sum(), rel=1e-12)


@pytest.mark.parametrize(PARTS, EACH)
def test_each_window_hands_all_of_its_derivative_on(function, backward, kind, extra, rank, options):
    """The derivatives of the image add up to what an image of ones gives: nothing is lost."""
    del kind
    window, rest = split({**options, **extra})
    a = image_for(rank)
    ones = np.ones_like(function(a, window, **rest))

    found = backward(a, window, ones, **rest).dA.sum()

    # An image of ones shows the share of each window that lies on the image.
    assert found == pytest.approx(function(np.ones_like(a), window, **rest).sum(), rel=1e-12)


@pytest.mark.parametrize("window", WINDOWS)
@pytest.mark.parametrize("weight", [0.3, [0.5, -1.0, 2.0]], ids=["one", "each map"])
def test_hagans_average_pooling(window, weight):
    """Values, dA and dw are the layer's, central differences, and each other's adjoints."""
    rank, options = WINDOWS[window]
    size, rest = split(options)
    a, w = image_for(rank), np.asarray(weight)

    z = trainable_average_pool(a, w, size, **rest)

    dz = np.random.default_rng(9).normal(size=z.shape)
    dA, dW, db = trainable_average_pool_backward(a, w, size, dz, **rest)
    layer, each = TrainableAveragePooling(window=size, **rest), np.broadcast_to(w, 3)
    assert np.array_equal(z, layer.apply(each, a))
    assert np.array_equal(dA, layer.backward_a(each, a, dz))
    by_map = layer.backward_w(each, a, dz)
    assert np.allclose(dW, by_map if w.ndim else by_map.sum(), rtol=1e-12)
    by_weight = central_differences(lambda v: trainable_average_pool(a, v, size, **rest), w, dz)
    assert relative_error(np.asarray(dW), by_weight) < 1e-8
    assert adjoint_gap((z, dz), (a, dA), (w, np.asarray(dW))) < 1e-10
    assert db.shape == (3,)


def test_pooling_is_a_correlation_with_ones_and_a_stride():
    """Sum pooling correlates with ones; the mean is the sum divided by the window's pixels."""
    a = np.random.default_rng(3).integers(-9, 10, size=(7, 8))

    summed = sum_pool(a, (2, 3))

    assert np.array_equal(summed, cross_correlate(a, np.ones((2, 3), int), stride=(2, 3)))
    assert np.allclose(average_pool(a, (2, 3)), summed / 6, rtol=1e-15)
    assert np.allclose(trainable_average_pool(a, 1 / 6, (2, 3)), summed / 6, rtol=1e-15)


def test_a_max_pooled_image_that_shifts_by_the_window_shifts_by_one():
    """Pooling is equivariant to shifts by its stride (away from the edge), and to no others."""
    a = np.zeros((12, 12))
    a[4:8, 4:8] = np.random.default_rng(4).uniform(1, 2, size=(4, 4))

    still, by_one, by_two = (max_pool(np.roll(a, k, axis=0), 2) for k in range(3))

    assert np.array_equal(by_two, np.roll(still, 1, axis=0))
    assert not np.array_equal(by_one, still)


def test_an_integer_means_two_pixel_axes_or_one():
    """With a number for a window, a signal has one pixel axis and everything else has two."""
    volume = np.arange(2 * 4 * 4).reshape(2, 4, 4)

    assert max_pool(np.arange(4), 2).tolist() == [1, 3]
    assert max_pool(volume, 2).shape == (2, 2, 2)
    assert max_pool(volume, (2, 2, 2)).shape == (1, 2, 2)
    assert max_pool(volume, (2,)).shape == (2, 4, 2)


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int32, np.float32, np.float64])
def test_dtypes(dtype):
    """A maximum keeps the image's dtype; sums of integers are 64 bits wide, and means floats."""
    a = np.ones((4, 4), dtype)
    floating = np.dtype(dtype).kind == "f"

    assert max_pool(a, 2, padding=1).dtype == dtype
    assert sum_pool(a, 2).dtype == (dtype if floating else np.int64)
    assert average_pool(a, 2).dtype == (dtype if floating else np.float64)
    assert trainable_average_pool(a, 0.5, 2).dtype == (dtype if floating else np.float64)
    assert np.all(sum_pool(100 * a.astype(int), 2) == 400)


def test_padding_never_wins_over_black_pixels():
    """In an image of uint8 zeros, the first pixel of the image wins, not the padding before it."""
    black = np.zeros((2, 2), np.uint8)

    winners = max_pool_winners(black, 2, padding=1)

    assert winners.tolist() == [[3, 2], [1, 0]]
    assert max_pool_backward(black, 2, np.ones((2, 2)), padding=1).dA.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_padding_never_wins_over_the_lowest_number(dtype):
    """Pixels of minus infinity, or of the lowest integer, win over padding, as in the nests."""
    lowest = -np.inf if np.dtype(dtype).kind == "f" else np.iinfo(dtype).min
    a = np.full((3, 3), lowest, dtype)
    a[2, 2] = 0

    dA = max_pool_backward(a, 2, np.ones((2, 2), dtype), padding=1, stride=2).dA

    assert max_pool_winners(a, 2, padding=1, stride=2).tolist() == [[3, 2], [1, 3]]
    assert dA.tolist() == [[1, 1, 0], [1, 0, 0], [0, 0, 1]]


def test_the_first_of_equal_pixels_wins():
    """Of equal pixels the first in row order wins, and takes the derivative (E8.8)."""
    ties = np.array([[3.0, 3.0], [3.0, 1.0]])

    assert max_pool_winners(ties, 2).tolist() == [[0]]
    assert max_pool_backward(ties, 2, np.array([[5.0]])).dA.tolist() == [[5, 0], [0, 0]]


ERRORS = {
    "too-large": lambda: max_pool(np.zeros((4, 4)), 5),
    "too-many-axes": lambda: sum_pool(np.zeros(4), (2, 2)),
    "number": lambda: max_pool(np.float64(3), 2),
    "stride-zero": lambda: max_pool(np.zeros((4, 4)), 2, stride=0),
    "padding-alone": lambda: max_pool(np.zeros((4, 4)), 2, padding=2),
    "divisor": lambda: average_pool(np.zeros((4, 4)), 2, divisor="all"),
    "weights": lambda: trainable_average_pool(np.zeros((3, 4, 4)), [1.0, 2.0], 2),
    "weights-of-a-picture": lambda: trainable_average_pool(np.zeros((4, 4)), [1.0, 2.0], 2),
    "derivatives": lambda: max_pool_backward(np.zeros((4, 4)), 2, np.zeros((3, 3))),
}


@pytest.mark.bad_input
@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_explained(name, golden):
    """Each error says what is wrong, what was expected, and what to do."""
    with pytest.raises((ShapeError, OptionError)) as error:
        ERRORS[name]()

    golden(f"maths/pooling-{name}", str(error.value))
