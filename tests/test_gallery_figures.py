"""The gallery of the documentation has each figure for light and for dark pages."""

import sys

import numpy as np
import pytest
from matplotlib import pyplot as plt
from PIL import Image

from striate.drawing.paint import SURFACE

pytest.importorskip("sphinx")

EXAMPLE = """
from matplotlib import pyplot as plt
import striate as st

st.pictures.images([[[1, 2], [3, 4]]])
plt.subplots(figsize=(1, 1))
print("not shown again")
"""


@pytest.fixture
def gallery(monkeypatch):
    """Import the scraper from docs/."""
    monkeypatch.syspath_prepend("docs")
    import gallery_figures  # noqa: PLC0415  # found now

    yield gallery_figures
    plt.close("all")
    sys.modules.pop("gallery_figures")


class Paths:
    """Counts the images of an example, as sphinx-gallery does."""

    def __init__(self, folder):
        self.folder, self.count = folder, 0

    def __len__(self):
        return self.count

    def __next__(self):
        self.count += 1
        return str(self.folder / f"figure_{self.count}.png")


def corner(path):
    """Return the color of the first pixel, as `#rrggbb`."""
    with Image.open(path) as image:
        return "#" + bytes(np.asarray(image.convert("RGB"))[0, 0]).hex()


def test_each_figure_is_saved_twice(gallery, tmp_path, capsys):
    """The light version is what the block drew; the dark one comes from a second run."""
    example = tmp_path / "01_example.py"
    example.write_text(EXAMPLE)
    variables = {"image_path_iterator": Paths(tmp_path), "src_file": str(example)}
    exec(EXAMPLE, {})
    capsys.readouterr()

    text = gallery.save_figures(None, variables, {"src_dir": str(tmp_path)})

    for number in (1, 2):
        assert corner(tmp_path / f"figure_{number}.png") == SURFACE.light
        assert corner(tmp_path / f"figure_{number}_dark.png") == SURFACE.dark
    assert text.count(":class: only-light") == text.count(":class: only-dark") == 2
    assert ".. image:: /figure_2_dark.png\n   :alt: figure\n" in text
    assert ":alt: 1 images." in text
    assert ":width: 120px" in text
    assert capsys.readouterr().out == ""
    assert not plt.get_fignums()


def test_an_example_that_closes_its_figures_is_an_error(gallery, tmp_path):
    """Otherwise a light figure would have the dark version of another one."""
    example = tmp_path / "01_example.py"
    example.write_text("from matplotlib import pyplot as plt\nplt.figure()\nplt.close('all')")
    variables = {"image_path_iterator": Paths(tmp_path), "src_file": str(example)}
    plt.figure()

    with pytest.raises(Exception, match="must not close its figures"):
        gallery.save_figures(None, variables, {"src_dir": str(tmp_path)})


def test_a_block_without_figures_shows_none(gallery, tmp_path):
    """The example isn't run again for it."""
    variables = {"image_path_iterator": Paths(tmp_path), "src_file": "missing.py"}

    assert gallery.save_figures(None, variables, {"src_dir": str(tmp_path)}) == ""
