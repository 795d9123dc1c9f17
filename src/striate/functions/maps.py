"""The axis of maps: one number for each map laid along an array, and the axes beside it."""

from striate.shapes import Array, Float


def per_map(v: Float[Array, "h"], a: Float[Array, "q h *x"]) -> Float[Array, "h *ones"]:
    """View one number for each map with an axis of length 1 for each axis of pixels of ``a``.

    Parameters
    ----------
    v
        A number for each map.
    a
        The array that it is to go with.

    Returns
    -------
    Array
        A view of ``v``.

    Examples
    --------
    >>> import numpy as np
    >>> per_map(np.array([1.0, 2.0]), np.zeros((5, 2, 28, 28))).shape
    (2, 1, 1)
    """
    return v.reshape(-1, *(1,) * (a.ndim - 2))


def all_but_maps(a: Float[Array, "q h *x"]) -> tuple[int, ...]:
    """Name the axes of the images and of the pixels."""
    return (0, *range(2, a.ndim))


def all_but_images(a: Float[Array, "q *x"]) -> tuple[int, ...]:
    """Name the axes of one image."""
    return tuple(range(1, a.ndim))
