"""RMSprop: each parameter's step is divided by the running size of its derivative."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from striate.functions.optimizer.base import REGULARIZED, Optimizer
from striate.functions.options import FRACTION, NOT_NEGATIVE, POSITIVE, option
from striate.shapes import Array, Float, Shaped


@dataclass(frozen=True, kw_only=True)
class RMSprop(Optimizer):
    """Gradient descent divided, elementwise, by the root mean square of recent derivatives.

    Parameters
    ----------
    learning_rate
        Learning rate, which is the length of a step if the derivative has its recent size; above 0.
    smoothing
        Fraction of the mean square that remains after one step; at least 0 and below 1.
    epsilon
        Constant added to the root, so that small derivatives don't cause large steps; above 0.
    weight_decay
        Factor of the weights that is added to their derivatives; 0 disables it.

    Raises
    ------
    OptionError
        If an option is outside its range.

    Sources
    -------
    Tieleman and Hinton 2012.

    Examples
    --------
    >>> w, dw, memory = np.array([1.0]), np.array([-3.0]), {"v": np.array([9.0])}
    >>> RMSprop(smoothing=0.5).apply(w, dw, memory, rate=1.0, step=2, decayed=np.ones(1))
    (array([2.]), {'v': array([9.])})
    """

    learning_rate: float = option(0.01, POSITIVE)
    smoothing: float = option(0.99, FRACTION)
    epsilon: float = option(1e-8, POSITIVE)
    weight_decay: float = option(0.0, NOT_NEGATIVE)

    buffers = ("v",)
    statements = (
        REGULARIZED,
        "v_next[x] = smoothing * v[x] + (1 - smoothing) * g[x]**2",
        "w_next[x] = w[x] - rate * g[x] / (sqrt(v_next[x]) + epsilon)",
    )

    def apply(
        self,
        w: Float[Array, "x"],
        dw: Float[Array, "x"],
        memory: Mapping[str, Array],
        *,
        rate: float,
        step: int,  # noqa: ARG002  # all steps are equal
        decayed: Shaped[Array, "x"],
    ) -> tuple[Float[Array, "x"], dict[str, Array]]:
        r"""Update the mean square, and divide the step by its root.

        .. math:: v \leftarrow \rho v + (1 - \rho) g^2, \qquad
            w \leftarrow w - \alpha \frac{g}{\sqrt{v} + \epsilon}, \qquad g = dw + \lambda \, w

        Parameters and results are those of :meth:`Optimizer.apply`.

        Sources
        -------
        Tieleman and Hinton 2012.
        """
        g = self.regularized(w, dw, decayed)
        v = self.smoothing * memory["v"] + (1 - self.smoothing) * g**2
        return w - rate * g / (np.sqrt(v) + self.epsilon), {"v": v}

    @classmethod
    def cases(cls) -> tuple["RMSprop", ...]:
        """Return the defaults, another smoothing, and weight decay."""
        return cls(), cls(smoothing=0.9, epsilon=1e-3), cls(learning_rate=0.1, weight_decay=0.01)
