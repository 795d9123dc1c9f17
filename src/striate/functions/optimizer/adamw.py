"""AdamW: Adam with the weight decay kept apart from the derivatives."""

from collections.abc import Mapping
from dataclasses import dataclass

from striate.functions.optimizer.base import Optimizer
from striate.functions.optimizer.moments import MOMENTS, MOVE, moments, move
from striate.functions.options import FRACTION, NOT_NEGATIVE, POSITIVE, option
from striate.shapes import Array, Float, Shaped


@dataclass(frozen=True, kw_only=True)
class AdamW(Optimizer):
    """Adam with decoupled weight decay: each step also takes a fixed part off the weights.

    ONNX's ``Adam`` with ``norm_coefficient_post`` is not the same: it shrinks the weights after the
    step, and by a part that does not follow the rate.

    Parameters
    ----------
    learning_rate
        Length of a step along which the derivatives agree; above 0.
    beta1, beta2
        Part of the mean derivative and of the mean square that is left after one step; at least 0,
        below 1.
    epsilon
        Added to the root, outside it; above 0.
    weight_decay
        Part of the weights that a step takes off, before it is multiplied by the rate; 0 is none.

    Raises
    ------
    OptionError
        If an option is outside its range.

    Sources
    -------
    Loshchilov and Hutter 2019.

    Examples
    --------
    Where the derivative is zero, weights still shrink, and biases do not:

    >>> import numpy as np
    >>> update, w, decayed = AdamW(weight_decay=0.5), np.array([1.0, 1.0]), np.array([1.0, 0.0])
    >>> update.apply(w, np.zeros(2), update.start(w), rate=0.1, step=1, decayed=decayed)[0]
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
        r"""Shrink the weights, and step as Adam does.

        .. math:: w \leftarrow w - \alpha \lambda \, w
            - \alpha \, \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon}

        Parameters and results are those of :meth:`Update.apply`; the means are those of
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
        """Give the defaults, shorter memories, no weight decay."""
        return cls(), cls(beta1=0.5, beta2=0.9, epsilon=1e-3), cls(weight_decay=0.0)
