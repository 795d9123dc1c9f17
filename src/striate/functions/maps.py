"""The map axis: numbers for each map, and the other axes of an array."""

from striate.shapes import Array, Float


def per_map(v: Float[Array, "h"], a: Float[Array, "q h *x"]) -> Float[Array, "h *ones"]:
    """Reshape one number for each map so that it broadcasts over the pixels of ``a``.

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
    """Return the axes of images and pixels."""
    return (0, *range(2, a.ndim))


def all_but_images(a: Float[Array, "q *x"]) -> tuple[int, ...]:
    """Return the axes of one image."""
    return tuple(range(1, a.ndim))
