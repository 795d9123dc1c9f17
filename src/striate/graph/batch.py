"""The images of a step: arrays as the equations have them, or the user's own with what to take."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from striate.shapes import Array, Float, Int

MOVES = 8
"""Numbers that say how an image is moved: see :class:`Chosen`."""

STILL = (0, 1, 0, 1, 0, 0, 0, 0)
"""The numbers of an image that stays as it is."""


@dataclass(frozen=True)
class Stored:
    """How the images of an input lie in a user's memory.

    Parameters
    ----------
    element
        ``uint8`` or ``float32``.
    last
        Whether channels stand last, or first as in the equations.
    """

    element: str
    last: bool


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """Some of a user's images, each moved in its own way, as a step is to see them.

    An engine brings them in itself, pixel by pixel, so that no array is made of them.

    Parameters
    ----------
    images
        All images, ``(n, *pixels, channels)`` or ``(n, channels, *pixels)``: uint8 or float32, in
        one piece of memory.
    last
        Whether channels stand last in them.
    numbers
        Which images.
    moves
        For each, from which row its first pixel comes and how many rows further the next; the same
        for columns; and what is covered: rows from and before, columns from and before.
    tones
        By what each channel is multiplied, what is then added to it, and the value of pixels from
        outside or under a cover, before both.

    Examples
    --------
    >>> images = np.array([[[[1], [2]]], [[[3], [4]]]], np.uint8)
    >>> mirrored = np.array([[0, 1, 1, -1, 0, 0, 0, 0]], np.int32)
    >>> Chosen(
    ...     images=images, last=True, numbers=np.array([1]), moves=mirrored,
    ...     tones=np.array([0.5, 0, 0], np.float32),
    ... ).array()
    array([[[[2. , 1.5]]]], dtype=float32)
    """

    images: Array
    last: bool
    numbers: Int[Array, "q"]
    moves: Int[Array, "q moves"]
    tones: Float[Array, "tones"]

    @property
    def stored(self) -> Stored:
        """How they lie in memory."""
        return Stored(self.images.dtype.name, self.last)

    def __len__(self) -> int:
        return len(self.numbers)

    def array(self) -> Float[Array, "q maps *pixels"]:
        """Make an array of them, as the equations have it."""
        taken = self.images[self.numbers]
        if self.last:
            taken = np.moveaxis(taken, -1, 1)
        shape = taken.shape
        columns = shape[-1] if len(shape) > 2 else 1  # images, channels, pixels
        taken = taken.reshape(*shape[:2], -1, columns)
        rows, in_rows = _places(taken.shape[2], self.moves[:, :2])
        places, in_columns = _places(columns, self.moves[:, 2:4])
        covered = _between(taken.shape[2], self.moves[:, 4:6])[:, :, np.newaxis]
        covered = covered & _between(columns, self.moves[:, 6:])[:, np.newaxis, :]
        seen = in_rows[:, :, np.newaxis] & in_columns[:, np.newaxis, :] & ~covered
        number = np.arange(len(taken))[:, np.newaxis, np.newaxis]
        # The axis of channels goes behind the others, and comes back.
        found = taken.swapaxes(0, 1)[:, number, rows[:, :, np.newaxis], places[:, np.newaxis, :]]
        channels = len(found)
        factor, summand = self.tones[: 2 * channels].reshape(2, channels, 1, 1, 1)
        toned = factor * np.where(seen, found, self.tones[-1]) + summand
        return np.ascontiguousarray(toned.astype(np.float32, copy=False).swapaxes(0, 1)).reshape(
            shape
        )


@dataclass(frozen=True, kw_only=True)
class Batch:
    """The images of one step.

    Parameters
    ----------
    inputs
        For each input of the network, ``[q, maps, *pixels]``, or what to choose.
    targets
        For each output, in the form that its loss takes.
    weights
        What each image counts; ``None`` for 1 each.
    labels
        The classes on which accuracy is counted, where there are any.
    """

    inputs: tuple[Array | Chosen, ...]
    targets: tuple[Array, ...] = ()
    weights: Array | None = None
    labels: Array | None = None

    @property
    def count(self) -> int:
        """How many images there are."""
        return len(self.inputs[0])


def as_arrays(inputs: Sequence[Array | Chosen]) -> list[Array]:
    """Give inputs as arrays, whatever they are."""
    return [given.array() if isinstance(given, Chosen) else given for given in inputs]


def forms_of(inputs: Sequence[Array | Chosen]) -> tuple[Stored | None, ...]:
    """Give how the images of each input lie in memory; ``None`` for an array of the equations."""
    return tuple(given.stored if isinstance(given, Chosen) else None for given in inputs)


def _places(length: int, way: Int[Array, "q two"]) -> tuple[Array, Array]:
    """Find where along an axis each pixel comes from, and whether that is inside the image."""
    places = way[:, :1].astype(np.int64) + way[:, 1:] * np.arange(length)
    return np.clip(places, 0, length - 1), (places >= 0) & (places < length)


def _between(length: int, ends: Int[Array, "q two"]) -> Array:
    """Mark the places of an axis from one up to, and without, another."""
    return (np.arange(length) >= ends[:, :1]) & (np.arange(length) < ends[:, 1:])
