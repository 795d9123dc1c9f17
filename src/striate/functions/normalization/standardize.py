"""Mean 0 and variance 1 over some axes, and the derivative: what the normalizations share."""

import numpy as np

from striate.shapes import Array, Float


def mean_and_variance(
    a: Float[Array, "..."], axes: tuple[int, ...]
) -> tuple[Float[Array, "..."], Float[Array, "..."]]:
    r"""Average over axes, and average the squared distances from that average.

    .. math:: m = \frac{1}{c} \sum a, \qquad v = \frac{1}{c} \sum (a - m)^2

    Two passes: the mean of the squares less the square of the mean would lose the digits of a small
    variance about a large mean.

    Parameters
    ----------
    a
        Values of any scale.
    axes
        The axes to average over; they stay, with length 1.

    Returns
    -------
    tuple of Array
        Mean and biased variance.

    Sources
    -------
    Ioffe and Szegedy 2015.

    Examples
    --------
    >>> mean_and_variance(np.array([[1.0, 3.0], [5.0, 5.0]]), (1,))
    (array([[2.], [5.]]), array([[1.], [0.]]))
    """
    mean = a.mean(axis=axes, keepdims=True)
    return mean, np.square(a - mean).mean(axis=axes, keepdims=True)


def standardize(
    a: Float[Array, "..."],
    mean: Float[Array, "..."],
    variance: Float[Array, "..."],
    epsilon: float,
) -> Float[Array, "..."]:
    r"""Subtract the mean and divide by the standard deviation.

    .. math:: x = \frac{a - m}{\sqrt{v + \epsilon}}

    Parameters
    ----------
    a
        Values of any scale.
    mean, variance
        In a shape that goes with ``a``.
    epsilon
        Added to the variance, so that it is not zero.

    Returns
    -------
    Array
        Standardized values.

    Sources
    -------
    Ioffe and Szegedy 2015.

    Examples
    --------
    >>> standardize(np.array([1.0, 3.0]), np.array([2.0]), np.array([4.0]), epsilon=0.0)
    array([-0.5,  0.5])
    """
    return (a - mean) / np.sqrt(variance + epsilon)


def backward_standardize(
    x: Float[Array, "..."],
    dx: Float[Array, "..."],
    variance: Float[Array, "..."],
    epsilon: float,
    axes: tuple[int, ...],
) -> Float[Array, "..."]:
    r"""Backpropagate through standardization, including through the mean and variance.

    .. math:: da = \frac{1}{\sqrt{v + \epsilon}}
        \left( dx - \frac{1}{c} \sum dx - x \, \frac{1}{c} \sum x \, dx \right)

    Parameters
    ----------
    x
        The standardized values.
    dx
        Their derivatives.
    variance, epsilon
        What they were divided by.
    axes
        The axes averaged over.

    Returns
    -------
    Array
        Derivatives of what was standardized.

    Sources
    -------
    Ioffe and Szegedy 2015.

    Examples
    --------
    A derivative that is the same everywhere asks for another mean, which has no effect:

    >>> x = np.array([-1.0, 1.0])
    >>> backward_standardize(x, np.ones(2), np.array([1.0]), 0.0, (0,))
    array([0., 0.])
    """
    mean = dx.mean(axis=axes, keepdims=True)
    along = (x * dx).mean(axis=axes, keepdims=True)
    return (dx - mean - x * along) / np.sqrt(variance + epsilon)
