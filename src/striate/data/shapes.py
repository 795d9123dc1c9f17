"""Hagan's squares and diamonds: the figures of the book, and random ones like them."""

import numpy as np

from striate.data.allocation import require_memory
from striate.data.dataset import Dataset, assemble
from striate.errors import OptionError
from striate.maths import kernels
from striate.shapes import Array, Float

SIZE, RADIUS = 15, 4
"""Rows and columns of the book's figures, and the distance of the outline from the center."""

CLASSES = ("square", "diamond")

KERNELS = {
    "horizontal": kernels.horizontal().astype(float),
    "vertical": kernels.vertical().astype(float),
    "slash": kernels.slash().astype(float),
    "backslash": kernels.backslash().astype(float),
}
"""The templates of Hagan's figure 8.5, under the book's names; its slash goes down to the right."""

for _kernel in KERNELS.values():
    _kernel.flags.writeable = False

_TRAINING = 5  # training images for each test image
_BYTES = 40  # for each pixel while it is drawn: five arrays of 64 bits
_SMALLEST_RADIUS = 2  # a square and a diamond of radius 1 look alike


def square(
    size: int = SIZE, *, radius: int = RADIUS, center: tuple[int, int] | None = None
) -> Float[Array, "rows columns"]:
    r"""Draw the outline of a square: the pixels at one distance from the center.

    .. math:: \max(|i - c_i|, |j - c_j|) = radius

    Parameters
    ----------
    size
        Rows and columns of the image, in pixels.
    radius
        Distance of the outline from the center, in pixels.
    center
        Row and column; None is the middle.

    Returns
    -------
    image
        1 on the outline, 0 elsewhere; pixels outside the image are cut off.

    Raises
    ------
    OptionError
        If the size is less than 1 or the radius negative.

    Sources
    -------
    Hagan fig. 8.4.

    Examples
    --------
    >>> square(5, radius=1).astype(int)
    array([[0, 0, 0, 0, 0],
           [0, 1, 1, 1, 0],
           [0, 1, 0, 1, 0],
           [0, 1, 1, 1, 0],
           [0, 0, 0, 0, 0]])
    """
    down, right = _distances(size, radius, center)
    return (np.maximum(down, right) == radius).astype(float)


def diamond(
    size: int = SIZE, *, radius: int = RADIUS, center: tuple[int, int] | None = None
) -> Float[Array, "rows columns"]:
    r"""Draw the outline of a diamond: the pixels at one distance from the center, counted in steps.

    .. math:: |i - c_i| + |j - c_j| = radius

    Parameters
    ----------
    size
        Rows and columns of the image, in pixels.
    radius
        Distance of the outline from the center, in steps.
    center
        Row and column; None is the middle.

    Returns
    -------
    image
        1 on the outline, 0 elsewhere; pixels outside the image are cut off.

    Raises
    ------
    OptionError
        If the size is less than 1 or the radius negative.

    Sources
    -------
    Hagan fig. 8.4.

    Examples
    --------
    >>> diamond(5, radius=2).astype(int)
    array([[0, 0, 1, 0, 0],
           [0, 1, 0, 1, 0],
           [1, 0, 0, 0, 1],
           [0, 1, 0, 1, 0],
           [0, 0, 1, 0, 0]])
    """
    down, right = _distances(size, radius, center)
    return (down + right == radius).astype(float)


def _distances(size: int, radius: int, center: tuple[int, int] | None) -> tuple[Array, Array]:
    """Compute the distances of all rows and columns from the center."""
    if size < 1 or radius < 0:
        raise OptionError(
            f"`size` must be at least 1 and `radius` at least 0, got size={size} and "
            f"radius={radius}. Try size={SIZE} and radius={RADIUS}, as in the book."
        )
    row, column = center or (size // 2, size // 2)
    places = np.arange(size)
    return np.abs(places - row)[:, np.newaxis], np.abs(places - column)[np.newaxis, :]


def generate(
    count: int, *, size: int = SIZE, noise: float = 0.1, seed: int = 0
) -> tuple[Array, Array]:
    """Draw squares and diamonds with random radii at random positions.

    Parameters
    ----------
    count
        Number of images; squares and diamonds alternate.
    size
        Rows and columns, in pixels, at least 7. Each figure is inside the image, at least a pixel
        from its edge.
    noise
        Standard deviation of normal noise, as a fraction of the difference between paper and ink.
    seed
        Seed of radius, position and noise.

    Returns
    -------
    x, y
        uint8 images ``(count, size, size, 1)``, paper 0 and ink 255, and labels: 0 square, 1
        diamond.

    Raises
    ------
    OptionError
        If the images are too few or too small, or the noise is negative.
    OutOfMemoryError
        If there is not enough memory for them.

    Sources
    -------
    Hagan fig. 8.4.
    """
    most = (size - 3) // 2  # without the center, and a pixel of paper on both sides
    if count < 1 or most < _SMALLEST_RADIUS or not 0 <= noise < np.inf:
        raise OptionError(
            f"`count` must be at least 1, `size` at least {2 * _SMALLEST_RADIUS + 3}, and `noise` "
            f"at least 0, got count={count}, size={size} and noise={noise}. Try size={SIZE}, as in "
            "the book."
        )
    require_memory(
        _BYTES * count * size**2, f"Drawing {count:,} shapes of {size} x {size} pixels needs"
    )
    generator = np.random.default_rng(seed)
    y = np.arange(count) % len(CLASSES)
    radius = generator.integers(_SMALLEST_RADIUS, most, size=count, endpoint=True)
    center = generator.integers(radius + 1, size - 2 - radius, size=(2, count), endpoint=True)
    down, right = np.abs(np.arange(size) - center[..., np.newaxis])
    down, right = down[:, :, np.newaxis], right[:, np.newaxis, :]
    is_square = (y == CLASSES.index("square"))[:, np.newaxis, np.newaxis]
    distance = np.where(is_square, np.maximum(down, right), down + right)
    ink = (distance == radius[:, np.newaxis, np.newaxis]).astype(float)
    ink += noise * generator.standard_normal(ink.shape)
    return np.rint(255 * np.clip(ink, 0, 1)).astype(np.uint8)[..., np.newaxis], y


def dataset(count: int = 2400, *, size: int = SIZE, noise: float = 0.1, seed: int = 0) -> Dataset:
    """Draw a training and a test set of squares and diamonds.

    Parameters
    ----------
    count
        Number of images in both sets together; the last sixth is the test set.
    size, noise, seed
        As for :func:`generate`.

    Returns
    -------
    Dataset
        Classes square and diamond.

    Raises
    ------
    OptionError
        If the images are too few or too small, or the noise is negative.

    Sources
    -------
    Hagan fig. 8.4.
    """
    x, y = generate(count, size=size, noise=noise, seed=seed)
    train = count - count // (_TRAINING + 1)
    return assemble(
        (x[:train], y[:train]),
        (x[train:], y[train:]),
        name="shapes",
        source=f"generated: {size} x {size} pixels, noise {noise}, seed {seed}",
        classes=CLASSES,
    )
