"""Each figure of the three texts is one call in the gallery, with the numbers of the figure."""

from contextlib import redirect_stdout
from functools import cache
from io import StringIO

import figures_page
import numpy as np
import pytest
from matplotlib import pyplot as plt

from books.hagan_pictures import BACKSLASH, DIAMOND, HORIZONTAL, SLASH, SQUARE, VERTICAL
from striate.drawing.sheet import ColorScale
from striate.functions.weight import Convolution

EXAMPLES = sorted((figures_page.ROOT / "examples" / "figures").glob("*.py"))
FIGURES = figures_page.text_figures()
DRAWN_HERE = [figure.name for path in EXAMPLES for figure in figures_page.figures_of(path)]
EXPECTED = {
    *(f"Hagan 8.{number}" for number in range(1, 13)),
    *(f"Wichmann {number}" for number in range(1, 5)),
    *(f"Wolter {word}" for word in ("convolution", "strides", "padding", "channels")),
    *(f"Wolter {word}" for word in ("waldo", "lenet", "digits", "convergence", "parameters")),
}


@cache
def drawn():
    """Run the examples, block by block, and return the axes of each figure of the texts."""
    found = {}
    for path in EXAMPLES:
        names = {}
        for block in figures_page.blocks(path):
            with redirect_stdout(StringIO()):
                exec(block.code, names)
        numbers = plt.get_fignums()
        for figure in figures_page.figures_of(path):
            number = int(figure.picture[-3:])
            found[figure.name] = plt.figure(numbers[number - 1]).axes[0]
        count = sum(len(block.drawings()) for block in figures_page.blocks(path))
        assert count == len(numbers), path
        plt.close("all")
    return found


def filtered(image):
    """Filter an image with each kernel, padded by one pixel."""
    layer = Convolution(feature_maps=4, kernel_size=3, padding=1)
    kernels = np.stack([HORIZONTAL, VERTICAL, SLASH, BACKSLASH])[:, None].astype(float)
    return layer.apply(kernels, image[None, None].astype(float))[0].astype(int)


def test_every_figure_is_in_the_gallery():
    """No figure of the texts is missing, and none is drawn that they don't have."""
    assert set(FIGURES) == EXPECTED


@pytest.mark.parametrize("name", DRAWN_HERE)
def test_a_figure_is_one_call(name):
    """The picture of the figure, as the page shows it, has something in it."""
    axes = drawn()[name]

    assert axes.texts or axes.images


def test_a_block_without_a_call_is_an_error(tmp_path):
    """A figure's label promises a picture."""
    path = tmp_path / "01_example.py"
    path.write_text("# %%\n# .. _hagan-figure-9.9:\n#\n# A heading\n# ---------\n\nx = 1\n")

    with pytest.raises(ValueError, match=r"the block of hagan-figure-9\.9 draws no figure"):
        list(figures_page.figures_of(path))


def test_calls_on_given_axes_make_no_figure():
    """Neither do drawings in SVG."""
    code = "f, ax = plt.subplots()\nst.pictures.images([x], ax=ax)\nst.pictures.diagram(net)"

    block = figures_page.ExampleBlock("", code)

    assert block.drawings() == ["plt.subplots()"]
    assert block.call() == "st.pictures.images([x], ax=ax)"


def test_the_call_is_that_of_the_picture():
    """Not the one that makes axes for it."""
    code = "f, ax = plt.subplots()\ndraw(ax, 'parameters')\nax.legend()"

    assert figures_page.ExampleBlock("", code).call() == 'draw(ax, "parameters")'


@pytest.mark.parametrize(
    ("name", "image", "largest"),
    [("Hagan 8.6", SQUARE, [3, 3, 2, 2]), ("Hagan 8.7", DIAMOND, [2, 2, 3, 3])],
)
def test_the_filtered_images(name, image, largest):
    """The figures show these responses; each picture has their colors."""
    responses = filtered(image)

    shown = [np.asarray(one.get_array()) for one in drawn()[name].images[:4]]

    assert responses.max(axis=(1, 2)).tolist() == largest
    scale = ColorScale(limit=3.0, signed=False)
    for one, response in zip(shown, responses, strict=True):
        assert np.array_equal(one, scale.colored(response, dark=False))


def test_the_pooled_image():
    """Figure 8.8: the output grid has the numbers of the figure."""
    texts = [text.get_text() for text in drawn()["Hagan 8.8"].texts]

    assert "".join(texts[:225]) == "".join(map(str, filtered(DIAMOND)[3].ravel()))
    assert texts[225:250] == list("0010003310131310133000100")


def test_the_sum_of_the_edge_filter():
    """Wichmann's figure 2: the response to a gradient to the right is positive."""
    assert drawn()["Wichmann 2"].texts[-1].get_text().endswith("= 11")
