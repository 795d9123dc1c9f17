"""Contestants of a race: a network, trained or evaluated by one library."""

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from striate.bench.networks import Problem
from striate.engine import CompiledEngine
from striate.functions.base import Draw
from striate.functions.optimizer import Momentum
from striate.graph.batch import Batch
from striate.shapes import Array

MOMENTUM = 0.9
"""The momentum of every contestant's optimizer."""


class Contestant(Protocol):
    """A network and a batch, computed by one library."""

    def train(self, rate: float) -> float:
        """Take one training step on the batch: forward, backward, momentum; return the loss."""
        ...

    def infer(self) -> Array:
        """Return the probabilities of the batch."""
        ...


class Striate:
    """The compiled engine, called as in training.

    Parameters
    ----------
    problem
        The network and the batch.
    threads
        Number of threads.
    """

    def __init__(self, problem: Problem, threads: int) -> None:
        self._engine = CompiledEngine(problem.step, threads=threads)
        self._weights, self._statistics = problem.parameters, problem.statistics
        self._inputs = (problem.images,)
        if problem.training:
            self._batch = Batch(inputs=self._inputs, targets=(problem.labels,))
            self._draw = Draw(seed=0, step=0, layer=0, images=np.arange(problem.batch))
            optimizer = Momentum(momentum=MOMENTUM)
            undecayed = np.zeros_like(problem.parameters)
            self._memory: Mapping[str, Array] = optimizer.start(problem.parameters)
            self._steps = self._engine.steps(
                optimizer, undecayed, images=problem.batch, target_shapes=[()]
            )

    def train(self, rate: float) -> float:
        steps = self._steps
        found = steps.gradients(self._weights, self._statistics, self._batch, self._draw)
        self._statistics = found.statistics
        self._weights, self._memory = steps.update(
            self._weights, found.gradient, self._memory, rate=rate, step=1
        )
        return found.losses[0]

    def infer(self) -> Array:
        return self._engine.predict(self._weights, self._statistics, self._inputs).outputs[0]
