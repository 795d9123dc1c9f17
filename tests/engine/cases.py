"""The cases of all kinds as networks of one layer, twelve of them in one graph.

Compiling a program takes a while even if it is short, so twelve cases share one.
"""

from dataclasses import replace
from functools import cache

import numpy as np

from engine.compiled import Compiled, Numbers, avx2, reference_pass
from helpers import (
    FUNCTION_CASES,
    LOSS_CASES,
    away_from_kinks,
    call_for,
    generator_for,
    products_of,
)
from striate.functions.base import LossCase, NetInputFunction, TransferFunction
from striate.functions.loss import SquaredError
from striate.functions.weight import Identity
from striate.graph.graph import Graph
from striate.graph.layer import Layer, Node
from striate.graph.step import TrainingStep
from striate.llvm.machine import host

IMAGES = 19
"""More than the lanes of a vector: two chunks, and the second vector is partly filled."""

TOGETHER = 12

PARAMETERS = [*FUNCTION_CASES, *LOSS_CASES]
CASES = [parameter.values[0] for parameter in PARAMETERS]
IDS = [parameter.id for parameter in PARAMETERS]
GROUPS = range(0, len(CASES), TOGETHER)

PROCESSORS = {"host": host, "avx2": avx2}


def members(group):
    """List the numbers of the cases that share a network."""
    return range(group, min(group + TOGETHER, len(CASES)))


@cache
def network(group):
    """Build the network of a group, and draw float32 numbers for it."""
    numbers = list(members(group))
    losses = [c.loss if isinstance(c, LossCase) else SquaredError() for c in CASES[group:]]
    graph = Graph.of([_layer(number) for number in numbers])
    step = TrainingStep.of(graph, losses[: len(numbers)], to_inputs=True)
    drawn = Numbers()
    for number in numbers:
        _draw(number, drawn)
    drawn = drawn.rounded()
    run = reference_pass(step, drawn)
    targets = [_target(number, run.arrays[f"case{number}.A"]) for number in numbers]
    return step, replace(drawn, targets=targets).rounded()


@cache
def programs(group, processor):
    """Make the programs of a group; they are compiled when they are first run."""
    return Compiled(network(group)[0], IMAGES, target=PROCESSORS[processor]())


@cache
def found(group, processor):
    """Compute all results of a group."""
    return programs(group, processor).run(network(group)[1])


def own(arrays, number):
    """Select the arrays of one case from those of a group."""
    return {
        name: array
        for name, array in arrays.items()
        if name.split()[1].split(".")[0].split("-")[0] == f"case{number}"
    }


def products(number):
    """Count the most products that are summed for a result of a case."""
    case = CASES[number]
    if isinstance(case, LossCase):
        return IMAGES * int(np.prod(case.shape))
    return products_of(replace(case, images=IMAGES))


def _layer(number):
    """Make the layer of a case: an output, with its own inputs."""
    case, name = CASES[number], f"case{number}"
    if isinstance(case, LossCase):
        return Layer(Identity(), name=name)(Node(None, shape=case.shape, name=f"{name}-0"))
    nodes = [Node(None, shape=s, name=f"{name}-{k}") for k, s in enumerate(case.inputs)]
    match case.function:
        case NetInputFunction():
            layer = Layer(Identity(), case.function, name=name)
        case TransferFunction():
            layer = Layer(Identity(), activation=case.function, name=name)
        case _:
            layer = Layer(case.function, name=name)
    return layer(nodes)


def _draw(number, drawn):
    """Draw the inputs, parameters and running statistics of a case."""
    case, name = CASES[number], f"case{number}"
    rng = generator_for(case)
    if isinstance(case, LossCase):
        drawn.inputs[f"{name}-0"] = away_from_kinks(rng, (IMAGES, *case.shape))
        return
    call = call_for(replace(case, images=IMAGES), rng)
    drawn.inputs.update({f"{name}-{k}": array for k, array in enumerate(call.inputs)})
    drawn.parameters.update({f"{name}.{role}": array for role, array in call.parameters.items()})
    drawn.state.update({f"{name}.{role}": array for role, array in call.state.items()})


def _target(number, output):
    """Choose targets for which the derivatives of the output have its magnitude."""
    case = CASES[number]
    if isinstance(case, LossCase):
        return np.resize(case.y, (IMAGES, *case.y.shape[1:]))
    magnitude = np.sqrt(np.mean(output**2))
    return output - magnitude * generator_for(case).standard_normal(output.shape)
