"""Scaled and rotated templates with their masks."""

import numpy as np
import pytest

from striate.matching.transforms import transformed


@pytest.mark.parametrize("quarters", [-1, 0, 1, 2, 3, 4])
def test_quarter_turns_move_pixels_only(quarters):
    """90 degrees counterclockwise is NumPy's `rot90`, for the mask too."""
    rng = np.random.default_rng(0)
    pixels, mask = rng.random((4, 6, 3)), rng.random((4, 6, 1))

    turned, weights = transformed(pixels, mask, rotation=90 * quarters)

    assert (turned == np.rot90(pixels, quarters)).all()
    assert (weights == np.rot90(mask, quarters)).all()
    assert transformed(pixels, None, rotation=90 * quarters)[1] is None


def test_rotations_join_quarter_turns():
    """Just before and after 90 degrees: nearly the same, in the same direction."""
    pixels = np.random.default_rng(1).random((8, 5, 1))

    for angle in (90 - 1e-9, 90 + 1e-9):
        near, _ = transformed(pixels, None, rotation=angle)
        assert np.abs(near - np.rot90(pixels)).max() < 1e-6


def test_corners_outside_the_template_have_no_weight():
    """A rotated template covers its own area, and its values aren't mixed with the outside."""
    pixels, weights = transformed(np.full((40, 80, 1), 7.0), None, rotation=30)

    assert weights.sum() == pytest.approx(40 * 80, rel=0.02)
    assert weights[0, 0] == weights[-1, -1] == 0
    assert pixels[weights > 0] == pytest.approx(7)


def test_smaller_templates_average_all_pixels():
    """Halving averages neighbors, so the mean stays and no stripe gets lost."""
    stripes = np.tile([0.0, 1.0], (16, 16))[..., np.newaxis]

    half, weights = transformed(stripes, None, scale=0.5)

    assert half.shape == (8, 16, 1)
    assert weights is None
    assert half[:, 1:-1] == pytest.approx(0.5)


def test_scaling_a_ramp_keeps_it():
    """A linear picture stays linear at any scale, away from the border.

    Pixels are not symmetric about the middle of a triangle, which moves it by up to 0.05.
    """
    ramp = np.arange(20.0)[:, np.newaxis, np.newaxis] * np.ones((1, 10, 1))

    for scale in (0.5, 0.8, 1.3, 2.0):
        found, _ = transformed(ramp, None, scale=scale)
        middle = found[4:-4, 0, 0]
        centers = (np.arange(len(found)) + 0.5) * 20 / len(found) - 0.5
        assert middle == pytest.approx(centers[4:-4], abs=0.05)


def test_a_mask_keeps_its_pixels_apart():
    """Pixels without weight don't blend into the others when a template is scaled."""
    pixels = np.full((10, 10, 1), 0.5)
    pixels[:, 5:] = 100
    mask = np.ones((10, 10, 1))
    mask[:, 5:] = 0

    found, weights = transformed(pixels, mask, scale=1.7, rotation=12)

    assert found[weights > 0] == pytest.approx(0.5)
