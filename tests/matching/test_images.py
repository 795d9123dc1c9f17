"""Scenes, templates and masks that can't be used: each error says what was expected."""

import numpy as np
import pytest

from striate.errors import StriateError
from striate.matching import find, find_peaks, score_map

SCENE = np.random.default_rng(0).random((20, 30))
TEMPLATE = SCENE[5:10, 5:12]
SPOILED = np.where(np.arange(35).reshape(5, 7) == 8, np.nan, 1.0)

CALLS = {
    "no rows and columns": lambda: score_map(SCENE[0], TEMPLATE),
    "a batch of images": lambda: score_map(np.zeros((2, 20, 30, 3)), TEMPLATE),
    "an empty template": lambda: score_map(SCENE, SCENE[:0]),
    "integers that aren't pixels": lambda: score_map(SCENE.astype(np.int64), TEMPLATE),
    "words": lambda: score_map(np.full((4, 4), "a"), TEMPLATE),
    "a template with NaN": lambda: score_map(SCENE, SPOILED),
    "infinity": lambda: score_map(SCENE / 0.0, TEMPLATE),
    "pixels whose squares overflow": lambda: score_map(SCENE * 1e200, TEMPLATE),
    "scene and template swapped": lambda: score_map(TEMPLATE, SCENE),
    "template too large": lambda: score_map(SCENE, np.ones((25, 10))),
    "template turned": lambda: score_map(SCENE, np.ones((25, 15))),
    "color in gray": lambda: score_map(SCENE, np.ones((5, 5, 3))),
    "three channels in five": lambda: score_map(np.ones((9, 9, 5)), np.ones((5, 5, 2))),
    "a mask of another size": lambda: score_map(SCENE, TEMPLATE, mask=np.ones((5, 5))),
    "a mask for a color template": lambda: score_map(
        np.ones((9, 9, 3)), np.ones((2, 3, 3)), mask=np.ones((3, 2))
    ),
    "a negative weight": lambda: score_map(SCENE, TEMPLATE, mask=-TEMPLATE),
    "a weight that is NaN": lambda: score_map(SCENE, TEMPLATE, mask=SPOILED),
    "a mask of words": lambda: score_map(SCENE, TEMPLATE, mask=np.full((5, 7), "a")),
    "an empty mask": lambda: score_map(SCENE, TEMPLATE, mask=np.zeros((5, 7))),
    "an unknown method": lambda: score_map(SCENE, TEMPLATE, method="ncc"),
    "an unknown engine": lambda: score_map(SCENE, TEMPLATE, engine="gpu"),
    "a tile of nothing": lambda: score_map(SCENE, TEMPLATE, tile=0),
    "no templates": lambda: find(SCENE, []),
    "too few masks": lambda: find(SCENE, [TEMPLATE, TEMPLATE], masks=[None]),
    "the second template too large": lambda: find(SCENE, [TEMPLATE, np.ones((21, 5))]),
    "no scale at which it fits": lambda: find(SCENE, TEMPLATE, scales=(6, 5)),
    "a scale of 0": lambda: find(SCENE, TEMPLATE, scales=(1, 0)),
    "no rotations": lambda: find(SCENE, TEMPLATE, rotations=()),
    "several sizes by cross-correlation": lambda: find(
        SCENE, TEMPLATE, method="cross-correlation", scales=(1, 2)
    ),
    "a count of 0": lambda: find(SCENE, TEMPLATE, count=0),
    "a threshold that is NaN": lambda: find(SCENE, TEMPLATE, threshold=float("nan")),
    "an overlap of 1": lambda: find(SCENE, TEMPLATE, overlap=1),
    "a constant template": lambda: find(SCENE, [TEMPLATE, np.ones((4, 4))]),
    "peaks without a size": lambda: find_peaks(SCENE, (0, 3)),
}


@pytest.mark.bad_input
def test_errors_word_for_word(golden):
    """Each wrong argument is an error with its value, what was expected, and what to do."""
    lines = []
    for name, call in CALLS.items():
        with np.errstate(all="ignore"), pytest.raises(StriateError) as error:
            call()
        lines.append(f"{name}\n  {type(error.value).__name__}: {error.value}")

    golden("matching/errors", "\n".join(lines))


def test_images_are_scaled_as_everywhere():
    """Bytes and words mean the same brightness as floats; booleans are 0 and 1."""
    rng = np.random.default_rng(1)
    scene = rng.integers(0, 256, (20, 30), np.uint8)
    template = scene[5:10, 5:12]
    floats = score_map(scene / 255, template / 255, method="squared-difference")

    for s, t in (
        (scene, template),
        (scene, template / 255),
        (scene / 255, template),
        (scene.astype(np.uint16) * 257, template),
        (scene, template.astype(np.uint16) * 257),
    ):
        found = score_map(s, t, method="squared-difference")
        assert np.abs(found - floats).max() <= 1e-7
    marks = scene > 128
    found = score_map(marks, marks[5:10, 5:12], method="squared-difference")
    assert found[5, 5] <= 1e-12


def test_one_channel_is_gray():
    """An axis of one channel changes nothing."""
    found = score_map(SCENE[..., np.newaxis], TEMPLATE)

    assert (found == score_map(SCENE, TEMPLATE)).all()
