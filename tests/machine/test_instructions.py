"""Facts about machine code: LeNet-5's inner loops are multiply-adds on whole registers.

Code for other processors is compiled, but not run.
"""

import re
from functools import cache

import pytest

from engine.compiled import avx2, avx512, neon
from machine.assembly import functions, inner_loop
from striate.compile import plan_step
from striate.functions.loss import CrossEntropy
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep
from striate.llvm.ir import IRModule
from striate.llvm.kernel import write_kernel
from striate.llvm.machine import compile_object
from striate.model.presets import preset
from striate.plan.fuse import Kernel

TARGETS = {"avx512": (avx512, r"%zmm\d"), "avx2": (avx2, r"%ymm\d"), "neon": (neon, r"\bv\d+\.4s")}

KERNELS = {
    "first convolution, forward": "conv1.Z",
    "first convolution, dW": "conv1.dweight.partial_sums",
    "second convolution, forward": "conv2.Z",
    "second convolution, dA": "average1.dA",
    "second convolution, dW": "conv2.dweight.partial_sums",
    "dense layer, forward": "dense1.Z",
    "dense layer, dA": "flatten1.dA",
    "dense layer, dW": "dense1.dweight",
}
"""What a kernel of LeNet-5 computes first."""


@cache
def plan_for(processor):
    """Plan a training step of LeNet-5."""
    step = TrainingStep.of(parse(*preset("lenet5")), [CrossEntropy()])
    target = TARGETS[processor][0]()
    return plan_step(step, 64, training=True, target_shapes=[()], target=target)


def inner_loop_of(plan, name):
    """Compile the kernel that first computes an array, and return its inner loop."""
    kernel, schedule = next(
        (item, plan.schedules[p, k])
        for p, phase in enumerate(plan.phases)
        for k, item in enumerate(phase.items)
        if isinstance(item, Kernel) and item.root.writes == name
    )
    module = IRModule.of(plan.target)
    write_kernel(module, "kernel", kernel, schedule, plan.variables)
    module.functions["kernel"].internal = False
    assembly = compile_object(module, plan.target, assembly=True)
    return inner_loop(functions(assembly)["kernel"])


@pytest.mark.parametrize("name", KERNELS.values(), ids=KERNELS)
@pytest.mark.parametrize("processor", TARGETS)
def test_inner_loops(processor, name):
    """Most instructions are multiply-adds on the widest registers, without calls or spills."""
    plan = plan_for(processor)
    _, register = TARGETS[processor]

    loop = inner_loop_of(plan, name)

    whole = [line for line in loop.multiply_adds if len(re.findall(register, line)) >= 2]
    assert loop.multiply_adds == whole
    assert len(whole) >= len(loop.lines) // 2
    assert loop.calls == []
    # For NEON, LLVM loads kernels earlier than necessary, and doesn't have enough registers.
    assert len(loop.spills) <= (len(whole) // 5 if processor == "neon" else 0)


def test_a_spill_is_seen():
    """If a tile has more sums than registers, its inner loop accesses the stack."""
    assembly = """\
kernel:
.LBB0_1:
\tvmovaps\t%ymm0, 32(%rsp)                # 32-byte Spill
\tvfmadd231ps\t(%rdi), %ymm1, %ymm2
\tcallq\texpf@PLT
\tjne\t.LBB0_1
"""

    loop = inner_loop(functions(assembly)["kernel"])

    assert loop.spills == ["vmovaps\t%ymm0, 32(%rsp)"]
    assert loop.multiply_adds == ["vfmadd231ps\t(%rdi), %ymm1, %ymm2"]
    assert loop.calls == ["callq\texpf@PLT"]
