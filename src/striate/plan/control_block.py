"""The control blocks in memory that Python and machine code share: positions of their words.

There are two kinds. Each call of a program has its own block, with the number of images, the
addresses of its arrays and so on. The thread pool has one block, through which the thread that
leads a program tells the workers what to do. All positions are in words of 64 bits.
"""

LINE = 8
"""Words in a cache line. Words that several threads write have a cache line each."""

IMAGES, SEED, STEP = range(3)
"""In a call's block: the number of images, and the seed and step of random masks."""

ARENA_AT, COUNTS_AT, SCRATCH_AT, SCRATCH_BYTES = range(3, 7)
"""In a call's block: the addresses of the arena, of the counters of tasks, and of the first
thread's scratch memory, and the number of bytes to the next thread's."""

WORKERS, WORK_AT, YIELD_AT = range(7, 10)
"""In a call's block: the maximum number of workers that may take part, the address of the function
that they run, and that of the system's function that yields the processor."""

BUFFERS = 10
"""In a call's block: the address of the caller's first buffer; the others follow."""

LED, WANTED, JOB, ACTIVE = (LINE * k for k in range(4))
"""In the thread pool's block: whether a thread is leading, the requested number of workers, the
address of the leader's call block, and the number of active workers."""

POOL_WORDS = 4 * LINE
"""Words in the thread pool's block."""


def claimed(phase: int) -> int:
    """Return the position of the counter of a phase's claimed tasks."""
    return 2 * LINE * phase


def finished(phase: int) -> int:
    """Return the position of the counter of a phase's finished tasks."""
    return LINE * (2 * phase + 1)


def counts(phases: int) -> int:
    """Return the number of words for the counters of all phases."""
    return 2 * LINE * phases
