"""Reduce on plateau: the learning rate falls where the score has ceased to improve."""

import math
from dataclasses import dataclass

from striate.functions.options import FRACTION, Range, option
from striate.functions.schedule.base import Schedule


@dataclass(frozen=True, kw_only=True)
class ReduceOnPlateau(Schedule):
    """A learning rate that is multiplied by a ratio after too many epochs without a better score.

    It remembers, after the first epoch, three numbers: the factor, the number of epochs since the
    best score, and the best score.

    Parameters
    ----------
    ratio
        What the rate is multiplied by; above 0, below 1.
    patience
        Epochs without a better score that are borne; one more reduces the rate. A whole number, at
        least 0.
    minimum
        Factor below which it does not fall, as a part of the update's rate; at least 0, at most 1.
    threshold
        Part of the best score by which another must be lower to count as better; at least 0, below
        1.

    Raises
    ------
    OptionError
        If an option is outside its range.

    Sources
    -------
    He et al. 2016.

    Examples
    --------
    >>> decay = ReduceOnPlateau(ratio=0.5, patience=1)
    >>> memory = decay.start()
    >>> for score in (3.0, 2.0, 2.0, 2.5):
    ...     memory = decay.observe(memory, score)
    >>> memory, decay.factor(step=8, steps_per_epoch=2, epochs=9, memory=memory)
    ((0.5, 0.0, 2.0), 0.5)
    """

    ratio: float = option(0.1, Range(above=0, below=1))
    patience: int = option(10, Range(least=0, whole=True))
    minimum: float = option(0.0, Range(least=0, most=1))
    threshold: float = option(1e-4, FRACTION)

    def factor(
        self,
        *,
        step: int,  # noqa: ARG002  # epochs are what counts
        steps_per_epoch: int,  # noqa: ARG002
        epochs: int,  # noqa: ARG002
        memory: tuple[float, ...],
    ) -> float:
        """Give the remembered factor; 1 in the first epoch."""
        return memory[0] if memory else 1.0

    def observe(self, memory: tuple[float, ...], score: float) -> tuple[float, ...]:
        r"""Compare the score with the best one, and reduce the factor where patience is at an end.

        A score is better where it is below :math:`s - \theta |s|`; :math:`s` is the best score,
        :math:`\theta` the threshold. Any is better than NaN or infinity.

        Sources
        -------
        He et al. 2016.
        """
        if not memory:
            return (1.0, 0.0, score)
        factor, waited, best = memory
        if not math.isfinite(best) or score < best - self.threshold * abs(best):
            return (factor, 0.0, score)
        if waited < self.patience:
            return (factor, waited + 1, best)
        return (max(factor * self.ratio, self.minimum), 0.0, best)

    @classmethod
    def cases(cls) -> tuple["ReduceOnPlateau", ...]:
        """Give the defaults and an impatient one with a minimum."""
        return cls(), cls(ratio=0.5, patience=0, minimum=0.1, threshold=0.01)
