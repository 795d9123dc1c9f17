"""The thread pool: workers wait for the next step in machine code for a while, then sleep.

A process has one thread pool for all its programs. The thread that runs a step is its leader: it
wakes the workers and publishes the step in the pool's control block, see
:mod:`striate.plan.control_block`. If another thread is leading already, or if no worker arrives in
time, the leader computes the step alone: the workers affect the time only, never the result.
"""

import atexit
import contextlib
import ctypes
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import SimpleQueue

from striate.plan.control_block import POOL_WORDS
from striate.runtime.shared_memory import Words

Help = Callable[[int, int], int]
"""Machine code that takes part in steps, given the pool's control block and a worker's number.

It returns the number of steps, 0 when it reached the spin limit without one."""

_PATIENCE = 1.0  # seconds to wait for an active worker at the end of the process


@dataclass
class _Worker:
    """A thread: whether it sleeps, and a queue that wakes it (True) or ends it (False)."""

    asleep: bool = True
    inbox: SimpleQueue[bool] = field(default_factory=SimpleQueue[bool])
    thread: threading.Thread | None = None


class ThreadPool:
    """Worker threads that take part in steps; they are started when they are first needed."""

    def __init__(self) -> None:
        self.control = Words(POOL_WORDS)
        self.workers: list[_Worker] = []
        self._growing = threading.Lock()

    def call(self, help_: Help, workers: int) -> int:
        """Wake workers, and start new ones if there are too few.

        Parameters
        ----------
        help_
            The code for new workers; it must stay in memory as long as the process.
        workers
            Number of workers.

        Returns
        -------
        int
            The address of the pool's control block.
        """
        if len(self.workers) < workers:
            self._grow(help_, workers)
        for worker in self.workers[:workers]:
            if worker.asleep:
                worker.inbox.put(True)
        return self.control.address

    def _grow(self, help_: Help, workers: int) -> None:
        """Start threads; fewer than requested if the system refuses more."""
        with self._growing, contextlib.suppress(RuntimeError):
            while len(self.workers) < workers:
                worker = _Worker()
                worker.thread = threading.Thread(
                    target=self._work,
                    args=(help_, worker, len(self.workers)),
                    name=f"striate worker {len(self.workers) + 1}",
                    daemon=True,
                )
                worker.thread.start()
                self.workers.append(worker)

    def _work(self, help_: Help, worker: _Worker, number: int) -> None:
        """Take part in steps; sleep if none starts for a while."""
        # Only the worker itself writes `asleep`. So a leader that is interrupted at any moment
        # can't leave a worker in the wrong state.
        while worker.inbox.get():
            worker.asleep = False
            while help_(self.control.address, number):
                pass
            worker.asleep = True

    def dismiss(self) -> None:
        """End all workers, before their code is unloaded."""
        for worker in self.workers:
            worker.inbox.put(False)
        for worker in self.workers:
            if worker.thread is not None:
                worker.thread.join(_PATIENCE)


HelpFunction = ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)
"""The C type of a program's ``help`` function."""

_pool = ThreadPool()


def thread_pool() -> ThreadPool:
    """Return the thread pool of this process."""
    return _pool


def _renew() -> None:
    """Start with a new pool: a forked process has none of its parent's threads."""
    global _pool  # noqa: PLW0603  # a process has one pool
    _pool = ThreadPool()


@atexit.register
def _dismiss() -> None:
    """End the workers of this process."""
    _pool.dismiss()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)
