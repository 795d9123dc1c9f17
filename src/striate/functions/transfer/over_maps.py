"""Softmax and its logarithm over the maps: what two transfer functions and cross-entropy share."""

import numpy as np

from striate.shapes import Array, Float, Shape

SUMS = ("m[q,*x] max= n[q,h,*x]", "t[q,*x] += exp(n[q,h,*x] - m[q,*x])")
"""The largest net input ``m`` of each place, and the sum ``t`` of exponentials relative to it."""


def sums_shapes(shape: Shape) -> dict[str, Shape]:
    """Give the shapes of ``m`` and ``t`` for net inputs of this shape."""
    return dict.fromkeys(("m", "t"), shape[1:])


def softmax(n: Float[Array, "q h *x"]) -> Float[Array, "q h *x"]:
    r"""Turn the net inputs of each place into probabilities that sum to 1.

    .. math:: a^h = \frac{e^{n^h - m}}{\sum_k e^{n^k - m}}, \qquad m = \max_k n^k

    Parameters
    ----------
    n
        Net inputs; their maps are what the probabilities are shared among.

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
    r"""Give the logarithms of the softmax, in nats, also where a probability rounds to zero.

    .. math:: a^h = n^h - m - \ln \sum_k e^{n^k - m}, \qquad m = \max_k n^k

    Parameters
    ----------
    n
        Net inputs; their maps are what the probabilities are shared among.

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
