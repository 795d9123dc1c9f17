"""Where a training stands: all that is needed to go on from there, bit for bit.

Each step makes a new state, and one assignment puts it in the old one's place: whenever training is
interrupted, the last whole state is there to be saved. The arrays of a state hold until the step
after the next, those of a state behind an epoch for ever.
"""

import operator
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from striate.functions.optimizer.base import Optimizer
from striate.functions.schedule.base import Schedule
from striate.graph.engine import StepResult
from striate.shapes import Array

Row = Mapping[str, float]


@dataclass(frozen=True, kw_only=True)
class Best:
    """The best weights so far, by the score that is watched.

    Parameters
    ----------
    score
        The score, lower is better: an accuracy is held with a minus sign.
    epoch
        In which epoch, counted from 1.
    parameters, statistics
        The network's numbers then.
    """

    score: float
    epoch: int
    parameters: Array
    statistics: Array


@dataclass(frozen=True, kw_only=True)
class Sums:
    """What the steps of an epoch add up to.

    Parameters
    ----------
    losses, counted
        For each output, the losses of its images, and what they count in their mean.
    weight
        Weights of the images.
    correct
        Weights of the images whose largest output is their label.
    seconds
        Time spent.
    """

    losses: tuple[float, ...] = ()
    counted: tuple[float, ...] = ()
    weight: float = 0.0
    correct: float = 0.0
    seconds: float = 0.0

    @property
    def loss(self) -> float:
        """The sum of the outputs' mean losses; no image that counts, no loss."""
        return sum(map(_mean, self.losses, self.counted))

    @property
    def accuracy(self) -> float:
        """The weighted share of the images that are right; NaN where there are no labels."""
        return _mean(self.correct, self.weight)

    def after(self, result: StepResult, *, weight: float, correct: float, seconds: float) -> "Sums":
        """Add what one step gave."""
        none = (0.0,) * len(result.losses)
        sums = zip(self.losses or none, result.losses, result.counted, strict=True)
        return Sums(
            losses=tuple(total + loss * counted for total, loss, counted in sums),
            counted=tuple(map(operator.add, self.counted or none, result.counted)),
            weight=self.weight + weight,
            correct=self.correct + correct,
            seconds=self.seconds + seconds,
        )


def _mean(total: float, counted: float) -> float:
    """Divide, where anything counts."""
    return total / counted if counted else 0.0


@dataclass(frozen=True, kw_only=True)
class TrainingState:
    """Everything that changes while a network trains.

    Parameters
    ----------
    parameters, statistics
        The network's numbers, flat.
    memory
        The update's buffers.
    step
        Steps done.
    epoch, batch
        Epochs done, and batches done in the epoch that runs.
    sums
        What the batches of the epoch that runs add up to.
    schedule
        The numbers that the decay remembers.
    rows
        One row of the history for each epoch done.
    best
        The best weights so far, if they are kept.
    """

    parameters: Array
    statistics: Array
    memory: Mapping[str, Array]
    step: int = 0
    epoch: int = 0
    batch: int = 0
    sums: Sums = field(default_factory=Sums)
    schedule: tuple[float, ...] = ()
    rows: tuple[Row, ...] = ()
    best: Best | None = None

    @classmethod
    def start(
        cls, parameters: Array, statistics: Array, optimizer: Optimizer, schedule: Schedule
    ) -> "TrainingState":
        """Give the state before the first step.

        Parameters
        ----------
        parameters, statistics
            The network's numbers, flat; they are copied.
        optimizer, schedule
            The rules, for what they remember.

        Returns
        -------
        TrainingState
        """
        return cls(
            parameters=parameters.copy(),
            statistics=statistics.copy(),
            memory=optimizer.start(parameters),
            schedule=schedule.start(),
        )


def order_of_images(seed: int, epoch: int, count: int, *, shuffle: bool = True) -> Array:
    """Give the order in which an epoch goes through the images.

    It depends on the seed and the epoch alone, so that a training that goes on in the middle of an
    epoch needs no more than its position.

    Parameters
    ----------
    seed, epoch, count
        The caller's seed, the epoch from 0, the number of images.
    shuffle
        Whether the order is drawn, or the images' own.

    Returns
    -------
    Array
        Numbers of images.

    Examples
    --------
    >>> order_of_images(0, 3, 5).tolist() == order_of_images(0, 3, 5).tolist()
    True
    """
    if not shuffle:
        return np.arange(count)
    return np.random.default_rng([seed, epoch]).permutation(count)
