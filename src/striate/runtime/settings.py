"""The number of threads: a setting, an environment variable, or the number of cores.

Results don't depend on it. Threads that wait for each other in every step gain nothing from sharing
a core, so the default is one thread per physical core that this process may use.
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
    """Return the number of threads that striate uses now.

    Returns
    -------
    int
        The number of a surrounding :func:`using_threads` block, or else that of
        :func:`set_threads`, or else :func:`default_threads`.

    Raises
    ------
    OptionError
        If the environment variable in use isn't a number of threads.

    Examples
    --------
    >>> with using_threads(1):
    ...     threads()
    1
    """
    join_threadpoolctl()
    return _here.get() or _of_the_process()


def set_threads(number: int | None) -> None:
    """Set the number of threads of this process, from the next step on.

    Parameters
    ----------
    number
        Number of threads; it may exceed the number of cores. None selects :func:`default_threads`.

    Raises
    ------
    OptionError
        If it isn't a positive integer.
    """
    global _everywhere  # noqa: PLW0603  # a process has one such setting
    _everywhere = None if number is None else _checked(number)


@contextlib.contextmanager
def using_threads(number: int) -> Generator[None]:
    """Set the number of threads for calls from this Python thread in a ``with`` block.

    Other Python threads aren't affected, so several may use it at the same time.

    Parameters
    ----------
    number
        Number of threads; it may exceed the number of cores.

    Yields
    ------
    None

    Raises
    ------
    OptionError
        If it isn't a positive integer.
    """
    token = _here.set(_checked(number))
    try:
        yield
    finally:
        _here.reset(token)


def default_threads() -> int:
    """Return the default number of threads.

    Returns
    -------
    int
        The environment variable ``STRIATE_NUM_THREADS``. If it isn't set, one thread per physical
        core that this process may use, and at most ``OMP_NUM_THREADS``, which joblib sets in the
        processes that it starts.

    Raises
    ------
    OptionError
        If the environment variable in use isn't a number of threads.
    """
    own = os.environ.get("STRIATE_NUM_THREADS", "")
    if own:
        return _read("STRIATE_NUM_THREADS", own, own, "")
    shared = os.environ.get("OMP_NUM_THREADS", "")
    if not shared:
        return available_cores()
    # OpenMP accepts a list, for nested parallel regions.
    rule = ", or a comma-separated list that starts with one"
    return min(available_cores(), _read("OMP_NUM_THREADS", shared, shared.partition(",")[0], rule))


def available_cores() -> int:
    """Count the physical cores that this process may use.

    Returns
    -------
    int
        At least 1. On Linux, the cores of the processors that the process is bound to (two on the
        same core count once), but at most the quota of its control groups, rounded up. On macOS,
        the machine's physical cores; elsewhere, its logical processors.
    """
    if hasattr(os, "sched_getaffinity"):
        return int(min(_cores_of(frozenset(os.sched_getaffinity(0))), _quota()))
    return _cores_of_the_machine()


def join_threadpoolctl() -> None:
    """Let threadpoolctl limit the number of threads, if the program has imported it.

    ``threadpool_limits`` then applies to striate like :func:`set_threads`. It only affects
    libraries that were loaded before its ``with`` block. It finds striate if this function has been
    called, or striate has computed, after threadpoolctl was imported.
    """
    threadpoolctl = sys.modules.get("threadpoolctl")
    if hasattr(threadpoolctl, "register"):  # since threadpoolctl 3.3
        _register(threadpoolctl)


@functools.cache  # register once
def _register(threadpoolctl: ModuleType) -> None:
    """Register a controller with threadpoolctl."""

    class Threads(threadpoolctl.LibController):
        """striate's controller for threadpoolctl."""

        user_api = internal_api = "striate"
        # threadpoolctl searches for shared libraries. striate has none, but it always runs with
        # NumPy.
        filename_prefixes = ("_multiarray_umath",)

        def get_num_threads(self) -> int:
            """Return the number of threads."""
            return _of_the_process()

        def set_num_threads(self, num_threads: int) -> None:
            """Set the number of threads; the default number removes the setting."""
            set_threads(None if num_threads == default_threads() else num_threads)

        def get_version(self) -> str:
            """Return striate's version."""
            return __version__

    threadpoolctl.register(Threads)


def _of_the_process() -> int:
    """Return the number of threads outside of ``with`` blocks."""
    return _everywhere or default_threads()


def _checked(number: Any) -> int:
    try:
        checked = operator.index(number)
    except TypeError:
        checked = 0
    if checked < 1:
        raise OptionError(
            f"The number of threads must be a positive integer, got {number!r}. "
            f"Use 1, or {available_cores()} for all cores that are available here."
        )
    return checked


def _read(variable: str, value: str, number: str, more: str) -> int:
    """Parse a number of threads from an environment variable."""
    try:
        threads = int(number)
    except ValueError:
        threads = 0
    if threads < 1:
        raise OptionError(
            f"The environment variable {variable} must be a positive integer{more}, got {value!r}. "
            "Set it to 1, or unset it to use all cores."
        )
    return threads


@functools.cache
def _cores_of(processors: frozenset[int]) -> int:
    """Count the cores of logical processors, as listed by Linux."""
    return len({siblings(number) for number in processors})


def siblings(processor: int) -> str:
    """List the processors on the same core as this one; only itself if unknown.

    Parameters
    ----------
    processor
        Number of a logical processor.

    Returns
    -------
    str
        The same text for all processors that share the core.
    """
    path = _PROCESSORS / f"cpu{processor}" / "topology" / "thread_siblings_list"
    return text(path) or str(processor)


@functools.cache
def _quota() -> float:
    """Return the number of processors granted by control groups; infinity without a limit."""
    return min(map(_granted, groups("cpu")), default=math.inf)


def _granted(group: Path) -> float:
    """Return the number of processors granted by one control group, rounded up."""
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
    """Count the cores on systems that can't restrict a process to some of them."""
    if sys.platform == "darwin":
        cores = ctypes.c_int(0)
        size = ctypes.c_size_t(ctypes.sizeof(cores))
        ctypes.CDLL(None).sysctlbyname(
            b"hw.physicalcpu", ctypes.byref(cores), ctypes.byref(size), None, ctypes.c_size_t(0)
        )
        if cores.value > 0:
            return cores.value
    return os.cpu_count() or 1
