"""Work in several threads."""

import threading

import pytest

from striate.data.parallel import for_all


@pytest.mark.parametrize("threads", [1, 3, 8])
def test_each_number_is_done_once(threads):
    """Every number is given to the function exactly once, with any number of threads."""
    done = []
    for_all(done.append, 100, threads=threads)

    assert sorted(done) == list(range(100))


def test_nothing_to_do():
    """With no numbers, the function is not called."""
    for_all(pytest.fail, 0, threads=2)


def test_the_first_failure_is_raised():
    """Of several failures, that of the smallest number is raised, whichever came first."""
    both_taken = threading.Barrier(2)

    def work(k):
        both_taken.wait(10)
        if k == 0:
            late.wait(10)
        else:
            late.set()
        raise ValueError(k)

    late = threading.Event()
    with pytest.raises(ValueError, match="0"):
        for_all(work, 2, threads=2)


def test_after_a_failure_no_number_is_taken():
    """A failure ends the work early."""
    done = []

    def work(k):
        done.append(k)
        if k == 3:
            raise ValueError(k)

    with pytest.raises(ValueError, match="3"):
        for_all(work, 1000, threads=1)

    assert done == [0, 1, 2, 3]


def test_progress_is_reported_to_the_caller():
    """Progress is reported in the caller's thread, and ends with the number of calls."""
    reports = []

    def report(count):
        reports.append((count, threading.current_thread() is threading.main_thread()))

    for_all(lambda _: None, 20, threads=2, progress=report)

    assert reports[-1] == (20, True)
    assert all(in_main for _, in_main in reports)
