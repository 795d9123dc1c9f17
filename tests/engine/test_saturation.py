"""The slope of a saturated unit is exactly 0 in the compiled engine, as it is in NumPy."""

import numpy as np
import pytest

from engine.compiled import Compiled, Numbers, wanted
from striate.functions.loss import SquaredError
from striate.graph.graph import Graph
from striate.graph.layers import Dense, Input
from striate.graph.step import TrainingStep


@pytest.mark.parametrize(
    ("activation", "sign"),
    # The logistic function is saturated at 1 only: far below 0 it is a tiny number in float64.
    [("tanh", 1), ("tanh", -1), ("scaled-tanh", 1), ("scaled-tanh", -1), ("logistic", 1)],
)
def test_nothing_passes_back_through_a_saturated_unit(activation, sign):
    """A rounding error of the slope, multiplied by large inputs, would become a derivative."""
    layer = Dense(3, activation=activation, name="saturated")(Input((4,)))
    step = TrainingStep.of(Graph.of(Dense(2)(layer)), [SquaredError()], to_inputs=True)
    rng = np.random.default_rng(0)
    numbers = Numbers(
        inputs={"input": 100 * rng.random((5, 4)) + 50},
        parameters={
            "saturated.weight": np.full((3, 4), float(sign)),
            "saturated.bias": np.zeros(3),
            "dense1.weight": rng.standard_normal((2, 3)),
            "dense1.bias": np.zeros(2),
        },
        targets=[rng.standard_normal((5, 2))],
    ).rounded()

    compiled, numpy = Compiled(step, 5).run(numbers, predict=False), wanted(step, numbers)

    for name in ("d saturated.weight", "d saturated.bias"):
        assert not numpy[name].any()
        assert not compiled[name].any()
    assert compiled["d dense1.weight"].any()
