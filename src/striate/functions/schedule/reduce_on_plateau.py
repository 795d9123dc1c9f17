"""Reduce on plateau: the learning rate falls when the score stops improving."""

import math
from dataclasses import dataclass

from striate.functions.options import FRACTION, Range, option
from striate.functions.schedule.base import Schedule


@dataclass(frozen=True, kw_only=True)
class ReduceOnPlateau(Schedule):
    """A learning rate that is reduced when the score hasn't improved for several epochs.

    Its memory after the first epoch is the factor, the number of epochs since the best score, and
    the best score.

    Parameters
    ----------
    ratio
        Factor of each reduction; above 0, below 1.
    patience
        Number of epochs without a better score before the next one reduces the rate; an integer of
        at least 0.
    minimum
        Lower limit as a fraction of the optimizer's rate; at least 0, at most 1.
    threshold
        Fraction of the best score by which another score must be lower to count as better; at least
        0, below 1.

    Raises
    ------
    OptionError
        If an option is outside its range.

    Sources
    -------
    He et al. 2016.

    Examples
    --------
    >>> schedule = ReduceOnPlateau(ratio=0.5, patience=1)
    >>> memory = schedule.start()
    >>> for score in (3.0, 2.0, 2.0, 2.5):
    ...     memory = schedule.observe(memory, score)
    >>> memory, schedule.factor(step=8, steps_per_epoch=2, epochs=9, memory=memory)
    ((0.5, 0.0, 2.0), 0.5)
    """

    ratio: float = option(0.1, Range(above=0, below=1))
    patience: int = option(10, Range(least=0, whole=True))
    minimum: float = option(0.0, Range(least=0, most=1))
    threshold: float = option(1e-4, FRACTION)

    needs_length = False

    def factor(
        self,
        *,
        step: int,  # noqa: ARG002  # it only depends on epochs
        steps_per_epoch: int,  # noqa: ARG002
        epochs: int,  # noqa: ARG002
        memory: tuple[float, ...],
    ) -> float:
        """Return the factor in the memory, or 1 in the first epoch."""
        return memory[0] if memory else 1.0

    def observe(self, memory: tuple[float, ...], score: float) -> tuple[float, ...]:
        r"""Compare the score with the best one, and reduce the factor if patience has run out.

        A score is better if it is below :math:`s - \theta |s|`, where :math:`s` is the best score
        and :math:`\theta` the threshold. Any finite score is better than NaN or infinity.

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
        """Return the defaults, and one without patience and with a minimum."""
        return cls(), cls(ratio=0.5, patience=0, minimum=0.1, threshold=0.01)
