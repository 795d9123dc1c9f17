"""Sorts statements into phases, so threads only wait for each other between phases.

In a phase *over images*, the batch is cut into chunks, and each chunk is one task. A thread takes a
chunk and runs all statements of the phase on each of its blocks of 16 images, so an array often
stays in cache from one statement to the next. A sum over images, such as a weight's derivative, is
first summed within each chunk; these *partial sums* are complete when all chunks are finished.
Statements that read the sum therefore start a new phase. Between phases over images are phases that
run *once*, which add up the partial sums in order::

    phase 0, over images    chunk 0 | chunk 1 | chunk 2  loads, layers, partial sums
    --------------------    all threads wait
    phase 1, once           sum of the partial sums      cut into tasks if large
    --------------------    all threads wait
    phase 2, over images    chunk 0 | chunk 1 | chunk 2  statements that read the sums

The number of chunks depends on the batch alone, never on the number of threads, so the order of
every sum is always the same.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from math import prod

from striate.nests import bind
from striate.plan.fuse import Kernel, PhaseItem, fuse, with_stored, writes_of
from striate.plan.statement import IMAGE, Compute, Lowered, Origin, Statement, Variable

TASKS = 16
"""Number of tasks in a large phase that runs once: the maximum number of threads sharing it."""

SHARED = 1 << 15
"""Minimum number of elements for which a phase that runs once is shared by threads.

