r"""A search for a learning rate: the loss of each step while the rate increases.

The rate is multiplied by the same factor after each step, from far too small to far too large::

    loss |------_____                 /
         |           \              /     too large: training diverges
         |            \            /
         |             \___    ___/
         |                 \__/           the loss is lowest
         +------------------------------- learning rate, logarithmic
          too small      ^
                         suggestion

Where the loss is lowest, the rate is already so large that training is about to diverge. The
suggestion is the rate at which the loss has fallen by four fifths of its whole fall: large, but on
the safe side of the minimum. Two other common rules, the steepest slope and a tenth of the rate at
the minimum, depend more on the noise of single batches: on six tasks, three seeds and two batch
sizes changed them by factors of up to 95 and 42, and this one by factors of up to 10.

The search covers only the first steps of training. If the loss falls in two stages, as in a
regression that first learns the mean of its targets, the best rate can be larger than the suggested
one: look at the curve.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from striate.drawing.paint import Theme
from striate.functions.options import POSITIVE, option
from striate.functions.schedule.base import Schedule
from striate.shapes import Array
from striate.training.history import format_score

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DIVERGED = 4.0
"""A loss of this many times the lowest one ends the search."""

_WIDTH = 0.025  # standard deviation of the smoothing, as a fraction of all steps
_FALL = 0.8
_START = (
    10  # the first tenth of the steps hardly changes the loss, so it is the loss before training
)
_ROWS = 14  # of the printed table


@dataclass(frozen=True, kw_only=True)
class Sweep(Schedule):
    """A learning rate that grows by the same factor in each step.

    Parameters
    ----------
    ratio
        The last rate divided by the first one.
    steps
        Number of steps between them.

    Examples
    --------
    >>> sweep = Sweep(ratio=100.0, steps=3)
    >>> [sweep.factor(step=k, steps_per_epoch=9, epochs=1, memory=()) for k in range(3)]
    [1.0, 10.0, 100.0]
    """

    ratio: float = option(1e6, POSITIVE)
    steps: int = 100

    def factor(
        self,
        *,
        step: int,
        steps_per_epoch: int,  # noqa: ARG002  # it counts steps
        epochs: int,  # noqa: ARG002  # likewise
        memory: tuple[float, ...],  # noqa: ARG002  # it has no memory
    ) -> float:
        """Return the power of the ratio that belongs to the step."""
        return self.ratio ** (step / (self.steps - 1))

    @classmethod
    def cases(cls) -> tuple["Sweep", ...]:
        return (cls(),)


@dataclass(frozen=True)
class RateSearch:
    """The result of :meth:`striate.Network.find_learning_rate`; prints as a table.

    Parameters
    ----------
    rates
        The learning rate of each step.
    losses
        The loss of each step's batch, before its update.

    Sources
    -------
    Smith 2017.

    Examples
    --------
    >>> search = RateSearch((0.001, 0.01, 0.1, 1.0), (2.0, 0.7, 0.5, 3.0))
    >>> search.suggestion
    0.01
    """

    rates: Sequence[float]
    losses: Sequence[float]

    @cached_property
    def smoothed(self) -> Array:
        """The losses without the noise of single batches: means of neighboring steps.

        An average over earlier steps only, as in a moving average, would shift the curve to the
        right.
        """
        steps = np.arange(len(self.losses))
        # The last loss may be anything; its neighbors shouldn't be drawn up to it.
        losses = np.minimum(self.losses, 2 * self.start)
        width = max(_WIDTH * len(steps), 0.1)
        weights = np.exp(-0.5 * ((steps[:, None] - steps) / width) ** 2)
        return weights @ losses / weights.sum(axis=1)

    @property
    def start(self) -> float:
        """The loss before training."""
        return float(np.median(self.losses[: max(len(self.losses) // _START, 1)]))

    @property
    def suggestion(self) -> float:
        """The suggested learning rate: where the loss has fallen by 80% of its whole fall."""
        smoothed = self.smoothed
        level = self.start - _FALL * (self.start - float(smoothed.min()))
        return self.rates[int(np.argmax(smoothed <= level))]

    def plot(self, *, ax: Any = None, theme: Theme = "auto") -> "Axes":
        """Draw the loss over the learning rate, with Matplotlib.

        Parameters
        ----------
        ax
            Matplotlib axes to draw into; by default a new figure of pyplot.
        theme
            ``"light"``, ``"dark"``, or ``"auto"``, which follows the color of the axes.

        Returns
        -------
        Axes

        Raises
        ------
        ExtraError
            If Matplotlib is not installed.
        """
        # Pictures are above this package, and load Matplotlib: they are imported by name, here.
        return import_module("striate.pictures").learning_rates(self, ax=ax, theme=theme)

    def __str__(self) -> str:
        """Format a part of the steps as a table, and the suggestion."""
        count = len(self.rates)
        shown = sorted({round(k) for k in np.linspace(0, count - 1, min(count, _ROWS))})
        rows = [("learning rate", "loss")]
        rows += [(f"{self.rates[k]:.2g}", format_score(float(self.smoothed[k]))) for k in shown]
        left, right = (max(len(row[k]) for row in rows) for k in range(2))
        lines = [f"{rate:>{left}}  {loss:>{right}}" for rate, loss in rows]
        return "\n".join([*lines, f"Suggested learning rate: {self.suggestion:.2g}"])

    def __repr__(self) -> str:
        return f"<RateSearch: {len(self.rates)} steps, suggestion {self.suggestion:.2g}>"
