"""Memory that reveals errors: guard pages next to arrays, and canaries between them.

Run as a program, this module computes a group of cases, or a plan with a planted error, in such
memory. A process that reads or writes beyond an array is killed by the operating system.
"""

import ctypes
import mmap
import os
import resource
import sys
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from unittest import mock

import numpy as np

from engine.cases import network
from engine.compiled import Compiled
from engine.planted import PLANTED, planted_numbers, planted_step
from striate.compile import load
from striate.plan import plan as planning
from striate.plan.allocation import Memory, allocate
from striate.plan.statement import LANES
from striate.runtime.executable import Executable

GAP = 64
"""Numbers between arrays that do not share memory."""

_PAGE, _NOBODY = mmap.PAGESIZE, 0  # PROT_NONE
_EVER = 10**9
_LIBC = ctypes.CDLL(None, use_errno=True)


def guarded(count, *, at_end, fill=np.nan):
    """Return float32 numbers that end, or begin, exactly at a guard page.

    There is a guard page on the other side too, but up to a page of unused memory before it.
    """
    if not count:
        return np.zeros(0, np.float32)
    numbers = guarded_bytes(4 * count, at_end=at_end).view(np.float32)
    numbers[:] = fill
    return numbers


def guarded_bytes(count, *, at_end):
    """Return bytes that end, or begin, exactly at a guard page."""
    inner = -(-count // _PAGE) * _PAGE
    memory = mmap.mmap(-1, inner + 2 * _PAGE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for page in (start, start + _PAGE + inner):
        failed = _LIBC.mprotect(ctypes.c_void_p(page), ctypes.c_size_t(_PAGE), _NOBODY)
        assert not failed, os.strerror(ctypes.get_errno())
    offset = _PAGE + (inner - count if at_end else 0)
    return np.frombuffer(memory, np.uint8, count, offset)


class InGuarded:
    """A program whose memory and buffers are next to guard pages.

    Parameters
    ----------
    program
        The same program in ordinary memory.
    at_end
        Whether arrays end at a guard page, or begin at one.
    """

    def __init__(self, program, *, at_end):
        self.plan, self.at_end = program.plan, at_end
        self.program = Executable(program.plan, program.code, threads=1)

    def run(self, buffers, **numbers):
        """Run the program on copies of the buffers, and copy the results back."""
        make = partial(guarded, at_end=self.at_end)
        copies = {n: make(buffers[n].size, fill=buffers[n].ravel()) for n in self.plan.buffers}
        with mock.patch("striate.runtime.executable.floats", make):
            program = Executable(self.plan, self.program.code, threads=1)
            program.run(copies, **numbers)
        for name, copy in copies.items():
            buffers[name].reshape(-1)[:] = copy


@contextmanager
def separate_arrays():
    """Make programs in which no two arrays share memory, with canaries between them."""

    def apart(needs):
        return allocate([replace(need, first=0, last=_EVER) for need in needs], gap=GAP)

    with (
        mock.patch.object(planning, "allocate", apart),
        mock.patch("striate.runtime.executable.floats", _untouched),
    ):
        yield


def _untouched(count):
    """Return distinct float32 numbers, so that no write leaves one of them as it was by chance."""
    return guarded(count, at_end=False, fill=np.arange(count) + 0.5)


def touched(program):
    """List the canaries in a program's memory that were overwritten.

    The program must have been made inside :func:`separate_arrays`.
    """
    plan, found = program.plan, []
    for region, memory, size in (
        (Memory.ARENA, program._arena, plan.arena),
        (Memory.SCRATCH, program._scratch, plan.scratch),
    ):
        free = np.ones(memory.size, bool)
        for start in range(0, memory.size, max(size, 1)):
            for name, allocation in plan.allocations.items():
                if allocation.region == region:
                    first = start + allocation.offset
                    free[first : first + _length(plan, name)] = False
        changed = memory != _untouched(memory.size)
        found += [(region, int(number)) for number in np.flatnonzero(free & changed)]
    return found


def _length(plan, name):
    """Count the elements of an array in all blocks and chunks."""
    variable, allocation = plan.variables[name], plan.allocations[name]
    each = LANES * (variable.rows or variable.size) if variable.per_image else variable.size
    return (
        allocation.per_block * (plan.blocks - 1) + allocation.per_chunk * (plan.chunks - 1) + each
    )


def differences(step, numbers):
    """Name the results that differ in guarded memory: of a batch, and of a single image."""
    every = Compiled(step, numbers.images)
    alone = Compiled(step, 1)
    return [
        *_differences(every, lambda compiled: compiled.run(numbers)),
        *_differences(alone, lambda compiled: compiled.predict(numbers.first(1))),
    ]


def _differences(ordinary, run):
    """Name the results of one step's programs that differ in guarded memory."""
    results, found = run(ordinary), []
    for at_end in (True, False):
        other = Compiled(ordinary.step, ordinary.images)
        other.programs = {
            training: InGuarded(program, at_end=at_end)
            for training, program in ordinary.programs.items()
        }
        again = run(other)
        found += [n for n, array in results.items() if not np.array_equal(again[n], array)]
    return found


def run_planted(name):
    """Run a plan with a planted error in guarded memory."""
    planted, at_end = PLANTED[name]

    def make(plan):
        return InGuarded(load(planted(plan)), at_end=at_end)

    numbers = planted_numbers()
    Compiled(planted_step(), numbers.images, make=make).train(numbers)


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    (word,) = sys.argv[1:]
    if word in PLANTED:
        run_planted(word)
    else:
        assert not differences(*network(int(word)))
    print(word)  # noqa: T201  # for the test that waits
