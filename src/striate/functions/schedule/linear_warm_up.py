"""Linear warm-up: the learning rate grows in the first epochs, and another decay goes on."""

from dataclasses import dataclass

from striate.functions.options import COUNT, InstanceOf, made, option
from striate.functions.schedule.base import Schedule
from striate.functions.schedule.constant import Constant
from striate.functions.schedule.cosine import Cosine


@dataclass(frozen=True, kw_only=True)
class LinearWarmUp(Schedule):
    """A learning rate that grows in equal steps from nearly nothing to where another decay begins.

    Parameters
    ----------
    epochs
        Length of the warm-up; a whole number, at least 1.
    then
        The decay that goes on when it is over, for the epochs that are left.

    Raises
    ------
    OptionError
        If ``epochs`` is not a whole number of at least 1, or ``then`` is not a decay.

    Sources
    -------
    Goyal et al. 2017.

    Examples
    --------
    >>> decay = LinearWarmUp(epochs=1)
    >>> [decay.factor(step=k, steps_per_epoch=4, epochs=2, memory=()) for k in range(6)]
    [0.25, 0.5, 0.75, 1.0, 1.0, 1.0]
    """

    epochs: int = option(5, COUNT)
    then: Schedule = made(Constant, InstanceOf(Schedule, "a learning-rate schedule"))

    def factor(
        self, *, step: int, steps_per_epoch: int, epochs: int, memory: tuple[float, ...]
    ) -> float:
        r"""Go up to the first factor of what follows, then follow it.

        .. math:: \frac{t + 1}{T W} \, f(0) \quad (t < T W), \qquad
            f(t - T W) \quad \text{afterwards}

        Step :math:`t`, :math:`T` steps an epoch, :math:`W` epochs of warm-up, :math:`f` what
        follows.

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
        """Give what the following decay remembers."""
        return self.then.start()

    def observe(self, memory: tuple[float, ...], score: float) -> tuple[float, ...]:
        """Let the following decay take notice, from the first epoch on."""
        return self.then.observe(memory, score)

    @classmethod
    def cases(cls) -> tuple["LinearWarmUp", ...]:
        """Give the default and one that goes on with another decay."""
        return cls(), cls(epochs=1, then=Cosine(floor=0.1))
