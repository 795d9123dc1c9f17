"""Plans with an error planted: each reaches beyond an array, by a vector."""

from dataclasses import replace
from functools import cache

import numpy as np

from engine.compiled import Numbers
from plan.small import small_step
from striate.plan.allocation import Memory
from striate.plan.fuse import Kernel
from striate.plan.schedule import schedule
from striate.plan.statement import LANES

IMAGES = 40


def as_it_is(plan):
    """Plant nothing."""
    return plan


def behind(plan, region):
    """Move the array that ends a region a vector on."""
    name = max(_of(plan, region), key=lambda n: plan.allocations[n].offset)
    return moved(plan, name, LANES)


def before(plan, region):
    """Move an array that begins a region a vector back."""
    name = min(_of(plan, region), key=lambda n: plan.allocations[n].offset)
    return moved(plan, name, -LANES)


def moved(plan, name, by):
    """Move an array."""
    allocation = plan.allocations[name]
    return replace(
        plan,
        allocations={**plan.allocations, name: replace(allocation, offset=allocation.offset + by)},
    )


def longer(plan, name):
    """Take an array of one axis for a vector longer than it is, in the nest that writes it."""
    p, k = next(
        (p, k)
        for p, phase in enumerate(plan.phases)
        for k, item in enumerate(phase.items)
        if isinstance(item, Kernel) and item.root.writes == name
    )
    items = list(plan.phases[p].items)
    nest = items[k].root.nest
    (index,) = nest.equation.target.subscripts
    length = nest.extents[index.lone] + LANES
    shapes = {n: (*shape[:-1], length) for n, shape in nest.shapes.items()}
    wrong = replace(nest, extents={**nest.extents, index.lone: length}, shapes=shapes)
    items[k] = replace(items[k], statements=(replace(items[k].root, nest=wrong),))
    phases = list(plan.phases)
    phases[p] = replace(phases[p], items=tuple(items))
    walks = schedule(items[k], plan.variables, plan.target, plan.schedules[p, k].tasks)
    return replace(plan, phases=tuple(phases), schedules={**plan.schedules, (p, k): walks})


def _of(plan, region):
    """Name the arrays of a region."""
    return [name for name, allocation in plan.allocations.items() if allocation.region == region]


PLANTED = {
    "nothing behind": (as_it_is, True),
    "nothing before": (as_it_is, False),
    "behind the arena": (lambda plan: behind(plan, Memory.ARENA), True),
    "before the arena": (lambda plan: before(plan, Memory.ARENA), False),
    "behind a worker's memory": (lambda plan: behind(plan, Memory.SCRATCH), True),
    "before a worker's memory": (lambda plan: before(plan, Memory.SCRATCH), False),
    "behind a caller's array": (lambda plan: longer(plan, "dense2.dbias"), True),
}
"""By name: what plants the error, and on which side of the arrays the guard pages lie."""


@cache
def planted_step():
    """Give the step of which a plan is spoilt."""
    return small_step()


def planted_numbers():
    """Draw numbers for it."""
    rng, graph = np.random.default_rng(3), small_step().graph
    ((name, shape),) = graph.inputs.items()
    return Numbers(
        inputs={name: rng.standard_normal((IMAGES, *shape))},
        parameters={n: rng.standard_normal(p.shape) for n, p in graph.parameters().items()},
        state={n: np.ones(p.shape) for n, p in graph.state().items()},
        targets=[rng.integers(0, 4, IMAGES)],
    ).rounded()
