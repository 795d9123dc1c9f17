"""Objects that one thread at a time uses."""

import os
import threading
from weakref import WeakSet

_all: "WeakSet[Locked]" = WeakSet()


class Locked:
    """Something with a lock, which is open in a forked process.

    Who held it when the process was forked is not there to open it.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        _all.add(self)


def _renew() -> None:
    """Give each a new lock."""
    for locked in _all:
        locked.lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
