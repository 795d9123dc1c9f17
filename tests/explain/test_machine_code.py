"""Analysis of assembly: functions, innermost loops, and counts of instructions."""

import pytest

from striate.compile import assembly, llvm_ir, stages_of
from striate.explain.machine_code import counted, functions_of
from striate.explain.processors import PROCESSORS, processor
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep
from striate.llvm.program import functions_of_items

X86 = """
	.text
"kernel 0":
	pushq	%rbx
	subq	$64, %rsp
	vxorps	%xmm0, %xmm0, %xmm0
.LBB0_1:                                # the outer loop
	vmovaps	(%rdi), %zmm2
.LBB0_2:                                # the inner loop
	vbroadcastss	(%rsi), %zmm1
	vfmadd231ps	(%rdx), %zmm1, %zmm0
	vfmadd231ps	4(%rcx){1to16}, %zmm2, %zmm3
	vmovups	%zmm3, 64(%rsp)                 # 64-byte Spill
	addq	$64, %rdx
	jb	.LBB0_2
	vmovups	%zmm0, (%rdi)
	jne	.LBB0_1
	popq	%rbx
	retq
.Lfunc_end0:
	.size	"kernel 0", .Lfunc_end0-"kernel 0"
lead:
	callq	*%rax
	retq
"""

ARM = """
"kernel 0":
.LBB0_1:
	ldp	q1, q2, [x1], #32
	ld1r	{ v3.4s }, [x2]
	fmla	v0.4s, v1.4s, v3.4s
	fmla	v4.4s, v2.4s, v3.s[1]
	str	q0, [sp, #16]                   // 16-byte Folded Spill
	str	q4, [x0]
	b.lt	.LBB0_1
	bl	memset
	ret
"""


def test_the_functions_are_found():
    """Each function has its labels and instructions, without directives and comments."""
    found = functions_of(X86)

    assert list(found) == ["kernel 0", "lead"]
    assert found["lead"].lines == ("\tcallq\t*%rax", "\tretq")
    assert found["lead"].whole.calls == 1
    assert found["lead"].start == found["lead"].stop


def test_the_innermost_loop_is_found():
    """Of two nested loops, the inner one is found, and its instructions are classified."""
    code = functions_of(X86)["kernel 0"]

    loop = code.loop
    assert code.lines[code.start] == ".LBB0_2:"
    assert code.lines[code.stop - 1].split() == ["jb", ".LBB0_2"]
    assert (loop.instructions, loop.fused, loop.loads, loop.broadcasts) == (6, 2, 1, 2)
    assert (loop.spills, loop.stores, loop.calls) == (1, 0, 0)
    assert (code.whole.loads, code.whole.stores) == (2, 1)


def test_aarch64():
    """AArch64's instructions are counted as well."""
    code = functions_of(ARM)["kernel 0"]

    loop = code.loop
    assert (loop.instructions, loop.fused, loop.loads, loop.broadcasts) == (7, 2, 1, 1)
    assert (loop.spills, loop.stores) == (1, 1)
    assert code.whole.calls == 1


def test_nothing_is_counted_twice():
    """An instruction that adds and loads counts as one of each; labels aren't instructions."""
    count = counted([".LBB0_1:", "\tvfmadd231ps\t(%rsi), %zmm1, %zmm0", "\tleaq\t(%rax), %rbx"])

    assert (count.instructions, count.fused, count.loads) == (2, 1, 1)


@pytest.fixture(scope="module")
def plan():
    """Plan a network with two layers that differ only in their names."""
    step = TrainingStep.of(parse("conv 4@5x5 same tanh | conv 4@5x5 same tanh", (8, 8, 4)))
    return stages_of(step, 16, training=False, target=processor("haswell")).plan


def test_items_are_found_in_the_code(plan):
    """Each item's function is in the IR and in the assembly; equal layers share one."""
    names = functions_of_items(plan)

    defined, compiled = llvm_ir(plan), functions_of(assembly(plan))
    titles = {
        item.writes[-1]: names[p, k]
        for p, phase in enumerate(plan.phases)
        for k, item in enumerate(phase.items)
        if hasattr(item, "statements")
    }
    assert set(names.values()) <= set(defined)
    assert set(names.values()) <= set(compiled)
    assert titles["conv1.A"] == titles["conv2.A"]


def test_a_convolution_is_multiply_adds(plan):
    """The innermost loop of a convolution consists mostly of multiply-adds."""
    names = functions_of_items(plan)
    (name,) = {names[0, k] for k, i in enumerate(plan.phases[0].items) if "conv1.Z" in i.writes}

    code = functions_of(assembly(plan))[name]

    assert code.loop.fused >= 8
    assert code.loop.calls == 0
    assert "ymm" in "".join(code.lines[code.start : code.stop])


@pytest.mark.parametrize("name", PROCESSORS)
def test_llvm_supports_the_processors(name, capfd):
    """LLVM compiles for each processor without a warning."""
    step = TrainingStep.of(parse("dense 3 tanh", (4,)))
    plan = stages_of(step, 16, training=False, target=processor(name)).plan

    text = assembly(plan)

    assert any(code.loop.fused for code in functions_of(text).values())
    assert capfd.readouterr().err == ""
