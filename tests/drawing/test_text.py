"""Widths of text: those of the font that Matplotlib draws with."""

import numpy as np
import pytest
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

from striate.drawing.text import fitted, runs, width

WORDS = [
    "".join(chr(k) for k in range(33, 127)),
    "conv 5×5, tanh",
    "6@28×28",
    "W ⊗ A → Σ ⊞ ∘",
    "8·1 + 9·1 = 42…",
]


@pytest.mark.parametrize("text", WORDS)
def test_widths_are_those_of_the_font(text):
    """The width differs by at most 1% from the one that Matplotlib measures."""
    font = FontProperties(family="DejaVu Sans", size=100)
    measured, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)

    assert width(text, 100) == pytest.approx(measured, rel=0.01)


@pytest.mark.parametrize("text", WORDS)
def test_bold_text_is_not_wider_than_its_width(text):
    """Bold text has at least the room that it needs, and no more than a tenth too much."""
    font = FontProperties(family="DejaVu Sans", size=100, weight="bold")
    measured, _, _ = TextToPath().get_text_width_height_descent(text, font, ismath=False)

    assert 0.98 * measured <= width(text, 100, bold=True) <= 1.15 * measured


def test_raised_text_is_smaller():
    """The width of mathematical text is the sum of its pieces at their sizes."""
    assert width("W^{1,0}", math=True) == pytest.approx(width("W") + 0.7 * width("1,0"))
    assert [run.text for run in runs("a^{b}_{c} d_e")] == ["a", "b", "c", " d", "_", "e"]


def test_a_fitted_text_has_room():
    """A shortened text is not wider than its room, and a short one is unchanged."""
    rng = np.random.default_rng(0)
    for _ in range(50):
        text = "".join(rng.choice(list("abc WM.×中"), 30))
        assert width(fitted(text, 8.0, 1.0), 1.0) <= 8.0
    assert fitted("abc", 8.0) == "abc"
