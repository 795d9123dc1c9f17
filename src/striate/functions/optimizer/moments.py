"""The two running means that Adam and AdamW share: of the derivatives, and of their squares."""

from collections.abc import Mapping

import numpy as np

from striate.shapes import Array, Float

MOMENTS = (
    "m_next[x] = beta1 * m[x] + (1 - beta1) * g[x]",
    "v_next[x] = beta2 * v[x] + (1 - beta2) * g[x]**2",
)
# 1 - beta**step, without losing digits in float32 if beta**step is close to 1.
_LEFT = "-expm1(step * log({beta}))"
MOVE = (
    f"rate / ({_LEFT.format(beta='beta1')}) * m_next[x] "
    f"/ (sqrt(v_next[x] / ({_LEFT.format(beta='beta2')})) + epsilon)"
)


def moments(
    g: Float[Array, "x"], memory: Mapping[str, Array], *, beta1: float, beta2: float
) -> dict[str, Array]:
    r"""Update the two means with new derivatives.

    .. math:: m \leftarrow \beta_1 m + (1 - \beta_1) g, \qquad
        v \leftarrow \beta_2 v + (1 - \beta_2) g^2

    Parameters
    ----------
    g
        Derivatives.
    memory
        The means ``m`` and ``v`` before this step.
    beta1, beta2
        Fraction of each mean that remains after one step.

    Returns
    -------
    dict[str, Array]
        The means ``m`` and ``v`` after this step.

    Sources
    -------
    Kingma and Ba 2015.

    Examples
    --------
    >>> moments(np.array([2.0]), {"m": np.zeros(1), "v": np.zeros(1)}, beta1=0.5, beta2=0.5)
    {'m': array([1.]), 'v': array([2.])}
    """
    return {
        "m": beta1 * memory["m"] + (1 - beta1) * g,
        "v": beta2 * memory["v"] + (1 - beta2) * g**2,
    }


def move(
    memory: Mapping[str, Array],
    *,
    rate: float,
    step: int,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> Float[Array, "x"]:
    r"""Return the step: the mean derivative divided by its size.

    Both means start at zero and are too small at first; the denominators correct this bias.

    .. math:: \alpha \, \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

    Parameters
    ----------
    memory
        The means ``m`` and ``v`` after this step.
    rate
        The learning rate of this step.
    step
        Index of this step, :math:`t`, counted from 1.
    beta1, beta2, epsilon
        The optimizer's options.

    Returns
    -------
    Array
        The array that is subtracted from the weights.

    Sources
    -------
    Kingma and Ba 2015.

    Examples
    --------
    >>> after = {"m": np.array([1.0]), "v": np.array([2.0])}
    >>> move(after, rate=0.1, step=1, beta1=0.5, beta2=0.5, epsilon=1e-8)
    array([0.1])
    """
    size = np.sqrt(memory["v"] / (1 - beta2**step)) + epsilon
    return rate / (1 - beta1**step) * memory["m"] / size
