"""Where a program, its caller and its helpers leave word for each other: places in shared memory.

All places are counted in words of 64 bits.
"""

LINE = 8
"""Words of a cache line: what several threads write has a line for itself."""

IMAGES, SEED, STEP = range(3)
"""Places in the context, one for each call of a program: numbers of the run."""

ARENA_AT, COUNTS_AT, SCRATCH_AT, SCRATCH_BYTES = range(3, 7)
"""Where arrays are that all workers share, where tasks are counted, where the first worker's own
memory is, and how many bytes from there to the next one's."""

HELPERS, WORK_AT, YIELD_AT = range(7, 10)
"""How many may help, what they call, and what whoever waits long calls to let others run."""

BUFFERS = 10
"""From here on, where the caller's buffers are."""

BUSY, WANTED, JOB, INSIDE = (LINE * k for k in range(4))
"""Places in the post of a crew: who leads has it to himself, how many helpers are wanted, with the
context of which program, and how many are at work."""

POST = 4 * LINE
"""Words of a post."""


def claimed(phase: int) -> int:
    """Give the place, among the counts, of the tasks of a phase that somebody has taken."""
    return 2 * LINE * phase


def finished(phase: int) -> int:
    """Give the place of the tasks of a phase that are done."""
    return LINE * (2 * phase + 1)


def counts(phases: int) -> int:
    """Give the number of words in which the tasks of all phases are counted."""
    return 2 * LINE * phases
