"""Nesterov's momentum: the derivatives are taken one step ahead."""

from collections.abc import Mapping
from dataclasses import dataclass

from striate.functions.optimizer.base import REGULARIZED, Optimizer
from striate.functions.options import FRACTION, NOT_NEGATIVE, POSITIVE, option
from striate.shapes import Array, Float, Shaped


@dataclass(frozen=True, kw_only=True)
class Nesterov(Optimizer):
    """Momentum that looks ahead, in the form of Sutskever et al. with one pass per step.

    In ONNX, it is ``Momentum`` with mode ``nesterov`` and ``beta`` 1.

    Parameters
    ----------
    learning_rate
        Learning rate; above 0.
    momentum
        Fraction of the velocity that remains after one step; at least 0 and below 1.
    weight_decay
        Factor of the weights that is added to their derivatives; 0 disables it.

    Raises
    ------
    OptionError
        If an option is outside its range.

    Sources
    -------
    Nesterov 1983; Sutskever et al. 2013.

    Examples
    --------
    >>> import numpy as np
    >>> w, dw, memory = np.array([1.0]), np.array([2.0]), {"v": np.array([4.0])}
    >>> Nesterov(momentum=0.5).apply(w, dw, memory, rate=0.25, step=2, decayed=np.ones(1))
    (array([0.]), {'v': array([4.])})
    """

    learning_rate: float = option(0.01, POSITIVE)
    momentum: float = option(0.9, FRACTION)
    weight_decay: float = option(0.0, NOT_NEGATIVE)

    buffers = ("v",)
    statements = (
        REGULARIZED,
        "v_next[x] = momentum * v[x] + g[x]",
        "w_next[x] = w[x] - rate * (g[x] + momentum * v_next[x])",
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
        r"""Add the derivatives to the velocity, then step against the velocity of the next step.

        .. math:: v \leftarrow \mu v + g, \qquad w \leftarrow w - \alpha (g + \mu v),
            \qquad g = dw + \lambda \, w

        Parameters and results are those of :meth:`Optimizer.apply`.

        Sources
        -------
        Sutskever et al. 2013.
        """
        g = self.regularized(w, dw, decayed)
        v = self.momentum * memory["v"] + g
        return w - rate * (g + self.momentum * v), {"v": v}

    @classmethod
    def cases(cls) -> tuple["Nesterov", ...]:
        """Return the defaults, another momentum, and weight decay."""
        return cls(), cls(momentum=0.5), cls(learning_rate=0.1, weight_decay=0.01)
