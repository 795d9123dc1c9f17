"""Descriptions of phases and kernels."""

import re
from dataclasses import replace

import pytest

from striate.compile import stages_of
from striate.explain.items import LEGEND, legend, phase_rows
from striate.functions.loss import CrossEntropy
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep
from striate.plan.fuse import Kernel
from striate.plan.schedule import IndexLoop, LoopSchedule
from striate.plan.tiles import LoopSegment


@pytest.fixture(scope="module")
def plan():
    """Plan a convolution followed by a dense layer."""
    step = TrainingStep.of(parse("conv 6@5x5 same relu | dense 3 softmax", (28, 28, 1)))
    return stages_of(step, 64, training=False).plan


def whole(index, extent, tile=1):
    """Make a loop with one segment."""
    return IndexLoop(index, (LoopSegment(0, extent, tile),))


def described(plan, schedule):
    """Describe the plan's convolution with another loop schedule."""
    position = next(
        (p, k)
        for p, phase in enumerate(plan.phases)
        for k, item in enumerate(phase.items)
        if isinstance(item, Kernel) and item.root.writes == "conv1.Z"
    )
    other = replace(plan, schedules={**plan.schedules, position: schedule})
    return phase_rows(other)[position[0]].items[position[1]]


def test_a_tile_in_registers(plan):
    """The loops are listed with their unrolled edges and the sums in registers."""
    columns = IndexLoop("j", (LoopSegment(0, 4, 4), LoopSegment(4, 24, 4), LoopSegment(24, 28, 4)))
    targets = (whole("i", 28), columns, whole("g", 1), whole("h", 6, 6))
    reduced = (whole("l", 1), whole("u", 5), whole("v", 5, 5))

    row = described(plan, LoopSchedule("q", targets, reduced, within=("g", "h", "i", "j")))

    assert row.lanes == "16 images"
    assert (row.at_once, row.elements) == ("j 4 × h 6", 24)
    assert row.loops == (
        "for i < 28",
        "  for j < 28 by 4 (0..4, 24..28 unrolled)",
        "    24 sums (j 4 × h 6) in registers",
        "    for u < 5",
        "      add 5 terms: v < 5, unrolled",
        "    then conv1.N, conv1.A, still in registers",
    )


def test_columns_in_the_lanes(plan):
    """If neighbors are in the lanes, a tile's size is counted in vectors."""
    columns = IndexLoop("j", (LoopSegment(0, 16, 16), LoopSegment(16, 28, 12)))
    targets = (whole("h", 6, 2), whole("i", 28), columns)
    reduced = (whole("u", 5), whole("v", 5))

    row = described(plan, LoopSchedule("j", targets, reduced, within=("h", "i", "j"), tasks=16))

    assert row.lanes == "16 neighbors along j"
    assert row.loops == (
        "for h < 6 by 2, shared by 16 tasks",
        "  for i < 28",
        "    j = 0..16, 16..28, one after another",
        "      2 sums (h 2) in registers",
        "      for u < 5",
        "        for v < 5",
        "          add one term",
        "      then conv1.N, conv1.A, still in registers",
    )


def test_terms_in_the_lanes(plan):
    """If terms are in the lanes, the lanes are added up."""
    row = described(plan, LoopSchedule("v", (whole("i", 28),), (whole("u", 5),), within=("i",)))

    assert row.lanes == "5 terms along v"
    assert "  the 16 lanes are added up" in row.loops


def test_what_is_stored(plan):
    """Z and N of a layer stay in registers; A, which others read, is stored."""
    row = described(plan, LoopSchedule("q", (), (), within=()))

    assert row.title == "conv1.Z, N, A"
    assert row.writes == ("conv1.Z", "conv1.N", "conv1.A")
    assert row.stored == ("conv1.A",)


def test_work_is_that_of_the_whole_batch(plan):
    """Multiply-adds are counted for all blocks, without those out of bounds."""
    row = described(plan, LoopSchedule("q", (), (), within=()))

    along = 5 * 28 - 2 * (1 + 2)  # taps that fall inside, of one axis padded by 2
    assert row.multiply_adds == 64 * 6 * along**2


@pytest.mark.parametrize(("images", "training"), [(40, True), (1, False)])
def test_names_of_arrays_can_be_read_alone(images, training):
    """A name contains no blanks or commas, so `name[index]` is clear, and all are explained."""
    text = "conv 32@3x3 same | average 2 | conv 32@3x3 same | batch-norm | dense 3 softmax"
    step = TrainingStep.of(parse(text, (12, 12, 3)), [CrossEntropy()])
    plan = stages_of(step, images, training=training, target_shapes=[()]).plan

    own = set(plan.variables) - set(plan.buffers)
    assert [name for name in own if not re.fullmatch(r"[\w@-]+(\.\w+)*", name)] == []
    items = [item for phase in phase_rows(plan) for item in phase.items]
    origins = {plan.variables[name].origin for item in items for name in item.writes}
    assert legend(items) == [text for origin, text in LEGEND.items() if origin in origins]
    assert any("partial_sums" in text for text in legend(items)) == training


@pytest.mark.parametrize("images", [1, 40])
def test_every_kernel_of_a_training_step_can_be_described(images):
    """Scatters, maxima, masks, statistics and Winograd's transforms are described, too."""
    text = (
        "conv 8@3x3 same as a | batch-norm relu | conv 8@3x3 same | add a | max 3x3 stride 2 | "
        "dropout 0.2 | conv 4@3x3 padding 1 padding-mode reflect | dense 3 softmax"
    )
    step = TrainingStep.of(parse(text, (12, 12, 4)), [CrossEntropy()])
    plan = stages_of(step, images, training=True, target_shapes=[()]).plan

    rows = [item for phase in phase_rows(plan) for item in phase.items]

    assert all(row.equations and row.title for row in rows)
    assert all(row.loops and row.lanes for row in rows if row.form in {"contract", "elementwise"})
