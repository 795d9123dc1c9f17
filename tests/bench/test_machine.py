"""The machine of a benchmark, and restricting a process to some cores."""

import os
import subprocess
import sys

import pytest

from striate import __version__
from striate.bench import machine
from striate.runtime.settings import available_cores

ASK = (
    "import os; from striate.bench.machine import bind; from striate.runtime.settings import "
    "available_cores; print(bind({threads}), available_cores())"
)


def test_versions():
    """The versions of striate, Python, the compiler and NumPy are always included."""
    found = machine.versions()

    assert found["striate"] == __version__
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["compiler"].startswith("llvmlite ")
    assert {"numpy"} <= found.keys()
    assert "no_such_library" not in found


def test_the_processor_has_a_name():
    """On every system, the processor has some name."""
    assert machine.processor()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="processes cannot be bound here")
@pytest.mark.parametrize("threads", [1, 64])
def test_binding(threads):
    """A process that is restricted to n cores has n cores; more than exist restrict nothing."""
    cores = available_cores()

    done = subprocess.run(
        [sys.executable, "-c", ASK.format(threads=threads)],
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.split() == [str(threads < cores), str(min(threads, cores))]
