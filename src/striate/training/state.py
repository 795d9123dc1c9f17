"""The state of a training run: everything needed to resume it bit for bit.

Each step makes a new state, and one assignment replaces the old one. So whenever training is
interrupted, there is a complete state to save. The arrays of a state are valid until the step after
the next; those of a state at the end of an epoch are never written over.
"""

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from striate.functions.optimizer.base import Optimizer
from striate.functions.schedule.base import Schedule
from striate.graph.engine import StepResult
from striate.shapes import Array

HistoryRow = Mapping[str, float]
"""The scores of one epoch, by column: ``epoch``, ``loss``, ``accuracy``, ...,
``learning_rate`` (of its last step), ``seconds``."""


@dataclass(frozen=True, kw_only=True)
class BestWeights:
    """The best weights so far, by the monitored score.

    Parameters
    ----------
    score
        The score. Lower is better: a metric that should be high is held with a minus sign.
    epoch
        The epoch that ended with these weights, counted from 1.
    parameters, statistics
        The weights and running statistics, flat.
    """

    score: float
    epoch: int
    parameters: Array
    statistics: Array


@dataclass(frozen=True, kw_only=True)
class EpochTotals:
    """Totals over the steps of an epoch, from which its scores are computed.

    Parameters
    ----------
    losses, counted
        For each output, the sum of the images' losses, and the weight that they have in its mean.
    metrics
        The totals of each metric.
    seconds
        Time spent.
    """

    losses: tuple[float, ...] = ()
    counted: tuple[float, ...] = ()
    metrics: tuple[Array, ...] = ()
    seconds: float = 0.0

    @property
    def loss(self) -> float:
        """The sum of the outputs' mean losses; 0 where all weights are 0."""
        return sum(self.by_output)

    @property
    def by_output(self) -> tuple[float, ...]:
        """The mean loss of each output, weighted as in the sum; 0 where all weights are 0."""
        return tuple(map(_mean, self.losses, self.counted))

    def after(
        self, result: StepResult, *, metrics: tuple[Array, ...], seconds: float
    ) -> "EpochTotals":
        """Add the results of one step."""
        none = (0.0,) * len(result.losses)
        sums = zip(self.losses or none, result.losses, result.counted, strict=True)
        return EpochTotals(
            losses=tuple(total + loss * counted for total, loss, counted in sums),
            counted=tuple(map(operator.add, self.counted or none, result.counted)),
            metrics=metrics,
            seconds=self.seconds + seconds,
        )


def _mean(total: float, counted: float) -> float:
    """Divide, or return 0 where the divisor is 0."""
    return total / counted if counted else 0.0


@dataclass(frozen=True, kw_only=True)
class TrainingState:
    """Everything that changes while a network trains.

    Parameters
    ----------
    parameters, statistics
        The weights and running statistics, flat.
    memory
        The optimizer's buffers.
    step
        Steps done.
    epoch, batch
        Epochs done, and batches done in the current epoch.
    totals
        Totals over the batches of the current epoch.
    schedule
        The memory of the learning-rate schedule.
    rows
        One row of the history for each finished epoch.
    best
        The best weights so far; ``None`` before the end of the first epoch.
    start_loss
        The loss of the first batch, before any weight changed; ``None`` before the first step. A
        training diverged if it ends far above it.
    """

    parameters: Array
    statistics: Array
    memory: Mapping[str, Array]
    step: int = 0
    epoch: int = 0
    batch: int = 0
    totals: EpochTotals = field(default_factory=EpochTotals)
    schedule: tuple[float, ...] = ()
    rows: tuple[HistoryRow, ...] = ()
    best: BestWeights | None = None
    start_loss: float | None = None

    @classmethod
    def start(
        cls,
        parameters: Array,
        statistics: Array,
        optimizer: Optimizer,
        schedule: Schedule,
        *,
        metrics: tuple[Array, ...] = (),
    ) -> "TrainingState":
        """Return the state before the first step.

        Parameters
        ----------
        parameters, statistics
            The weights and running statistics, flat; they are copied.
        optimizer, schedule
            Set up their memory.
        metrics
            The totals of the metrics before the first batch.

        Returns
        -------
        TrainingState
        """
        return cls(
            parameters=parameters.copy(),
            statistics=statistics.copy(),
            memory=optimizer.start(parameters),
            schedule=schedule.start(),
            totals=EpochTotals(metrics=metrics),
        )


def order_of_images(seed: int, epoch: int, count: int, *, shuffle: bool = True) -> Array:
    """Return the order in which an epoch visits the images.

    It depends only on the seed and the epoch, so that a run resumed in the middle of an epoch
    needs only its position.

    Parameters
    ----------
    seed, epoch, count
        The seed, the epoch counted from 0, and the number of images.
    shuffle
        Whether the order is random, or the images' own.

    Returns
    -------
    Array
        Indices of images.

    Examples
    --------
    >>> order_of_images(0, 3, 5).tolist() == order_of_images(0, 3, 5).tolist()
    True
    """
    if not shuffle:
        return np.arange(count)
    return np.random.default_rng([seed, epoch]).permutation(count)
