"""The only place that converts between channels last (users) and channels first (equations)."""

import operator
from collections.abc import Sequence
from typing import Literal

import numpy as np

from striate.errors import OptionError, ShapeError
from striate.functions.options import LONGEST
from striate.functions.writing import short
from striate.shapes import Array, Shape

Channels = Literal["last", "first"]
"""Which axis of a user's images holds the channels."""


def require_shape(shape: Sequence[int]) -> Shape:
    """Check the shape of one image.

    Parameters
    ----------
    shape
        The shape, in any order of its axes.

    Returns
    -------
    tuple of int

    Raises
    ------
    ShapeError
        If it has no length, or one that isn't an integer from 1 to 2**24.

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
            "The shape of an image must be (rows, columns, channels) or (features,), integers from "
            f"1 to {LONGEST:,}, got {short(shape)}. Use (28, 28, 1) for gray images of 28x28."
        )
    return lengths


def require_channels(channels: object) -> None:
    """Check which axis of images holds the channels.

    Raises
    ------
    OptionError
        If it is neither ``"last"`` nor ``"first"``.
    """
    if channels not in {"last", "first"}:
        raise OptionError(
            f'`channels` must be "last" or "first", got {short(channels)}. Try "last".'
        )


def shape_in_equations(shape: Sequence[int], channels: Channels) -> Shape:
    """Check the shape of one image as a user writes it, and put its channels first.

    Raises
    ------
    ShapeError
        If it is not the shape of an image.

    Examples
    --------
    >>> shape_in_equations((28, 28, 1), "last"), shape_in_equations((1, 28, 28), "first")
    ((1, 28, 28), (1, 28, 28))
    """
    checked = require_shape(shape)
    return to_first(checked) if channels == "last" else checked


def to_first(shape: Shape) -> Shape:
    """Convert ``(rows, columns, channels)`` to ``(channels, rows, columns)``.

    Examples
    --------
    >>> to_first((28, 28, 1)), to_first((120,))
    ((1, 28, 28), (120,))
    """
    return (shape[-1], *shape[:-1])


def to_last(shape: Shape) -> Shape:
    """Convert ``(channels, rows, columns)`` to ``(rows, columns, channels)``.

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
