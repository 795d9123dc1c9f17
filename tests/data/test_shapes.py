"""Hagan's squares and diamonds."""

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from striate.data import shapes
from striate.errors import OptionError


def correlate(image, kernel):
    """Filter like the book: cross-correlation, stride 1, zero padding 1."""
    windows = sliding_window_view(np.pad(image, 1), kernel.shape)
    return np.einsum("ijuv,uv->ij", windows, kernel)


def pool(image):
    """Take the maximum of windows of 3 x 3, stride 3."""
    return image.reshape(5, 3, 5, 3).max(axis=(1, 3))


def test_the_square_of_figure_8_4():
    """The book's square is the outline of rows and columns 3 to 11 of 15: 32 ones."""
    expected = np.zeros((15, 15))
    expected[3:12, 3:12] = 1
    expected[4:11, 4:11] = 0

    found = shapes.square()

    np.testing.assert_array_equal(found, expected)
    assert found.sum() == 32


def test_the_diamond_of_figure_8_4():
    """The book's diamond is the 16 pixels that are 4 steps from the middle."""
    expected = [[float(abs(i - 7) + abs(j - 7) == 4) for j in range(15)] for i in range(15)]

    found = shapes.diamond()

    np.testing.assert_array_equal(found, expected)
    assert found.sum() == 16


@pytest.mark.parametrize(
    ("figure", "largest"),
    [
        (shapes.square, {"horizontal": 3, "vertical": 3, "slash": 2, "backslash": 2}),
        (shapes.diamond, {"horizontal": 2, "vertical": 2, "slash": 3, "backslash": 3}),
    ],
)
def test_the_filtered_figures_8_6_and_8_7(figure, largest):
    """Each template responds most to its own strokes, with the book's largest values."""
    found = {name: correlate(figure(), kernel).max() for name, kernel in shapes.KERNELS.items()}

    assert found == largest


@pytest.mark.parametrize(
    ("figure", "kernel", "pooled"),
    [
        (shapes.diamond, "slash", "00100 01330 13131 03310 00100"),
        (shapes.diamond, "backslash", "00100 03310 13131 01330 00100"),
        (shapes.square, "horizontal", "00000 13331 11011 13331 00000"),
    ],
)
def test_the_pooled_figure_8_8(figure, kernel, pooled):
    """Filtered and pooled, the figures are the book's, pixel by pixel."""
    found = pool(correlate(figure(), shapes.KERNELS[kernel]))

    np.testing.assert_array_equal(found, [list(map(int, row)) for row in pooled.split()])


def test_templates_cannot_be_changed():
    """The book's kernels cannot be changed."""
    with pytest.raises(ValueError, match="read-only"):
        shapes.KERNELS["slash"][0, 0] = 2


@pytest.mark.parametrize("size", [7, 8, 15, 32])
def test_generated_figures_are_whole(size):
    """Without noise each image is one figure, and radius and position vary."""
    x, y = shapes.generate(200, size=size, noise=0, seed=4)

    assert x.shape == (200, size, size, 1)
    assert x.dtype == np.uint8
    assert np.bincount(y).tolist() == [100, 100]
    seen = set()
    for image, label in zip(x[..., 0], y, strict=True):
        rows, columns = np.nonzero(image)
        radius = (rows.max() - rows.min()) // 2
        center = (int(rows.max() - radius), int(columns.max() - radius))
        draw = (shapes.square, shapes.diamond)[label]
        np.testing.assert_array_equal(image, 255 * draw(size, radius=radius, center=center))
        assert rows.min() >= 1
        assert columns.min() >= 1
        assert rows.max() <= size - 2
        assert columns.max() <= size - 2
        seen.add((int(radius), *center))
    most = (size - 3) // 2
    assert {radius for radius, _, _ in seen} >= {2, most}
    assert len(seen) > min(100, 2 * (size - 6) ** 2 // 3)


def test_noise_has_the_deviation_that_is_asked_for():
    """Noise on paper has half its variance, since values below 0 are cut off."""
    x, y = shapes.generate(400, noise=0.1, seed=0)
    clean, _ = shapes.generate(400, noise=0, seed=0)

    paper = x[clean == 0] / 255

    assert (y == np.arange(400) % 2).all()
    # Half of the values are cut to 0; the mean square of the rest is the variance. 82,000 values:
    # the relative error of the mean square is about sqrt(2 / 41,000), 0.7%; five of them.
    np.testing.assert_allclose(np.mean(paper**2), 0.1**2 / 2, rtol=0.035)


def test_the_seed_decides():
    """The same seed draws the same images, another seed others."""
    first, again, other = (shapes.generate(20, seed=seed)[0] for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


@pytest.mark.parametrize(
    "call",
    [
        lambda: shapes.square(0),
        lambda: shapes.generate(10, size=6),
    ],
)
def test_what_cannot_be_drawn_is_refused(call, message):
    """Images that are too small are refused, with the smallest size."""
    with pytest.raises(OptionError) as error:
        call()

    message(error)
