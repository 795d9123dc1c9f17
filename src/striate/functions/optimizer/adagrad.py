"""Adagrad: each parameter's step is divided by the size of all its derivatives so far."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from striate.functions.base import Onnx
from striate.functions.optimizer.base import REGULARIZED, Optimizer
from striate.functions.options import NOT_NEGATIVE, POSITIVE, option
from striate.shapes import Array, Float, Shaped


@dataclass(frozen=True, kw_only=True)
class Adagrad(Optimizer):
    """Gradient descent divided, elementwise, by the root of the sum of all squared derivatives.

    ONNX's ``Adagrad`` also divides the rate by ``1 + T * decay_factor``, with the steps ``T``
    counted from 0; it is equal if ``decay_factor`` is 0.

    Parameters
    ----------
    learning_rate
        Learning rate, which is the length of the first step; above 0.
    epsilon
        Constant added to the root; above 0.
    weight_decay
        Factor of the weights that is added to their derivatives; 0 disables it.

    Raises
    ------
    OptionError
        If an option is outside its range.

    Sources
    -------
    Duchi et al. 2011.

    Examples
    --------
    >>> w, dw, memory = np.array([1.0]), np.array([-3.0]), {"v": np.array([16.0])}
    >>> Adagrad().apply(w, dw, memory, rate=1.0, step=2, decayed=np.ones(1))
    (array([1.6]), {'v': array([25.])})
    """

    learning_rate: float = option(0.01, POSITIVE)
    epsilon: float = option(1e-10, POSITIVE)
    weight_decay: float = option(0.0, NOT_NEGATIVE)

    buffers = ("v",)
    statements = (
        REGULARIZED,
        "v_next[x] = v[x] + g[x]**2",
        "w_next[x] = w[x] - rate * g[x] / (sqrt(v_next[x]) + epsilon)",
    )
    onnx = Onnx(
        operator="Adagrad", attributes={"epsilon": "epsilon", "weight_decay": "norm_coefficient"}
    )

    def apply(
        self,
        w: Float[Array, "x"],
        dw: Float[Array, "x"],
        memory: Mapping[str, Array],
        *,
        rate: float,
        step: int,  # noqa: ARG002  # the buffer contains all steps
        decayed: Shaped[Array, "x"],
    ) -> tuple[Float[Array, "x"], dict[str, Array]]:
        r"""Add to the sum of squares, and divide the step by its root.

        .. math:: v \leftarrow v + g^2, \qquad
            w \leftarrow w - \alpha \frac{g}{\sqrt{v} + \epsilon}, \qquad g = dw + \lambda \, w

        Parameters and results are those of :meth:`Optimizer.apply`.

        Sources
        -------
        Duchi et al. 2011.
        """
        g = self.regularized(w, dw, decayed)
        v = memory["v"] + g**2
        return w - rate * g / (np.sqrt(v) + self.epsilon), {"v": v}

    @classmethod
    def cases(cls) -> tuple["Adagrad", ...]:
        """Return the defaults, another epsilon, and weight decay."""
        return cls(), cls(epsilon=1e-3), cls(learning_rate=0.1, weight_decay=0.01)
