"""Runs plans without machine code: phases, parts, kernels and memory, in NumPy.

Nests are interpreted in float64, all elements of a kernel at once. Memory starts as NaN, each
thread's scratch for every part again, and the last part runs first. So a read of memory that isn't
written yet, or that another array has overwritten, gives NaN or nonsense.
"""

from dataclasses import replace
from itertools import groupby
from math import prod

import numpy as np

from plan.meaning import computed, fixed, mask, table, with_images
from striate.plan.allocation import Memory
from striate.plan.fuse import Kernel
from striate.plan.statement import LANES, DrawMask, Load, Origin, Store, Transpose


class Simulated:
    """A program as the compiled engine calls it.

    Parameters
    ----------
    plan
        What it does.
    """

    def __init__(self, plan):
        self.plan = plan
        self.regions = {}
        self.block = self.part = self.count = 0
        self.seed = self.step = 0

    def run(self, buffers, *, images=0, seed=0, step=0):
        """Run the plan once on a caller's buffers."""
        plan = self.plan
        self.seed, self.step = seed, step
        self.regions = {name: np.ravel(array).astype(float) for name, array in buffers.items()}
        self.regions[Memory.ARENA] = np.full(plan.arena, np.nan)
        cleared = set()
        for phase in plan.phases:
            if phase.over_images:
                sums = self.sums(phase) - cleared
                cleared |= sums
                for part in reversed(range(plan.parts)):
                    self.images(phase, part, sums, images)
            else:
                self.regions[Memory.SCRATCH] = np.full(0, np.nan)
                self.block, self.part, self.count = 0, 0, images
                self.items(phase.items, {})
        for name, array in buffers.items():
            if array.dtype == np.float32:
                array[...] = self.regions[name].reshape(array.shape)

    def sums(self, phase):
        """Name the parts' sums that a phase adds to."""
        names = {n for i in phase.items if isinstance(i, Kernel) for n in i.writes}
        return {n for n in names if self.plan.variables[n].origin is Origin.PARTIAL_SUMS}

    def images(self, phase, part, sums, images):
        """Do a phase for the images of one part, a block after another."""
        plan = self.plan
        self.regions[Memory.SCRATCH] = np.full(plan.scratch, np.nan)
        self.part = part
        for name in sums:
            self.view(name)[...] = 0
        first, last = (k * plan.blocks // plan.parts for k in (part, part + 1))
        for block in range(first, min(last, -(-images // LANES))):
            self.block, self.count = block, min(LANES, images - block * LANES)
            self.items(phase.items, {})

    def view(self, name, shape=None):
        """Return an array of the current images or part; in a shape, if one is given.

        The shape counts where no image has its own: the sums of all parts are one array, too.
        """
        variable, allocation = self.plan.variables[name], self.plan.allocations[name]
        begin = (
            allocation.offset + self.block * allocation.per_block + self.part * allocation.per_part
        )
        memory = self.regions[allocation.region][begin:]
        size, count = variable.size, self.count
        if not variable.per_image:
            return memory[: size if shape is None else prod(shape)]
        if variable.buffer:
            return memory[: count * size].reshape(count, size)
        if variable.rows:
            return memory[: count * variable.rows].reshape(count, variable.rows)[:, :size]
        return memory[: LANES * size].reshape(size, LANES).T[:count]

    def items(self, items, around):
        """Do items in order, those that share a loop inside of it."""

        def loop(item):
            loops = item.loops if isinstance(item, Kernel) else ()
            return loops[len(around)] if len(loops) > len(around) else None

        for shared, group in groupby(items, loop):
            together = list(group)
            if shared is None:
                for item in together:
                    self.item(item, around)
                continue
            index = shared[1]
            for value in range(together[0].root.nest.extents[index]):
                self.items(together, {**around, index: value})

    def item(self, item, around):
        """Do one item."""
        match item:
            case Kernel():
                self.kernel(item, around)
            case Load() | Store() | Transpose():
                self.view(item.target)[...] = self.view(item.source)
            case DrawMask():
                first, size = self.block * LANES, self.plan.variables[item.target].size
                images = range(first, first + self.count)
                self.view(item.target)[...] = mask(
                    item, size, images, seed=self.seed, step=self.step
                )
            case _:
                raise AssertionError(item)

    def kernel(self, kernel, around):
        """Do the statements of a kernel; what it does not store stays with it."""
        variables, made = self.plan.variables, {}
        for statement in kernel.statements:
            nest = with_images(statement.nest, self.count, lambda n: variables[n].per_image)
            nest = fixed(nest, around, variables)
            arrays = {name: self.source(name, nest, made) for name in nest.sources}
            name, shape = nest.target, nest.shapes[nest.target]
            stored = name in kernel.stored
            before = self.view(name).reshape(shape) if stored else np.full(shape, np.nan)
            made[name] = computed(replace(statement, nest=nest), arrays, before)
            if stored:
                view = self.view(name)
                view[...] = made[name].reshape(view.shape)

    def source(self, name, nest, made):
        """Return an array that a nest reads: a table, a result of the kernel, or one in memory."""
        variable, shape = self.plan.variables[name], nest.shapes[name]
        if variable.values:
            return table(variable, nest)
        array = made[name] if name in made else self.view(name, shape)
        return array.reshape(shape)
