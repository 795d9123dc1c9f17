"""Loading images: moved, mirrored, covered and scaled, compared with loops over pixels."""

import ctypes
import os
import signal
import subprocess
import sys
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from engine.guarded import guarded_bytes
from striate.llvm.images import write_load_stored
from striate.llvm.ir import IRModule
from striate.llvm.machine import LoadedObject, compile_object, host
from striate.maths.pixel_map import MAP_COLUMNS, MapColumn, PixelMap
from striate.plan.statement import LANES, LoadStored
from striate.runtime.shared_memory import floats

SHAPES = {
    "digits": (28, 28, 1, "uint8", True),
    "colors": (9, 17, 3, "uint8", True),
    "colors, channels first": (9, 17, 3, "uint8", False),
    "16 bits": (6, 18, 1, "uint16", True),
    "16 bits, channels first": (4, 7, 2, "uint16", False),
    "float32": (7, 9, 3, "float32", True),
    "float32, channels first": (5, 20, 2, "float32", False),
    "a row": (1, 7, 1, "float32", True),
    "features": (1, 1, 20, "float32", True),
    "one number": (1, 1, 1, "uint8", False),
}

MANY = 40
"""Images that there are to choose from."""

UNMOVED = (0, 1, 0, 1, 0, 0, 0, 0)


@cache
def gathering(name, *, affine=False):
    """Compile the function that loads images of this shape."""
    rows, columns, channels, element, last = SHAPES[name]
    item = LoadStored(
        source="images",
        indices="indices",
        maps="maps",
        scale="scale",
        target="x",
        rows=rows,
        columns=columns,
        channels=channels,
        element=element,
        last=last,
        affine=("affine", "values") if affine else (),
    )
    module = IRModule.of(host())
    write_load_stored(module, "gather", item)
    module.functions["gather"].internal = False
    code = LoadedObject(compile_object(module, host()), host())
    types = [*[ctypes.c_void_p] * (5 + 2 * affine), ctypes.c_int64]
    function = ctypes.CFUNCTYPE(None, *types)(code.address("gather"))

    def gather(images, indices, maps, scale, count, *affine_maps):
        """Load the images (channels, rows, columns, lanes)."""
        target = floats(rows * columns * channels * LANES)
        arrays = (images, indices, maps, scale, *affine_maps, target)
        function(*(array.ctypes.data for array in arrays), count)
        return target.reshape(channels, rows, columns, LANES)

    gather.code = code
    return gather


def given(name, rng):
    """Draw images, indices and a packed scale."""
    rows, columns, channels, element, last = SHAPES[name]
    size = (rows, columns, channels) if last else (channels, rows, columns)
    most = 65_536 if element == "uint16" else 256
    images = rng.integers(0, most, (MANY, *size)).astype(element)
    if element == "float32":
        images += rng.random(images.shape, np.float32)
    indices = rng.integers(0, MANY, LANES)
    scale = np.concatenate([rng.random(2 * channels), [7.0]]).astype(np.float32)
    return images, indices, scale


def one_image(image, move, scale, *, last):
    """Move and scale one image in float64, pixel by pixel; return channels first."""
    image = image.transpose(2, 0, 1) if last else image
    channels, rows, columns = image.shape
    row, row_step, column, column_step, top, bottom, left, right = move
    found = np.empty(image.shape)
    for c, i, j in np.ndindex(found.shape):
        x, y = row + row_step * i, column + column_step * j
        inside = 0 <= x < rows and 0 <= y < columns
        covered = top <= i < bottom and left <= j < right
        value = float(image[c, x, y]) if inside and not covered else float(scale[-1])
        found[c, i, j] = value * scale[c] + scale[channels + c]
    return found


