r"""Impulses: images with a single pixel, their sums, and what a function makes of them.

Hagan's argument for convolution has three steps. Every image is a sum of shifted impulses (8.3,
:func:`impulse_decomposition`). A linear function of the image is therefore the same sum of its
impulse responses (8.4). If the function is position invariant, all these responses are shifted
copies of one, the kernel (8.2, :func:`impulse_response`), and the sum is a convolution (8.5).
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from striate.errors import ShapeError
from striate.shapes import Array, Float, Shape, Shaped


def require_shape(name: str, shape: Shape) -> None:
    """Check that a shape has a length for each axis.

    Parameters
    ----------
    name
        The argument, for the message.
    shape
        What the caller passed.

    Raises
    ------
    ShapeError
        If it is a single number.
    """
    if np.ndim(shape) != 1:
        raise ShapeError(
            f"`{name}` must be a tuple with a length for each axis, got {shape!r}. "
            f"Try ({shape!r}, {shape!r}) for pixels, or ({shape!r},) for a signal."
        )


class ImpulseTerm(NamedTuple):
    """One term of an image's decomposition: a pixel, its value, and the impulse there.

    Sources
    -------
    Hagan 8.3.
    """

    at: tuple[int, ...]
    """The pixel, one index for each axis."""
    value: float
    """The image's value at that pixel."""
    impulse: Float[Array, "..."]
    """The image that is 1 at that pixel and 0 everywhere else."""

    @property
    def image(self) -> Float[Array, "..."]:
        """The impulse times its value."""
        return self.value * self.impulse


def impulse(shape: Shape, at: Sequence[int] | None = None) -> Float[Array, "..."]:
    r"""Return the one-point image.

    .. math:: \delta_{i,j} = 1 \text{ if } i = j = 0, \text{ else } 0

    Parameters
    ----------
    shape
        Pixels along each axis.
    at
        Which pixel is 1; the origin by default.

    Returns
    -------
    Array
        Zeros and a single 1, float64.

    Raises
    ------
    ShapeError
        If there is no such pixel.

    Sources
    -------
    Hagan 8.1.

    Examples
    --------
    >>> impulse((2, 3), at=(0, 1))
    array([[0., 1., 0.],
           [0., 0., 0.]])
    """
    require_shape("shape", shape)
    where = tuple(at) if at is not None else (0,) * len(shape)
    if len(where) != len(shape) or any(not 0 <= k < n for k, n in zip(where, shape, strict=True)):
        raise ShapeError(
            f"`at` must be a pixel of an image of shape {tuple(shape)}, counted from 0, got "
            f"{where}."
        )
    delta = np.zeros(shape)
    delta[where] = 1.0
    return delta


def impulse_decomposition(image: Shaped[Array, "..."]) -> Iterator[ImpulseTerm]:
    r"""Write an image as a sum of shifted impulses, one for each pixel.

    .. math:: p_{m,n} = \sum_{i} \sum_{j} p_{i,j} \, \delta_{m-i,n-j}

    Parameters
    ----------
    image
        An image with any number of axes.

    Yields
    ------
    ImpulseTerm
        One for each pixel, row by row: ``at``, ``value``, ``impulse``, and their product
        ``image``. The sum of all products is the image. Each impulse is made when it is needed,
        because together they have the square of the image's size.

    Sources
    -------
    Hagan 8.3, 8.4.

    Examples
    --------
    >>> image = np.array([[5, 0], [2, 7]])
    >>> for term in impulse_decomposition(image):
    ...     print(term.at, term.value, term.image.tolist())
    (0, 0) 5.0 [[5.0, 0.0], [0.0, 0.0]]
    (0, 1) 0.0 [[0.0, 0.0], [0.0, 0.0]]
    (1, 0) 2.0 [[0.0, 0.0], [2.0, 0.0]]
    (1, 1) 7.0 [[0.0, 0.0], [0.0, 7.0]]

    A linear function of the image is the sum of what it makes of the impulses (8.4):

    >>> def difference(p):
    ...     return p[:, 1:] - p[:, :-1]
    >>> sum(term.value * difference(term.impulse) for term in impulse_decomposition(image))
    array([[-5.],
           [ 5.]])
    >>> difference(image)
    array([[-5],
           [ 5]])
    """
    image = np.asarray(image, dtype=np.float64)
    for at in np.ndindex(image.shape):
        yield ImpulseTerm(at=at, value=float(image[at]), impulse=impulse(image.shape, at=at))


def impulse_response(
    f: Callable[[Array], Array], shape: Shape, at: Sequence[int] | None = None
) -> Shaped[Array, "..."]:
    r"""Apply a function to the one-point image: its point spread function.

    .. math:: w_{i,j} = \mathcal{W}(\delta_{i,j})

    Parameters
    ----------
    f
        A function from image to image.
    shape
        Pixels along each axis of the one-point image.
    at
        Which pixel is 1; by default the middle one, pixel ``n // 2``, so that a response on all
        sides is seen.

    Returns
    -------
    Array
        The whole image that the function makes.

    Raises
    ------
    ShapeError
        If there is no such pixel.

    Sources
    -------
    Hagan 8.2, P8.2.

    Examples
    --------
    A shift by one column to the right:

    >>> impulse_response(lambda p: np.roll(p, 1, axis=1), (3, 3))
    array([[0., 0., 0.],
           [0., 0., 1.],
           [0., 0., 0.]])
    """
    require_shape("shape", shape)
    return f(impulse(shape, tuple(n // 2 for n in shape) if at is None else at))
