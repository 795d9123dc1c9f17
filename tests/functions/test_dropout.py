"""Dropout: the dropped fraction, the dependence of the masks, and no effect in inference."""

import math

import numpy as np
import pytest

from striate.errors import OptionError
from striate.functions.base import Call, Draw
from striate.functions.dropout import Dropout
from striate.maths.philox import philox


def draw(seed=1, step=2, layer=3, images=range(4)):
    """Return the coordinates of the random numbers."""
    return Draw(seed=seed, step=step, layer=layer, images=np.array(images))


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_the_rate_is_what_is_left_out(rate):
    """The fraction of dropped elements is close to the rate."""
    mask = Dropout(rate=rate).mask(draw(images=range(50)), (4, 20, 20))

    # Five standard deviations of the mean of 80,000 binary draws.
    assert mask.mean() == pytest.approx(1 - rate, abs=5 * math.sqrt(rate * (1 - rate) / mask.size))


def test_what_is_kept_is_enlarged():
    """Kept activations are divided by 1 - rate, the others are zero; derivatives likewise."""
    kind, a = Dropout(rate=0.75), np.arange(1.0, 25).reshape(4, 6)
    mask = kind.mask(draw(), (6,))

    assert (kind.apply(a, mask) == np.where(mask, 4 * a, 0)).all()
    assert (kind.backward_a(mask, a) == np.where(mask, 4 * a, 0)).all()


def test_nothing_is_left_out_outside_training():
    """In inference, activations and derivatives are unchanged."""
    a, dz = np.arange(6.0).reshape(1, 6), np.ones((1, 6))
    call = Call(inputs=(a,))

    assert (Dropout().forward(call) == a).all()
    assert (Dropout().backward(call, a, dz).inputs[0] == dz).all()


def test_the_backward_pass_draws_the_same_mask():
    """Dropped elements get a zero derivative, kept ones don't."""
    a = np.ones((4, 3, 5, 5))
    call = Call(inputs=(a,), training=True, draw=draw())

    z = Dropout().forward(call)
    da = Dropout().backward(call, z, np.ones_like(z)).inputs[0]

    assert (z == da).all()
    assert 0 < np.count_nonzero(z) < z.size


def test_the_order_of_the_images_changes_nothing():
    """The mask of an image depends on its index, not on its position in the batch."""
    forwards = Dropout().mask(draw(images=[0, 1, 2, 3]), (3, 4, 4))
    backwards = Dropout().mask(draw(images=[3, 2, 1, 0]), (3, 4, 4))

    assert (forwards == backwards[::-1]).all()


@pytest.mark.parametrize(
    "other",
    [
        {"seed": 2},
        {"seed": 1 + 2**32},
        {"step": 3},
        {"layer": 4},
        {"images": [4, 5, 6, 7]},
    ],
    ids=str,
)
def test_everything_else_does(other):
    """Another seed (in either half), step, layer or image gives an independent mask."""
    one = Dropout().mask(draw(), (3, 20, 20))
    two = Dropout().mask(draw(**other), (3, 20, 20))

    # Independent coins agree half of the time: five standard deviations of 4,800 coins.
    assert (one == two).mean() == pytest.approx(0.5, abs=5 * 0.5 / math.sqrt(one.size))


def test_a_longer_vector_begins_with_the_same_bits():
    """Elements are numbered from 0; later elements don't affect earlier ones."""
    short, long = Dropout().mask(draw(), (5,)), Dropout().mask(draw(), (9,))

    assert (short == long[:, :5]).all()


def test_the_bits_are_the_documented_ones():
    """The mask equals one computed with Philox and the layout in the docstring."""
    mask = Dropout(rate=0.3).mask(draw(seed=5 + 7 * 2**32, images=[11]), (2, 3))
    threshold = math.ceil(0.3 * 2**24)

    for element in range(6):
        counter = np.array([element // 4, 11, 2, 0x64726F70 + 3], np.uint32)
        word = int(philox((5, 7), counter)[element % 4])
        assert mask.reshape(-1)[element] == (word >> 8 >= threshold)


def test_spatial_dropout_leaves_out_whole_maps():
    """All pixels of a map are dropped or kept together."""
    mask = Dropout(spatial=True).mask(draw(), (6, 4, 5))
    z = Dropout(spatial=True).apply(np.ones((4, 6, 4, 5)), mask)

    assert (mask == Dropout().mask(draw(), (6,))).all()
    assert (z == 2 * mask[:, :, np.newaxis, np.newaxis]).all()


def test_a_rate_of_zero_keeps_everything():
    """Nothing is dropped and nothing is scaled."""
    a = np.linspace(-1, 1, 12).reshape(4, 3)
    call = Call(inputs=(a,), training=True, draw=draw())

    assert (Dropout(rate=0.0).forward(call) == a).all()


@pytest.mark.parametrize("rate", [1.0, -0.1, math.nan])
def test_invalid_rates(rate):
    """A rate outside 0 to 1 is an error in the constructor."""
    with pytest.raises(OptionError) as error:
        Dropout(rate=rate)

    assert str(error.value) == (
        f"Dropout({rate}): `rate` must be at least 0 and less than 1, got {rate}. Try 0.5."
    )
