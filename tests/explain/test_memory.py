"""The memory map: arrays don't overlap, and are live whenever they are used."""

from itertools import combinations

import pytest

from striate.compile import stages_of
from striate.explain.memory import memory_map
from striate.functions.loss import CrossEntropy
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep
from striate.plan.fuse import Kernel

NETWORKS = {
    "plain": ("conv 4@3x3 tanh | average 2 | dense 3 softmax", (9, 9, 1)),
    "statistics": ("conv 4@3x3 same | batch-norm relu | max 2 | dense 3 softmax", (8, 8, 2)),
    "transforms": ("conv 16@3x3 same relu | conv 16@3x3 same relu | dense 3 softmax", (12, 12, 8)),
    "joined": ("conv 4@3x3 same as a | conv 4@3x3 same | add a | dense 3 softmax", (6, 6, 1)),
}


@pytest.fixture(scope="module", params=NETWORKS)
def plan(request):
    """Plan the training of a network with three blocks of images."""
    text, shape = NETWORKS[request.param]
    step = TrainingStep.of(parse(text, shape), [CrossEntropy()])
    return stages_of(step, 40, training=True, target_shapes=[()]).plan


def test_no_overlap(plan):
    """Arrays that overlap in memory have disjoint lifetimes."""
    for region in memory_map(plan).own:
        for a, b in combinations(region.arrays, 2):
            apart = a.offset + a.size <= b.offset or b.offset + b.size <= a.offset
            after = a.last < b.first or b.last < a.first
            assert apart or after, (region.name, a, b)


def test_regions_contain_their_arrays(plan):
    """Every array ends within its region."""
    found = memory_map(plan)

    assert all(p.offset + p.size <= r.size for r in found.own for p in r.arrays)
    assert sum(len(r.arrays) for r in (*found.own, *found.buffers)) == len(plan.allocations)


def test_arrays_live_while_they_are_needed(plan):
    """Every array that an item reads or writes is live at that item."""
    found = memory_map(plan)
    lives = {p.name: (p.first, p.last) for r in (*found.own, *found.buffers) for p in r.arrays}
    items = [item for phase in plan.phases for item in phase.items]

    assert len(items) == found.items
    for number, item in enumerate(items):
        written = item.stored if isinstance(item, Kernel) else {item.writes}
        for name in {*item.reads, *written} & set(plan.allocations):
            assert lives[name][0] <= number <= lives[name][1], (name, number)


def test_sharing_saves(plan):
    """Without sharing memory, the scratch would be larger."""
    _, scratch = memory_map(plan).own

    assert scratch.size < scratch.unshared
