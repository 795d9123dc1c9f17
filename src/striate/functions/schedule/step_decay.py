"""Step decay: the learning rate falls by a fixed ratio at regular intervals."""

from dataclasses import dataclass

from striate.functions.options import COUNT, Range, option
from striate.functions.schedule.base import Schedule


@dataclass(frozen=True, kw_only=True)
class StepDecay(Schedule):
    """A learning rate that is multiplied by a ratio every few epochs.

    Parameters
    ----------
    every
        Number of epochs between two reductions, an integer of at least 1.
    ratio
        Factor of each reduction; above 0, at most 1.

    Raises
    ------
    OptionError
        If an option is outside its range.

    Sources
    -------
    He et al. 2016.

    Examples
    --------
    >>> factor = StepDecay(every=1, ratio=0.5).factor
    >>> [factor(step=k, steps_per_epoch=2, epochs=3, memory=()) for k in range(6)]
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """

    every: int = option(10, COUNT)
    ratio: float = option(0.1, Range(above=0, most=1))

    def factor(
        self,
        *,
        step: int,
        steps_per_epoch: int,
        epochs: int,  # noqa: ARG002  # the rate doesn't depend on the last epoch
        memory: tuple[float, ...],  # noqa: ARG002
    ) -> float:
        r"""Multiply by the ratio once per completed interval.

        .. math:: \rho^{\lfloor e / E \rfloor}, \qquad e = \lfloor t / T \rfloor

        :math:`t` is the step, :math:`T` the number of steps per epoch, and :math:`E` that of epochs
        per interval.

        Sources
        -------
        He et al. 2016.
        """
        return self.ratio ** (step // steps_per_epoch // self.every)

    @classmethod
    def cases(cls) -> tuple["StepDecay", ...]:
        """Return the defaults and smaller reductions."""
        return cls(), cls(every=2, ratio=0.5)
