"""The machine of a benchmark: processor, load, versions, and the cores that a process may use."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from striate import __version__
from striate.llvm.machine import versions as compiler_versions
from striate.runtime.settings import siblings

_PROCESSORS = Path("/proc/cpuinfo")
_PEERS = ("numpy", "torch", "jax", "onnxruntime", "onnx")


def processor() -> str:
    """Return the name of the processor, or of its architecture if the system doesn't report one.

    Returns
    -------
    str
    """
    if _PROCESSORS.exists():
        for line in _PROCESSORS.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def versions() -> dict[str, str]:
    """List the versions of striate and of the libraries it is compared with.

    Returns
    -------
    dict of str
        Version by name, of the installed libraries only.
    """
    found = {
        "striate": __version__,
        "python": platform.python_version(),
        "compiler": compiler_versions(),
    }
    for name in _PEERS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def load() -> float | None:
    """Return the average number of runnable processes in the last minute.

    Returns
    -------
    float or None
        None if the system doesn't report it.
    """
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def bind(threads: int) -> bool:
    """Restrict this process to as many cores as threads, so that no library can use more.

    Some libraries have no other way to limit their threads. Threads that are already running aren't
    affected, so this must be called before a library starts its own.

    Parameters
    ----------
    threads
        Number of cores.

    Returns
    -------
    bool
        Whether the process was restricted. False if the system doesn't support it, or has no more
        cores than threads.
    """
    if not hasattr(os, "sched_setaffinity"):
        return False
    cores: dict[str, int] = {}
    for number in sorted(os.sched_getaffinity(0)):
        cores.setdefault(siblings(number), number)
    if len(cores) <= threads:
        return False
    os.sched_setaffinity(0, list(cores.values())[:threads])
    return True
