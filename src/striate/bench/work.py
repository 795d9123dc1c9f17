"""The amount of work: multiply-adds, operations and bytes, of networks and of kernels."""

from dataclasses import dataclass
from itertools import compress
from math import prod

from striate.graph.step import TrainingStep
from striate.nests import cost
from striate.nests.expression import Reference, factors
from striate.plan.allocation import Memory
from striate.plan.fuse import Kernel, PhaseItem
from striate.plan.layout import Variables
from striate.plan.lower import lower
from striate.plan.plan import Plan
from striate.plan.simplify import without_idle
from striate.plan.statement import LANES, Compute
from striate.shapes import Shape

ITEM = 4
"""Size of a float32 number in bytes."""


@dataclass(frozen=True, kw_only=True)
class Work:
    """The work of one item of a plan for a whole batch.

    Parameters
    ----------
    multiply_adds
        Number of products of arrays that are summed.
    contracted
        Number of those whose two factors change from step to step. This excludes the constant
        factor of a mean, and the matrices of a transform.
    operations
        Number of arithmetic operations; a multiply-add counts as two.
    moved
        Number of bytes read and written; the bytes of a block of images count for each block.
    footprint
        Size in bytes of all memory that it touches.
    """

    multiply_adds: int
    contracted: int
    operations: int
    moved: int
    footprint: int


def multiply_adds(step: TrainingStep, *, training: bool, target_shape: Shape = ()) -> int:
    """Count the multiply-adds of a network for one image, from its equations.

    Products of two arrays that are summed count. Constant tables, such as the shares of average
    pooling, aren't counted as arrays. The count is the same for every engine, even for one that
    computes fewer products, such as with Winograd's transforms.

    Parameters
    ----------
    step
        The network, with its losses for training.
    training
        Whether to count a training step, or the forward pass alone.
    target_shape
        Shape of one image's targets.

    Returns
    -------
    int

    Examples
    --------
    A layer of three neurons on four inputs: forward, and for the weights' derivatives.

    >>> from striate.functions.loss import CrossEntropy
    >>> from striate.graph.shorthand import parse
    >>> step = TrainingStep.of(parse("dense 3", (4,)), [CrossEntropy()])
    >>> multiply_adds(step, training=False), multiply_adds(step, training=True)
    (12, 24)
    """
    shapes = [target_shape] * len(step.losses)
    lowered = without_idle(lower(step, training=training, target_shapes=shapes))
    constant = _constant(lowered.variables)
    total = 0
    for statement in lowered.statements:
        if isinstance(statement, Compute) and _contracts(statement, constant):
            total += cost(statement.nest).multiply_adds
    return total // LANES


def _constant(variables: Variables) -> set[str]:
    """Return the names of the arrays that are the same in every step."""
    return {name for name, variable in variables.items() if variable.values}


def _contracts(statement: Compute, constant: set[str]) -> bool:
    """Return whether a statement sums products of two arrays, neither of them constant."""
    equation = statement.nest.equation
    arrays = [f for f in factors(equation.expression) if isinstance(f, Reference)]
    variable = [f for f in arrays if f.name not in constant]
    return len(variable) > 1 and bool(equation.reduced)


def work_of(plan: Plan, item: PhaseItem, *, over_images: bool) -> Work:
    """Count the work of one item of a plan for a whole batch.

    Parameters
    ----------
    plan
        The plan.
    item
        A kernel or another item of one of its phases.
    over_images
        Whether that phase goes over the blocks of images.

    Returns
    -------
    Work
    """
    blocks = plan.blocks if over_images else 1
    constant = _constant(plan.variables)
    statements = item.statements if isinstance(item, Kernel) else ()
    costs = [cost(s.nest) for s in statements]
    contracts = [_contracts(s, constant) for s in statements]
    moved = footprint = 0
    for name, elements in _touched(plan, item):
        variable, allocation = plan.variables[name], plan.allocations[name]
        spread = plan.blocks if variable.per_image else plan.chunks if allocation.per_chunk else 1
        whole = 1 if allocation.region == Memory.SCRATCH or not over_images else spread
        moved += ITEM * elements * blocks
        footprint += ITEM * elements * whole
    return Work(
        multiply_adds=blocks * sum(c.multiply_adds for c in costs),
        contracted=blocks * sum(c.multiply_adds for c in compress(costs, contracts)),
        operations=blocks * sum(c.operations for c in costs),
        moved=moved,
        footprint=footprint,
    )


def _touched(plan: Plan, item: PhaseItem) -> list[tuple[str, int]]:
    """List what an item reads from memory, then what it writes there, with the elements touched.

    An array that is changed in place is listed twice. In a phase over images, elements are those
    of one block.
    """
    if not isinstance(item, Kernel):
        names = [*item.reads, item.writes]
        return [(name, plan.variables[name].size * LANES) for name in names]
    elements: dict[str, int] = {}
    for statement in item.statements:
        nest = statement.nest
        for reference in (nest.equation.target, *nest.equation.references):
            indices = {i for s in reference.subscripts for i in s.linear()[0]}
            reached = prod(nest.extents[i] for i in indices)
            if any(s.table for s in reference.subscripts):
                reached = prod(nest.shapes[reference.name])
            found = min(reached, prod(nest.shapes[reference.name]))
            elements[reference.name] = max(found, elements.get(reference.name, 0))
    names = [name for name in (*item.reads, *sorted(item.stored)) if name in plan.allocations]
    return [(name, elements[name]) for name in names]
