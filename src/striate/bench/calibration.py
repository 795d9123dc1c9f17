"""Whether a measurement was disturbed: a loop of multiply-adds has to run at full speed around it.

A timed turn says something about a library only if the machine was idle otherwise. If one of two
cores is busy, a library that divides its work evenly takes twice as long. The threads of another
contestant may also keep a core busy, because they are still spinning after its last turn. So each
turn goes like this:

1. wait until no thread of this process computes any more;
2. run a short loop of multiply-adds on all threads;
3. time the turn;
4. run the loop again.

The loop needs only the processor: on an idle machine, n threads do n times as much as one. What one
does is measured per second of its processor time, because a reference in elapsed time would be too
low on a machine that is busy from beginning to end, and no turn would look disturbed. If the loop
reached less than :data:`FULL_SPEED` of n times that before or after the turn, something else used
the cores. The turn is then repeated, and after :data:`ATTEMPTS` attempts it is dropped. If fewer
than half of the turns remain, the result is reported as "not measured".
"""

import time
from collections.abc import Callable
from typing import Protocol, TypeVar

from striate.bench.spread import Spread

T = TypeVar("T")

FULL_SPEED = 0.95
"""Minimum speed of the loop, relative to the number of threads times the speed of one thread."""

ATTEMPTS = 4
"""Maximum number of attempts to time a turn."""

_REFERENCES = 9
"""Number of loops on one thread for the reference. It is their upper quartile, which isn't affected
by two loops that ran slowly, for example because another program emptied the cache."""

_PAUSE = 0.01  # seconds between two checks
_LIMIT = 1.0  # maximum number of seconds to wait
_IDLE = 0.05
"""Processor time per second below which a process counts as idle."""


class Meter(Protocol):
    """Something that measures the peak of multiply-adds."""

    @property
    def threads(self) -> int:
        """The number of threads that compute at the same time."""
        ...

    def multiply_adds(self) -> float:
        """Return the multiply-adds per second of all threads together, measured once."""
        ...

    def multiply_adds_of_one_core(self) -> float:
        """Return the multiply-adds of one thread per second of its processor time."""
        ...


class Calibration:
    """Rejects turns that were disturbed, and collects the peaks measured around the others.

    Parameters
    ----------
    meter
        Measures the peak on as many threads as the race uses.
    wait
        Waits until this process is idle, and returns whether it is.
    """

    def __init__(
        self,
        meter: Meter,
        wait: Callable[[], bool] | None = None,
    ) -> None:
        self._meter = meter
        self._wait = wait or wait_until_idle
        self._wait()
        references = [meter.multiply_adds_of_one_core() for _ in range(_REFERENCES)]
        self.one_thread = Spread.of(references).high
        """The reference: multiply-adds of one thread per second of its processor time."""
        self.peaks: list[float] = []
        """Multiply-adds per second of all threads, measured around turns that weren't disturbed."""

    def undisturbed(self, turn: Callable[[], T]) -> T | None:
        """Run a turn between two loops, again if it was disturbed.

        Parameters
        ----------
        turn
            The work to measure.

        Returns
        -------
        object or None
            What the turn returned; None if every attempt was disturbed.
        """
        needed = FULL_SPEED * self._meter.threads * self.one_thread
        for _ in range(ATTEMPTS):
            idle = self._wait()
            before = self._meter.multiply_adds()
            result = turn()
            idle = self._wait() and idle
            after = self._meter.multiply_adds()
            if idle and min(before, after) >= needed:
                self.peaks += [before, after]
                return result
        return None


def enough(measured: int, rounds: int) -> bool:
    """Return whether a result may be reported: at least half of its turns were undisturbed.

    Examples
    --------
    >>> enough(3, 5), enough(2, 5)
    (True, False)
    """
    return 2 * measured >= rounds and measured > 0


def wait_until_idle(
    clock: Callable[[], float] = time.perf_counter,
    used: Callable[[], float] = time.process_time,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Wait until all threads of this process sleep, for at most a second.

    Thread pools spin for a while after their work, so that they start sooner the next time. A
    thread that spins takes a core from the next contestant.

    Parameters
    ----------
    clock, used
        Return the time, and the processor time that this process has used, in seconds.
    sleep
        Lets a number of seconds pass.

    Returns
    -------
    bool
        Whether the process is idle.
    """
    end = clock() + _LIMIT
    while clock() < end:
        started, before = clock(), used()
        sleep(_PAUSE)
        if used() - before < _IDLE * (clock() - started):
            return True
    return False