Eight terms of a sum count as one element. LeNet-5 inference at batch 1 takes 13 µs. Two threads
were no faster, and ten times slower if the second one was descheduled."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """Items that can run without waiting for other chunks of the batch.

    Parameters
    ----------
    items
        Kernels and other statements, in order.
    over_images
        Whether they run for each block of images, or once.
    tasks
        Number of tasks.
    """

    items: tuple[PhaseItem, ...]
    over_images: bool
    tasks: int


def sort_phases(lowered: Lowered, chunks: int) -> tuple[tuple[Phase, ...], dict[str, Variable]]:
    """Sort statements into phases, and fuse them into kernels.

    Parameters
    ----------
    lowered
        Statements in order.
    chunks
        Number of chunks of the batch.

    Returns
    -------
    tuple
        The phases in order, and all variables, including the partial sums.
    """
    return _PhaseSorter(lowered, chunks).phases()


class _PhaseSorter:
    """Assigns a phase to each statement."""

    def __init__(self, lowered: Lowered, chunks: int) -> None:
        self.variables = dict(lowered.variables)
        self.statements = lowered.statements
        self.chunks = chunks
        self.over_images: dict[int, list[Statement]] = defaultdict(list)
        self.between: dict[int, list[Statement]] = defaultdict(list)
        # For each array: how it is computed ("sum" over images, for "each" image, or "once"), and
        # in which phase.
        self.ready: dict[str, tuple[str, int]] = {}
        self.sums: dict[str, int] = {}

    def phases(self) -> tuple[tuple[Phase, ...], dict[str, Variable]]:
        """Sort and fuse the statements, and determine which arrays are stored."""
        for _, neighbors in groupby(enumerate(self.statements), _neighborhood):
            together = [statement for _, statement in neighbors]
            if _each(together[0]):
                self.place_images(together)
            else:
                self.place_between(together[0])
        self.place_sums()
        found: list[tuple[tuple[PhaseItem, ...], bool]] = []
        last = max([*self.over_images, *self.between], default=0)
        # Phase -1 holds the statements that depend only on parameters. Statements that run once
        # follow their phase over images, in waves of independent items.
        for number in range(-1, last + 1):
            if self.over_images.get(number):
                found.append((fuse(self.over_images[number]), True))
            fused = fuse(self.between.get(number, ()))
            found += [(items, False) for items in _waves(fused)]
        named = {v.name for v in self.variables.values() if v.buffer}
        every = with_stored([i for items, _ in found for i in items], named)
        phases: list[Phase] = []
        start = 0
        for items, over in found:
            stored = every[start : start + len(items)]
            start += len(items)
            tasks = self.chunks if over else _tasks(stored)
            phases.append(Phase(items=stored, over_images=over, tasks=tasks))
        return tuple(phases), self.variables

    def place_images(self, together: Sequence[Statement]) -> None:
        """Place statements that run for each block; those that share a loop get the same phase."""
        phase = max(self.earliest(statement) for statement in together)
        for statement in together:
            summed = isinstance(statement, Compute) and statement.sums_images
            self.ready[statement.writes] = ("sum" if summed else "each", phase)
            if summed and isinstance(statement, Compute):
                self.sums[statement.writes] = phase
                self.over_images[phase].append(self.by_chunk(statement))
            else:
                self.over_images[phase].append(statement)

    def earliest(self, statement: Statement) -> int:
        """Find the first phase in which a statement over images has all its inputs."""
        phase = 0
        before = (statement.writes,) if statement.writes in self.ready else ()
        for name in (*statement.reads, *before):
            how, when = self.ready.get(name, ("given", -1))
            # A value of the same image is ready within the phase. A sum over images is ready in
            # the next one, unless the statement itself adds to it.
            own = how == "sum" and name == statement.writes
            phase = max(phase, when if how == "each" or own else when + 1)
        return phase

    def by_chunk(self, statement: Compute) -> Compute:
        """Rewrite a sum over images as a partial sum."""
        name = statement.writes
        other = partial_sums(name)
        whole = self.variables[name]
        partial = whole.derived(other, Origin.PARTIAL_SUMS, size=whole.size, per_image=False)
        self.variables.setdefault(other, replace(partial, part_of=name))
        return replace(statement.renamed({name: other}), adds=True)

    def place_between(self, statement: Statement) -> None:
        """Place a statement without an image axis."""
        phase = -1
        for name in (*statement.reads, statement.writes):
            phase = max(phase, self.ready.get(name, ("given", -1))[1])
        self.ready[statement.writes] = ("once", phase)
        self.between[phase].append(statement)

    def place_sums(self) -> None:
        """Add up the partial sums as soon as they are complete; gradients at the end."""
        last = max(self.over_images, default=-1)
        joined: dict[int, list[Statement]] = defaultdict(list)
        for name, phase in self.sums.items():
            # Gradients are only read by the caller. Adding them up after the last phase over
            # images saves waiting for all threads in between.
            external = bool(self.variables[name].buffer)
            joined[last if external else phase].append(self.join(name))
        for phase, statements in joined.items():
            self.between[phase] = [*statements, *self.between.get(phase, [])]

    def join(self, name: str) -> Compute:
        """Make the statement that adds up the partial sums."""
        size = self.variables[name].size
        nest = bind("t[x] += p[k,x]", shapes={"t": (size,), "p": (self.chunks, size)})
        return Compute(nest=nest).renamed({"t": name, "p": partial_sums(name)})


def partial_sums(name: str) -> str:
    """Name the array of partial sums."""
    return f"{name}.partial_sums"


def _neighborhood(numbered: tuple[int, Statement]) -> tuple[int, str]:
    """Return a key that is equal for statements that share loops."""
    number, statement = numbered
    group = statement.group if isinstance(statement, Compute) else ""
    return (-1, group) if group else (number, "")


def _each(statement: Statement) -> bool:
    """Whether a statement runs for each block of images."""
    if not isinstance(statement, Compute):
        return True
    return IMAGE in statement.nest.extents and not statement.over_batch


def _waves(items: Sequence[PhaseItem]) -> list[tuple[PhaseItem, ...]]:
    """Sort items into waves, so that no item depends on another item of its wave.

    An item comes after the writers of what it reads, and after the earlier writers *and readers*
    of what it writes.
    """
    written_in: dict[str, int] = {}
    read_in: dict[str, int] = {}
    waves: dict[int, list[PhaseItem]] = defaultdict(list)
    for item in items:
        before = [written_in.get(name, -1) for name in (*item.reads, *writes_of(item))]
        before += [read_in.get(name, -1) for name in writes_of(item)]
        wave = max(before, default=-1) + 1
        for name in writes_of(item):
            written_in[name] = wave
        for name in item.reads:
            read_in[name] = max(wave, read_in.get(name, -1))
        waves[wave].append(item)
    return [tuple(waves[number]) for number in sorted(waves)]


def _tasks(items: Sequence[PhaseItem]) -> int:
    """Choose the number of tasks: one if there is little to do."""
    nests = [item.root.nest for item in items if isinstance(item, Kernel)]
    work = sum(prod(n.extents.values()) / (8 if n.equation.reduced else 1) for n in nests)
    return TASKS if work >= SHARED else 1
