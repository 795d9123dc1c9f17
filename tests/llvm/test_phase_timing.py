"""A phase that is run alone, once or repeatedly, computes the same as in a step."""

import ctypes

import numpy as np

from striate.compile import plan_step
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep
from striate.llvm.machine import LoadedObject, compile_object
from striate.llvm.phase_timing import write_phase_timing
from striate.plan import control_block
from striate.runtime.shared_memory import Words, floats


def test_a_phase_alone():
    """Running all tasks of a dense layer's only phase, one or three times, gives its result."""
    images = 40
    step = TrainingStep.of(parse("dense 3", (4,)))
    plan = plan_step(step, images, training=False)
    assert len(plan.phases) == 1
    rng = np.random.default_rng(0)
    buffers = {
        "parameters": rng.integers(-4, 5, 15).astype(np.float32),
        "statistics": np.zeros(1, np.float32),
        "scalars": np.full(1, images, np.float32),
        "batch of input": rng.integers(-4, 5, (images, 4)).astype(np.float32),
        "output dense1": np.zeros((images, 3), np.float32),
    }
    weight, bias = np.split(buffers["parameters"], [12])
    expected = buffers["batch of input"] @ weight.reshape(3, 4).T + bias
    code = LoadedObject(compile_object(write_phase_timing(plan), plan.target), plan.target)
    type_ = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    function = type_(code.address("phase 0 again"))
    words, arena, scratch = (
        Words(control_block.BUFFERS + len(plan.buffers)),
        floats(plan.arena),
        floats(plan.scratch),
    )
    words.words[control_block.ARENA_AT] = arena.ctypes.data
    words.words[control_block.IMAGES] = images
    for word, name in enumerate(plan.buffers, start=control_block.BUFFERS):
        words.words[word] = buffers[name].ctypes.data

    for times in (1, 3):
        buffers["output dense1"].fill(np.nan)
        function(words.address, scratch.ctypes.data, times)

        # Small whole numbers: float32 holds them exactly.
        np.testing.assert_array_equal(buffers["output dense1"], expected)
