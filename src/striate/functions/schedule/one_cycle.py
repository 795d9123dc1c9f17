"""One cycle: the learning rate grows to its maximum, then falls to a very small value."""

from dataclasses import dataclass

from striate.functions.options import FRACTION, Range, option
from striate.functions.schedule.base import Schedule
from striate.functions.schedule.curves import half_cosine

AT_LEAST_ONE = Range(least=1)


@dataclass(frozen=True, kw_only=True)
class OneCycle(Schedule):
    """A learning rate that rises to the optimizer's rate, then falls far below its initial value.

    Both parts follow half a period of the cosine, as in PyTorch's ``OneCycleLR``; the optimizer's
    own rate is the peak.

    Parameters
    ----------
    warm_up
        Fraction of the steps in which the rate grows; at least 0, below 1.
    start_divisor
        The peak divided by the first rate; at least 1.
    end_divisor
        The first rate divided by the last one; at least 1.

    Raises
    ------
    OptionError
        If an option is outside its range.

    Sources
    -------
    Smith and Topin 2019.

    Examples
    --------
    >>> cycle = OneCycle(warm_up=0.5, start_divisor=4.0, end_divisor=10.0)
    >>> [round(cycle.factor(step=k, steps_per_epoch=6, epochs=1, memory=()), 3) for k in range(6)]
    [0.25, 0.625, 1.0, 0.756, 0.269, 0.025]
    """

    warm_up: float = option(0.3, FRACTION)
    start_divisor: float = option(25.0, AT_LEAST_ONE)
    end_divisor: float = option(1e4, AT_LEAST_ONE)

    def factor(
        self,
        *,
        step: int,
        steps_per_epoch: int,
        epochs: int,
        memory: tuple[float, ...],  # noqa: ARG002  # it has no memory
    ) -> float:
        r"""Follow the cosine up to step :math:`p T N - 1`, and down to step :math:`T N - 1`.

        .. math:: \frac{1}{a} \rightarrow 1 \rightarrow \frac{1}{a b}

        :math:`T` is the number of steps per epoch, :math:`N` that of epochs, :math:`p` the warm-up
        fraction, and :math:`a, b` are the divisors. If :math:`p T N` isn't an integer, the peak is
        between two steps.

        Sources
        -------
        Smith and Topin 2019.
        """
        steps = steps_per_epoch * epochs
        start = 1 / self.start_divisor
        peak, last = self.warm_up * steps - 1, steps - 1
        if step <= peak:
            return half_cosine(start, 1.0, step / peak if peak > 0 else 1.0)
        return half_cosine(1.0, start / self.end_divisor, (step - peak) / (last - peak))

    @classmethod
    def cases(cls) -> tuple["OneCycle", ...]:
        """Return the defaults and other values."""
        return cls(), cls(warm_up=0.5, start_divisor=4.0, end_divisor=10.0)
