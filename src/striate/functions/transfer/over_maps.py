"""Softmax and its logarithm over the maps, for two transfer functions and cross-entropy."""

import numpy as np

from striate.shapes import Array, Float, Shape

SUMS = ("m[q,*x] max= n[q,h,*x]", "t[q,*x] += exp(n[q,h,*x] - m[q,*x])")
"""The largest net input ``m`` per position, and the sum ``t`` of exponentials relative to it."""


def sums_shapes(shape: Shape) -> dict[str, Shape]:
    """Return the shapes of ``m`` and ``t`` for net inputs of this shape."""
    return dict.fromkeys(("m", "t"), shape[1:])


def softmax(n: Float[Array, "q h *x"]) -> Float[Array, "q h *x"]:
    r"""Convert the net inputs of each position to probabilities that sum to 1.

    .. math:: a^h = \frac{e^{n^h - m}}{\sum_k e^{n^k - m}}, \qquad m = \max_k n^k

    Parameters
    ----------
    n
        Net inputs; the probabilities are over their maps.

    Returns
    -------
    Array
        Probabilities.

    Examples
    --------
    >>> softmax(np.array([[1000.0, 1000.0, -1000.0]]))
    array([[0.5, 0.5, 0. ]])
    """
    e = np.exp(n - n.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def log_softmax(n: Float[Array, "q h *x"]) -> Float[Array, "q h *x"]:
    r"""Return the logarithms of the softmax, in nats, even if a probability rounds to zero.

    .. math:: a^h = n^h - m - \ln \sum_k e^{n^k - m}, \qquad m = \max_k n^k

    Parameters
    ----------
    n
        Net inputs; the probabilities are over their maps.

    Returns
    -------
    Array
        Logarithms of probabilities.

    Examples
    --------
    >>> log_softmax(np.array([[1000.0, -1000.0]]))
    array([[    0., -2000.]])
    """
    shifted = n - n.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
