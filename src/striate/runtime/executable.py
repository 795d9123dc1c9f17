"""A compiled program with its memory: run it, alone or with helpers."""

import ctypes
from collections.abc import Collection, Mapping
from typing import Protocol

import numpy as np

from striate.plan.control_block import (
    ARENA_AT,
    BUFFERS,
    COUNTS_AT,
    HELPERS,
    IMAGES,
    SCRATCH_AT,
    SCRATCH_BYTES,
    SEED,
    STEP,
    WORK_AT,
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
"""Bytes of a number."""


class MachineCode(Protocol):
    """Machine code in memory."""

    def address(self, name: str) -> int:
        """Give where a function begins."""
        ...


class _HelpCode:
    """What helpers run: it keeps the code in memory, without the program's arrays."""

    def __init__(self, code: MachineCode) -> None:
        self.code = code
        self.function = HelpFunction(code.address("help"))

    def __call__(self, post: int, number: int) -> int:
        """Help with the steps of whoever leads, until there are none for a while."""
        return self.function(post, number)


class Executable(Locked):
    """A program in memory.

    It has one arena, so one thread at a time runs it; others wait.

    Parameters
    ----------
    plan
        What it does, or as much of that as must be known.
    code
        Keeps the machine code in memory, and gives the addresses of its functions.
    threads
        How many threads share the work; ``None`` for as many as :mod:`striate.runtime.settings`
        says at each run. Results do not depend on it.
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
        self.places = {name: BUFFERS + k for k, name in enumerate(manifest.buffers)}
        self._lead = _Lead(code.address("lead"))
        self._help = _HelpCode(code)
        self._work = code.address("work")
        self._counts = Words(counts(len(manifest.tasks)))
        self.need().require()
        self._arena = self._room(manifest.arena)
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
            The caller's arrays by name: float32, contiguous, as large as the plan says. Others are
            passed over.
        images
            How many there are.
        seed, step
            For random masks.
        """
        call = Binding(self)
        for name, array in buffers.items():
            call.bind(name, array)
        call.run(images=images, seed=seed, step=step)

    def workers(self) -> int:
        """Tell how many threads would run it now."""
        return min(self.threads or threads(), max(self.manifest.tasks, default=1))

    def need(self) -> MemoryRequirement:
        """Tell how much memory it would take now."""
        manifest, size = self.manifest, NUMBER
        own = manifest.scratch * self.workers() * size
        return MemoryRequirement(images=manifest.images, shared=manifest.arena * size, own=own)

    def _room(self, count: int) -> Array:
        """Make room for numbers of the program's own."""
        try:
            return floats(count)
        except MemoryError as error:
            raise self.need().error() from error

    def prepare(self, context: Words) -> None:
        """Write into a context what is the same in every run."""
        words = context.words
        words[ARENA_AT] = self._arena.ctypes.data
        words[COUNTS_AT] = self._counts.address
        words[SCRATCH_BYTES] = self.manifest.scratch * self._scratch.itemsize
        words[WORK_AT] = self._work
        words[YIELD_AT] = YIELD

    def lead(self, context: Words) -> None:
        """Run the program with a context."""
        with self.lock:
            workers = self.workers()
            if workers > self._workers:
                self._scratch, self._workers = self._room(self.manifest.scratch * workers), workers
                self._scratch_at = self._scratch.ctypes.data
            context.words[SCRATCH_AT] = self._scratch_at
            context.words[HELPERS] = workers - 1
            self._lead(context.address, thread_pool().call(self._help, workers - 1))


class Binding:
    """A program with the arrays that it works on, to run again and again.

    Parameters
    ----------
    program
        The program.
    """

    def __init__(self, program: Executable) -> None:
        self.program = program
        self._context = Words(BUFFERS + len(program.places))
        self._words = self._context.words
        self._arrays: dict[str, Array] = {}
        self._room: dict[str, int] = {}
        program.prepare(self._context)

    def bind(self, name: str, array: Array) -> None:
        """Give an array its place; one that the program does not know is passed over.

        What is read may be of another type, and is copied then; what is written must be contiguous
        float32. The array is kept until another takes its place.
        """
        if self._arrays.get(name) is array:
            return
        place = self.program.places.get(name)
        if place is None:
            return
        self._bind(name, place, np.ascontiguousarray(array, np.float32))

    def bind_as_is(self, name: str, array: Array) -> None:
        """Give an array of any type, in one piece of memory, its place."""
        if self._arrays.get(name) is array:
            return
        self._bind(name, self.program.places[name], array)

    def keep_only(self, names: Collection[str]) -> None:
        """Let go of all arrays but these."""
        for name in [name for name in self._arrays if name not in names]:
            del self._arrays[name]
            self._room.pop(name, None)

    def _bind(self, name: str, place: int, array: Array) -> None:
        """Check that an array is large enough, and note where it lies."""
        numbers = -(-array.nbytes // NUMBER)
        size, per_image = self.program.manifest.buffers[name]
        if per_image:
            self._room[name] = array.nbytes // (size * NUMBER)
        elif numbers < size:
            raise ValueError((name, numbers, size))  # machine code would read beyond it
        self._arrays[name] = array
        self._words[place] = array.ctypes.data

    def run(self, *, images: int = 0, seed: int = 0, step: int = 0) -> None:
        """Run the program once; see :meth:`Executable.run`."""
        program, words = self.program, self._words
        if len(self._arrays) < len(program.places):
            raise ValueError(program.places.keys() - self._arrays)
        room = min(self._room.values(), default=images)
        if images > min(room, program.manifest.images):
            raise ValueError((images, self._room))
        words[IMAGES], words[SEED], words[STEP] = images, seed, step
        program.lead(self._context)
