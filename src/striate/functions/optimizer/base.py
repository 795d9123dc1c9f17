"""The base class of optimizers: how one step changes the parameters.

All parameters of a network are one flat array ``w``, and their derivatives another one, ``dw``. An
optimizer has additional flat arrays, its ``buffers``. It states its equations in the nest language,
over one index ``x``, and in NumPy, with the same meaning as in PyTorch. The texts end at the
derivatives (Hagan 8.46, 8.48), so each optimizer cites its own papers.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np

from striate.functions.base import Lowering, Onnx, StatesEquations
from striate.functions.options import NOT_NEGATIVE, POSITIVE, Checked, option
from striate.shapes import Array, Float, Shaped

REGULARIZED = "g[x] = dw[x] + weight_decay * decayed[x] * w[x]"


@dataclass(frozen=True, kw_only=True)
class Optimizer(StatesEquations, Checked, ABC):
    """A rule that updates the parameters.

    Parameters
    ----------
    learning_rate
        Learning rate, before the schedule's factor; above 0.
    weight_decay
        Strength of the weight decay; 0 disables it.
    """

    learning_rate: float = option(0.01, POSITIVE)
    weight_decay: float = option(0.0, NOT_NEGATIVE)

    buffers: ClassVar[tuple[str, ...]] = ()
    """Names of the optimizer's flat arrays, which start at zero."""

    statements: ClassVar[tuple[str, ...]]
    """The equations: ``w_next`` and each buffer's ``_next``."""

    onnx: ClassVar[Onnx | None] = None

    @abstractmethod
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
        """Return the parameters and buffers after one step; the arguments aren't modified.

        Parameters
        ----------
        w
            All parameters, flat.
        dw
            Derivatives of the loss, already clipped.
        memory
            The buffers by name, from :meth:`start` or the previous step.
        rate
            The learning rate of this step, including the schedule's factor.
        step
            Index of this step, counted from 1.
        decayed
            1 for parameters with weight decay, 0 for others.

        Returns
        -------
        tuple[Array, dict[str, Array]]
            The new parameters and buffers, in the precision of ``w``.
        """

    @classmethod
    @abstractmethod
    def cases(cls) -> tuple["Optimizer", ...]:
        """Return a few instances that together use every option."""

    def start(self, w: Float[Array, "x"]) -> dict[str, Array]:
        """Return the buffers before the first step, which are zeros.

        Parameters
        ----------
        w
            Parameters, which determine size and dtype.

        Returns
        -------
        dict[str, Array]
            An array of zeros for each buffer.
        """
        return {name: np.zeros_like(w) for name in self.buffers}

    def lowering(self, size: int) -> Lowering:
        """Return the equations for a number of parameters.

        The constants ``rate`` and ``step`` change in every step; they are supplied at binding.

        Parameters
        ----------
        size
            Number of parameters.

        Returns
        -------
        Lowering
            The statements with the optimizer's options as constants.
        """
        written = (statement.partition("[")[0] for statement in self.statements)
        return Lowering(
            statements=self.statements,
            shapes=dict.fromkeys(("w", "dw", "decayed", *self.buffers, *written), (size,)),
            constants={f.name: getattr(self, f.name) for f in fields(self)},
        )

    def regularized(
        self, w: Float[Array, "x"], dw: Float[Array, "x"], decayed: Shaped[Array, "x"]
    ) -> Float[Array, "x"]:
        r"""Add the derivative of the penalty on large weights, :math:`\lambda \sum w^2 / 2`.

        .. math:: g = dw + \lambda \, w

        Parameters
        ----------
        w, dw, decayed
            As given to :meth:`apply`.

        Returns
        -------
        Array
            The regularized derivatives ``g``.

        Sources
        -------
        Krogh and Hertz 1992.
        """
        if self.weight_decay == 0:
            return dw
        return dw + self.weight_decay * decayed.astype(w.dtype, copy=False) * w
