"""Colors: they can be read, and told apart, on light and on dark pages."""

from itertools import combinations

import numpy as np
import pytest

from striate.drawing.paint import (
    BLUE,
    CATEGORIES,
    DIVERGING,
    INK,
    MUTED,
    ORANGE,
    SURFACE,
    between,
    contrast,
    mixed,
    shade,
    text_on,
    tint,
)
from striate.drawing.sheet import ColorScale

# Machado, Oliveira and Fernandes 2009, severity 1, for linear RGB.
DEFICIENCIES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                   [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                     [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                   [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
TEXT, LARGE_TEXT = 4.5, 3.0
"""The contrasts that WCAG 2 asks for."""

JUST_DIFFERENT = 12.0
"""A distance in CIELAB that is clearly visible; 2.3 is just noticeable."""


def linear(color):
    """Convert a color to linear RGB."""
    values = np.array([int(color[k : k + 2], 16) / 255 for k in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """Convert linear RGB to CIELAB."""
    xyz = np.array(
        [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    ) @ np.clip(rgb, 0, 1)
    f = np.cbrt(xyz / np.array([0.9505, 1.0, 1.089]))
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("paint", [INK, MUTED], ids=["ink", "muted"])
def test_text_can_be_read(theme, paint):
    """Text on the page has the contrast of normal text."""
    assert contrast(getattr(paint, theme), getattr(SURFACE, theme)) >= TEXT


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("paint", [BLUE, ORANGE], ids=["blue", "orange"])
def test_lines_can_be_seen(theme, paint):
    """Frames, curves and large text have the contrast of large text."""
    assert contrast(getattr(paint, theme), getattr(SURFACE, theme)) >= LARGE_TEXT


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_numbers_in_cells_can_be_read(theme):
    """Numbers can be read on the color of every value, and on every tint."""
    fills = [shade(value, low, 1) for low in (-1, 0) for value in np.linspace(low, 1, 41)]
    fills += [tint(paint, strength) for paint in CATEGORIES for strength in (0.2, 0.42, 0.6)]

    for fill in fills:
        assert contrast(getattr(text_on(fill), theme), getattr(fill, theme)) >= TEXT, fill


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("deficiency", [None, *DEFICIENCIES])
def test_categories_can_be_told_apart(theme, deficiency):
    """The first four colors differ clearly for people with each form of color blindness."""
    matrix = np.eye(3) if deficiency is None else np.array(DEFICIENCIES[deficiency])
    seen = [lab(matrix @ linear(getattr(paint, theme))) for paint in CATEGORIES[:4]]

    distances = [np.linalg.norm(one - other) for one, other in combinations(seen, 2)]

    assert min(distances) >= JUST_DIFFERENT


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_signs_can_be_told_apart(theme, deficiency):
    """A negative and a positive value of the same size differ for everyone."""
    matrix = np.array(DEFICIENCIES[deficiency])
    for share in (0.25, 0.5, 1.0):
        ends = [between(DIVERGING, 0.5 + sign * share / 2) for sign in (-1, 1)]
        seen = [lab(matrix @ linear(getattr(paint, theme))) for paint in ends]
        assert np.linalg.norm(seen[0] - seen[1]) >= JUST_DIFFERENT


def test_zero_has_the_color_of_the_page():
    """Zero is the page's color in cells and in images, signed or not."""
    assert shade(0, -2, 1) == shade(0, 0, 1) == SURFACE
    for signed in (False, True):
        scale = ColorScale(limit=3.0, signed=signed)
        for dark, page in ((False, SURFACE.light), (True, SURFACE.dark)):
            color = scale.colored(np.zeros((1, 1)), dark=dark)[0, 0]
            assert "#" + "".join(f"{c:02x}" for c in color) == page


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_is_gray(value):
    """Values that aren't finite have a color, and don't change the others'."""
    values = np.array([[value, 1.0]])

    colors = ColorScale.of(values).colored(values, dark=False)

    assert colors[0, 0].tolist() == [128, 128, 128]
    assert ColorScale.of(values).limit == 1.0


def test_mixing_ends_at_both_paints():
    """A share of 0 is the first paint, a share of 1 the second."""
    assert mixed(BLUE, ORANGE, 0) == BLUE
    assert mixed(BLUE, ORANGE, 1) == ORANGE
