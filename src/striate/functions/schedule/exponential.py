"""Exponential decay: a fixed ratio from each epoch to the next."""

from dataclasses import dataclass

from striate.functions.options import Range, option
from striate.functions.schedule.base import Schedule


@dataclass(frozen=True, kw_only=True)
class Exponential(Schedule):
    """A learning rate that is multiplied by a ratio after every epoch.

    Parameters
    ----------
    ratio
        Rate of an epoch relative to that of the previous epoch; above 0, at most 1.

    Raises
    ------
    OptionError
        If the ratio is outside its range.

    Sources
    -------
    Bengio 2012.

    Examples
    --------
    >>> factor = Exponential(ratio=0.5).factor
    >>> [factor(step=k, steps_per_epoch=2, epochs=3, memory=()) for k in range(6)]
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """

    ratio: float = option(0.95, Range(above=0, most=1))

    def factor(
        self,
        *,
        step: int,
        steps_per_epoch: int,
        epochs: int,  # noqa: ARG002  # the rate doesn't depend on the last epoch
        memory: tuple[float, ...],  # noqa: ARG002
    ) -> float:
        r"""Multiply by the ratio once per completed epoch.

        .. math:: \rho^{\lfloor t / T \rfloor}

        :math:`t` is the step, and :math:`T` the number of steps per epoch.

        Sources
        -------
        Bengio 2012.
        """
        return self.ratio ** (step // steps_per_epoch)

    @classmethod
    def cases(cls) -> tuple["Exponential", ...]:
        """Return the default and a steeper schedule."""
        return cls(), cls(ratio=0.5)
