"""Calibration: turns between two loops are repeated if disturbed, and finally dropped."""

import itertools

import pytest

from striate.bench.calibration import ATTEMPTS, Calibration, wait_until_idle


class Meter:
    """Returns given speeds in order, then the last one forever; one core does 100 per second."""

    threads = 2

    def __init__(self, *speeds, cores=(100.0,)):
        self.speeds = itertools.chain(speeds, itertools.repeat(speeds[-1]))
        self.cores = itertools.chain(cores, itertools.repeat(cores[-1]))

    def multiply_adds(self):
        """Return the next speed."""
        return next(self.speeds)

    def multiply_adds_of_one_core(self):
        """Return the next speed of a core."""
        return next(self.cores)


def calibration(*speeds, idle=True):
    """Make a calibration with given speeds and given results of waiting."""
    waits = itertools.chain([True], idle if isinstance(idle, list) else itertools.repeat(idle))
    return Calibration(Meter(*speeds), wait=lambda: next(waits))


def counted():
    """Make a turn that returns the number of its calls so far."""
    numbers = itertools.count(1)
    return lambda: next(numbers)


def test_a_free_machine():
    """If the loops reach 95% of the expected speed, the first attempt counts."""
    judge = calibration(190.0, 200.0)

    assert judge.undisturbed(counted()) == 1
    assert (judge.one_thread, judge.peaks) == (100.0, [190.0, 200.0])


@pytest.mark.parametrize(("before", "after"), [(189.0, 200.0), (200.0, 189.0)])
def test_a_disturbed_turn_is_repeated(before, after):
    """If the loop before or after a turn is slow, the turn is repeated."""
    judge = calibration(before, after, 200.0)

    assert judge.undisturbed(counted()) == 2
    assert judge.peaks == [200.0, 200.0]


def test_a_busy_machine_drops_the_turn():
    """After the last attempt the turn is dropped, whatever its time."""
    turn = counted()
    judge = calibration(100.0)

    assert judge.undisturbed(turn) is None
    assert (turn(), judge.peaks) == (ATTEMPTS + 1, [])


@pytest.mark.parametrize("idle", [[False, True, True, True], [True, False, True, True]])
def test_threads_that_spin_disturb(idle):
    """A turn counts only if this process was idle before and after it."""
    judge = calibration(200.0, idle=idle)

    assert judge.undisturbed(counted()) == 2


def test_a_slow_reference_does_not_lower_the_bar():
    """The speed of one core is the upper quartile of several loops."""
    meter = Meter(200.0, cores=(10.0, 10.0, 100.0))

    assert Calibration(meter, wait=lambda: True).one_thread == 100.0


class Process:
    """A process with a thread that spins until a given time."""

    def __init__(self, until):
        self.until = until
        self.now = 100.0

    def clock(self):
        """Return the time."""
        return self.now

    def used(self):
        """Return the processor time used: all the time until the thread sleeps."""
        return min(self.now, self.until)

    def sleep(self, seconds):
        """Let time pass."""
        self.now += seconds


@pytest.mark.parametrize(
    ("until", "idle", "waited"), [(0.0, True, 0.01), (100.3, True, 0.31), (200.0, False, 1.0)]
)
def test_waiting_for_threads_that_spin(until, idle, waited):
    """Waiting ends when the process is idle, or after a second."""
    process = Process(until)

    assert wait_until_idle(process.clock, process.used, process.sleep) == idle
    assert process.now - 100.0 == pytest.approx(waited, abs=0.011)
