"""Gradient checks at the edges of the losses."""

import numpy as np
import pytest

from striate.functions.loss import CrossEntropy
from striate.graph.gradients import check_gradients
from striate.graph.parameters import ParameterLayout, start_parameters
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep


@pytest.mark.filterwarnings("error")
def test_images_that_do_not_count_have_no_gradient():
    """If class weights exclude all images, the loss is 0 in both paths, without a warning."""
    graph = parse("dense 2 softmax", (3,))
    step = TrainingStep.of(graph, [CrossEntropy(class_weights=(0.0, 1.0))])
    parameters = ParameterLayout.of(graph.parameters()).views(start_parameters(graph, 0))

    check = check_gradients(step, {"input": np.ones((2, 3))}, [np.array([0, 0])], parameters, {})

    assert check.passed
    assert check.worst == 0.0


@pytest.mark.parametrize("certainty", [1.0, 10.0, 12.0, 30.0])
def test_certain_predictions_pass_the_check(certainty):
    """A loss near 0 has the rounding error of the net inputs that it is computed from."""
    graph = parse("dense 3 softmax", (8,))
    step = TrainingStep.of(graph, [CrossEntropy()])
    parameters = ParameterLayout.of(graph.parameters()).views(start_parameters(graph, 0))
    parameters["dense1.bias"][:] = [certainty, 0, 0]
    images = np.random.default_rng(0).normal(size=(4, 8))

    check = check_gradients(step, {"input": images}, [np.zeros(4, int)], parameters, {})

    assert check.passed, str(check)
