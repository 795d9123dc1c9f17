"""Images brought into the lanes: moved, mirrored, covered, toned, against loops over pixels."""

import ctypes
from functools import cache

import numpy as np
import pytest

from striate.llvm.images import write_gather
from striate.llvm.machine import Code, compile_object, host
from striate.llvm.text import Module
from striate.plan.statement import LANES, MOVES, Gather
from striate.runtime.shared_memory import floats

SHAPES = {
    "digits": (28, 28, 1, "uint8", True),
    "colors": (9, 17, 3, "uint8", True),
    "colors, channels first": (9, 17, 3, "uint8", False),
    "float32": (7, 9, 3, "float32", True),
    "float32, channels first": (5, 20, 2, "float32", False),
    "a row": (1, 7, 1, "float32", True),
    "features": (1, 1, 20, "float32", True),
    "one number": (1, 1, 1, "uint8", False),
}

MANY = 40
"""Images that there are to choose from."""

PLAIN = (0, 1, 0, 1, 0, 0, 0, 0)


@cache
def gathering(name):
    """Compile the function for a shape of images."""
    rows, columns, channels, element, last = SHAPES[name]
    item = Gather(
        source="images",
        numbers="numbers",
        moves="moves",
        tones="tones",
        target="x",
        rows=rows,
        columns=columns,
        channels=channels,
        element=element,
        last=last,
    )
    module = Module(host().triple)
    write_gather(module, "gather", item)
    module.functions["gather"].internal = False
    code = Code(compile_object(module, host()), host())
    types = [*[ctypes.c_void_p] * 5, ctypes.c_int64]
    function = ctypes.CFUNCTYPE(None, *types)(code.address("gather"))

    def gather(images, numbers, moves, tones, count):
        """Give the images (channels, rows, columns, lanes)."""
        target = floats(rows * columns * channels * LANES)
        arrays = (images, numbers, moves, tones, target)
        function(*(array.ctypes.data for array in arrays), count)
        return target.reshape(channels, rows, columns, LANES)

    gather.code = code
    return gather


def given(name, rng):
    """Draw images, their numbers, and tones."""
    rows, columns, channels, element, last = SHAPES[name]
    size = (rows, columns, channels) if last else (channels, rows, columns)
    images = rng.integers(0, 256, (MANY, *size)).astype(element)
    if element == "float32":
        images += rng.random(images.shape, np.float32)
    numbers = rng.integers(0, MANY, LANES)
    tones = np.concatenate([rng.random(2 * channels), [7.0]]).astype(np.float32)
    return images, numbers, tones


def one_image(image, move, tones, *, last):
    """Move and tone one image, pixel by pixel, in float64; give channels first."""
    image = image.transpose(2, 0, 1) if last else image
    channels, rows, columns = image.shape
    row, row_step, column, column_step, top, bottom, left, right = move
    found = np.empty(image.shape)
    for c, i, j in np.ndindex(found.shape):
        x, y = row + row_step * i, column + column_step * j
        inside = 0 <= x < rows and 0 <= y < columns
        covered = top <= i < bottom and left <= j < right
        value = float(image[c, x, y]) if inside and not covered else float(tones[-1])
        found[c, i, j] = value * tones[c] + tones[channels + c]
    return found


def assert_gathered(name, moves, count=LANES, seed=0):
    """Gather images and compare; lanes without an image repeat the first."""
    images, numbers, tones = given(name, np.random.default_rng(seed))
    moves = np.ascontiguousarray(np.broadcast_to(moves, (LANES, MOVES)), np.int32)

    found = gathering(name)(images, numbers, moves, tones, count)

    for lane in range(LANES):
        k = lane if lane < count else 0
        expected = one_image(images[numbers[k]], moves[k], tones, last=SHAPES[name][-1])
        # One fused multiply-add in float32.
        np.testing.assert_allclose(found[..., lane], expected, rtol=2e-7, atol=1e-7)


def mirrored(name, axis):
    """Say how an image is mirrored."""
    last = SHAPES[name][axis] - 1
    return (last, -1, 0, 1, 0, 0, 0, 0) if axis == 0 else (0, 1, last, -1, 0, 0, 0, 0)


@pytest.mark.parametrize("name", SHAPES)
class TestMoves:
    """Each image is moved in its own way."""

    def test_as_they_are(self, name):
        """Nothing is moved, and every channel has its factor and summand."""
        assert_gathered(name, PLAIN)

    def test_short_block(self, name):
        """Lanes without an image repeat the first; what is said of them is not read."""
        moves = np.array([PLAIN] * 5 + [(99,) * MOVES] * (LANES - 5))

        assert_gathered(name, moves, count=5)

    @pytest.mark.parametrize("move", [(-2, 1, 1, 1), (1, 1, -3, 1), (2, 1, 2, 1), (99, 1, -99, 1)])
    def test_shifted(self, name, move):
        """What comes from outside is the gray level, toned as the rest."""
        assert_gathered(name, (*move, 0, 0, 0, 0))

    @pytest.mark.parametrize("axis", [0, 1])
    def test_mirrored(self, name, axis):
        """Rows or columns are read backwards."""
        assert_gathered(name, mirrored(name, axis))

    @pytest.mark.parametrize("hole", [(1, 4, 2, 6), (0, 1, 0, 1), (0, 99, 0, 99), (3, 3, 0, 9)])
    def test_covered(self, name, hole):
        """A rectangle of any size is the gray level; one without rows is none."""
        assert_gathered(name, (*PLAIN[:4], *hole))

    def test_all_at_once(self, name):
        """Sixteen images, moved, mirrored and covered, each by chance."""
        rng = np.random.default_rng(5)
        rows, columns, *_ = SHAPES[name]
        moves = np.zeros((LANES, MOVES), int)
        for move in moves:
            for k, length in ((0, rows), (2, columns)):
                shift = int(rng.integers(-3, 4))
                back = rng.random() < 0.4
                move[k : k + 2] = (length - 1 + shift, -1) if back else (shift, 1)
            if rng.random() < 0.5:
                low, high = np.sort(rng.integers(0, 12, (2, 2)), axis=0)
                move[4:] = low[0], high[0], low[1], high[1]

        assert_gathered(name, moves, seed=6)
