"""AdamW: Adam with decoupled weight decay."""

from collections.abc import Mapping
from dataclasses import dataclass

from striate.functions.optimizer.base import Optimizer
from striate.functions.optimizer.moments import MOMENTS, MOVE, moments, move
from striate.functions.options import FRACTION, NOT_NEGATIVE, POSITIVE, option
from striate.shapes import Array, Float, Shaped


@dataclass(frozen=True, kw_only=True)
class AdamW(Optimizer):
    """Adam with decoupled weight decay: each step also shrinks the weights by a fixed fraction.

    ONNX's ``Adam`` with ``norm_coefficient_post`` differs: it shrinks the weights after the step,
    by a fraction that doesn't depend on the learning rate.

    Parameters
    ----------
    learning_rate
        Learning rate, which is the length of a step if the derivatives agree; above 0.
    beta1, beta2
        Fractions of the mean derivative and of the mean square that remain after one step; at
        least 0, below 1.
    epsilon
        Constant added to the root; above 0.
    weight_decay
        Fraction by which a step shrinks the weights, times the learning rate; 0 disables it.

    Raises
    ------
    OptionError
        If an option is outside its range.

    Sources
    -------
    Loshchilov and Hutter 2019.

    Examples
    --------
    If the derivative is zero, weights still shrink, but biases don't:

    >>> import numpy as np
    >>> adam, w, decayed = AdamW(weight_decay=0.5), np.array([1.0, 1.0]), np.array([1.0, 0.0])
    >>> adam.apply(w, np.zeros(2), adam.start(w), rate=0.1, step=1, decayed=decayed)[0]
    array([0.95, 1.  ])
    """

    learning_rate: float = option(0.001, POSITIVE)
    beta1: float = option(0.9, FRACTION)
    beta2: float = option(0.999, FRACTION)
    epsilon: float = option(1e-8, POSITIVE)
    weight_decay: float = option(0.01, NOT_NEGATIVE)

    buffers = ("m", "v")
    statements = (
        "g[x] = dw[x]",
        *MOMENTS,
        f"w_next[x] = w[x] - rate * weight_decay * decayed[x] * w[x] - {MOVE}",
    )

    def apply(
        self,
        w: Float[Array, "x"],
        dw: Float[Array, "x"],
        memory: Mapping[str, Array],
        *,
        rate: float,
        step: int,
        decayed: Shaped[Array, "x"],
    ) -> tuple[Float[Array, "x"], dict[str, Array]]:
        r"""Shrink the weights, and apply the step of Adam.

        .. math:: w \leftarrow w - \alpha \lambda \, w
            - \alpha \, \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

        Parameters and results are those of :meth:`Optimizer.apply`; the means are those of
        :func:`moments`.

        Sources
        -------
        Loshchilov and Hutter 2019.
        """
        after = moments(dw, memory, beta1=self.beta1, beta2=self.beta2)
        shrunk = w - rate * self.weight_decay * decayed.astype(w.dtype, copy=False) * w
        return shrunk - move(
            after, rate=rate, step=step, beta1=self.beta1, beta2=self.beta2, epsilon=self.epsilon
        ), after

    @classmethod
    def cases(cls) -> tuple["AdamW", ...]:
        """Return the defaults, faster means, and no weight decay."""
        return cls(), cls(beta1=0.5, beta2=0.9, epsilon=1e-3), cls(weight_decay=0.0)
