"""Plans are the same in every process and on every machine, and readable as text."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from plan.small import PROCESSOR, small_plan, small_step
from striate.compile import plan_step
from striate.functions.loss import CrossEntropy
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep
from striate.llvm.machine import compile_object, host
from striate.llvm.program import write_program
from striate.model.presets import preset
from striate.plan.fingerprint import fingerprint
from striate.plan.fuse import Kernel
from striate.plan.statement import LANES
from striate.runtime.settings import using_threads

ROOT = Path(__file__).parents[2]

READ = (
    *("conv1.Z", "average1.Z", "conv2.Z", "dense1.Z", "dense3.A.t"),
    *(
        "flatten1.dA",
        "average1.dA",
        "conv2.dweight.partial_sums",
        "conv2.dweight",
        "dense1.dweight",
    ),
)
"""What kernels of LeNet-5 compute first that are worth reading: one of each role."""


def test_the_kernels_of_lenet5(golden):
    """Nests and loop schedules of LeNet-5 for a processor with 32 registers of 16 elements."""
    step = TrainingStep.of(parse(*preset("lenet5")), [CrossEntropy()])
    plan = plan_step(step, 128, training=True, target_shapes=[()], target=PROCESSOR)

    printed = [
        f"phase {p}\n{item}\n    by {plan.schedules[p, k]}"
        for p, phase in enumerate(plan.phases)
        for k, item in enumerate(phase.items)
        if isinstance(item, Kernel) and item.root.writes in READ
    ]

    assert len(printed) == len(READ)
    golden("plan/lenet5-kernels", "\n\n".join(printed))


def test_a_whole_plan(golden):
    """Phases, items and memory map of a small network."""
    golden("plan/small", str(small_plan(images=20)))


@pytest.mark.parametrize("images", [1, 15, 16, 17, 128, 129, 1000])
def test_chunks_depend_on_the_images_alone(images):
    """There is one chunk for each block of images, up to eight."""
    plan = small_plan(images=images)

    assert plan.blocks == -(-images // LANES)
    assert plan.chunks == min(plan.blocks, 8)
    assert all(phase.tasks == plan.chunks for phase in plan.phases if phase.over_images)


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_plans_do_not_depend_on_threads(threads):
    """A plan is the same for any number of threads."""
    with using_threads(threads):
        again = plan_step(small_step(), 40, training=True, target_shapes=[()], target=PROCESSOR)

    assert fingerprint(again) == fingerprint(small_plan())


def test_compiling_twice_gives_the_same_code():
    """Compiling a plan twice gives the same IR and the same machine code."""
    plan = plan_step(small_step(), 40, training=True, target_shapes=[()], target=host())

    first, second = write_program(plan), write_program(plan)

    assert str(first) == str(second)
    assert compile_object(first, plan.target) == compile_object(second, plan.target)


def test_every_process_writes_the_same_program():
    """Neither plan nor program depends on the order in which a process iterates over sets."""
    program = (
        "from plan.small import small_plan; from striate.llvm.program import write_program; "
        "from striate.plan.fingerprint import fingerprint; "
        "print(fingerprint(small_plan()), write_program(small_plan()))"
    )
    path = os.pathsep.join(map(str, (ROOT / "src", ROOT / "tests")))

    printed = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert printed == f"{fingerprint(small_plan())} {write_program(small_plan())}\n"
