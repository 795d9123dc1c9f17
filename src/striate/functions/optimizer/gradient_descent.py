"""Gradient descent: a step against the derivatives."""

from collections.abc import Mapping
from dataclasses import dataclass

from striate.functions.optimizer.base import REGULARIZED, Optimizer
from striate.functions.options import NOT_NEGATIVE, POSITIVE, option
from striate.shapes import Array, Float, Shaped


@dataclass(frozen=True, kw_only=True)
class GradientDescent(Optimizer):
    """Stochastic gradient descent: each step uses the images of one batch.

    Parameters
    ----------
    learning_rate
        Learning rate; above 0.
    weight_decay
        Factor of the weights that is added to their derivatives; 0 disables it.

    Raises
    ------
    OptionError
        If an option is outside its range.

    Sources
    -------
    Robbins and Monro 1951; LeCun 1998.

    Examples
    --------
    >>> import numpy as np
    >>> w, dw = np.array([1.0, 2.0]), np.array([10.0, -10.0])
    >>> GradientDescent().apply(w, dw, {}, rate=0.1, step=1, decayed=np.ones(2))[0]
    array([0., 3.])
    """

    learning_rate: float = option(0.01, POSITIVE)
    weight_decay: float = option(0.0, NOT_NEGATIVE)

    statements = (REGULARIZED, "w_next[x] = w[x] - rate * g[x]")

    def apply(
        self,
        w: Float[Array, "x"],
        dw: Float[Array, "x"],
        memory: Mapping[str, Array],  # noqa: ARG002  # it has no memory
        *,
        rate: float,
        step: int,  # noqa: ARG002  # all steps are equal
        decayed: Shaped[Array, "x"],
    ) -> tuple[Float[Array, "x"], dict[str, Array]]:
        r"""Step against the derivatives.

        .. math:: w \leftarrow w - \alpha \, g, \qquad g = dw + \lambda \, w

        Parameters and results are those of :meth:`Optimizer.apply`.

        Sources
        -------
        Robbins and Monro 1951.
        """
        return w - rate * self.regularized(w, dw, decayed), {}

    @classmethod
    def cases(cls) -> tuple["GradientDescent", ...]:
        """Return it without and with weight decay."""
        return cls(), cls(learning_rate=0.1, weight_decay=0.01)
