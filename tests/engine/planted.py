"""Plans with a planted error: each reaches one vector beyond an array."""

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
    """Plant no error."""
    return plan


def behind(plan, region):
    """Move the last array of a region up by one vector."""
    name = max(_of(plan, region), key=lambda n: plan.allocations[n].offset)
    return moved(plan, name, LANES)


def before(plan, region):
    """Move the first array of a region down by one vector."""
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
    """Let the nest that writes a one-dimensional array write one vector more."""
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
    "behind the per-thread scratch": (lambda plan: behind(plan, Memory.SCRATCH), True),
    "before the per-thread scratch": (lambda plan: before(plan, Memory.SCRATCH), False),
    "behind a caller's array": (lambda plan: longer(plan, "dense2.dbias"), True),
}
"""For each name, the function that plants the error, and whether guard pages follow the arrays."""


@cache
def planted_step():
    """Return the step whose plans get an error."""
    return small_step()


def planted_numbers():
    """Draw the inputs of that step."""
    rng, graph = np.random.default_rng(3), small_step().graph
    ((name, shape),) = graph.inputs.items()
    return Numbers(
        inputs={name: rng.standard_normal((IMAGES, *shape))},
        parameters={n: rng.standard_normal(p.shape) for n, p in graph.parameters().items()},
        state={n: np.ones(p.shape) for n, p in graph.state().items()},
        targets=[rng.integers(0, 4, IMAGES)],
    ).rounded()
