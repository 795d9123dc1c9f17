"""Fixtures for the tests of the command."""

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from striate.cli import main
from striate.data import open_dataset
from striate.recipes.networks import labels_for, make, set_classes


@pytest.fixture
def striate(tmp_path, monkeypatch):
    """Run the command in an empty folder: `striate("train", "shapes")`."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        return CliRunner().invoke(main, [str(word) for word in words], prog_name="striate")

    return run


@pytest.fixture(scope="session")
def shapes_model(tmp_path_factory):
    """Return the file of a small network that tells squares from diamonds without a mistake."""
    data = open_dataset("shapes")
    net = make("conv 4@3x3 relu | max 3 | dense {classes} softmax", (15, 15, 1), 2)
    set_classes(net, data.classes)
    net.fit(
        data.x, labels_for(net, data.y, data.classes), epochs=5, batch_size=32, learning_rate=0.02
    )
    path = tmp_path_factory.mktemp("model") / "shapes.safetensors"
    net.save(path)
    return path


@pytest.fixture
def picture_folder(tmp_path):
    """Return a folder with ten dark and ten light pictures in two subfolders."""
    rng = np.random.default_rng(0)
    for name, low in (("dark", 0), ("light", 128)):
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True)
        for k in range(10):
            pixels = rng.integers(low, low + 100, (12, 12, 3), np.uint8)
            Image.fromarray(pixels).save(folder / f"{k}.png")
    return tmp_path / "photos"
