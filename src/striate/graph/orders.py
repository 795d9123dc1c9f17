"""The one place that converts between channels last (the model's face) and first (equations)."""

import operator
from collections.abc import Sequence

import numpy as np

from striate.errors import ShapeError
from striate.shapes import Array, Shape

LONGEST = 2**24
"""Longest axis of an image, so that a file that lies about its images asks for little memory."""


def require_shape(shape: Sequence[int]) -> Shape:
    """Check the shape of one image; raise where it is none.

    Examples
    --------
    >>> require_shape([28, 28, 1])
    (28, 28, 1)
    """
    try:
        lengths = tuple(operator.index(length) for length in shape)
    except TypeError:
        lengths = ()
    if not lengths or min(lengths) < 1 or max(lengths) > LONGEST:
        raise ShapeError(
            f"{shape!r:.80} is not the shape of an image. It is (rows, columns, channels) or "
            f"(features,), whole numbers from 1 to {LONGEST}. "
            "Use (28, 28, 1) for grey images of 28 x 28."
        )
    return lengths


def to_first(shape: Shape) -> Shape:
    """Turn ``(rows, columns, channels)`` into ``(channels, rows, columns)``.

    Examples
    --------
    >>> to_first((28, 28, 1)), to_first((120,))
    ((1, 28, 28), (120,))
    """
    return (shape[-1], *shape[:-1])


def to_last(shape: Shape) -> Shape:
    """Turn ``(channels, rows, columns)`` into ``(rows, columns, channels)``.

    Examples
    --------
    >>> to_last((1, 28, 28))
    (28, 28, 1)
    """
    return (*shape[1:], shape[0])


def images_to_first(images: Array) -> Array:
    """Move the channels of ``[q, rows, columns, channels]`` to the front, as a contiguous array."""
    return np.ascontiguousarray(np.moveaxis(images, -1, 1))


def images_to_last(images: Array) -> Array:
    """Move the channels of ``[q, channels, rows, columns]`` to the end."""
    return np.moveaxis(images, 1, -1)
