"""The crowd with a hidden figure."""

import numpy as np
import pytest

from striate.data.crowd import WANTED, draw_crowd, draw_figure
from striate.errors import OptionError


def test_the_same_seed_draws_the_same_crowd():
    """Everything depends on the seed, and on nothing else."""
    first, second, other = (draw_crowd(seed, size=(260, 300)) for seed in (4, 4, 5))

    assert (first.scene == second.scene).all()
    assert (first.row, first.column, first.scale) == (second.row, second.column, second.scale)
    assert (first.scene != other.scene).any()


@pytest.mark.parametrize("seed", range(5))
def test_the_hidden_figure_is_where_it_is_said_to_be(seed):
    """Without noise, most of its pixels are there, up to the light; it is partly covered."""
    crowd = draw_crowd(seed, size=(300, 320), noise=0)
    colors, covered = draw_figure(WANTED, scale=crowd.scale, rotation=crowd.rotation)
    high, wide = covered.shape
    top, left = int(crowd.row) - high // 2, int(crowd.column) - wide // 2
    there = crowd.scene[top : top + high, left : left + wide] / 255
    solid = covered == 1

    same = np.abs(there / there[solid].max() - colors / colors[solid].max()).max(axis=2) < 0.1

    assert 0.6 <= crowd.visible < 1
    assert same[solid].mean() > crowd.visible - 0.2


def test_the_template_is_the_figure_at_scale_1():
    """The mask covers the figure; around it the template is black."""
    crowd = draw_crowd(0, size=(240, 240))

    assert crowd.template.shape[:2] == crowd.mask.shape
    assert crowd.mask.min() == 0
    assert crowd.mask.max() == 1
    assert (crowd.template[crowd.mask == 0] == 0).all()


def test_scale_and_rotation_move_the_figure_only():
    """A figure has the same area after rotation, and scales with the square."""
    area = draw_figure()[1].sum()

    assert draw_figure(rotation=37)[1].sum() == pytest.approx(area, rel=0.01)
    assert draw_figure(scale=1.5)[1].sum() == pytest.approx(1.5**2 * area, rel=0.01)


def test_options_out_of_range():
    """The error shows the options and an example."""
    with pytest.raises(OptionError) as error:
        draw_crowd(size=(100, 600))

    assert str(error.value) == (
        "`size` must be at least 240 x 240, `noise` from 0 to 1 and `largest_change` from 0 to "
        "0.5, got size=(100, 600), noise=0.03 and largest_change=0.1. Try size=(600, 900)."
    )


@pytest.mark.parametrize("size", [600, "600", (600,), (600, 900, 3), (600.0, 900.0), (600, None)])
def test_a_size_that_is_none(size):
    """A size of another type is an error of striate, not of Python."""
    with pytest.raises(OptionError, match="`size` must be at least 240 x 240"):
        draw_crowd(size=size)
