"""Preparing what comes next while what is there is used."""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Made = TypeVar("Made")


def ahead(make: Callable[[Item], Made], items: Iterable[Item]) -> Iterator[Made]:
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
    with ThreadPoolExecutor(1, thread_name_prefix="striate-ahead") as thread:
        waiting = None
        for item in items:
            following = thread.submit(make, item)
            if waiting is not None:
                yield waiting.result()
            waiting = following
        if waiting is not None:
            yield waiting.result()
