"""The base class of learning-rate schedules: how the learning rate changes during training."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from striate.functions.options import Checked


@dataclass(frozen=True, kw_only=True)
class Schedule(Checked, ABC):
    """A learning-rate schedule. The rate of each step is the optimizer's rate times a factor.

    A schedule contains only its options. If it needs memory, it receives and returns plain numbers,
    so that a checkpoint can store them; most schedules don't.
    """

    needs_length: ClassVar[bool] = True
    """Whether the factor depends on the number of steps in an epoch."""

    @abstractmethod
    def factor(
        self, *, step: int, steps_per_epoch: int, epochs: int, memory: tuple[float, ...]
    ) -> float:
        """Return the factor of the learning rate for one step.

        Parameters
        ----------
        step
            Index of the step in the whole training run, counted from 0.
        steps_per_epoch
            Number of steps in an epoch; at least 1.
        epochs
            Planned number of epochs; at least 1.
        memory
            Result of :meth:`start` or of the last :meth:`observe`.

        Returns
        -------
        float
            The factor, at least 0. If training continues longer than planned, a schedule that
            depends on the end keeps its last value.
        """

    @classmethod
    @abstractmethod
    def cases(cls) -> tuple["Schedule", ...]:
        """Return a few instances that together use every option."""

    def start(self) -> tuple[float, ...]:
        """Return the memory before the first epoch, which is empty by default."""
        return ()

    def observe(self, memory: tuple[float, ...], score: float) -> tuple[float, ...]:  # noqa: ARG002  # most ignore it
        """Update the memory after an epoch.

        Parameters
        ----------
        memory
            The memory before the epoch.
        score
            The quantity to minimize, after the epoch: for example, the validation loss.

        Returns
        -------
        tuple[float, ...]
            The new memory.
        """
        return memory
