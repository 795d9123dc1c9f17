"""Photos drawn for the benchmark look like the images that they were made from."""

import importlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageOps

import striate as st

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def photos(monkeypatch):
    """Return the program."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module("photos")


def test_a_photo_is_upright(photos, tmp_path):
    """Photos of all sizes, formats and EXIF orientations show their images upright."""
    (x, _), _ = st.data.load("digits")
    rng = np.random.default_rng(0)
    seen = set()
    for number, pixels in enumerate(x[:60]):
        photos.write_photo(pixels, tmp_path / f"{number:04}", rng)
    for path, pixels in zip(sorted(tmp_path.iterdir()), x, strict=False):
        with Image.open(path) as file:
            seen.add((path.suffix, file.getexif().get(0x0112, 1)))
            image = ImageOps.exif_transpose(file).convert("L").resize((28, 28))
        assert np.corrcoef(np.asarray(image).ravel(), pixels.ravel())[0, 1] > 0.9

    assert {ending for ending, _ in seen} == {".jpg", ".png", ".webp"}
    assert {orientation for _, orientation in seen} == {1, 3, 6, 8}


def test_the_number_of_photos(photos):
    """The unbalanced draw has 10 to 200 photos of a class, in a random order."""
    rng = np.random.default_rng(0)

    found = photos.counts("unbalanced", rng)

    assert sorted(found)[::9] == [10, 200]
    assert list(found) != sorted(found)
    assert photos.counts("cifar10", rng).tolist() == [60] * 10
