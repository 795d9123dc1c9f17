"""The images of an exercise on Matplotlib axes."""

import numpy as np
import pytest
from matplotlib import colors
from matplotlib.patches import Rectangle

import striate as st
from striate.errors import OptionError
from striate.exercises import EXERCISES, draw, get
from striate.exercises.drawn import scene_of
from striate.pictures.style import new_figure


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_image_of_e8_1_is_black_and_white(theme):
    """Each of the 64 + 9 cells is drawn; 20 + 5 of them are dark, on dark pages too."""
    exercise = get("E8.1")

    axes = draw(exercise, ax=new_figure(), theme=theme)

    cells = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    dark = [np.mean(colors.to_rgb(cell.get_facecolor())) < 0.5 for cell in cells]
    assert len(cells) == 64 + 9
    assert sum(dark) == exercise.image.sum() + exercise.kernel.sum() == 20 + 5
    assert [text.get_text() for text in axes.texts] == ["the image", "the kernel"]
    assert axes.get_title(loc="left") == "E8.1: A kernel on an image"


@pytest.mark.parametrize("name", sorted(set(EXERCISES) - {"E8.7", "P8.2"}))
def test_every_array_is_drawn_inside_the_picture(name):
    """Nothing overlaps: the names and cells of all arrays have their own place."""
    scene = scene_of(get(name))

    boxes = [shape.bounds for shape in scene.shapes]
    assert all(box.left >= scene.bounds.left and box.right <= scene.bounds.right for box in boxes)
    corners = [(box.left, box.top) for box in boxes if box.right - box.left == 1]
    assert len(corners) == len(set(corners))


@pytest.mark.parametrize("name", ["E8.7", "P8.2"])
def test_an_exercise_without_arrays(name):
    """An exercise that gives only numbers has nothing to draw."""
    with pytest.raises(OptionError, match="has no arrays to draw"):
        st.exercises.draw(get(name))
