"""What every decay states: how the learning rate changes in the course of the training."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from striate.functions.options import Checked


@dataclass(frozen=True, kw_only=True)
class Schedule(Checked, ABC):
    """One rule by which the learning rate changes; each step's rate is the update's times a factor.

    A decay holds nothing but its options. What it must remember, it gives and takes as plain
    numbers, so that a checkpoint holds all of it; most remember nothing.
    """

    @abstractmethod
    def factor(
        self, *, step: int, steps_per_epoch: int, epochs: int, memory: tuple[float, ...]
    ) -> float:
        """Give what the learning rate is multiplied by in one step.

        Parameters
        ----------
        step
            Number of the step in the whole training, counted from 0.
        steps_per_epoch
            Steps in one pass through the training images; at least 1.
        epochs
            Passes that the training is planned to have; at least 1.
        memory
            Numbers from :meth:`start` or from the last :meth:`observe`.

        Returns
        -------
        float
            The factor, at least 0. Where training goes on longer than planned, a decay that depends
            on the end stays as it was there.
        """

    @classmethod
    @abstractmethod
    def cases(cls) -> tuple["Schedule", ...]:
        """Give a few instances that together use every option."""

    def start(self) -> tuple[float, ...]:
        """Give the numbers to remember before the first epoch: none."""
        return ()

    def observe(self, memory: tuple[float, ...], score: float) -> tuple[float, ...]:  # noqa: ARG002  # most do not look
        """Take notice of how an epoch ended.

        Parameters
        ----------
        memory
            The numbers remembered so far.
        score
            What the training wants to make small, after the epoch: the loss on the validation
            images, say.

        Returns
        -------
        tuple[float, ...]
            The numbers to remember from now on.
        """
        return memory
