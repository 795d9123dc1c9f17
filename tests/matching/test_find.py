"""Finding templates: positions, scales, rotations, several templates, suppression, color."""

import numpy as np
import pytest

from striate.matching import Match, find
from striate.matching.transforms import transformed


def smooth(rng, shape):
    """Draw a smooth random picture: noise, averaged over neighbors three times."""
    x = rng.random(shape)
    for axis in (0, 1):
        for _ in range(3):
            x = (x + np.roll(x, 1, axis) + np.roll(x, -1, axis)) / 3
    return (x - x.min()) / (x.max() - x.min())


@pytest.mark.parametrize("method", ["normalized-correlation", "squared-difference"])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_a_template_cut_from_the_scene_is_found(method, dtype):
    """At its position, with a perfect score, in color."""
    rng = np.random.default_rng(0)
    scene = smooth(rng, (60, 80, 3))
    scene = (255 * scene).astype(dtype) if dtype == np.uint8 else scene.astype(dtype)

    [match] = find(scene, scene[20:35, 41:60], method=method, subpixel=False)

    perfect = 1 if method == "normalized-correlation" else 0
    assert (match.row, match.column, match.height, match.width) == (20, 41, 15, 19)
    assert match.score == pytest.approx(perfect, abs=1e-6)
    assert match.center == (27, 50)


def test_shifts_between_pixels():
    """A scene shifted by a fraction of a pixel, through its spectrum: found within 0.05."""
    rng = np.random.default_rng(1)
    scene = smooth(rng, (64, 96))
    frequencies = np.add.outer(0.3 * np.fft.fftfreq(64), -0.4 * np.fft.fftfreq(96))
    shifted = np.fft.ifft2(np.fft.fft2(scene) * np.exp(-2j * np.pi * frequencies)).real

    [match] = find(shifted, scene[20:40, 30:55])

    assert match.row == pytest.approx(20.3, abs=0.05)
    assert match.column == pytest.approx(29.6, abs=0.05)


@pytest.mark.parametrize(("scale", "rotation"), [(0.8, 0), (1.25, 0), (1, 20), (0.9, -35), (1, 90)])
def test_scale_and_rotation_are_found(scale, rotation):
    """The scale and the rotation with which a template was put into the scene."""
    rng = np.random.default_rng(2)
    scene = smooth(rng, (120, 150, 3))
    template = smooth(rng, (30, 36, 3))
    pixels, weights = transformed(template, None, scale=scale, rotation=rotation)
    high, wide = pixels.shape[:2]
    part = np.ones((high, wide, 1)) if weights is None else (weights > 0)
    place = scene[40 : 40 + high, 60 : 60 + wide]
    place[...] = np.where(part, pixels, place)

    [match] = find(
        scene, template, scales=(0.8, 0.9, 1, 1.25), rotations=(-35, 0, 20, 90), subpixel=False
    )

    assert (match.scale, match.rotation) == (scale, rotation)
    assert (match.row, match.column) == (40, 60)
    assert match.score > 0.99


def test_all_places_are_found_once():
    """Several places of several templates, the best first, none twice."""
    rng = np.random.default_rng(3)
    scene = 0.3 * smooth(rng, (100, 140))
    first, second = rng.random((12, 12)), rng.random((10, 16))
    places = [(5, 8, 0, 0.0), (50, 90, 0, 0.1), (70, 20, 1, 0.2), (20, 60, 1, 0.3)]
    for row, column, number, noise in places:
        template = (first, second)[number]
        high, wide = template.shape
        scene[row : row + high, column : column + wide] = template + noise * rng.random(
            (high, wide)
        )

    matches = find(scene, [first, second], threshold=0.8, subpixel=False)

    assert [(m.row, m.column, m.template) for m in matches] == [at[:3] for at in places]
    assert [m.score for m in matches] == sorted((m.score for m in matches), reverse=True)
    assert find(scene, [first, second], count=2, subpixel=False) == matches[:2]


def test_without_count_and_threshold_each_template_has_one_match():
    """The best place of each template, in the templates' order, even where they overlap."""
    rng = np.random.default_rng(4)
    scene = rng.random((40, 50))

    matches = find(scene, [scene[5:15, 5:15], scene[4:16, 4:16]], subpixel=False)

    assert [(m.template, m.row) for m in matches] == [(0, 5), (1, 4)]


def test_masks_for_several_templates():
    """Each template has its own mask, or none."""
    rng = np.random.default_rng(5)
    scene = rng.random((50, 60))
    mask = rng.random((10, 10)) < 0.4
    spoiled = np.where(mask, scene[30:40, 20:30], 9.0)

    matches = find(scene, [scene[2:12, 3:13], spoiled], masks=[None, mask], subpixel=False)

    assert [(m.row, m.column) for m in matches] == [(2, 3), (30, 20)]
    assert [m.score for m in matches] == pytest.approx([1, 1])


def test_sizes_that_do_not_fit_are_skipped():
    """A scale at which the template is larger than the scene isn't an error if another one fits."""
    scene = np.random.default_rng(6).random((30, 30))

    [match] = find(scene, scene[:20, :20], scales=(1, 2))

    assert match.scale == 1


def test_equal_scores_come_in_row_order():
    """Ties don't depend on the sort: the first position wins."""
    template = np.random.default_rng(7).random((4, 4))
    scene = np.zeros((20, 30))
    for row, column in ((10, 20), (2, 12), (2, 3)):
        scene[row : row + 4, column : column + 4] = template

    matches = find(scene, template, threshold=0.99, engine="direct", subpixel=False)

    assert [(m.row, m.column) for m in matches] == [(2, 3), (2, 12), (10, 20)]


def test_a_match_is_plain_data():
    """Its fields can be turned into JSON, and equal matches are equal."""
    match = Match(row=1.0, column=2.0, height=3, width=4, score=0.5)

    assert match == Match(row=1.0, column=2.0, height=3, width=4, score=0.5)
    assert match.center == (2, 3.5)
