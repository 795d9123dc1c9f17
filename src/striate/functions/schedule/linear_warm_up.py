"""Linear warm-up: the learning rate grows in the first epochs, then another schedule follows."""

from dataclasses import dataclass

from striate.functions.options import COUNT, InstanceOf, created_by, option
from striate.functions.schedule.base import Schedule
from striate.functions.schedule.constant import Constant
from striate.functions.schedule.cosine import Cosine


@dataclass(frozen=True, kw_only=True)
class LinearWarmUp(Schedule):
    """A learning rate that increases linearly from nearly 0, followed by another schedule.

    Parameters
    ----------
    epochs
        Length of the warm-up in epochs, an integer of at least 1.
    then
        The schedule for the remaining epochs.

    Raises
    ------
    OptionError
        If ``epochs`` isn't a positive integer, or ``then`` isn't a schedule.

    Sources
    -------
    Goyal et al. 2017.

    Examples
    --------
    >>> schedule = LinearWarmUp(epochs=1)
    >>> [schedule.factor(step=k, steps_per_epoch=4, epochs=2, memory=()) for k in range(6)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    """

    epochs: int = option(5, COUNT)
    then: Schedule = created_by(Constant, InstanceOf(Schedule, "a learning-rate schedule"))

    def factor(
        self, *, step: int, steps_per_epoch: int, epochs: int, memory: tuple[float, ...]
    ) -> float:
        r"""Grow to the first factor of the following schedule, then use that schedule.

        .. math:: \frac{t + 1}{T W} \, f(0) \quad (t < T W), \qquad
            f(t - T W) \quad \text{afterwards}

        :math:`t` is the step, :math:`T` the number of steps per epoch, :math:`W` that of warm-up
        epochs, and :math:`f` the following schedule.

        Sources
        -------
        Goyal et al. 2017.
        """
        warm = self.epochs * steps_per_epoch
        follow = self.then.factor(
            step=max(step - warm, 0),
            steps_per_epoch=steps_per_epoch,
            epochs=max(epochs - self.epochs, 1),
            memory=memory,
        )
        return follow * min((step + 1) / warm, 1.0)

    def start(self) -> tuple[float, ...]:
        """Return the memory of the following schedule."""
        return self.then.start()

    def observe(self, memory: tuple[float, ...], score: float) -> tuple[float, ...]:
        """Update the memory of the following schedule, starting with the first epoch."""
        return self.then.observe(memory, score)

    @classmethod
    def cases(cls) -> tuple["LinearWarmUp", ...]:
        """Return the default and one that is followed by another schedule."""
        return cls(), cls(epochs=1, then=Cosine(floor=0.1))
