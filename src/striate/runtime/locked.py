"""Objects that only one thread at a time may use."""

import os
import threading
from weakref import WeakSet

_all: "WeakSet[Locked]" = WeakSet()


class Locked:
    """An object with a lock that is released in a forked process.

    The thread that held the lock doesn't exist in the new process, so it could never release it
    there.
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        _all.add(self)


def _renew() -> None:
    """Replace all locks."""
    for locked in _all:
        locked.lock = threading.Lock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
