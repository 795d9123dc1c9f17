"""Measurements of single kernels: each item of a plan once, with its limit."""

import sys
import time
from types import SimpleNamespace

import numpy as np
import pytest

from bench import measured
from striate.bench import kernels
from striate.bench.kernels import measure_kernels, scratch_buffers, taken_apart
from striate.compile import load, plan_step
from striate.functions.loss import CrossEntropy
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep

TEXT = "conv 3@3x3 same | batch-norm relu | max 2x2 | dropout 0.3 | dense 4 softmax"


@pytest.fixture(scope="module")
def plan():
    """Return the plan of a training step with several phases, for one block of images."""
    step = TrainingStep.of(parse(TEXT, (8, 8, 2)), [CrossEntropy()])
    return plan_step(step, 16, training=True, target_shapes=[()])


def test_every_item_has_a_row(plan):
    """There is one row for each item, in order, with consistent shares and speeds."""
    rows = measure_kernels(plan, measured.PEAKS, rounds=2)

    positions = [(p, k) for p, phase in enumerate(plan.phases) for k, _ in enumerate(phase.items)]
    assert [(row.phase, row.item) for row in rows] == positions
    for row in rows:
        assert row.text == str(plan.phases[row.phase].items[row.item])
        assert row.share == row.least / row.seconds.median
        assert row.gflops == row.work.operations / row.seconds.median / 1e9
        computing = row.work.operations / (2 * measured.PEAKS.multiply_adds.high)
        assert row.least == max(
            computing, row.work.moved / measured.PEAKS.bandwidth(row.work.footprint)
        )


def test_a_plan_taken_apart_computes_the_same(plan):
    """For one block of images, running the items one by one gives the same memory."""
    apart = taken_apart(plan)
    given = scratch_buffers(plan, seed=1)
    together, alone = ({n: a.copy() for n, a in given.items()} for _ in range(2))

    load(plan, threads=1).run(together, images=16)
    load(apart, threads=1).run(alone, images=16)

    assert {len(phase.items) for phase in apart.phases} == {1}
    for name, array in together.items():
        np.testing.assert_array_equal(alone[name], array)
    assert not np.array_equal(together["gradient"], given["gradient"])


def test_scratch_buffers_are_large_enough(plan):
    """Each buffer is large enough, and targets are zeros."""
    buffers = scratch_buffers(plan)

    assert buffers.keys() == set(plan.buffers)
    assert buffers["batch of input"].size == 16 * 8 * 8 * 2
    assert not buffers["targets of loss 0"].any()


@pytest.mark.skipif(sys.platform == "win32", reason="processor time has steps of 16 ms")
def test_waiting_is_not_counted():
    """Only the processor time of a phase counts, not the time during which other programs run."""
    array = SimpleNamespace(ctypes=SimpleNamespace(data=0))
    run = SimpleNamespace(
        functions=[lambda *_: time.sleep(0.1)], context=SimpleNamespace(address=0), scratch=array
    )

    assert kernels._Run.seconds(run, 0, 1) < 0.05
