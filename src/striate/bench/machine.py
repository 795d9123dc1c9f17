"""On what was measured: the processor, the system, the versions; and how many cores may be used."""

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
    """Name the processor, where the system tells.

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
    """List the versions of striate and of what it is measured with.

    Returns
    -------
    dict of str
        Only of what is installed.
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
    """Tell how many programs wanted to run in the last minute, on average.

    Returns
    -------
    float or None
        None where the system does not count them.
    """
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else None


def bind(threads: int) -> bool:
    """Bind this process to as many cores as threads, so that no library can use more.

    Some libraries have no other way to be told. Threads that run already stay where they are: this
    is to come before a library starts its own.

    Parameters
    ----------
    threads
        How many cores.

    Returns
    -------
    bool
        Whether it is bound: not on systems that cannot, and not where there are no more cores than
        threads.
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
