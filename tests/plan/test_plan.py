"""Plans compute what the equations of the books say, after fusion, phases and allocation."""

import numpy as np
import pytest

from engine.cases import GROUPS, IDS, network
from engine.compiled import Compiled, Numbers, wanted
from engine.random_networks import drawn
from plan.simulated import Simulated
from plan.small import PROCESSOR
from striate.functions.loss import CrossEntropy
from striate.graph.parameters import ParameterLayout, start_parameters, start_state
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep
from striate.model.presets import preset

# Results are rounded to float32 once; everything before is float64.
ROUNDED = 2e-7

# An image's share of the loss is rounded to float32, too. If the terms of a derivative cancel, its
# relative error is larger, so it is compared with the norm of all derivatives.
SCALED = 6e-8

# Derivatives with respect to a mean that batch normalization subtracts are zero up to rounding.
NOTHING = 1e-12

NETWORKS = {
    "lenet5": "conv 3@5x5 tanh | average 2x2 | conv 4@3x3 tanh | average 2x2 | dense 5 | dense 3",
    "residual": "conv 4@3x3 same | batch-norm relu as a | conv 4@3x3 same bias none | batch-norm "
    "| add a relu as b | conv 5@1x1 stride 2 same | batch-norm as c | conv 5@3x3 stride 2 same "
    "from b | batch-norm | add c relu | global-average | dense 3",
    "twice": "conv 2@3x3 same as shared tanh | again shared | conv-transpose 2@2x2 stride 2 "
    "| group-norm 2 | dropout 0.4 | max 3x3 stride 2 | flatten order columns | dense 3",
}

RANDOM = [n if n < 4 else pytest.param(n, marks=pytest.mark.slow) for n in range(64)]

SMALL = {
    "lenet5": (16, 16, 1),
    "hagan-8.11": (18, 17, 1),
    "conv4": (8, 8, 3),
    "resnet20": (9, 8, 3),
    "mobilenet-small": (16, 16, 3),
    "unet-small": (16, 16, 1),
}


def numbers_for(step, images, seed=3):
    """Draw the inputs of a step."""
    rng, graph = np.random.default_rng(seed), step.graph
    parameters = start_parameters(graph, seed=seed)
    state = ParameterLayout.of(graph.state()).views(start_state(graph))
    shapes = graph.shapes
    return Numbers(
        inputs={name: rng.standard_normal((images, *s)) for name, s in graph.inputs.items()},
        parameters=ParameterLayout.of(graph.parameters()).views(
            parameters + 0.2 * rng.standard_normal(parameters.shape)
        ),
        state={name: rng.uniform(0.5, 1.5, array.shape) for name, array in state.items()},
        targets=[
            rng.integers(0, shapes[end.layer][0], (images, *shapes[end.layer][1:]))
            for end in step.losses
        ],
    ).rounded()


def assert_same(results, reference):
    """Compare results by name."""
    assert results.keys() == reference.keys()
    norms = {name: np.linalg.norm(array) for name, array in reference.items()}
    derivatives = np.linalg.norm([norms[name] for name in norms if name.startswith("d ")])
    for name, array in reference.items():
        canceled = SCALED * derivatives if name.startswith("d ") else 0
        apart = np.linalg.norm(results[name] - array)
        assert apart <= ROUNDED * norms[name] + canceled + NOTHING, name


def predicted(step, numbers):
    """Predict the first image with a program for a single image."""
    alone = numbers.first(1)
    buffers = Compiled(step, 1, target=PROCESSOR, make=Simulated).predict(alone)
    return {f"predicted {n}": buffers[f"output {n}"] for n in step.graph.outputs}


def of_first(results):
    """Select the predictions for the first image."""
    return {name: a[:1] for name, a in results.items() if name.startswith("predicted")}


@pytest.mark.parametrize("group", GROUPS, ids=[IDS[group] for group in GROUPS])
class TestKinds:
    """All results of all cases of all kinds, a dozen cases in one plan."""

    def test_a_batch(self, group):
        """Nineteen images in two chunks, with a partly filled block."""
        step, numbers = network(group)

        results = Compiled(step, numbers.images, target=PROCESSOR, make=Simulated).run(numbers)

        assert_same(results, wanted(step, numbers))

    def test_one_image(self, group):
        """A plan for one image gives the same predictions as a batch."""
        step, numbers = network(group)

        assert_same(predicted(step, numbers), of_first(wanted(step, numbers)))


@pytest.mark.parametrize("name", NETWORKS)
def test_networks(name):
    """Branches, shared layers, running statistics and masks; the last of four chunks is empty."""
    step = TrainingStep.of(parse(NETWORKS[name], (12, 13, 2)), [CrossEntropy()], to_inputs=True)
    numbers = numbers_for(step, 35)

    results = Compiled(step, 50, target=PROCESSOR, make=Simulated).run(numbers)

    assert_same(results, wanted(step, numbers))


def test_chunks_of_several_blocks():
    """Ten blocks in eight chunks: each block is computed once, into its chunk's sums."""
    text = "conv 2@3x3 tanh | batch-norm | dense 3 softmax"
    step = TrainingStep.of(parse(text, (5, 4, 1)), [CrossEntropy()], to_inputs=True)
    numbers = numbers_for(step, 149)
    compiled = Compiled(step, 149, target=PROCESSOR, make=Simulated)

    results = compiled.run(numbers)

    plan = compiled.programs[True].plan
    assert (plan.blocks, plan.chunks) == (10, 8)
    assert_same(results, wanted(step, numbers))


@pytest.mark.parametrize("name", SMALL)
def test_one_image_of_a_preset(name):
    """Small versions of presets, for one image: padding, depthwise and transposed convolutions."""
    graph = parse(*preset(name, input_shape=SMALL[name]))
    step = TrainingStep.of(graph, [CrossEntropy()], to_inputs=True)
    numbers = numbers_for(step, 1)

    assert_same(predicted(step, numbers), of_first(wanted(step, numbers)))


@pytest.mark.parametrize("number", RANDOM)
def test_random_networks(number):
    """Random branches and layers; some images have weight 0."""
    network, numbers = drawn(number)

    results = Compiled(network.step, numbers.images, target=PROCESSOR, make=Simulated).run(numbers)

    assert_same(results, wanted(network.step, numbers))
