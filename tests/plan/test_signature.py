"""The buffers of a program have distinct names, whatever the layers are called."""

from itertools import chain

import numpy as np

import striate as st
from striate.functions.loss import SquaredError
from striate.functions.optimizer import Adam
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep
from striate.plan.signature import (
    GRADIENT,
    NEXT_STATISTICS,
    PARAMETERS,
    SCALARS,
    STATISTICS,
    OptimizerSignature,
    StepSignature,
)

FLAT = (PARAMETERS, STATISTICS, GRADIENT, NEXT_STATISTICS, SCALARS)


def names_of(signature):
    """List the names of all buffers of a step."""
    inputs = signature.inputs.values()
    yield from FLAT
    yield from chain.from_iterable((i.array, i.images, i.indices, i.maps, i.scale) for i in inputs)
    yield from (*signature.outputs.values(), *signature.derivatives.values())
    yield from (*signature.targets, *signature.loss_scales)
    yield from (*signature.losses, *signature.loss_inputs)


def test_every_buffer_has_its_own_name():
    """All buffers have different names, even if inputs are named like the numbers of losses."""
    text = "input 4 as 0 | input 4 as 1 | dense 3 from 0 as a | dense 2 from 1 as b | output a b"
    step = TrainingStep.of(parse(text), [SquaredError(), SquaredError()])

    names = list(names_of(StepSignature.of(step)))

    assert len(set(names)) == len(names)


def test_an_input_named_like_a_loss():
    """The pixel scale of an input named "0" isn't the loss scale of the first loss."""
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (20, 5, 5, 1), np.uint8), rng.integers(0, 2, 20)

    def weights(name):
        network = st.Network.parse(f"input 5x5x1 as {name} | dense 2 softmax", engine="compiled")
        network.fit(images, labels, epochs=1, seed=1)
        return network.parameters["dense1.weight"]

    np.testing.assert_array_equal(weights("0"), weights("image"))


def test_an_optimizer_names_its_buffers_as_its_equations_do():
    """Buffers are named like the parameters, gradient and memory in the equations."""
    signature = OptimizerSignature.of(Adam())

    assert signature.updated == {"w": "w_next", "m": "m_next", "v": "v_next"}
    assert signature.buffers == {"w", "dw", "decayed", "m", "v", "w_next", "m_next", "v_next"}
