"""Threads that help with steps: they wait for the next one in machine code, then sleep.

A process has one thread pool for all its programs. The thread that leads a step wakes the pool and
publishes the step in its post, see :mod:`striate.plan.control_block`. If another leader holds the
post, or if no helper arrives in time, the leader computes the step alone: the helpers affect the
time only, never the result.
"""

import atexit
import contextlib
import ctypes
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue

from striate.plan.control_block import POST
from striate.runtime.shared_memory import Words

Help = Callable[[int, int], int]
"""Machine code that helps while there are steps, given the post and the helper's number."""

_PATIENCE = 1.0  # seconds to wait at the end of the process for a helper that is at work


@dataclass
class _Worker:
    """One thread: whether it sleeps, and where it is told to wake, or to end."""

    asleep: bool = True
    inbox: SimpleQueue[bool] = field(default_factory=SimpleQueue[bool])
    thread: threading.Thread | None = None


class ThreadPool:
    """Helpers beside the threads that lead steps; they are started when they are first called."""

    def __init__(self) -> None:
        self.post = Words(POST)
        self.helpers: list[_Worker] = []
        self._growing = threading.Lock()

    def call(self, help_: Help, helpers: int) -> int:
        """Have so many helpers awake, as far as they can be had.

        Parameters
        ----------
        help_
            What new helpers run; it must stay in memory for ever.
        helpers
            How many.

        Returns
        -------
        int
            The address of the post.
        """
        if len(self.helpers) < helpers:
            self._grow(help_, helpers)
        for helper in self.helpers[:helpers]:
            if helper.asleep:
                helper.inbox.put(True)
        return self.post.address

    def _grow(self, help_: Help, helpers: int) -> None:
        """Start threads; where the system gives no more of them, there are fewer."""
        with self._growing, contextlib.suppress(RuntimeError):
            while len(self.helpers) < helpers:
                helper = _Worker()
                helper.thread = threading.Thread(
                    target=self._work,
                    args=(help_, helper, len(self.helpers)),
                    name=f"striate helper {len(self.helpers) + 1}",
                    daemon=True,
                )
                helper.thread.start()
                self.helpers.append(helper)

    def _work(self, help_: Help, helper: _Worker, number: int) -> None:
        """Help with one step after another; sleep when there is none for a while."""
        # Who calls only reads whether a helper sleeps. So a caller that is interrupted at any
        # moment leaves a helper asleep or awake, and never one that is taken for the other.
        while helper.inbox.get():
            helper.asleep = False
            while help_(self.post.address, number):
                pass
            helper.asleep = True

    def dismiss(self) -> None:
        """Let all helpers end, before what they run is taken out of memory."""
        for helper in self.helpers:
            helper.inbox.put(False)
        for helper in self.helpers:
            if helper.thread is not None:
                helper.thread.join(_PATIENCE)


HelpFunction = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)
"""The type of a program's ``help``."""

_pool = ThreadPool()


def thread_pool() -> ThreadPool:
    """Give the crew of this process."""
    return _pool


def _renew() -> None:
    """Begin with a new crew: a forked process has none of its parent's threads."""
    global _pool  # noqa: PLW0603  # a process has one crew
    _pool = ThreadPool()


@atexit.register
def _dismiss() -> None:
    """Dismiss the crew of this process."""
    _pool.dismiss()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
