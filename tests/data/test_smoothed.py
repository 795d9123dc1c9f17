"""Masks with smoothed edges are recognized, and named; sharp ones are read."""

import numpy as np
import pytest
from PIL import Image

from striate.data.masks import find_code
from striate.errors import DataError

RED, BLUE, WHITE = (237, 28, 36), (63, 72, 204), (255, 255, 255)


def draw(folder, colors, count=4, smoothed=()):
    """Write masks with a block of each color; enlarge some with interpolation."""
    paths = []
    for k in range(count):
        pixels = np.empty((40, 40, 3), np.uint8)
        pixels[:] = colors[0]
        for j, color in enumerate(colors[1:]):
            pixels[5 + k : 17 + k, 4 + 16 * j : 14 + 16 * j] = color
        picture = Image.fromarray(pixels)
        if len(set(colors[0])) == 1 and all(len(set(color)) == 1 for color in colors):
            picture = picture.convert("L")
        if k in smoothed:
            picture = picture.resize((80, 80), Image.Resampling.BILINEAR)
        paths.append(folder / f"{k}.png")
        picture.save(paths[-1])
    return paths


@pytest.mark.parametrize("smoothed", [(2,), (1, 2, 3)])
@pytest.mark.parametrize(
    "colors", [(WHITE, RED, BLUE), ((0, 0, 0), WHITE), ((0, 0, 0), (128,) * 3, WHITE)]
)
def test_smoothed_edges(tmp_path, colors, smoothed):
    paths = draw(tmp_path, colors, smoothed=smoothed)

    with pytest.raises(DataError, match=r"smoothed edges: .* are mixtures of others") as error:
        find_code(paths)

    others = {1: " has ", 3: " and 2 other masks have "}[len(smoothed)]
    assert f"{paths[smoothed[0]].name}{others}smoothed" in str(error.value)


def test_sharp_edges(tmp_path):
    """Thin lines of two more colors, one between two others, are classes."""
    paths = draw(tmp_path, (WHITE, RED, BLUE))
    pixels = np.asarray(Image.open(paths[0])).copy()
    pixels[20] = (246, 141, 146)  # half red, half white
    pixels[:, 20] = (0, 255, 0)
    Image.fromarray(pixels).save(paths[0])

    assert len(find_code(paths).classes) == 5


def test_many_sharp_gray_levels(tmp_path):
    """Every level has a block somewhere, if only in one of the masks."""
    levels = (0, 40, 90, 150, 200, 250)
    paths = [draw(tmp_path, ((0,) * 3, (level,) * 3), 1)[0] for level in levels[1:2]]
    for level in levels[2:]:
        folder = tmp_path / str(level)
        folder.mkdir()
        paths += draw(folder, ((0,) * 3, (level,) * 3), 1)

    assert find_code(paths).classes == levels
