"""Preparing what comes next while what is there is used."""

from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

_LEAVING = 5.0  # seconds that who stops early waits for what is under way


def prefetch(make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """Make something of each item, always one more than is asked for, in a thread of its own.

    Parameters
    ----------
    make
        Makes it. What it raises is raised where that item's turn comes.
    items
        Are gone through in order.

    Yields
    ------
    Made
        What ``map`` would give.

    Examples
    --------
    >>> list(ahead(str.upper, "abc"))
    ['A', 'B', 'C']
    """
    # These queues are whole whenever Ctrl-C comes; those of executors may keep a lock for ever.
    asked: SimpleQueue[tuple[Item] | None] = SimpleQueue()
    given: SimpleQueue[tuple[Made] | BaseException] = SimpleQueue()

    def work() -> None:
        while (item := asked.get()) is not None:
            try:
                given.put((make(*item),))
            except BaseException as error:  # noqa: BLE001  # is raised where its turn comes
                given.put(error)

    thread = Thread(target=work, name="striate-ahead", daemon=True)
    try:
        thread.start()
        waiting = False
        for item in items:
            asked.put((item,))
            if waiting:
                yield _taken(given.get())
            waiting = True
        if waiting:
            yield _taken(given.get())
    finally:
        asked.put(None)
        if thread.is_alive():
            thread.join(_LEAVING)


def _taken(found: tuple[Made] | BaseException) -> Made:
    """Give what was made, or raise what was raised instead."""
    if isinstance(found, BaseException):
        raise found
    return found[0]
