"""How many threads compute: what the machine has, what the environment allows, what is asked for.

The results do not depend on it. Threads that wait for each other in every step gain nothing from
sharing a core, so the default is one for each physical core that this process may use.
"""

import contextlib
import ctypes
import functools
import math
import operator
import os
import sys
from collections.abc import Generator
from contextvars import ContextVar
from pathlib import Path
from types import ModuleType
from typing import Any

from striate import __version__
from striate.errors import OptionError
from striate.runtime.control_groups import groups, text

_PROCESSORS = Path("/sys/devices/system/cpu")

_everywhere: int | None = None
_here: ContextVar[int | None] = ContextVar("threads", default=None)


def threads() -> int:
    """Tell how many threads will compute now.

    Returns
    -------
    int
        What :func:`using_threads` says around the call, else what :func:`set_threads` has said,
        else :func:`default_threads`.

    Raises
    ------
    OptionError
        If an environment variable that counts is no number of threads.

    Examples
    --------
    >>> with using_threads(1):
    ...     threads()
    1
    """
    join_threadpoolctl()
    return _here.get() or _of_the_process()


def set_threads(number: int | None) -> None:
    """Choose how many threads compute, in the whole process, from the next step on.

    Parameters
    ----------
    number
        Threads, which may be more than there are cores. None leaves it to
        :func:`default_threads`.

    Raises
    ------
    OptionError
        If it is no number of threads.
    """
    global _everywhere  # noqa: PLW0603  # a process has one such setting
    _everywhere = None if number is None else _checked(number)


@contextlib.contextmanager
def using_threads(number: int) -> Generator[None]:
    """Choose how many threads compute what this Python thread asks for in a ``with`` block.

    Other Python threads do not notice, so several may do this at once.

    Parameters
    ----------
    number
        Threads, which may be more than there are cores.

    Yields
    ------
    None

    Raises
    ------
    OptionError
        If it is no number of threads.
    """
    token = _here.set(_checked(number))
    try:
        yield
    finally:
        _here.reset(token)


def default_threads() -> int:
    """Tell how many threads compute where the program does not say it.

    Returns
    -------
    int
        What the environment variable ``STRIATE_NUM_THREADS`` says. If it is not set, one for each
        physical core that this process may use, and at most what ``OMP_NUM_THREADS`` says; joblib
        sets this one in the processes that it starts.

    Raises
    ------
    OptionError
        If an environment variable that counts is no number of threads.
    """
    own = os.environ.get("STRIATE_NUM_THREADS", "")
    if own:
        return _read("STRIATE_NUM_THREADS", own, own, "")
    shared = os.environ.get("OMP_NUM_THREADS", "")
    if not shared:
        return available_cores()
    # OpenMP takes a list, for parallel regions inside parallel regions.
    rule = ", or several with commas between them, of which the first counts here"
    return min(available_cores(), _read("OMP_NUM_THREADS", shared, shared.partition(",")[0], rule))


def available_cores() -> int:
    """Count the physical cores that this process may use.

    Returns
    -------
    int
        At least 1. On Linux, the cores of the processors to which the process is bound (two that
        share a core count once), and no more than the quota of its control groups is worth,
        rounded up. On macOS, the machine's physical cores; elsewhere, its logical processors.
    """
    if hasattr(os, "sched_getaffinity"):
        return int(min(_cores_of(frozenset(os.sched_getaffinity(0))), _quota()))
    return _cores_of_the_machine()


def join_threadpoolctl() -> None:
    """Let threadpoolctl limit the threads, if the program has imported it.

    ``threadpool_limits`` then holds for striate as :func:`set_threads` does. threadpoolctl knows
    only what was there before its ``with`` block began: it finds striate if this has been called,
    or striate has computed, after threadpoolctl was imported.
    """
    threadpoolctl = sys.modules.get("threadpoolctl")
    if hasattr(threadpoolctl, "register"):  # since threadpoolctl 3.3
        _register(threadpoolctl)


@functools.cache  # once is enough
def _register(threadpoolctl: ModuleType) -> None:
    """Add to threadpoolctl's list what reads and sets the number of threads."""

    class Threads(threadpoolctl.LibController):
        """How threadpoolctl sees striate."""

        user_api = internal_api = "striate"
        # threadpoolctl looks for shared libraries. striate has none of its own, and is wherever
        # NumPy is when it computes.
        filename_prefixes = ("_multiarray_umath",)

        def get_num_threads(self) -> int:
            """Tell how many threads compute."""
            return _of_the_process()

        def set_num_threads(self, num_threads: int) -> None:
            """Choose how many threads compute; the default is no choice, so that it can follow."""
            set_threads(None if num_threads == default_threads() else num_threads)

        def get_version(self) -> str:
            """Tell striate's version."""
            return __version__

    threadpoolctl.register(Threads)


def _of_the_process() -> int:
    """Tell how many threads compute where no ``with`` block says it."""
    return _everywhere or default_threads()


def _checked(number: Any) -> int:
    """Check a number of threads."""
    try:
        checked = operator.index(number)
    except TypeError:
        checked = 0
    if checked < 1:
        raise OptionError(
            f"{number!r} is no number of threads. "
            "It is a whole number, at least 1. "
            f"Use 1 for one thread, or {available_cores()} for every core that is to be had here."
        )
    return checked


def _read(variable: str, value: str, number: str, more: str) -> int:
    """Read a number of threads from an environment variable."""
    try:
        threads = int(number)
    except ValueError:
        threads = 0
    if threads < 1:
        raise OptionError(
            f"The environment variable {variable} is {value!r}, which is no number of threads. "
            f"It is a whole number, at least 1{more}. "
            f"Set it to 1 for one thread, or unset it for as many as there are cores."
        )
    return threads


@functools.cache
def _cores_of(processors: frozenset[int]) -> int:
    """Count the cores that logical processors are on, as Linux lists them."""
    return len({siblings(number) for number in processors})


def siblings(processor: int) -> str:
    """List the processors on one core with this one; itself where the system does not say.

    Parameters
    ----------
    processor
        Number of a logical processor.

    Returns
    -------
    str
        The same text for all that share the core.
    """
    path = _PROCESSORS / f"cpu{processor}" / "topology" / "thread_siblings_list"
    return text(path) or str(processor)


@functools.cache
def _quota() -> float:
    """Tell how many processors the control groups of this process grant; infinity for no limit."""
    return min(map(_granted, groups("cpu")), default=math.inf)


def _granted(group: Path) -> float:
    """Tell how many processors one control group grants, rounded up."""
    words = text(group / "cpu.max").split() or [
        text(group / "cpu.cfs_quota_us"),
        text(group / "cpu.cfs_period_us"),
    ]
    quota, period = words
    if quota in {"", "max", "-1"}:
        return math.inf
    return math.ceil(int(quota) / int(period))


@functools.cache
def _cores_of_the_machine() -> int:
    """Count the cores where the system does not say which of them a process may use."""
    if sys.platform == "darwin":
        cores = ctypes.c_int(0)
        size = ctypes.c_size_t(ctypes.sizeof(cores))
        ctypes.CDLL(None).sysctlbyname(
            b"hw.physicalcpu", ctypes.byref(cores), ctypes.byref(size), None, ctypes.c_size_t(0)
        )
        if cores.value > 0:
            return cores.value
    return os.cpu_count() or 1
