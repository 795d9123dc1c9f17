"""Searches for a learning rate: trains a copy of the weights while the rate increases."""

import math
from dataclasses import replace
from typing import Any

import numpy as np

from striate.errors import OptionError, TrainingError
from striate.functions.options import POSITIVE, Range, require_argument
from striate.model.arguments import count_of
from striate.model.core import Core
from striate.model.preparation import Preparation
from striate.training.callbacks import CallbackList
from striate.training.rate_search import DIVERGED, RateSearch, Sweep
from striate.training.settings import TrainingSettings
from striate.training.state import TrainingState

_STEPS = Range(least=10, most=100_000, whole=True)
_SMOOTH = 0.8  # weight of the earlier losses in the moving average that detects divergence


def find_learning_rate(
    network: Core,
    x: Any,
    y: Any,
    settings: TrainingSettings,
    *,
    lowest: float = 1e-6,
    highest: float = 10.0,
    steps: int = 100,
    sample_weight: Any = None,
) -> RateSearch:
    """Train a copy of the weights for some steps, with an increasing learning rate.

    Parameters
    ----------
    network
        The network; it is unchanged.
    x, y, lowest, highest, steps, sample_weight
        See :meth:`striate.Network.find_learning_rate`.
    settings
        How the network will be trained.

    Returns
    -------
    RateSearch

    Raises
    ------
    StriateError
        See :meth:`striate.Network.find_learning_rate`.
    """
    require_argument("lowest", lowest, POSITIVE, example=1e-6)
    require_argument("highest", highest, POSITIVE, example=10.0)
    require_argument("steps", steps, _STEPS, example=100)
    if highest <= lowest:
        raise OptionError(
            f"`highest` must be above lowest={lowest:g}, got {highest:g}. Try highest=10."
        )
    settings = replace(
        settings,
        optimizer=replace(settings.optimizer, learning_rate=lowest),
        learning_rate=None,
        schedule=Sweep(ratio=highest / lowest, steps=steps),
        validation=None,
        early_stopping=None,
        keep_best=False,
        monitor=None,
    )
    ready = Preparation.of(network, x, y, settings, sample_weight=sample_weight)
    per_epoch = -(-count_of(ready.training.inputs) // settings.batch_size)
    ready = replace(ready, settings=replace(ready.settings, epochs=-(-steps // per_epoch)))
    recorder = _Recorder(steps)
    trainer = ready.trainer(ready.start())
    trainer.callbacks = CallbackList([recorder])
    try:
        trainer.run()
    except _Finished:
        pass
    except TrainingError:
        if len(recorder.losses) < 2:
            raise  # the loss isn't finite from the start
    count = len(recorder.losses)
    rates = lowest * (highest / lowest) ** (np.arange(count) / (steps - 1))
    return RateSearch(tuple(rates.tolist()), tuple(recorder.losses))


class _Finished(Exception):  # noqa: N818  # not an error
    """The search is complete."""


class _Recorder:
    """Records the loss of each step, and ends the search."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.losses: list[float] = []
        self.mean = self.best = math.inf

    def on_step(self, state: TrainingState, loss: float, images: int) -> None:  # noqa: ARG002  # a callback's signature
        """Record a loss; end the search after the last step, or where the loss explodes."""
        self.losses.append(loss)
        first = math.isinf(self.mean)
        self.mean = loss if first else _SMOOTH * self.mean + (1 - _SMOOTH) * loss
        self.best = min(self.best, self.mean)
        if len(self.losses) >= self.steps or self.mean > DIVERGED * self.best:
            raise _Finished
