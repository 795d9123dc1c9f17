"""Adam: momentum divided, elementwise, by the size of the derivatives."""

from collections.abc import Mapping
from dataclasses import dataclass

from striate.functions.base import Onnx
from striate.functions.optimizer.base import REGULARIZED, Optimizer
from striate.functions.optimizer.moments import MOMENTS, MOVE, moments, move
from striate.functions.options import FRACTION, NOT_NEGATIVE, POSITIVE, option
from striate.shapes import Array, Float, Shaped


@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer):
    """Adaptive moment estimation.

    Weight decay is added to the derivatives and is therefore divided by their size, too;
    :class:`AdamW` separates it. ONNX's ``Adam`` adds epsilon to the root *before* the bias
    correction, which makes its epsilon ``1 / sqrt(1 - beta2**step)`` times as large here; it counts
    steps from 0 and omits the correction in step 0.

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
        Factor of the weights that is added to their derivatives; 0 disables it.

    Raises
    ------
    OptionError
        If an option is outside its range.

    Sources
    -------
    Kingma and Ba 2015.

    Examples
    --------
    The length of the first step is the learning rate, for any derivative:

    >>> import numpy as np
    >>> adam, w = Adam(), np.array([1.0, 1.0])
    >>> dw, start = np.array([0.5, -200.0]), adam.start(w)
    >>> adam.apply(w, dw, start, rate=0.1, step=1, decayed=np.ones(2))[0].round(6)
    array([0.9, 1.1])
    """

    learning_rate: float = option(0.001, POSITIVE)
    beta1: float = option(0.9, FRACTION)
    beta2: float = option(0.999, FRACTION)
    epsilon: float = option(1e-8, POSITIVE)
    weight_decay: float = option(0.0, NOT_NEGATIVE)

    buffers = ("m", "v")
    statements = (REGULARIZED, *MOMENTS, f"w_next[x] = w[x] - {MOVE}")
    onnx = Onnx(
        operator="Adam",
        attributes={
            "beta1": "alpha",
            "beta2": "beta",
            "epsilon": "epsilon",
            "weight_decay": "norm_coefficient",
        },
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
        r"""Update both means, and divide the first one by the root of the second.

        .. math:: w \leftarrow w
            - \alpha \, \frac{m / (1 - \beta_1^t)}{\sqrt{v / (1 - \beta_2^t)} + \epsilon},
            \qquad g = dw + \lambda \, w

        Parameters and results are those of :meth:`Optimizer.apply`; the means are those of
        :func:`moments`.

        Sources
        -------
        Kingma and Ba 2015.
        """
        g = self.regularized(w, dw, decayed)
        after = moments(g, memory, beta1=self.beta1, beta2=self.beta2)
        return w - move(
            after, rate=rate, step=step, beta1=self.beta1, beta2=self.beta2, epsilon=self.epsilon
        ), after

    @classmethod
    def cases(cls) -> tuple["Adam", ...]:
        """Return the defaults, faster means, and weight decay."""
        return cls(), cls(beta1=0.5, beta2=0.9, epsilon=1e-3), cls(weight_decay=0.01)
