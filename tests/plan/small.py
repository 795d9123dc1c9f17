"""A small plan that contains convolution, normalization, pooling and dense layers."""

from functools import cache

from striate.compile import plan_step
from striate.functions.loss import CrossEntropy
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep
from striate.plan.target import Target

TEXT = "conv 3@3x3 same tanh | batch-norm | max 2 | dropout 0.5 | dense 5 relu | dense 4 softmax"

PROCESSOR = Target(name="x86-64-v4", features="", triple="x86_64", register_lanes=16, registers=32)
"""A processor of no particular make, so that plans are the same on all machines."""


@cache
def small_step():
    """Make the network's training step."""
    return TrainingStep.of(parse(TEXT, (6, 7, 2)), [CrossEntropy()])


@cache
def small_plan(*, images=40, training=True):
    """Plan it."""
    return plan_step(small_step(), images, training=training, target_shapes=[()], target=PROCESSOR)
