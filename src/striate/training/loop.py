"""The training loop: for each batch, gradients and a step of the optimizer."""

import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn, Protocol

import numpy as np

from striate.errors import TrainingError
from striate.functions.base import Draw
from striate.functions.optimizer.clipping import clip_factor
from striate.graph.batch import Batch
from striate.graph.engine import Steps
from striate.shapes import Array
from striate.training.callbacks import CallbackList
from striate.training.divergence import remedy
from striate.training.history import History
from striate.training.settings import TrainingSettings
from striate.training.state import (
    BestWeights,
    EpochTotals,
    HistoryRow,
    TrainingState,
)


class BatchSource(Protocol):
    """The training images, in batches."""

    @property
    def count(self) -> int | None:
        """Number of images in an epoch; ``None`` as long as it is unknown."""
        ...

    @property
    def steps(self) -> int | None:
        """Number of batches in an epoch; ``None`` as long as it is unknown."""
        ...

    def batches(self, epoch: int, first: int) -> Iterator[Batch]:
        """Iterate over the batches of an epoch, from number ``first`` on, counted from 0."""
        ...


class Metrics(Protocol):
    """Metrics of the training batches; see :class:`striate.model.metrics.NetworkMetrics`."""

    def start(self) -> tuple[Array, ...]:
        """Return the totals before the first batch."""
        ...

    def update(
        self, totals: tuple[Array, ...], activations: Sequence[Array], batch: Batch
    ) -> tuple[Array, ...]:
        """Return the totals after another batch."""
        ...

    def values(self, totals: tuple[Array, ...]) -> dict[str, float]:
        """Return the value of each metric by its column."""
        ...


Validate = Callable[[Array, Array], HistoryRow]
"""Scores parameters and running statistics on the validation set: columns of the history."""

Diagnose = Callable[[TrainingState, Batch, Draw, Array], str | None]
"""Repeats a step, and names the first value that isn't finite, in it or in the new parameters."""


