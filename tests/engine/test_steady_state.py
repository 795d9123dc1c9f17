"""The memory used by training does not grow with the number of steps."""

import mmap
from pathlib import Path

import numpy as np
import pytest

from engine.compiled import SEED
from plan.small import small_step
from striate.engine import CompiledEngine
from striate.functions.base import Draw
from striate.functions.optimizer import Adam
from striate.graph.batch import Batch
from striate.graph.parameters import start_parameters, start_state

STEPS, IMAGES = 10_000, 40

ALLOWED = 512 << 10
"""Bytes by which the pools of Python and NumPy may grow. The arrays of a step take 20 KiB."""


def resident():
    """Return the resident memory of this process, in bytes."""
    _, pages, *_ = Path("/proc/self/statm").read_text().split()
    return int(pages) * mmap.PAGESIZE


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux has this file")
@pytest.mark.parametrize("threads", [1, 2])
def test_ten_thousand_steps(threads):
    """A process uses no more memory after 10,000 steps than after 100."""
    step, rng, optimizer = small_step(), np.random.default_rng(1), Adam()
    parameters, statistics = start_parameters(step.graph, 0), start_state(step.graph)
    steps = CompiledEngine(step, threads=threads).steps(
        optimizer, np.ones_like(parameters), images=IMAGES, target_shapes=[()]
    )
    memory = {name: np.zeros_like(parameters) for name in optimizer.buffers}
    images = rng.standard_normal((IMAGES, 2, 6, 7)).astype(np.float32)
    batch = Batch(inputs=(images,), targets=(rng.integers(0, 4, IMAGES),))

    for number in range(1, STEPS + 1):
        draw = Draw(seed=SEED, step=number, layer=0, images=np.arange(IMAGES))
        result = steps.gradients(parameters, statistics, batch, draw)
        statistics = result.statistics
        parameters, memory = steps.update(
            parameters, result.gradient, memory, rate=0.001, step=number
        )
        if number == 100:
            before = resident()

    assert resident() - before <= ALLOWED
    assert np.isfinite(parameters).all()
