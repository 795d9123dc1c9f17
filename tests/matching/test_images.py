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
    "complex numbers": lambda: score_map(SCENE * 1j, TEMPLATE),
    "rows of different lengths": lambda: score_map([[1.0, 2.0], [3.0]], TEMPLATE),
    "a scene with masked values": lambda: score_map(
        np.ma.masked_array(SCENE, SCENE > 0.5), TEMPLATE
    ),
    "a template with masked values": lambda: find(
        SCENE, [np.ma.masked_array(TEMPLATE, TEMPLATE > 0.5)]
    ),
    "the name of a file": lambda: score_map("scene.png", TEMPLATE),
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
    "a huge weight": lambda: score_map(SCENE, TEMPLATE, mask=1e160 * TEMPLATE),
    "weights of almost 0": lambda: score_map(SCENE, TEMPLATE, mask=1e-160 * TEMPLATE),
    "a mask with masked values": lambda: score_map(
        SCENE, TEMPLATE, mask=np.ma.masked_array(TEMPLATE, TEMPLATE > 0.5)
    ),
    "rows of different lengths in a mask": lambda: score_map(SCENE, TEMPLATE, mask=[[1.0], []]),
    "an empty mask": lambda: score_map(SCENE, TEMPLATE, mask=np.zeros((5, 7))),
    "a method that isn't a word": lambda: score_map(SCENE, TEMPLATE, method=["ncc"]),
    "an unknown method": lambda: score_map(SCENE, TEMPLATE, method="ncc"),
    "an unknown engine": lambda: score_map(SCENE, TEMPLATE, engine="gpu"),
    "half a tile": lambda: score_map(SCENE, TEMPLATE, tile=2.5),
    "a tile of nothing": lambda: score_map(SCENE, TEMPLATE, tile=0),
    "no templates": lambda: find(SCENE, []),
    "too few masks": lambda: find(SCENE, [TEMPLATE, TEMPLATE], masks=[None]),
    "the second template too large": lambda: find(SCENE, [TEMPLATE, np.ones((21, 5))]),
    "no scale at which it fits": lambda: find(SCENE, TEMPLATE, scales=(6, 5)),
    "a scale of 0": lambda: find(SCENE, TEMPLATE, scales=(1, 0)),
    "a scale of millions": lambda: find(SCENE, TEMPLATE, scales=1e9),
    "scales in words": lambda: find(SCENE, TEMPLATE, scales=["large"]),
    "a rotation in words": lambda: find(SCENE, TEMPLATE, rotations="left"),
    "no rotations": lambda: find(SCENE, TEMPLATE, rotations=()),
    "several sizes by cross-correlation": lambda: find(
        SCENE, TEMPLATE, method="cross-correlation", scales=(1, 2)
    ),
    "a count of 0": lambda: find(SCENE, TEMPLATE, count=0),
    "a threshold that is NaN": lambda: find(SCENE, TEMPLATE, threshold=float("nan")),
    "a threshold in words": lambda: find(SCENE, TEMPLATE, threshold="high"),
    "several thresholds": lambda: find(SCENE, TEMPLATE, threshold=np.array([0.5, 0.6])),
    "no overlap": lambda: find(SCENE, TEMPLATE, overlap=None),
    "an overlap of 1": lambda: find(SCENE, TEMPLATE, overlap=1),
    "a constant template": lambda: find(SCENE, [TEMPLATE, np.ones((4, 4))]),
    "peaks without a size": lambda: find_peaks(SCENE, (0, 3)),
    "one size for peaks": lambda: find_peaks(SCENE, 3),
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


@pytest.mark.parametrize("engine", ["fft", "direct"])
def test_pixels_in_the_other_byte_order(engine):
    """As FITS and PGM files hold them, and long floats: the same scores."""
    rng = np.random.default_rng(3)
    words = rng.integers(0, 65536, (20, 30), np.uint16)
    for scene in (words, SCENE, SCENE.astype(np.float32)):
        wanted = score_map(scene, scene[5:10, 5:12], engine=engine)
        swapped = scene.astype(scene.dtype.newbyteorder())
        found = score_map(swapped, swapped[5:10, 5:12], engine=engine)
        assert found.tobytes() == wanted.tobytes()
    found = score_map(SCENE.astype(np.longdouble), TEMPLATE, engine=engine)
    assert found.tobytes() == score_map(SCENE, TEMPLATE, engine=engine).tobytes()


def test_options_may_be_numbers_of_numpy():
    """A scale, a rotation, a count, a threshold or a tile computed by NumPy is a number."""
    expected = find(SCENE, TEMPLATE, scales=(1.0, 2.0), rotations=0.0, count=2)

    scales, angle = np.array([1.0, 2.0]), np.float32(0)
    assert find(SCENE, TEMPLATE, scales=scales, rotations=angle, count=np.int64(2)) == expected
    assert find(SCENE, TEMPLATE, scales=np.float64(1), threshold=np.float32(0.99)) == expected[:1]
    assert find_peaks(SCENE, np.array([2, 3]), count=np.int64(1)) == find_peaks(SCENE, (2, 3))
    tiles = [
        score_map(SCENE, TEMPLATE, tile=t, engine="fft") for t in (np.int64(4), np.array([4, 4]))
    ]
    assert tiles[0].tobytes() == tiles[1].tobytes()


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
