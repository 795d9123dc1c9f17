"""Tiles and engines are chosen by counting, within a limit of memory."""

import numpy as np
import pytest

from striate.matching import scores
from striate.matching.fourier import fast_length
from striate.matching.images import as_image
from striate.matching.tiles import cut, fft_size, most_elements

SIZES = [
    ((1000, 1000), (1, 1)),
    ((1000, 1000), (64, 64)),
    ((40, 50), (40, 50)),
    ((17, 100_000), (17, 3)),
    ((2400, 1080), (523, 768)),
    ((50_000, 60_000), (2000, 3000)),
]


@pytest.mark.parametrize(("scene", "template"), SIZES)
def test_the_size_of_an_fft_is_limited(scene, template):
    """It holds the template, and never more elements than tiles of that template may have."""
    size = fft_size(scene, template)

    assert all(n >= t for n, t in zip(size, template, strict=True))
    assert size[0] * size[1] <= most_elements(template)
    assert all(n == fast_length(n) for n in size)


def test_tiles_cover_each_position_once():
    """The tiles of a score map, of any size."""
    covered = np.zeros((23, 31), int)
    for tile in cut((23, 31), (7, 10)):
        covered[tile.places()] += 1

    assert (covered == 1).all()


@pytest.mark.parametrize(
    ("scene", "template", "engine"),
    [
        (np.zeros((1000, 1000), np.uint8), np.zeros((8, 8), np.uint8), "fft"),
        (np.zeros((1000, 1000), np.uint8), np.zeros((64, 64), np.uint8), "fft"),
        (np.zeros((1000, 1000), np.float32), np.zeros((8, 8), np.float32), "fft"),
        (np.zeros((1000, 1000), np.uint8), np.zeros((8, 8), np.float32), "fft"),
        (np.zeros((300, 300), np.uint8), np.zeros((299, 299), np.uint8), "direct"),
        (np.zeros((12, 12)), np.zeros((3, 3)), "direct"),
    ],
)
def test_the_engine_follows_from_the_sizes(scene, template, engine):
    """By definition for few windows, otherwise by FFT."""
    images = as_image(scene, "scene"), as_image(template, "template")

    assert scores.matcher(*images, None, method="normalized-correlation").engine == engine
