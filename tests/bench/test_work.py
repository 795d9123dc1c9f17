"""The work of networks, and of the items of a plan."""

import pytest

from striate.bench.work import multiply_adds, work_of
from striate.compile import plan_step
from striate.functions.loss import CrossEntropy
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep
from striate.model.presets import preset


def step_of(text, shape):
    """Return a training step with cross-entropy."""
    return TrainingStep.of(parse(text, shape), [CrossEntropy()])


def test_lenet5():
    """Wichmann 6.1 on 32 x 32 pixels, counted by hand; averages don't count as multiply-adds.

    Backward, each layer needs twice as many, except for the derivatives of the images.
    """
    conv1, conv2 = 6 * 28 * 28 * 25, 16 * 10 * 10 * 6 * 25
    dense = 400 * 120 + 120 * 84 + 84 * 10
    step = step_of(*preset("lenet5-valid"))

    found = [multiply_adds(step, training=training) for training in (False, True)]

    assert found == [conv1 + conv2 + dense, 2 * conv1 + 3 * (conv2 + dense)]


def test_products_with_padding_do_not_count():
    """A window of 3 on 4 pixels with padding 1 has 2 + 3 + 3 + 2 products along each axis."""
    step = step_of("conv 1@3x3 same | dense 2 softmax", (4, 4, 1))

    assert multiply_adds(step, training=False) == 100 + 32


@pytest.mark.parametrize("images", [16, 40])
def test_items_of_a_plan(images):
    """A dense layer's work is that of whole blocks; its weights are read for each block."""
    blocks = -(-images // 16)
    plan = plan_step(TrainingStep.of(parse("dense 5 relu", (8,))), images, training=False)
    (phase, item) = next(
        (phase, item)
        for phase in plan.phases
        for item in phase.items
        if any(name.startswith("dense1") for name in plan.allocations if name in item.reads)
    )

    work = work_of(plan, item, over_images=phase.over_images)

    assert work.multiply_adds == 16 * blocks * 5 * 8
    # Inputs and outputs of 16 images a block, 40 weights and 5 biases.
    assert work.moved == 4 * blocks * (16 * 8 + 16 * 5 + 45)


def test_constant_factors_are_no_contraction():
    """The sums of average pooling are multiply-adds, but not contractions."""
    plan = plan_step(TrainingStep.of(parse("average 2x2 | dense 5", (4, 4, 1))), 16, training=False)
    items = [(phase, item) for phase in plan.phases for item in phase.items]

    works = [work_of(plan, item, over_images=phase.over_images) for phase, item in items]

    assert [work.contracted for work in works if work.contracted] == [16 * 5 * 4]
    assert 16 * 4 * 4 in [work.multiply_adds for work in works]
