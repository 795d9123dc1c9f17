"""A constant learning rate."""

from dataclasses import dataclass

from striate.functions.schedule.base import Schedule


@dataclass(frozen=True, kw_only=True)
class Constant(Schedule):
    """A constant learning rate.

    Sources
    -------
    Bengio 2012.

    Examples
    --------
    >>> Constant().factor(step=7, steps_per_epoch=2, epochs=10, memory=())
    1.0
    """

    needs_length = False

    def factor(
        self,
        *,
        step: int,  # noqa: ARG002  # always the same
        steps_per_epoch: int,  # noqa: ARG002
        epochs: int,  # noqa: ARG002
        memory: tuple[float, ...],  # noqa: ARG002
    ) -> float:
        """Return 1."""
        return 1.0

    @classmethod
    def cases(cls) -> tuple["Constant", ...]:
        """Return the only instance."""
        return (cls(),)
