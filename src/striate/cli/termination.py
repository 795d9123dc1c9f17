"""SIGTERM, which job schedulers, containers and ``kill`` send: handled like Ctrl-C."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class Terminated(KeyboardInterrupt):
    """SIGTERM. Whatever cleans up after Ctrl-C cleans up after it, too."""


@contextlib.contextmanager
def terminated_by_exception() -> Iterator[None]:
    """Raise :class:`Terminated` when the process gets SIGTERM, instead of ending it at once.

    A handler that another program has installed stays, and so does SIGTERM that is ignored. Only
    the main thread may install a handler; in another one, nothing changes.
    """
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _raise)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _raise(number: int, frame: FrameType | None) -> None:  # noqa: ARG001  # a handler's signature
    raise Terminated
