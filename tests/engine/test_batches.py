"""The results for an image are bit-identical, whatever the other images of its batch are."""

from functools import cache

import numpy as np
import pytest

from engine.compiled import Compiled, Numbers
from striate.functions.loss import CrossEntropy
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep

TEXT = (
    "conv 4@3x3 same gelu | max 2 | layer-norm | conv 6@3x3 groups 2 tanh | average 2 "
    "| dense 7 silu | dense 3 softmax"
)
IMAGES = 53
"""Four vectors, the last not full."""

PER_IMAGE = ("output dense2", "loss 0")


@cache
def compiled():
    """Compile a network without layers that use the statistics of a batch."""
    step = TrainingStep.of(parse(TEXT, (10, 9, 2)), [CrossEntropy()], to_inputs=True)
    return Compiled(step, IMAGES)


@cache
def numbers():
    """Draw its inputs, parameters and targets."""
    rng, graph = np.random.default_rng(4), compiled().step.graph
    return Numbers(
        inputs={"input": rng.standard_normal((IMAGES, 2, 10, 9))},
        parameters={n: rng.standard_normal(p.shape) for n, p in graph.parameters().items()},
        targets=[rng.integers(0, 3, IMAGES)],
    ).rounded()


def chosen(which):
    """Return a batch of some of the images."""
    given = numbers()
    return Numbers(
        inputs={name: array[which] for name, array in given.inputs.items()},
        parameters=given.parameters,
        targets=[y[which] for y in given.targets],
    )


def trained(which):
    """Compute the results for each image."""
    buffers = compiled().train(chosen(which))
    return {name: buffers[name] for name in PER_IMAGE}


@pytest.mark.parametrize(
    "which",
    [[0], [52], [16, 3], range(15), range(16), range(17), range(52, -1, -1), [5] * 40],
    ids=["first", "last", "two", "15", "16", "17", "backwards", "again"],
)
def test_an_image_has_its_own_results(which):
    """Outputs and losses of an image have the same bits in any batch and position."""
    which = np.array(which)
    together = trained(np.arange(IMAGES))

    apart = trained(which)

    for name in PER_IMAGE:
        np.testing.assert_array_equal(apart[name], together[name][which], err_msg=name)


def test_runs_leave_nothing_behind():
    """A batch gives the same bits after batches of other sizes."""
    every = np.arange(IMAGES)
    first = compiled().train(chosen(every))

    compiled().train(chosen(every[7:11]))
    compiled().train(chosen(every[::-1]))
    again = compiled().train(chosen(every))

    for name, array in first.items():
        np.testing.assert_array_equal(again[name], array, err_msg=name)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_a_broken_image_breaks_no_other(wrong):
    """NaN or infinity in one image doesn't affect the outputs of another."""
    given = numbers()
    images = given.inputs["input"].copy()
    images[20, 1, 4, 4] = wrong
    broken = Numbers(inputs={"input": images}, parameters=given.parameters, targets=given.targets)
    others = np.arange(IMAGES) != 20

    found = compiled().predict(broken)["output dense2"]

    sound = compiled().predict(given)["output dense2"]
    np.testing.assert_array_equal(found[others], sound[others])
    assert np.isnan(found[20]).all()


def test_a_lane_without_an_image_does_nothing():
    """The empty lanes of the last vector don't contribute to the gradient."""
    every = np.arange(17)
    before = compiled().train(chosen(every))["gradient"]

    spoilt = chosen(np.arange(IMAGES))
    spoilt.inputs["input"][:] = np.nan
    compiled().train(spoilt)
    after = compiled().train(chosen(every))["gradient"]

    assert np.isfinite(after).all()
    np.testing.assert_array_equal(after, before)


@pytest.mark.parametrize("threads", [2, 3, 8])
def test_threads_share_chunks(threads):
    """All results of a batch with four chunks have the same bits for any number of threads."""
    alone = compiled().train(chosen(np.arange(IMAGES)))

    shared = compiled().with_threads(threads)
    for _ in range(20):  # which thread takes which chunk is random, but a helper takes one
        results = shared.train(chosen(np.arange(IMAGES)))
        for name, array in alone.items():
            np.testing.assert_array_equal(results[name], array, err_msg=name)
