"""Measurements of candidate tiles."""

import pytest

from bench.measured import Lenient, Rejecting
from striate.bench.peak import PeakMeter
from striate.compile import stages_of
from striate.errors import OptionError
from striate.explain.tiles import try_tiles
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep
from striate.plan.fuse import Kernel


@pytest.fixture(scope="module")
def plan():
    """Plan a dense layer with softmax."""
    return stages_of(TrainingStep.of(parse("dense 48 softmax", (20,))), 16, training=False).plan


@pytest.fixture(scope="module")
def peaks():
    """Measure this machine once."""
    return PeakMeter(1).peaks(1)


def position_of(plan, name):
    """Find the kernel that computes an array."""
    return next(
        (p, k)
        for p, phase in enumerate(plan.phases)
        for k, item in enumerate(phase.items)
        if isinstance(item, Kernel) and name in item.writes
    )


def test_candidates(plan, peaks):
    """All candidates differ, and the chosen one, with the fewest predicted cycles, is included."""
    judge = Lenient(PeakMeter(1))

    rows = try_tiles(plan, position_of(plan, "dense1.Z"), peaks, judge, most=4)

    assert 2 <= len(rows) <= 4
    assert len({(row.at_once, row.columns) for row in rows}) == len(rows)
    assert [row.microseconds for row in rows] == sorted(row.microseconds for row in rows)
    (chosen,) = [row for row in rows if row.chosen]
    assert chosen.cycles == min(row.cycles for row in rows)


def test_a_map_has_no_tile(plan, peaks):
    """A kernel without sums has no tile to choose."""
    position = position_of(plan, "dense1.A")

    with pytest.raises(OptionError) as error:
        try_tiles(plan, position, peaks, Lenient(PeakMeter(1)))

    assert str(error.value) == (
        f"Item {position[0]}.{position[1]} has no tile, because it doesn't accumulate sums. "
        "Choose a kernel for which --stage schedule lists sums in registers."
    )


def test_a_busy_machine(plan, peaks):
    """If every turn is disturbed, the list is empty."""
    rows = try_tiles(plan, position_of(plan, "dense1.Z"), peaks, Rejecting(PeakMeter(1)), most=2)

    assert rows == []
