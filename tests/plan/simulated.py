"""Runs plans without machine code: phases, chunks, kernels and memory, in NumPy.

Nests are interpreted in float64, all elements of a kernel at once. Memory starts as NaN, including
each thread's scratch for every chunk, and chunks run in reverse order. So reading memory that isn't
written yet, or that another array has overwritten, gives NaN or wrong values.
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
    """A simulated program with the interface of an executable.

    Parameters
    ----------
    plan
        The plan.
    """

    def __init__(self, plan):
        self.plan = plan
        self.regions = {}
        self.block = self.chunk = self.count = 0
        self.seed = self.step = 0

    def run(self, buffers, *, images=0, seed=0, step=0):
        """Run the plan once on the caller's buffers."""
        plan = self.plan
        self.seed, self.step = seed, step
        self.regions = {name: np.ravel(array).astype(float) for name, array in buffers.items()}
        self.regions[Memory.ARENA] = np.full(plan.arena, np.nan)
        cleared = set()
        for phase in plan.phases:
            if phase.over_images:
                sums = self.sums(phase) - cleared
                cleared |= sums
                for chunk in reversed(range(plan.chunks)):
                    self.images(phase, chunk, sums, images)
            else:
                self.regions[Memory.SCRATCH] = np.full(0, np.nan)
                self.block, self.chunk, self.count = 0, 0, images
                self.items(phase.items, {})
        for name, array in buffers.items():
            if array.dtype == np.float32:
                array[...] = self.regions[name].reshape(array.shape)

    def sums(self, phase):
        """Return the names of the partial sums that a phase adds to."""
        names = {n for i in phase.items if isinstance(i, Kernel) for n in i.writes}
        return {n for n in names if self.plan.variables[n].origin is Origin.PARTIAL_SUMS}

    def images(self, phase, chunk, sums, images):
        """Run a phase for the images of one chunk, block by block."""
        plan = self.plan
        self.regions[Memory.SCRATCH] = np.full(plan.scratch, np.nan)
        self.chunk = chunk
        for name in sums:
            self.view(name)[...] = 0
        first, last = (k * plan.blocks // plan.chunks for k in (chunk, chunk + 1))
        for block in range(first, min(last, -(-images // LANES))):
            self.block, self.count = block, min(LANES, images - block * LANES)
            self.items(phase.items, {})

    def view(self, name, shape=None):
        """Return the memory of an array for the current block or chunk, optionally with a shape.

        For an array without images, the shape determines the size: partial sums may be viewed for
        one chunk or for all.
        """
        variable, allocation = self.plan.variables[name], self.plan.allocations[name]
        begin = (
            allocation.offset
            + self.block * allocation.per_block
            + self.chunk * allocation.per_chunk
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
        """Run items in order, those that share a loop inside of it."""

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
        """Run one item."""
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
        """Run the statements of a kernel; arrays that it doesn't store stay inside it."""
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
        """Return an array that a nest reads: a table, an unstored result, or memory."""
        variable, shape = self.plan.variables[name], nest.shapes[name]
        if variable.values:
            return table(variable, nest)
        array = made[name] if name in made else self.view(name, shape)
        return array.reshape(shape)
