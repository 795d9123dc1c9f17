"""What users of other libraries reported as broken, each as a promise of this one.

OpenCV (opencv/opencv) and scikit-image (scikit-image/scikit-image), by number of the issue.
"""

import numpy as np
import pytest

from striate.errors import DataError, ShapeError
from striate.matching import find, score_map
from striate.matching.methods import METHODS

RNG = np.random.default_rng(0)
ENGINES = ("fft", "direct")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_windows_without_variance_score_0_with_a_mask(engine, dtype):
    """OpenCV 23257, 20557: infinity and NaN from a masked normalized correlation."""
    scene = np.full((60, 80), 200, dtype)
    scene[20:40, 30:60] = RNG.integers(0, 255, (20, 30)).astype(dtype)
    template = scene[22:32, 35:50]
    mask = RNG.random((10, 15)) < 0.6

    scores = score_map(scene, template, mask=mask, engine=engine)

    assert np.isfinite(scores).all()
    assert (scores[:10] == 0).all()
    assert scores[22, 35] == pytest.approx(1, abs=1e-6)
    assert np.abs(scores).max() <= 1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_constant_template_matches_nothing(engine):
    """OpenCV 5688, 5974: a flat template scores 1 everywhere. The formula is 0/0; 0 by decision."""
    scene = RNG.random((40, 50))

    assert (score_map(scene, np.full((5, 6), 0.3), engine=engine) == 0).all()
    assert (score_map(np.zeros((9, 9)), np.zeros((3, 3)), engine=engine) == 0).all()


def test_a_constant_template_is_an_error_when_searching():
    """OpenCV 5974: black in black was found with a score of 1."""
    with pytest.raises(ValueError) as error:
        find(np.zeros((20, 20), np.uint8), np.zeros((4, 4), np.uint8))

    assert str(error.value) == (
        "`template` has no variance: all pixels that count are equal, so each normalized "
        'correlation is 0. Use method="squared-difference", or a template with some of its '
        "surroundings."
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("offset", [0, 1e4, 1e6])
def test_large_offsets_lose_no_digits(engine, offset):
    """scikit-image 845, 1712, 2263: scores of 5.97 and -1.98, from integral images in float32."""
    plain = RNG.normal(size=(200, 150))
    scene = (plain + offset).astype(np.float32)
    exact = np.asarray(scene, np.float64) - offset
    template = scene[50:70, 40:65]

    scores = score_map(scene, template, engine=engine)

    expected = score_map(exact, exact[50:70, 40:65], engine="direct")
    assert np.abs(scores - expected).max() <= 2e-6
    assert scores.argmax() == 50 * scores.shape[1] + 40


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_flat_regions_next_to_bright_ones_score_0_and_not_noise(engine, dtype):
    """scikit-image 1712, OpenCV 12916: a variance that is rounding error, not 0."""
    scene = np.full((120, 160), 0.1, dtype)
    scene[:, 100:] = 1e6 * RNG.random((120, 60))
    scene[50:60, 50:62] += RNG.random((10, 12)).astype(dtype)
    template = scene[50:60, 50:62]

    scores = score_map(scene, template, engine=engine)

    assert (scores[:40, :88] == 0).all()
    assert scores[50, 50] == pytest.approx(1, abs=1e-6)
    assert np.abs(scores).max() <= 1


def test_faint_texture_next_to_bright_regions_keeps_its_score():
    """A window's score doesn't depend on pixels outside of it, however bright they are."""
    faint = 1e-4 * RNG.random((80, 90))
    bright = faint.copy()
    bright[:, 60:] = 1e4 * RNG.random((80, 30))
    template = faint[20:32, 10:25]

    alone = score_map(faint[:, :60], template, engine="direct")
    beside = score_map(bright, template, engine="fft")

    assert np.abs(beside[:, : alone.shape[1]] - alone).max() <= 1e-6


def test_exact_matches_differ_by_0_wherever_they_are():
    """OpenCV 9099, 21786: squared differences of exact matches that depend on the position."""
    template = RNG.integers(0, 256, (24, 31, 3), np.uint8)
    scene = np.full((200, 240, 3), 245, np.uint8)
    places = ((0, 0), (30, 100), (101, 31), (150, 200))
    for row, column in places:
        scene[row : row + 24, column : column + 31] = template

    scores = score_map(scene, template, method="squared-difference", engine="fft")

    assert [scores[place] for place in places] == [0] * 4
    white = np.full((100, 100), 255, np.uint8)
    same = score_map(white, white[:25, :25], method="squared-difference")
    assert (same == 0).all()


def test_squared_differences_are_never_negative():
    """OpenCV 9597: negative squared differences of nearly constant images."""
    scene = np.full((64, 64), 245, np.uint8)
    scene[10, 10] = 244

    for images in (scene, scene.astype(np.float32), scene / 255):
        scores = score_map(images, images[5:30, 5:30], method="squared-difference", engine="fft")
        assert scores.min() >= 0


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("columns", [63, 64])
def test_even_and_odd_widths_with_a_mask(method, columns):
    """OpenCV 15768: values such as 3.4e38 with a mask, for scenes of even width."""
    scene = RNG.random((48, columns), np.float32)
    template, mask = scene[5:20, 7:27], RNG.random((15, 20)) < 0.5

    by_fft, direct = (
        score_map(scene, template, method=method, mask=mask, engine=engine) for engine in ENGINES
    )

    assert np.abs(by_fft - direct).max() <= 1e-5 * max(1, np.abs(direct).max())


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("missing", [0, 1, 3])
def test_templates_nearly_as_large_as_the_scene(method, missing):
    """OpenCV 26389: an exception for a masked template with exactly three rows less."""
    scene = RNG.random((40, 30), np.float32)
    template = scene[missing:].copy()

    scores = score_map(scene, template, method=method, mask=RNG.random(template.shape))

    assert scores.shape == (missing + 1, 1)


def test_gray_template_in_a_color_scene():
    """scikit-image 8171: a broadcasting error from the inside."""
    with pytest.raises(ShapeError) as error:
        score_map(RNG.random((25, 15, 3)), RNG.random((3, 3)))

    assert str(error.value) == (
        "`template` has 1 channel and the scene 3 channels; expected the same number. Convert the "
        "scene to gray, such as scene.mean(axis=2), or use both in color."
    )


def test_a_pixel_that_is_nan_is_an_error_and_does_not_spoil_all_scores():
    """scikit-image: one NaN makes every score NaN, since FFT and integral images spread it."""
    scene = RNG.random((20, 20))
    scene[3, 4] = np.nan

    with pytest.raises(DataError) as error:
        score_map(scene, scene[10:15, 10:15])

    assert str(error.value) == (
        "`scene` has nan at row 3, column 4; expected finite numbers up to 1e+60 (bad pixels: 1). "
        "Replace them with np.nan_to_num(scene, posinf=0, neginf=0), or divide the images by a "
        "common factor."
    )
