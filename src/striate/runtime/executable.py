"""Compiled programs with their memory, ready to run on one or several threads."""

import ctypes
from collections.abc import Collection, Mapping
from typing import Protocol

import numpy as np

from striate.plan.control_block import (
    ARENA_AT,
    BUFFERS,
    COUNTS_AT,
    IMAGES,
    SCRATCH_AT,
    SCRATCH_BYTES,
    SEED,
    STEP,
    WORK_AT,
    WORKERS,
    YIELD_AT,
    counts,
)
from striate.plan.manifest import Manifest
from striate.plan.plan import Plan
from striate.runtime.locked import Locked
from striate.runtime.memory import MemoryRequirement
from striate.runtime.settings import threads
from striate.runtime.shared_memory import YIELD, Words, floats
from striate.runtime.thread_pool import HelpFunction, thread_pool
from striate.shapes import Array

_Lead = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)

NUMBER = np.dtype(np.float32).itemsize
"""Size of a float32 number in bytes."""


class MachineCode(Protocol):
    """Machine code in memory."""

    def address(self, name: str) -> int:
        """Return the address of a function."""
        ...


class _HelpCode:
    """The function that workers run. It keeps the code in memory, but not the program's arrays."""

    def __init__(self, code: MachineCode) -> None:
        self.code = code
        self.function = HelpFunction(code.address("help"))

    def __call__(self, control: int, number: int) -> int:
        """Take part in the steps of the leading thread, until none has started for a while."""
        return self.function(control, number)


class Executable(Locked):
    """A program in memory.

    It has one arena, so only one thread at a time can start it; others wait.

    Parameters
    ----------
    plan
        Its plan, or the manifest of its plan.
    code
        The machine code; it must stay in memory as long as the program.
    threads
        Number of threads; ``None`` for the current setting of :mod:`striate.runtime.settings` at
        each run. Results don't depend on it.
    """

    def __init__(
        self, plan: Plan | Manifest, code: MachineCode, *, threads: int | None = None
    ) -> None:
        super().__init__()
        self.plan = plan
        manifest = plan if isinstance(plan, Manifest) else Manifest.of(plan)
        self.manifest = manifest
        self.code = code
        self.threads = threads
        self.positions = {name: BUFFERS + k for k, name in enumerate(manifest.buffers)}
        self._lead = _Lead(code.address("lead"))
        self._help = _HelpCode(code)
        self._work = code.address("work")
        self._counts = Words(counts(len(manifest.tasks)))
        self.need().require()
        self._arena = self._allocate(manifest.arena)
        self._workers = 0
        self._scratch = floats(0)
        self._scratch_at = 0

    def run(
        self, buffers: Mapping[str, Array], *, images: int = 0, seed: int = 0, step: int = 0
    ) -> None:
        """Run the program once.

        Parameters
        ----------
        buffers
            The caller's arrays by name: float32, contiguous, and as large as the plan requires.
            Other names are ignored.
        images
            Number of images.
        seed, step
            For random masks.
        """
        call = Binding(self)
        for name, array in buffers.items():
            call.bind(name, array)
        call.run(images=images, seed=seed, step=step)

    def workers(self) -> int:
        """Return the number of threads that would run the program now."""
        return min(self.threads or threads(), max(self.manifest.tasks, default=1))

    def need(self) -> MemoryRequirement:
        """Return the memory that the program would need now."""
        manifest, size = self.manifest, NUMBER
        scratch = manifest.scratch * self.workers() * size
        return MemoryRequirement(
            images=manifest.images, arena=manifest.arena * size, scratch=scratch
        )

    def _allocate(self, count: int) -> Array:
        """Allocate memory of the program."""
        try:
            return floats(count)
        except MemoryError as error:
            raise self.need().error() from error

    def prepare(self, context: Words) -> None:
        """Write the words that are the same in every run into a call's control block."""
        words = context.words
        words[ARENA_AT] = self._arena.ctypes.data
        words[COUNTS_AT] = self._counts.address
        words[SCRATCH_BYTES] = self.manifest.scratch * self._scratch.itemsize
        words[WORK_AT] = self._work
        words[YIELD_AT] = YIELD

    def lead(self, context: Words) -> None:
        """Run the program with a call's control block."""
        with self.lock:
            workers = self.workers()
            if workers > self._workers:
                self._scratch, self._workers = (
                    self._allocate(self.manifest.scratch * workers),
                    workers,
                )
                self._scratch_at = self._scratch.ctypes.data
            context.words[SCRATCH_AT] = self._scratch_at
            context.words[WORKERS] = workers - 1
            self._lead(context.address, thread_pool().call(self._help, workers - 1))


class Binding:
    """A program with the arrays bound to its buffers; it can run many times.

    Parameters
    ----------
    program
        The program.
    """

    def __init__(self, program: Executable) -> None:
        self.program = program
        self._context = Words(BUFFERS + len(program.positions))
        self._words = self._context.words
        self._arrays: dict[str, Array] = {}
        self._capacity: dict[str, int] = {}
        program.prepare(self._context)

    def bind(self, name: str, array: Array) -> None:
        """Bind an array to a buffer; a buffer that the program doesn't have is ignored.

        An input of a different dtype is copied; an output must be contiguous float32.
        The array is kept alive until another one is bound.
        """
        if self._arrays.get(name) is array:
            return
        position = self.program.positions.get(name)
        if position is None:
            return
        self._bind(name, position, np.ascontiguousarray(array, np.float32))

    def bind_as_is(self, name: str, array: Array) -> None:
        """Bind a contiguous array of any dtype, without a conversion."""
        if self._arrays.get(name) is array:
            return
        self._bind(name, self.program.positions[name], array)

    def keep_only(self, names: Collection[str]) -> None:
        """Release all arrays except these."""
        for name in [name for name in self._arrays if name not in names]:
            del self._arrays[name]
            self._capacity.pop(name, None)

    def _bind(self, name: str, position: int, array: Array) -> None:
        """Check that an array is large enough, and store its address."""
        numbers = -(-array.nbytes // NUMBER)
        size, per_image = self.program.manifest.buffers[name]
        if per_image:
            self._capacity[name] = array.nbytes // (size * NUMBER)
        elif numbers < size:
            raise ValueError((name, numbers, size))  # machine code would access memory beyond it
        self._arrays[name] = array
        self._words[position] = array.ctypes.data

    def run(self, *, images: int = 0, seed: int = 0, step: int = 0) -> None:
        """Run the program once; see :meth:`Executable.run`."""
        program, words = self.program, self._words
        if len(self._arrays) < len(program.positions):
            raise ValueError(program.positions.keys() - self._arrays)
        capacity = min(self._capacity.values(), default=images)
        if images > min(capacity, program.manifest.images):
            raise ValueError((images, self._capacity))
        words[IMAGES], words[SEED], words[STEP] = images, seed, step
        program.lead(self._context)
