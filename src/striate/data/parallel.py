"""Threads for work that releases Python's lock, such as decoding pictures."""

from collections.abc import Callable
from threading import Event, Lock, Thread

_POLL = 0.1  # seconds between reports of progress


def for_all(
    work: Callable[[int], None],
    count: int,
    *,
    threads: int,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Call a function with 0, 1, ..., ``count`` - 1, in several threads.

    The threads take the numbers in order, so that all numbers below one that fails have been
    taken, too. After a failure or Ctrl-C, each thread finishes its number and takes no other one.

    Parameters
    ----------
    work
        The function.
    count
        How often to call it.
    threads
        Number of threads, at least 1.
    progress
        Called in this thread, several times a second and at the end, with the number of calls
        that are done.

    Raises
    ------
    BaseException
        What ``work`` raised for the smallest number that failed.

    Examples
    --------
    >>> squares = [0] * 5
    >>> for_all(lambda k: squares.__setitem__(k, k * k), 5, threads=2)
    >>> squares
    [0, 1, 4, 9, 16]
    """
    numbers = iter(range(count))
    lock, stopped = Lock(), Event()
    failed: dict[int, BaseException] = {}
    done = 0

    def run() -> None:
        nonlocal done
        while not stopped.is_set():
            with lock:
                k = next(numbers, None)
            if k is None:
                return
            try:
                work(k)
            except BaseException as error:  # noqa: BLE001  # raised by the caller's thread
                failed[k] = error
                stopped.set()
            with lock:
                done += 1

    workers = [
        Thread(target=run, name="striate-decode", daemon=True)
        for _ in range(min(threads, max(count, 1)))
    ]
    try:
        for worker in workers:
            worker.start()
        for worker in workers:
            while worker.is_alive():  # joining without a limit would not notice Ctrl-C on Windows
                worker.join(_POLL)
                if progress is not None:
                    progress(done)
    finally:
        stopped.set()
        for worker in workers:
            if worker.is_alive():
                worker.join()
    if failed:
        raise failed[min(failed)]
    if progress is not None:
        progress(done)
