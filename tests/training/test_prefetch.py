"""Prefetching: in order, one item ahead, errors when their item's turn comes."""

import signal
import threading

import pytest

from striate.training.prefetch import prefetch


def test_the_next_is_made_while_one_is_used():
    """When the first item is returned, a thread is preparing the second."""
    second = threading.Event()
    threads = []

    def make(item):
        threads.append(threading.current_thread())
        if item == 2:
            second.set()
        return item

    given = prefetch(make, [1, 2, 3])

    assert next(given) == 1
    assert second.wait(timeout=10)
    assert list(given) == [2, 3]
    assert threading.main_thread() not in threads


def test_an_error_is_raised_where_its_turn_comes():
    """Items before the error are returned first."""

    def make(item):
        return 1 // item

    given = prefetch(make, [1, 0, 1])

    assert next(given) == 1
    with pytest.raises(ZeroDivisionError):
        next(given)


def test_who_stops_early_leaves_no_thread():
    """Closing waits for the item in progress."""
    given = prefetch(str, range(5))
    next(given)

    given.close()

    assert not [t for t in threading.enumerate() if t.name.startswith("striate-prefetch")]


def test_nothing_to_make():
    """Without items there is nothing to prepare."""
    assert list(prefetch(str, [])) == []


# Python reports an exception that it cannot raise, in a destructor for example, as a warning.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="the system has no such timer")
def test_interrupts_at_any_moment_hang_nothing():
    """Ctrl-C at any moment is raised, and the thread ends."""

    def interrupt(*_):
        raise KeyboardInterrupt

    def work_for(seconds):
        signal.setitimer(signal.ITIMER_REAL, seconds)
        for _ in range(200):  # not for ever: Python swallows what is raised in some places
            sum(prefetch(abs, range(20)))

    before = signal.signal(signal.SIGALRM, interrupt)
    interrupted = 0
    try:
        for k in range(100):
            try:
                work_for(2e-5 * (k + 1))
            except KeyboardInterrupt:
                interrupted += 1
            except RuntimeError as error:
                # Python's own Thread.start releases its lock twice if it is interrupted between
                # two instructions of Condition.wait.
                if not isinstance(error.__context__, KeyboardInterrupt):
                    raise
                interrupted += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)

    assert interrupted > 50
    assert list(prefetch(abs, [-1, 2])) == [1, 2]
