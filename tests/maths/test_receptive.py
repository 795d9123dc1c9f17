"""What a place sees of the input."""

import itertools

import numpy as np
import pytest

from striate.errors import ShapeError
from striate.maths import Axis, ReceptiveField, axes, receptive_field, uncovered_pixels


def chains():
    """Return chains of one to three windows with strides, dilations and paddings that fit."""
    options = [
        {"window": 3},
        {"window": 2, "stride": 2},
        {"window": 3, "stride": 2, "padding": "same"},
        {"window": 2, "dilation": 2, "padding": 1},
        {"window": 1, "stride": 3},
    ]
    for length, depth in itertools.product((16, 23), (1, 2, 3)):
        for chosen in itertools.product(options, repeat=depth):
            chain, n = [], length
            for option in chosen:
                if n < 3:
                    break
                chain += axes((n,), **option)
                n = chain[-1].output
            if len(chain) == depth:
                yield chain


def seen_by_each_place(chain):
    """Follow a mark on each input pixel through all windows to the places that it reaches."""
    reached = np.eye(chain[0].length, dtype=bool)  # [input pixel, place]
    for axis in chain:
        following = np.zeros((len(reached), axis.output), dtype=bool)
        for i, u in itertools.product(range(axis.output), range(axis.window)):
            pixel = axis.stride * i + axis.dilation * u - axis.before
            if 0 <= pixel < axis.length:
                following[:, i] |= reached[:, pixel]
        reached = following
    return reached


def test_fields_hold_exactly_what_places_see():
    """Each place sees pixels of its field only; away from the edge, both ends of it."""
    tried = 0
    for chain in chains():
        field = receptive_field(chain)
        reached = seen_by_each_place(chain)
        for i in range(chain[-1].output):
            seen = np.flatnonzero(reached[:, i])
            first = field.start + field.jump * i
            last = first + field.size - 1

            assert np.all((seen >= first) & (seen <= last))
            if first >= field.size and last < chain[0].length - field.size:
                assert (seen[0], seen[-1]) == (first, last)
                tried += 1
    assert tried > 100


def test_uncovered_pixels_reach_no_position():
    """The pixels listed are those whose mark is lost on the way."""
    for chain in chains():
        lost = np.flatnonzero(~seen_by_each_place(chain).any(axis=1))

        assert uncovered_pixels(chain).tolist() == lost.tolist()


def test_one_window_agrees_with_its_axis():
    """For a chain of one window, the list is as long as Axis.uncovered counts."""
    axis = Axis(length=11, window=2, stride=4)

    assert len(uncovered_pixels([axis])) == axis.uncovered == 5


def test_an_empty_chain_sees_its_own_pixel():
    """Without windows each pixel sees itself, and none is lost."""
    assert receptive_field([]) == ReceptiveField(size=1, jump=1, start=0)
    assert uncovered_pixels([]).tolist() == []


def test_lenet_sees_sixteen_pixels():
    """LeNet-5's second pooling layer: 5, 6, 14, 16 pixels, four apart."""
    chain = [
        Axis(length=32, window=5),
        Axis(length=28, window=2, stride=2),
        Axis(length=14, window=5),
        Axis(length=10, window=2, stride=2),
    ]

    fields = [receptive_field(chain[:depth]) for depth in (1, 2, 3, 4)]

    assert [(field.size, field.jump) for field in fields] == [(5, 1), (6, 2), (14, 2), (16, 4)]
    assert uncovered_pixels(chain).tolist() == []


def test_joined_fields_cover_both():
    """The field of a join reaches from the first pixel of either branch to the last."""
    wide, shifted = (
        ReceptiveField(size=5, jump=2, start=-2),
        ReceptiveField(size=3, jump=2, start=1),
    )

    joined = wide.joined(shifted)

    assert joined == shifted.joined(wide) == ReceptiveField(size=6, jump=2, start=-2)


def test_branches_out_of_step_are_explained():
    """The error gives both jumps."""
    with pytest.raises(ShapeError) as error:
        ReceptiveField(jump=1).joined(ReceptiveField(jump=2))

    assert str(error.value) == (
        "Joined branches must have the same jump, got 1 and 2 pixels. Use strides with the "
        "same product in both branches."
    )


@pytest.mark.parametrize("function", [receptive_field, uncovered_pixels])
def test_a_chain_that_does_not_join_is_explained(function):
    """The error gives the arithmetic of the output and what the next window takes."""
    with pytest.raises(ShapeError) as error:
        function([Axis(length=9, window=2, stride=2), Axis(length=5, window=3)])

    assert str(error.value) == (
        "Window 1 of the chain produces 4 pixels ((9 - 2)/2 + 1 = 4), but window 2 has "
        "length=5. Use length=4."
    )