def assert_gathered(name, maps, count=LANES, seed=0):
    """Load images, and compare; lanes without an image repeat the first one."""
    images, indices, scale = given(name, np.random.default_rng(seed))
    maps = np.ascontiguousarray(np.broadcast_to(maps, (LANES, MAP_COLUMNS)), np.int32)

    found = gathering(name)(images, indices, maps, scale, count)

    for lane in range(LANES):
        k = lane if lane < count else 0
        expected = one_image(images[indices[k]], maps[k], scale, last=SHAPES[name][-1])
        # One fused multiply-add in float32.
        np.testing.assert_allclose(found[..., lane], expected, rtol=2e-7, atol=1e-7)


def mirrored(name, axis):
    """Return the packed map of a mirrored image."""
    last = SHAPES[name][axis] - 1
    return (last, -1, 0, 1, 0, 0, 0, 0) if axis == 0 else (0, 1, last, -1, 0, 0, 0, 0)


@pytest.mark.parametrize("name", SHAPES)
class TestMoves:
    """Each image is moved differently."""

    def test_as_they_are(self, name):
        """Images that aren't moved are only scaled, with a scale and offset for each channel."""
        assert_gathered(name, UNMOVED)

    def test_short_block(self, name):
        """Lanes without an image repeat the first one; their indices and maps aren't read."""
        maps = np.array([UNMOVED] * 5 + [(99,) * MAP_COLUMNS] * (LANES - 5))

        assert_gathered(name, maps, count=5)

    @pytest.mark.parametrize("move", [(-2, 1, 1, 1), (1, 1, -3, 1), (2, 1, 2, 1), (99, 1, -99, 1)])
    def test_shifted(self, name, move):
        """Pixels from outside the image get the fill value, scaled like the others."""
        assert_gathered(name, (*move, 0, 0, 0, 0))

    @pytest.mark.parametrize("axis", [0, 1])
    def test_mirrored(self, name, axis):
        """Rows or columns are read backward."""
        assert_gathered(name, mirrored(name, axis))

    @pytest.mark.parametrize("hole", [(1, 4, 2, 6), (0, 1, 0, 1), (0, 99, 0, 99), (3, 3, 0, 9)])
    def test_covered(self, name, hole):
        """Pixels in the covered box get the fill value; a box without rows covers nothing."""
        assert_gathered(name, (*UNMOVED[:4], *hole))

    def test_all_at_once(self, name):
        """Sixteen images, each moved, mirrored and covered at random."""
        rng = np.random.default_rng(5)
        rows, columns, *_ = SHAPES[name]
        maps = np.zeros((LANES, MAP_COLUMNS), int)
        for move in maps:
            for k, length in ((0, rows), (2, columns)):
                shift = int(rng.integers(-3, 4))
                back = rng.random() < 0.4
                move[k : k + 2] = (length - 1 + shift, -1) if back else (shift, 1)
            if rng.random() < 0.5:
                low, high = np.sort(rng.integers(0, 12, (2, 2)), axis=0)
                move[4:] = low[0], high[0], low[1], high[1]

        assert_gathered(name, maps, seed=6)


def affine_maps(rng):
    """Draw maps that rotate, shear, resize, shift, cover and brighten."""
    packed = np.array([UNMOVED] * LANES, np.int32)
    packed[:, MapColumn.TOP :] = rng.integers(0, 9, (LANES, 4))
    steps = np.eye(2) + rng.uniform(-0.7, 0.7, (LANES, 2, 2))
    first = rng.uniform(-6, 6, (LANES, 2, 1))
    places = np.concatenate([first, steps], axis=2).reshape(LANES, 6)
    values = rng.uniform([0.7, -0.2], [1.4, 0.2], (LANES, 2))
    return PixelMap.affinely(places, values=values, packed=packed)


