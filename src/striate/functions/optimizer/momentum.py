"""Gradient descent with momentum (the heavy ball method)."""

from collections.abc import Mapping
from dataclasses import dataclass

from striate.functions.base import Onnx
from striate.functions.optimizer.base import REGULARIZED, Optimizer
from striate.functions.options import FRACTION, NOT_NEGATIVE, POSITIVE, option
from striate.shapes import Array, Float, Shaped


@dataclass(frozen=True, kw_only=True)
class Momentum(Optimizer):
    """Gradient descent along a velocity that accumulates the derivatives of earlier steps.

    The velocity adds the derivatives without damping, as in PyTorch. For constant derivatives,
    steps become ``1 / (1 - momentum)`` times as long as without momentum. ONNX's ``Momentum`` (mode
    ``standard``) multiplies the derivatives by its ``beta``, starting with the second step; it is
    equal if ``beta`` is 1.

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
    Polyak 1964; Rumelhart et al. 1986.

    Examples
    --------
    >>> import numpy as np
    >>> w, dw, memory = np.array([1.0]), np.array([2.0]), {"v": np.array([4.0])}
    >>> Momentum(momentum=0.5).apply(w, dw, memory, rate=0.25, step=2, decayed=np.ones(1))
    (array([0.]), {'v': array([4.])})
    """

    learning_rate: float = option(0.01, POSITIVE)
    momentum: float = option(0.9, FRACTION)
    weight_decay: float = option(0.0, NOT_NEGATIVE)

    buffers = ("v",)
    statements = (
        REGULARIZED,
        "v_next[x] = momentum * v[x] + g[x]",
        "w_next[x] = w[x] - rate * v_next[x]",
    )
    onnx = Onnx(
        operator="Momentum", attributes={"momentum": "alpha", "weight_decay": "norm_coefficient"}
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
        r"""Add the derivatives to the velocity, then step against it.

        .. math:: v \leftarrow \mu v + g, \qquad w \leftarrow w - \alpha v,
            \qquad g = dw + \lambda \, w

        Parameters and results are those of :meth:`Optimizer.apply`.

        Sources
        -------
        Polyak 1964.
        """
        v = self.momentum * memory["v"] + self.regularized(w, dw, decayed)
        return w - rate * v, {"v": v}

    @classmethod
    def cases(cls) -> tuple["Momentum", ...]:
        """Return the defaults, another momentum, and weight decay."""
        return cls(), cls(momentum=0.5), cls(learning_rate=0.1, weight_decay=0.01)