class Trainer:
    """Trains a network, step by step.

    Parameters
    ----------
    steps
        Computes gradients and steps of the optimizer.
    settings
        How to train, with the monitored column chosen.
    source
        The images.
    state
        The state to start from.
    metrics
        Computed of the training batches, next to the loss.
    loss_weights
        If there are several outputs, the weight of each one's loss by its name. Each output then
        has a column of losses, which aren't weighted.
    maximize
        Whether a higher value of the monitored column is better.
    validate
        Scores the network on the validation set after each epoch.
    callbacks
        Called after each step and epoch.
    frozen
        The parameters that training leaves unchanged, as slices of the flat buffer.
    diagnose
        Finds the first non-finite value of a step.
    """

    def __init__(
        self,
        steps: Steps,
        settings: TrainingSettings,
        source: BatchSource,
        *,
        state: TrainingState,
        metrics: Metrics,
        loss_weights: Mapping[str, float] | None = None,
        maximize: bool = False,
        validate: Validate | None = None,
        callbacks: Sequence[Any] = (),
        frozen: Sequence[slice] = (),
        diagnose: Diagnose | None = None,
    ) -> None:
        self.steps = steps
        self.settings = settings
        self.source = source
        self.state = state
        self.metrics = metrics
        self.loss_weights = loss_weights or {}
        self.maximize = maximize
        self.validate = validate
        self.callbacks = CallbackList(callbacks)
        self.frozen = frozen
        self.diagnose = diagnose
        self.stopped_early = False
        self.stopped_by_callback = False
        self.diverged = False
        self._indices = np.arange(settings.batch_size)
        self._good = (state.parameters, state.statistics)
        self._good_since = "of the checkpoint" if state.step else "from before training"

    @property
    def steps_per_epoch(self) -> int:
        """Number of batches in an epoch; 1 if it is unknown and the schedule does not use it."""
        return self.source.steps or 1

    @property
    def best(self) -> BestWeights | None:
        """The best weights so far; ``None`` if training ends with the last ones."""
        return self.state.best if self.settings.keeps_best else None

    @property
    def weights(self) -> tuple[Array, Array]:
        """Parameters and running statistics for the network, whenever training ends."""
        kept = self.state if self.best is None else self.best
        return kept.parameters, kept.statistics

    @property
    def history(self) -> History:
        """The finished epochs."""
        return History(
            self.state.rows,
            best_epoch=0 if self.best is None else self.best.epoch,
            stopped_early=self.stopped_early or self.stopped_by_callback,
        )

    def run(self) -> TrainingState:
        """Train to the last epoch, or until early stopping or a callback ends it.

        Returns
        -------
        TrainingState
            The last state; ``self.state`` is always the last complete one, even after an exception.

        Raises
        ------
        TrainingError
            If the loss, the gradient or a weight is no longer finite. ``self.state`` then holds the
            last good weights.
        """
        while (
            self.state.epoch < self.settings.epochs
            and not self.stopped_by_callback
            and not self._out_of_patience()
        ):
            self._epoch()
        return self.state

    def _epoch(self) -> None:
        """Go through the remaining batches of the current epoch."""
        started = time.perf_counter()
        for batch in self.source.batches(self.state.epoch, self.state.batch):
            self.state, loss = self._step(batch, started)
            self.callbacks.on_step(self.state, loss, batch.count)
            started = time.perf_counter()
        self.state = self._end_of_epoch()
        self.stopped_by_callback = self.callbacks.on_epoch(self.state, self.state.rows[-1])

    def _step(self, batch: Batch, started: float) -> tuple[TrainingState, float]:
        """Compute one step: gradients, clipping, the optimizer's step."""
        state, settings = self.state, self.settings
        count = batch.count
        if count > len(self._indices):  # batches from an iterable can have any size
            self._indices = np.arange(count)
        draw = Draw(seed=settings.seed, step=state.step, layer=0, images=self._indices[:count])
        # `_require_finite` reports overflow with an explanation, instead of NumPy's warning.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            result = self.steps.gradients(state.parameters, state.statistics, batch, draw)
            parameters, memory = self.steps.update(
                state.parameters,
                result.gradient,
                state.memory,
                rate=self._rate(state.step),
                step=state.step + 1,
                scale=1.0
                if settings.clip_norm is None
                else clip_factor(result.gradient, settings.clip_norm),
            )
        for where in self.frozen:
            # Their derivatives are 0, but weight decay and a user's optimizer would move them.
            parameters[where] = state.parameters[where]
        loss = sum(result.losses)
        self._require_finite(loss, result.gradient, parameters, batch, draw)
        if state.batch == 0 and state.step:
            # Weights are known to be good only when a batch has had a finite loss with them.
            self._good = (state.parameters, state.statistics)
            self._good_since = f"from the end of epoch {state.epoch}"
        totals = state.totals.after(
            result,
            metrics=self.metrics.update(state.totals.metrics, result.outputs, batch),
            seconds=time.perf_counter() - started,
        )
        after = replace(
            state,
            parameters=parameters,
            statistics=result.statistics,
            memory=memory,
            step=state.step + 1,
            batch=state.batch + 1,
            totals=totals,
            start_loss=loss if state.start_loss is None else state.start_loss,
        )
        return after, loss

    def _rate(self, step: int) -> float:
        """Return the learning rate of a step of the current epoch."""
        settings = self.settings
        return settings.optimizer.learning_rate * settings.schedule.factor(
            step=step,
            steps_per_epoch=self.steps_per_epoch,
            epochs=settings.epochs,
            memory=self.state.schedule,
        )

    def _end_of_epoch(self) -> TrainingState:
        """Return the state after an epoch: history row, best weights, and the schedule's state.

        The arrays of the new state are copies, so that best weights and callbacks can keep them.
        """
        state = self.state
        row: dict[str, float] = {"epoch": state.epoch + 1, "loss": state.totals.loss}
        if self.loss_weights:
            by_output = zip(self.loss_weights.items(), state.totals.by_output, strict=True)
            row |= {f"{name}_loss": loss / weight for (name, weight), loss in by_output}
        row |= self.metrics.values(state.totals.metrics)
        if self.validate is not None:
            row |= self._validated(self.validate)
        row["learning_rate"] = self._rate(state.step - 1)
        row["seconds"] = round(state.totals.seconds, 3)
        state = replace(
            state,
            parameters=state.parameters.copy(),
            statistics=state.statistics.copy(),
            memory={name: array.copy() for name, array in state.memory.items()},
        )
        monitor = self.settings.monitor
        assert monitor is not None
        score = -row[monitor] if self.maximize else row[monitor]
        best = state.best
        if best is None or score < best.score:
            best = BestWeights(
                score=score,
                epoch=state.epoch + 1,
                parameters=state.parameters,
                statistics=state.statistics,
            )
        return replace(
            state,
            epoch=state.epoch + 1,
            batch=0,
            totals=EpochTotals(metrics=self.metrics.start()),
            rows=(*state.rows, row),
            best=best,
            schedule=self.settings.schedule.observe(state.schedule, score),
        )

    def _out_of_patience(self) -> bool:
        """Return whether the score has not improved for too many epochs."""
        best, patience = self.state.best, self.settings.early_stopping
        if patience is None or best is None or self.state.batch:
            return False
        self.stopped_early = self.state.epoch - best.epoch >= patience
        return self.stopped_early

    def _validated(self, validate: Validate) -> HistoryRow:
        """Return the validation columns; raise if the loss is not finite."""
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            columns = validate(self.state.parameters, self.state.statistics)
        loss = columns.get("validation_loss", 0.0)
        if not math.isfinite(loss):
            self._stop(f"the validation loss is {loss} after epoch {self.state.epoch + 1}")
        return columns

    def _require_finite(
        self, loss: float, gradient: Array, parameters: Array, batch: Batch, draw: Draw
    ) -> None:
        """Raise unless the loss, the gradient and the weights after the step are finite."""
        if math.isfinite(loss) and np.isfinite(parameters).all():
            return  # a gradient that isn't finite cannot give finite weights
        if not math.isfinite(loss):
            what = f"the loss is {loss}"
        elif not np.isfinite(gradient).all():
            what = f"the gradient contains {_not_finite(gradient)}"
        else:
            what = f"the weights contain {_not_finite(parameters)}"
        state = self.state
        where = f"{what} in epoch {state.epoch + 1}, batch {state.batch + 1}"
        found = self.diagnose(state, batch, draw, parameters) if self.diagnose else None
        first = f" The first value that is not finite is in {found}." if found else ""
        of_all = "" if self.source.steps is None else f" of {self.source.steps}"
        self._stop(f"{where}{of_all}", first)

    def _stop(self, what: str, detail: str = "") -> NoReturn:
        """Restore the last good weights, and raise an error because training has diverged."""
        parameters, statistics = self._good
        self.state = replace(self.state, parameters=parameters, statistics=statistics)
        self.diverged = True
        kept = (
            f"its weights {self._good_since}"
            if self.best is None
            else f"its best weights, from the end of epoch {self.best.epoch}"
        )
        cause = f"Training diverged: {what}.{detail}"
        error = TrainingError(f"{cause} The network has {kept}.", remedy=remedy(self.settings))
        error.cause, error.history = cause, self.history
        raise error


def _not_finite(values: Array) -> str:
    """Name what an array contains that is not finite."""
    return "NaN" if np.isnan(values).any() else "infinite values"
