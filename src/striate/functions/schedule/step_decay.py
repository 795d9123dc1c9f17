"""Step decay: down a stair of a fixed ratio, one stair in so many epochs."""

from dataclasses import dataclass

from striate.functions.options import COUNT, Range, option
from striate.functions.schedule.base import Schedule


@dataclass(frozen=True, kw_only=True)
class StepDecay(Schedule):
    """A learning rate that is multiplied by a ratio every so many epochs.

    Parameters
    ----------
    every
        Epochs on one stair; a whole number, at least 1.
    ratio
        Rate on one stair in units of the rate on the stair before; above 0, at most 1.

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
        epochs: int,  # noqa: ARG002  # the stairs do not depend on where the training ends
        memory: tuple[float, ...],  # noqa: ARG002
    ) -> float:
        r"""Multiply the ratio once for each stair behind.

        .. math:: \rho^{\lfloor e / E \rfloor}, \qquad e = \lfloor t / T \rfloor

        Step :math:`t`, :math:`T` steps an epoch, :math:`E` epochs a stair.

        Sources
        -------
        He et al. 2016.
        """
        return self.ratio ** (step // steps_per_epoch // self.every)

    @classmethod
    def cases(cls) -> tuple["StepDecay", ...]:
        """Give the defaults and shallow stairs."""
        return cls(), cls(every=2, ratio=0.5)
