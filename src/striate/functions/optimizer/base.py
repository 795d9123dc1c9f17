"""What every update states: how one step moves the parameters against their derivatives.

All parameters of a network are one flat array ``w``, their derivatives another, ``dw``; an update
keeps further flat arrays beside them, its ``buffers``. It is stated once in the nest language, over
one index ``x``, and once in NumPy. The meaning is PyTorch's. The source texts end at the
derivatives (Hagan 8.46, 8.48); the papers of each update are named with it.
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
    """One rule by which training changes the parameters.

    Parameters
    ----------
    learning_rate
        How far one step goes, before the decay; above 0.
    weight_decay
        Strength of the pull toward zero on the entries that are decayed; 0 is none.
    """

    learning_rate: float = option(0.01, POSITIVE)
    weight_decay: float = option(0.0, NOT_NEGATIVE)

    buffers: ClassVar[tuple[str, ...]] = ()
    """Names of the flat arrays that the update remembers; all begin with zeros."""

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
        """Compute the parameters and the buffers after one step; nothing is changed in place.

        Parameters
        ----------
        w
            Parameters, all in one row.
        dw
            Derivatives of the loss, clipped where they are to be.
        memory
            The buffers by name, as :meth:`start` or the step before gave them.
        rate
            The learning rate of this step, already decayed.
        step
            Number of this step, counted from 1.
        decayed
            1 where weight decay applies, 0 where it does not.

        Returns
        -------
        tuple[Array, dict[str, Array]]
            The new parameters and buffers, in the precision of ``w``.
        """

    @classmethod
    @abstractmethod
    def cases(cls) -> tuple["Optimizer", ...]:
        """Give a few instances that together use every option."""

    def start(self, w: Float[Array, "x"]) -> dict[str, Array]:
        """Give the buffers before the first step: zeros.

        Parameters
        ----------
        w
            Parameters, for their number and precision.

        Returns
        -------
        dict[str, Array]
            One array of zeros for each buffer.
        """
        return {name: np.zeros_like(w) for name in self.buffers}

    def lowering(self, size: int) -> Lowering:
        """Give the equations for so many parameters.

        The constants ``rate`` and ``step`` change from step to step: they are supplied at binding.

        Parameters
        ----------
        size
            Number of parameters.

        Returns
        -------
        Lowering
            The statements with the update's own numbers.
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
