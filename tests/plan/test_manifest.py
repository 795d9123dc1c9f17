"""The manifest that is stored with machine code, and the fingerprints of plans."""

from dataclasses import fields, replace

import pytest

from striate.compile import plan_optimizer, plan_step
from striate.functions.loss import CrossEntropy
from striate.functions.optimizer import Adam, Momentum
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep
from striate.plan.fingerprint import fingerprint
from striate.plan.lower import lower, lower_optimizer
from striate.plan.manifest import Manifest
from striate.plan.target import Target

TARGET = Target(
    name="znver4", features="+avx512f", triple="x86_64", register_lanes=16, registers=32
)


def step(text="conv 2@3x3 padding 1 | batch-norm relu | dense 3 softmax", shape=(6, 6, 1)):
    """Make a training step."""
    return TrainingStep.of(parse(text, shape), [CrossEntropy()])


def plan(images=20):
    """Plan it."""
    return plan_step(step(), images, training=True, target_shapes=[()], target=TARGET)


def test_content():
    """It holds the batch size, the buffers with their sizes, and the size of the memory."""
    made = plan()
    manifest = Manifest.of(made)

    assert (manifest.images, manifest.arena, manifest.scratch) == (20, made.arena, made.scratch)
    assert manifest.tasks == tuple(phase.tasks for phase in made.phases)
    assert tuple(manifest.buffers) == made.buffers
    assert manifest.buffers["parameters"] == (2 * 9 + 2 + 2 * 2 + 3 * 72 + 3, False)
    assert manifest.buffers["batch of input"] == (36, True)
    assert manifest.buffers["loss 0"] == (1, True)


@pytest.mark.parametrize("code", [b"", b"\n", b"code\nwith lines\n\x00"])
def test_round_trip(code):
    """Unpacking returns the packed manifest and code, whatever bytes the code contains."""
    manifest = Manifest.of(plan())

    assert Manifest.unpack(manifest.pack(code)) == (manifest, code)


def test_the_same_plan_has_one_fingerprint():
    """A fingerprint doesn't depend on the object's identity or the order of sets."""
    assert fingerprint(plan()) == fingerprint(plan())
    assert fingerprint({"a", "b", "c"}) == fingerprint({"c", "b", "a"})


def test_whatever_differs_is_in_the_fingerprint():
    """Every value that machine code depends on changes the fingerprint."""
    texts = [
        fingerprint(lower(step(*given), training=training, target_shapes=[()]))
        for given in (
            (),
            ("conv 2@3x3 padding 1 | batch-norm momentum 0.2 relu | dense 3 softmax",),
            ("conv 2@3x3 padding 1 | batch-norm epsilon 0.001 relu | dense 3 softmax",),
            ("conv 2@3x3 padding 1 padding-mode reflect | batch-norm relu | dense 3 softmax",),
            ("conv 3@3x3 padding 1 | batch-norm relu | dense 3 softmax",),
            (step.__defaults__[0], (7, 6, 1)),
        )
        for training in (True, False)
    ]
    texts += [
        fingerprint(lower_optimizer(optimizer, size))
        for optimizer in (Adam(), Adam(beta1=0.8), Adam(epsilon=1e-7), Momentum())
        for size in (100, 101)
    ]
    texts += [fingerprint(plan_optimizer(Adam(), 100, target=TARGET))]

    # Outside training the momentum of batch normalization plays no part.
    assert len(set(texts)) == len(texts) - 1


def test_learning_rates_share_a_program():
    """The learning rate is a run-time value, so it doesn't change the fingerprint."""
    first, second = (lower_optimizer(Adam(learning_rate=rate), 100) for rate in (0.1, 0.2))

    assert fingerprint(first) == fingerprint(second)


def test_each_field_of_a_target_is_in_the_fingerprint():
    """Every field of a target changes its fingerprint."""
    others = [
        replace(TARGET, **{field.name: other})
        for field in fields(Target)
        for other in ["another" if field.type in {str, "str"} else 5]
    ]

    assert len({fingerprint(target) for target in [TARGET, *others]}) == len(others) + 1
