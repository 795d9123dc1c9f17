"""Score maps equal to those of OpenCV and scikit-image, where these are defined.

OpenCV weights each pixel with the square of a mask of floats, and returns sums of squared
differences. scikit-image has normalized correlation without masks. Both compute in float32 or with
integral images, so the comparison allows what that costs; windows of little variance are left out,
since both return noise there.
"""

import numpy as np
import pytest

from striate.matching import score_map

pytestmark = pytest.mark.slow

CASES = 500


@pytest.fixture(scope="module")
def cv2():
    return pytest.importorskip("cv2")


def drawn(case):
    """Draw a scene, a template that is sometimes part of it, and a mask."""
    rng = np.random.default_rng((77, case))
    rows, columns = rng.integers(12, 120, 2)
    high, wide = (int(rng.integers(2, max(3, n // 2))) for n in (rows, columns))
    channels = int(rng.choice([1, 3]))
    scene = rng.random((rows, columns, channels))
    if rng.random() < 0.5:  # smooth, as photos are
        for axis in (0, 1):
            scene = (scene + np.roll(scene, 1, axis) + np.roll(scene, 2, axis)) / 3
    if rng.random() < 0.5:
        scene = np.rint(255 * scene).astype(np.uint8)
    else:
        scene = scene.astype(np.float32)
    top, left = int(rng.integers(rows - high + 1)), int(rng.integers(columns - wide + 1))
    template = scene[top : top + high, left : left + wide].copy()
    if rng.random() < 0.3:
        template = rng.permuted(template, axis=0)
    kind = rng.integers(3)
    mask = None
    if kind == 1:
        mask = (rng.random((high, wide)) < 0.7).astype(np.float32)
        mask[0, 0] = mask[-1, -1] = 1
    elif kind == 2:
        mask = rng.random((high, wide)).astype(np.float32) + 0.05
    if channels == 1:
        scene, template = scene[..., 0], template[..., 0]
    return scene, template, mask


@pytest.mark.parametrize("case", range(CASES))
def test_scores_equal_those_of_opencv(cv2, case):
    """All three methods, gray and color, bytes and floats, with and without a mask."""
    scene, template, mask = drawn(case)
    floats = [x.astype(np.float32) / (255 if x.dtype == np.uint8 else 1) for x in (scene, template)]
    # OpenCV has one mask for all channels; it must have the template's type.
    weights = None if mask is None else mask**2
    total = float(
        np.ones(template.shape).sum()
        if weights is None
        else weights.sum() * (template.size / weights.size)
    )
    bright = float(np.abs(floats[0]).max() * np.abs(floats[1]).max()) * total
    for method, theirs, factor, allowed in (
        ("normalized-correlation", cv2.TM_CCOEFF_NORMED, 1.0, 2e-3),
        ("squared-difference", cv2.TM_SQDIFF, total, 1e-5 * bright),
        ("cross-correlation", cv2.TM_CCORR, 1.0, 1e-5 * bright),
    ):
        expected = cv2.matchTemplate(*floats, theirs, mask=mask)
        found = score_map(scene, template, method=method, mask=weights) * factor
        difference = np.abs(found - expected)
        if method == "normalized-correlation":
            if mask is not None and not np.isin(mask, (0, 1)).all():
                continue  # OpenCV weights means by the mask, and products by its square
            difference = difference[np.isfinite(expected)]
        assert difference.max(initial=0) <= allowed


@pytest.mark.parametrize("case", range(CASES))
def test_scores_equal_those_of_scikit_image(case):
    """Normalized correlation of gray images without a mask."""
    feature = pytest.importorskip("skimage.feature")
    scene, template, _ = drawn(case)
    if scene.ndim == 3:
        scene, template = scene[..., 0], template[..., 0]
    doubles = [
        x.astype(np.float64) / (255 if x.dtype == np.uint8 else 1) for x in (scene, template)
    ]
    if np.ptp(doubles[1]) == 0:
        return

    expected = feature.match_template(*doubles)

    # scikit-image sets windows of little variance to 0.
    found = score_map(*doubles)
    known = expected != 0
    assert np.abs(found - expected)[known].max(initial=0) <= 1e-6
