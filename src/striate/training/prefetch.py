"""Prefetch: prepare the next item in a thread while the current one is used."""

from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")

_JOIN = 5.0  # seconds to wait for the item in progress when a caller stops early


def prefetch(make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
    """Call a function on each item, one item ahead of the caller, in a thread.

    Parameters
    ----------
    make
        The function. An exception is raised when its item's turn comes.
    items
        Taken in order.

    Yields
    ------
    Made
        The same as ``map``.

    Examples
    --------
    >>> list(prefetch(str.upper, "abc"))
    ['A', 'B', 'C']
    """
    # SimpleQueue is not left locked by a Ctrl-C at any moment; the queues of executors can be.
    asked: SimpleQueue[tuple[Item] | None] = SimpleQueue()
    given: SimpleQueue[tuple[Made] | BaseException] = SimpleQueue()

    def work() -> None:
        while (item := asked.get()) is not None:
            try:
                given.put((make(*item),))
            except BaseException as error:  # noqa: BLE001  # raised when the item's turn comes
                given.put(error)

    thread = Thread(target=work, name="striate-prefetch", daemon=True)
    try:
        thread.start()
        waiting = False
        for item in items:
            asked.put((item,))
            if waiting:
                yield _result(given.get())
            waiting = True
        if waiting:
            yield _result(given.get())
    finally:
        asked.put(None)
        if thread.is_alive():
            thread.join(_JOIN)


def _result(found: tuple[Made] | BaseException) -> Made:
    """Return what was made, or raise the exception."""
    if isinstance(found, BaseException):
        raise found
    return found[0]
