"""Score maps: equal to the formulas, whatever the engine, the tile, the mask and the type."""

import itertools
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import striate
from matching import definitions
from striate.errors import OptionError
from striate.matching import find, score_map, scratch
from striate.matching.images import as_image, as_weights
from striate.matching.methods import METHODS, TOLERANCE
from striate.matching.scores import matcher

ENGINES = ("fft", "direct")
EPSILON = 2.0**-24  # scores of float32 images are rounded to float32


def masks(rng, size, channels):
    """Return masks of many shapes for a template."""
    high, wide = size
    y, x = np.mgrid[0:high, 0:wide]
    disk = np.hypot(y - high / 2 + 0.5, x - wide / 2 + 0.5) <= min(size) / 2
    yield None
    yield disk if disk.any() else np.ones(size, bool)
    yield rng.random(size)  # weights
    yield np.eye(high, wide, dtype=np.uint8)  # one line
    yield rng.random((*size, channels)) < 0.6  # one mask for each channel
    ragged = np.zeros(size)
    ragged[0, 0] = ragged[-1, -1] = ragged[high // 2] = 2.5
    yield ragged


def usable(mask):
    """Whether each channel of a mask has a weight."""
    return mask is None or np.asarray(mask).reshape(*mask.shape[:2], -1).any(axis=(0, 1)).all()


def images(rng, dtype, scene, template, channels):
    """Draw a scene that contains the template and constant parts, and the template."""
    high, wide = template
    values = rng.random((*scene, channels))
    values[: scene[0] // 2, : scene[1] // 3] = 0.25
    if np.dtype(dtype).kind == "u":
        values = np.rint(values * np.iinfo(dtype).max)
    values = values.astype(dtype)
    top, left = scene[0] - high, scene[1] - wide
    found = values[top : top + high, left : left + wide].copy()
    return (values[..., 0], found[..., 0]) if channels == 1 else (values, found)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 3])
def test_scores_are_those_of_the_formula(method, dtype, channels):
    """Every method, dtype and mask, by each engine, in tiles and whole: the printed formula."""
    rng = np.random.default_rng((channels, np.dtype(dtype).itemsize, len(method)))
    scene, template = images(rng, dtype, (12, 17), (4, 5), channels)
    rounding = EPSILON if dtype != np.float64 else 0
    for mask in filter(usable, masks(rng, (4, 5), channels)):
        expected = definitions.scores(method, scene, template, mask)
        error = TOLERANCE * definitions.scale(method, scene, template, mask)
        marks = mask is None or set(np.unique(mask)) <= {0, 1}
        for engine in (*ENGINES, "compiled") if dtype == np.uint8 and marks else ENGINES:
            for tile in (None, 3, (1, 20)):
                found = score_map(
                    scene, template, method=method, mask=mask, engine=engine, tile=tile
                )
                assert found.dtype == (np.float64 if dtype == np.float64 else np.float32)
                assert np.abs(found - expected).max() <= error + rounding * np.abs(expected).max()


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_random_sizes_and_tiles(data):
    """Any sizes: one pixel, one row, template as large as the scene; any tile."""
    rows, columns = (data.draw(st.integers(1, 20), label=name) for name in ("rows", "columns"))
    high, wide = data.draw(st.integers(1, rows)), data.draw(st.integers(1, columns))
    method = data.draw(st.sampled_from(list(METHODS)))
    tile = data.draw(st.one_of(st.none(), st.tuples(st.integers(1, 25), st.integers(1, 25))))
    rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
    scene = rng.integers(0, 3, (rows, columns)).astype(np.float64)
    template = rng.integers(0, 3, (high, wide)).astype(np.float64)

    expected = definitions.scores(method, scene, template)

    error = TOLERANCE * definitions.scale(method, scene, template)
    for engine in ENGINES:
        found = score_map(scene, template, method=method, engine=engine, tile=tile)
        assert np.abs(found - expected).max() <= error