@pytest.mark.parametrize("name", SHAPES)
class TestAffineMaps:
    """Each image is moved by an affine map, to the same bits as with NumPy."""

    def gathered(self, name, maps, scale=None, count=LANES):
        """Load images; return them, and what the maps make of them with NumPy, channels first."""
        images, indices, _ = given(name, np.random.default_rng(3))
        channels, last = SHAPES[name][2], SHAPES[name][-1]
        if scale is None:
            scale = np.array([1.0] * channels + [0.0] * channels + [7.0], np.float32)

        found = gathering(name, affine=True)(
            images, indices, maps.packed, scale, count, maps.affine, maps.values
        )

        taken = images[indices] if last else np.moveaxis(images[indices], 1, -1)
        moved = maps[np.arange(count)].apply(taken[:count], 7)
        return found, moved.transpose(3, 1, 2, 0)

    @pytest.mark.parametrize("seed", range(3))
    def test_random_maps(self, name, seed):
        """Rotated, sheared, resized, shifted, covered and brightened."""
        found, wanted = self.gathered(name, affine_maps(np.random.default_rng(seed)))

        np.testing.assert_array_equal(found, wanted)

    def test_short_block(self, name):
        """Lanes without an image repeat the first one; their maps aren't read."""
        maps = affine_maps(np.random.default_rng(7))
        maps.values[5:] = np.nan

        found, wanted = self.gathered(name, maps, count=5)

        np.testing.assert_array_equal(found[..., :5], wanted)
        np.testing.assert_array_equal(found[..., 5:], wanted[..., [0] * 11])

    def test_whole_pixels_and_far_outside(self, name):
        """Maps that move nothing, and maps that move everything out of view."""
        numbers = np.array([[0, 1, 0, 0, 0, 1]] * LANES, float)
        numbers[3, 0], numbers[5, 3] = 1e12, -1e12
        numbers[7] = 5e8, 1e9, -1e9, 0, 1e9, 1e9

        found, wanted = self.gathered(name, PixelMap.affinely(numbers))

        np.testing.assert_array_equal(found, wanted)
        assert (found[..., [3, 5, 7]] == 7).all()

    def test_each_channel_is_scaled(self, name):
        """After moving, values are scaled and offset."""
        scale = given(name, np.random.default_rng(1))[-1]

        found, moved = self.gathered(name, affine_maps(np.random.default_rng(2)), scale)

        factor, offset = (part.reshape(-1, 1, 1, 1) for part in np.split(scale[:-1], 2))
        # One fused multiply-add in float32.
        wanted = moved.astype(float) * factor + offset
        np.testing.assert_allclose(found, wanted, rtol=2e-7, atol=1e-7)


def load_in_guarded_memory(name, missing):
    """Load the first and the last image from memory at a guard page, with some bytes too few."""
    images, indices, scale = given(name, np.random.default_rng(3))
    indices[:] = [0, MANY - 1] * 8
    moved = [affine_maps(np.random.default_rng(seed)) for seed in range(8)]
    numbers = [[0, 1, 0, 0, 0, 1], [0.5, 1, 0, 0.5, 0, 1]] * 8  # between the last pixels
    moved += [PixelMap.affinely(numbers), PixelMap.affinely(numbers[::-1])]
    for at_end in (True, False):
        memory = guarded_bytes(images.nbytes - missing, at_end=at_end)
        memory[:] = images.view(np.uint8).ravel()[: len(memory)]
        for maps in moved:
            arrays = memory, indices, maps.packed, scale
            gathering(name, affine=True)(*arrays, LANES, maps.affine, maps.values)
            gathering(name)(*arrays, LANES)


@pytest.mark.parametrize(("missing", "status"), [(0, 0), (1, -signal.SIGSEGV)])
def test_no_address_outside_the_images_is_read(missing, status):
    """Guard pages next to the images stay untouched; with a byte too few, they are touched."""
    root = Path(__file__).parents[2]
    program = (
        "import resource; resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        "from llvm.test_images import SHAPES, load_in_guarded_memory\n"
        f"for name in SHAPES: load_in_guarded_memory(name, {missing})"
    )
    paths = os.pathsep.join(map(str, (root / "src", root / "tests")))

    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )

    assert done.returncode == status, done.stderr[-1000:]
