"""Cosine decay: slow at the beginning and at the end."""

from dataclasses import dataclass

from striate.functions.options import Range, option
from striate.functions.schedule.base import Schedule
from striate.functions.schedule.curves import half_cosine


@dataclass(frozen=True, kw_only=True)
class Cosine(Schedule):
    """A learning rate that falls along half a period of the cosine until the planned end.

    Parameters
    ----------
    floor
        The final rate as a fraction of the first one; at least 0, at most 1.

    Raises
    ------
    OptionError
        If the floor is outside its range.

    Sources
    -------
    Loshchilov and Hutter 2017.

    Examples
    --------
    >>> factor = Cosine().factor
    >>> [round(factor(step=k, steps_per_epoch=2, epochs=2, memory=()), 4) for k in range(5)]
    [1.0, 0.8536, 0.5, 0.1464, 0.0]
    """

    floor: float = option(0.0, Range(least=0, most=1))

    def factor(
        self,
        *,
        step: int,
        steps_per_epoch: int,
        epochs: int,
        memory: tuple[float, ...],  # noqa: ARG002  # it has no memory
    ) -> float:
        r"""Follow the cosine from 1 in step 0 to the floor in the step after the last.

        .. math:: f + (1 - f) \frac{1 + \cos(\pi \, t / (T N))}{2}

        :math:`t` is the step, :math:`T` the number of steps per epoch, :math:`N` that of epochs.

        Sources
        -------
        Loshchilov and Hutter 2017.
        """
        return half_cosine(1.0, self.floor, step / (steps_per_epoch * epochs))

    @classmethod
    def cases(cls) -> tuple["Cosine", ...]:
        """Return the default and one with a floor."""
        return cls(), cls(floor=0.1)