@pytest.mark.parametrize(
    ("scene", "template"),
    [
        ((1, 900), (1, 50)),
        ((900, 1), (50, 1)),
        ((17, 1200), (17, 3)),
        ((400, 130), (7, 100)),
        ((300, 300), (299, 298)),
        ((64, 64), (64, 64)),
        ((260, 250), (133, 90)),
        ((40, 50), (1, 1)),
    ],
)
@pytest.mark.parametrize("channels", [1, 2, 4])
def test_unusual_shapes(scene, template, channels):
    """One row, one column, hardly a place to move to: FFT and formula agree at three positions."""
    rng = np.random.default_rng(scene)
    for dtype in (np.uint8, np.float32):
        image = (250 * rng.random((*scene, channels))).astype(dtype)
        (high, wide), part = template, image[-template[0] :, -template[1] :].copy()
        for mask, method in itertools.product((None, rng.random(template) + 0.1), METHODS):
            scores = score_map(image, part, method=method, mask=mask, engine="fft")
            rows, columns = scores.shape
            for i, j in ((0, 0), (rows - 1, columns - 1), (rows // 2, columns // 3)):
                window = image[i : i + high, j : j + wide]
                one = score_map(window, part, method=method, mask=mask, engine="direct")[0, 0]
                unit = definitions.scale(method, window, part, mask)
                assert abs(scores[i, j] - one) <= TOLERANCE * unit + EPSILON * abs(one)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("engine", ENGINES)
def test_the_tile_and_the_number_of_threads_do_not_matter(method, engine):
    """Tiles of any size differ by less than the tolerance, and threads not in a single bit."""
    rng = np.random.default_rng(5)
    scene = rng.random((60, 70, 3)) * np.linspace(1, 100, 70)[:, np.newaxis]
    template, mask = scene[20:33, 30:41], rng.random((13, 11))
    whole = score_map(scene, template, method=method, mask=mask, engine=engine)
    unit = definitions.scale(method, scene, template, mask)

    for tile in (7, (60, 5), (1, 100)):
        found = score_map(scene, template, method=method, mask=mask, engine=engine, tile=tile)
        assert np.abs(found - whole).max() <= 2 * TOLERANCE * unit
        with striate.using_threads(3):
            again = score_map(scene, template, method=method, mask=mask, engine=engine, tile=tile)
        assert again.tobytes() == found.tobytes()


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("masks", [0, 1, 3])
def test_compiled_programs_are_exact(channels, masks):
    """For bytes, machine code and FFT give the same scores, in scenes of several tiles."""
    rng = np.random.default_rng((channels, masks))
    scene = rng.integers(0, 256, (150, 300, channels), np.uint8)
    scene[60:, 100:140] = 90
    template = scene[40:49, 80:92]
    mask = None if not masks else rng.random((9, 12, min(masks, channels))) < 0.7

    for method in METHODS:
        by_program, by_fft = (
            score_map(scene, template, method=method, mask=mask, engine=engine)
            for engine in ("compiled", "fft")
        )
        if method == "normalized-correlation":
            assert np.abs(by_program - by_fft).max() <= TOLERANCE
        else:
            assert by_program.tobytes() == by_fft.tobytes()


def test_compiled_programs_leave_large_sums_to_the_fft():
    """White on black under a template of 40 x 40 pixels exceeds 2**24: still exact."""
    scene = np.zeros((90, 100), np.uint8)
    scene[30:75, 30:80] = 255
    template = np.zeros((40, 40), np.uint8)
    template[5:] = 254
    template[10, 10] = 1

    by_program, direct = (
        score_map(scene, template, method="cross-correlation", engine=engine)
        for engine in ("compiled", "direct")
    )

    assert by_program.tobytes() == direct.tobytes()


def test_compiled_programs_need_bytes():
    """Other numbers would be rounded, so they are refused."""
    scene = np.random.default_rng(0).random((20, 20))

    with pytest.raises(OptionError) as error:
        score_map(scene, scene[:5, :5], engine="compiled")

    assert str(error.value) == (
        'engine="compiled" needs a scene and a template of uint8 pixels and, if any, a mask of '
        "booleans: it computes in float32, where sums of other numbers are rounded. Use "
        'engine="auto".'
    )


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("power", [-1000, -540, -515, -480, 190])
@pytest.mark.filterwarnings("error")
def test_pixels_close_to_0_and_huge_ones(engine, power):
    """A common factor doesn't change normalized correlations, even if squares vanish in float64."""
    rng = np.random.default_rng(12)
    scene = rng.random((20, 30))
    template = scene[5:10, 5:12]
    for mask in (None, rng.random((5, 7))):
        expected = score_map(scene, template, mask=mask, engine=engine)

        found = score_map(scene * 2.0**power, template * 2.0**power, mask=mask, engine=engine)

        assert np.abs(found - expected).max() <= 2 * TOLERANCE
    [match] = find(scene * 2.0**power, template * 2.0**power)
    assert (match.row, match.column) == pytest.approx((5, 5), abs=0.2)


@pytest.mark.parametrize("engine", ENGINES)
def test_brightness_and_contrast_do_not_matter(engine):
    """A template scores 1 under any positive contrast and any brightness, and -1 inverted."""
    rng = np.random.default_rng(1)
    template = rng.random((9, 8))
    scene = rng.random((30, 40))
    scene[3:12, 2:10] = 1000 + 0.001 * template
    scene[15:24, 20:28] = 5 - 3 * template

    scores = score_map(scene, template, engine=engine)

    assert scores[3, 2] == pytest.approx(1, abs=TOLERANCE)
    assert scores[15, 20] == pytest.approx(-1, abs=TOLERANCE)
    assert np.abs(scores).max() <= 1


@pytest.mark.parametrize("engine", ENGINES)
def test_what_the_mask_leaves_out_does_not_matter(engine):
    """Pixels without weight may have any value, in the template and in the scene."""
    rng = np.random.default_rng(2)
    scene, template = rng.random((20, 25)), rng.random((6, 7))
    mask = rng.random((6, 7)) < 0.5
    scene[8:14, 9:16] = np.where(mask, template, 40.0)
    other = np.where(mask, template, -7.0)

    for method, perfect in (("normalized-correlation", 1), ("squared-difference", 0)):
        scores = score_map(scene, template, method=method, mask=mask, engine=engine)
        changed = score_map(scene, other, method=method, mask=mask, engine=engine)
        assert scores[8, 9] == pytest.approx(perfect, abs=1e-9)
        assert np.abs(changed - scores).max() <= TOLERANCE * 40**2


def test_only_the_ratios_of_weights_matter():
    """A mask in bytes, as pictures hold it, means the same as one from 0 to 1."""
    rng = np.random.default_rng(3)
    scene, template = rng.random((20, 25)), rng.random((6, 7))
    mask = rng.integers(0, 256, (6, 7), np.uint8)

    for method in ("normalized-correlation", "squared-difference"):
        bytes_ = score_map(scene, template, method=method, mask=mask)
        shares = score_map(scene, template, method=method, mask=mask / 255)
        assert np.abs(bytes_ - shares).max() <= 1e-12


def test_sums_over_integers_are_exact():
    """Without normalization, FFT and formula agree in every bit for images of bytes."""
    rng = np.random.default_rng(4)
    scene = rng.integers(0, 256, (90, 80, 3), np.uint8)
    template = scene[30:61, 20:47]
    mask = rng.random((31, 27)) < 0.7

    for method in ("squared-difference", "cross-correlation"):
        by_fft, direct = (
            score_map(scene, template, method=method, mask=mask, engine=engine)
            for engine in ENGINES
        )
        assert by_fft.tobytes() == direct.tobytes()
    assert score_map(scene, template, method="squared-difference")[30, 20] == 0


def test_a_bright_block_beats_the_template_by_plain_correlation_only():
    """Hagan's matched filter measures brightness too: 7.5 for a block, 5 for the plus itself."""
    plus = np.array([[0.0, 1, 0], [1, 1, 1], [0, 1, 0]])
    scene = np.zeros((3, 6))
    scene[:, :3], scene[:, 3:] = plus, 1.5

    plain = score_map(scene, plus, method="cross-correlation")[0]
    normalized = score_map(scene, plus)[0]

    assert (plain[0], plain[3]) == (5, 7.5)
    assert (normalized[0], normalized[3]) == (pytest.approx(1), 0)


def test_memory_is_bounded_by_tiles():
    """Beyond the scores, memory depends on the tile, not on the scene."""
    rng = np.random.default_rng(6)
    template = rng.random((16, 16), np.float32)
    peaks = []
    for rows in (600, 2400):
        scene = rng.random((rows, 500), np.float32)
        scratch.forget()
        with striate.using_threads(1):
            tracemalloc.start()
            scores = score_map(scene, template, tile=128, engine="fft")
            peaks.append(tracemalloc.get_traced_memory()[1] - scores.nbytes)
            tracemalloc.stop()

    assert peaks[1] < 1.1 * peaks[0]


def test_few_windows_are_doubtful():
    """Smooth parts of a photo, with half a gray level of noise, are certain under a mask too."""
    rng = np.random.default_rng(7)
    scene = rng.random((300, 400))
    scene[:150] = 0.5 + 0.5 / 255 * rng.normal(size=(150, 400))
    template = scene[140:172, 100:132]
    evaluated = []
    for mask in (None, rng.random((32, 32)) < 0.5):
        images = as_image(scene, "scene"), as_image(template, "template")
        prepared = matcher(
            *images, as_weights(mask, images[1]), method="normalized-correlation", engine="fft"
        )
        direct = prepared._at
        object.__setattr__(
            prepared, "_at", lambda *x, d=direct: evaluated.append(x[1].shape[1]) or d(*x)
        )
        prepared.scores()

    assert sum(evaluated) == 0


def test_an_error_in_a_tile_ends_the_call(monkeypatch):
    """An exception in one thread reaches the caller, and no other thread waits forever."""

    def fail(*_):
        raise MemoryError

    monkeypatch.setattr("striate.matching.scores.spectral_sums", fail)
    scene = np.random.default_rng(0).random((90, 90))

    with striate.using_threads(2), pytest.raises(MemoryError):
        score_map(scene, scene[:5, :5], engine="fft", tile=10)
