"""Scaled and rotated templates, with the masks that belong to them."""

import math

import numpy as np

from striate.shapes import Array, Float


def transformed(
    pixels: Float[Array, "rows columns channels"],
    weights: Float[Array, "rows columns channels_or_one"] | None,
    *,
    scale: float = 1.0,
    rotation: float = 0.0,
) -> tuple[Float[Array, "r c channels"], Float[Array, "r c channels_or_one"] | None]:
    """Scale a template, then rotate it counterclockwise about its center.

    A rotated template has corners that the image doesn't fill. Their weight is 0, so that they
    count in no method.

    Parameters
    ----------
    pixels
        The template.
    weights
        Its mask, or ``None``.
    scale
        Factor for rows and columns. A smaller template is averaged over all of its pixels.
    rotation
        Degrees.

    Returns
    -------
    pixels, weights
        The smallest image that holds the result; its weights are ``None`` if all are 1.

    Examples
    --------
    >>> pixels, weights = transformed(np.arange(6.0).reshape(2, 3, 1), None, rotation=90)
    >>> pixels[:, :, 0].round(12)
    array([[2., 5.],
           [1., 4.],
           [0., 3.]])
    """
    quarters, rest = divmod(rotation, 90)
    if scale == 1 and rest == 0:
        turned = np.rot90(pixels, int(quarters))
        return turned, None if weights is None else np.rot90(weights, int(quarters))
    full = np.ones((*pixels.shape[:2], 1)) if weights is None else weights
    size = scaled_size((pixels.shape[0], pixels.shape[1]), scale)
    # Pixels without weight must not blend into their neighbors, so both are resampled together.
    covered = _resized(full, size)
    blended = _resized(pixels * full, size)
    if rest:
        blended, covered = _rotated(blended, rotation), _rotated(covered, rotation)
    elif quarters:
        blended, covered = (np.rot90(x, int(quarters)) for x in (blended, covered))
    image = blended / np.where(covered > 0, covered, 1)
    if rest:
        # At the border a pixel is only partly covered, and what it shows is partly guessed.
        covered = np.where(covered >= covered.max() / 2, covered, 0)
    # What is left of rounding in a mask of ones isn't a weight.
    whole = np.abs(covered - 1) < 1e-9
    covered = np.where(whole, 1, covered)
    return image, None if whole.all() and weights is None else covered


def scaled_size(size: tuple[int, int], scale: float) -> tuple[int, int]:
    """Return rows and columns after scaling, at least one of each.

    Examples
    --------
    >>> scaled_size((3, 10), 0.1)
    (1, 1)
    """
    rows, columns = (round(length * scale) or 1 for length in size)
    return rows, columns


def _resized(x: Float[Array, "rows columns k"], size: tuple[int, int]) -> Array:
    """Resize along both axes: ``rows`` x @ ``columns`` transposed, for each channel."""
    down, across = (_weights(n, m) for n, m in zip(x.shape[:2], size, strict=True))
    return np.einsum("ir,rck,jc->ijk", down, x, across, optimize=True)


def _weights(length: int, wanted: int) -> Float[Array, "wanted length"]:
    """Make the matrix that resizes an axis.

    Each new pixel is a weighted mean: of its two neighbors for a larger image, and under a triangle
    that is as much wider as the image becomes smaller, so that no pixel is left out.
    """
    if length == wanted:
        return np.eye(length)
    step = length / wanted
    centers = (np.arange(wanted) + 0.5) * step - 0.5
    distance = np.abs(centers[:, np.newaxis] - np.arange(length)) / max(step, 1.0)
    weights = np.maximum(1 - distance, 0)
    return weights / weights.sum(axis=1, keepdims=True)


def _rotated(x: Float[Array, "rows columns k"], degrees: float) -> Array:
    """Rotate about the center, bilinearly; pixels from outside the image are 0."""
    angle = math.radians(degrees)
    sine, cosine = math.sin(angle), math.cos(angle)
    rows, columns = x.shape[:2]
    high = math.ceil(abs(rows * cosine) + abs(columns * sine) - 1e-9)
    wide = math.ceil(abs(rows * sine) + abs(columns * cosine) - 1e-9)
    down, right = np.mgrid[0:high, 0:wide].astype(float)
    down -= (high - 1) / 2
    right -= (wide - 1) / 2
    # Rows grow downward, so counterclockwise on the screen turns (right, down) by minus the angle.
    row = cosine * down + sine * right + (rows - 1) / 2
    column = cosine * right - sine * down + (columns - 1) / 2
    bordered = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    row, column = np.clip(row + 1, 0, rows + 1), np.clip(column + 1, 0, columns + 1)
    first = np.minimum(np.floor(row), rows).astype(int)
    left = np.minimum(np.floor(column), columns).astype(int)
    y, z = (row - first)[..., np.newaxis], (column - left)[..., np.newaxis]
    upper = (1 - z) * bordered[first, left] + z * bordered[first, left + 1]
    lower = (1 - z) * bordered[first + 1, left] + z * bordered[first + 1, left + 1]
    return (1 - y) * upper + y * lower
