"""The training loop: batch after batch through the engine, an update after each."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NoReturn, Protocol

import numpy as np

from striate.errors import TrainingError
from striate.functions.base import Draw
from striate.functions.optimizer import Adam
from striate.functions.optimizer.base import Optimizer
from striate.functions.optimizer.clipping import clip_factor
from striate.functions.schedule import Constant
from striate.functions.schedule.base import Schedule
from striate.graph.batch import Batch
from striate.graph.engine import Steps
from striate.shapes import Array
from striate.training.prefetch import prefetch
from striate.training.state import Best, Row, Sums, TrainingState, order_of_images


class Source(Protocol):
    """Where the images of a training come from."""

    count: int
    slow: bool
    """Whether making a batch takes so long that the next one is made while one runs."""

    def batch(self, images: Array, epoch: int) -> Batch:
        """Give the images of these numbers, as they are in that epoch."""
        ...

    def correct(self, outputs: tuple[Array, ...], batch: Batch) -> float:
        """Add up the weights of the images whose largest output is their label."""
        ...


class Callback(Protocol):
    """Something that is told how training goes."""

    def on_step(self, state: TrainingState, loss: float, images: int) -> None:
        """Hear of a step: the state after it, its loss, its number of images.

        The arrays of the state are those that training goes on with, and hold until the step after
        the next: copy what is to be kept for longer.
        """
        ...

    def on_epoch(self, state: TrainingState, row: Row) -> None:
        """Hear of an epoch: the state after it, its row of the history."""
        ...


Diagnose = Callable[[TrainingState, Batch, Draw, Array], str | None]
"""Computes a step again; names what is first not finite in it, or in the parameters behind it."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How a network is to be trained.

    Parameters
    ----------
    epochs
        How often to go through the images.
    batch_size
        Images in a step; the last batch of an epoch may be shorter.
    optimizer, schedule
        How the weights follow the gradient, and how the learning rate falls.
    clip_norm
        The largest norm of the gradient; longer ones are shortened.
    seed
        For the order of the images, dropout and augmentation.
    shuffle
        Whether the order of the images is drawn.
    patience
        After how many epochs without a better score to stop; ``None`` never.
    keep_best
        Whether the best weights are kept and are the network's in the end.
    monitored
        The column of the history that is the score: of an accuracy higher is better, of any other
        lower.
    """

    epochs: int = 10
    batch_size: int = 128
    optimizer: Optimizer = field(default_factory=Adam)
    schedule: Schedule = field(default_factory=Constant)
    clip_norm: float | None = None
    seed: int = 0
    shuffle: bool = True
    patience: int | None = None
    keep_best: bool = False
    monitored: str = "loss"


class Trainer:
    """Trains from one state to the next.

    Parameters
    ----------
    steps
        Computes gradients and updates.
    plan
        How to train.
    source
        The images.
    state
        Where to start from.
    validate
        Gives further columns of the history from parameters and statistics, after each epoch.
    callbacks
        Are told of each step and epoch.
    diagnose
        Names what in a step is first not finite, where training has run away.
    """

    def __init__(
        self,
        steps: Steps,
        plan: Plan,
        source: Source,
        *,
        state: TrainingState,
        validate: Callable[[Array, Array], Row] | None = None,
        callbacks: Sequence[Callback] = (),
        diagnose: Diagnose | None = None,
    ) -> None:
        self.steps = steps
        self.plan = plan
        self.source = source
        self.state = state
        self.validate = validate
        self.callbacks = callbacks
        self.diagnose = diagnose
        self.stopped_early = False
        self._numbers = np.arange(min(plan.batch_size, source.count))
        self._good = (state.parameters, state.statistics)
        self._kept = "the checkpoint" if state.step else "the start"

    @property
    def steps_per_epoch(self) -> int:
        """Batches in one pass through the images."""
        return -(-self.source.count // self.plan.batch_size)

    def run(self) -> TrainingState:
        """Train until the plan is done.

        Returns
        -------
        TrainingState
            The last state; ``self.state`` is always the last whole one, whatever interrupts.

        Raises
        ------
        TrainingError
            If the loss or the gradient is no longer a number; ``self.state`` then holds the last
            good weights.
        """
        while self.state.epoch < self.plan.epochs and not self._patience_over():
            self._epoch()
        return self.state

    def _epoch(self) -> None:
        """Go through the images, from where the epoch stands."""
        plan, epoch = self.plan, self.state.epoch
        order = order_of_images(plan.seed, epoch, self.source.count, shuffle=plan.shuffle)
        chosen = (
            order[k * plan.batch_size : (k + 1) * plan.batch_size]
            for k in range(self.state.batch, self.steps_per_epoch)
        )
        batches = prefetch if self.source.slow else map
        started = time.perf_counter()
        for batch in batches(lambda images: self.source.batch(images, epoch), chosen):
            self.state, loss = self._step(batch, started)
            for callback in self.callbacks:
                callback.on_step(self.state, loss, batch.count)
            started = time.perf_counter()
        self.state = self._end_of_epoch()
        for callback in self.callbacks:
            callback.on_epoch(self.state, self.state.rows[-1])

    def _step(self, batch: Batch, started: float) -> tuple[TrainingState, float]:
        """Compute one step: gradients, their length, the update."""
        state, plan = self.state, self.plan
        count = batch.count
        draw = Draw(seed=plan.seed, step=state.step, layer=0, images=self._numbers[:count])
        # Numbers beyond float32 are found by `_require_finite`, in words instead of a warning.
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            result = self.steps.gradients(state.parameters, state.statistics, batch, draw)
            parameters, memory = self.steps.update(
                state.parameters,
                result.gradient,
                state.memory,
                rate=plan.optimizer.learning_rate * self._schedule_factor(),
                step=state.step + 1,
                scale=1.0
                if plan.clip_norm is None
                else clip_factor(result.gradient, plan.clip_norm),
            )
        loss = sum(result.losses)
        self._require_finite(loss, result.gradient, parameters, batch, draw)
        if state.batch == 0 and state.step:
            # Only weights that have given a finite loss are good ones.
            self._good = (state.parameters, state.statistics)
            self._kept = f"the end of epoch {state.epoch}"
        weight = float(count if batch.weights is None else np.sum(batch.weights))
        sums = state.sums.after(
            result,
            weight=weight,
            correct=self.source.correct(result.outputs, batch),
            seconds=time.perf_counter() - started,
        )
        after = replace(
            state,
            parameters=parameters,
            statistics=result.statistics,
            memory=memory,
            step=state.step + 1,
            batch=state.batch + 1,
            sums=sums,
        )
        return after, loss

    def _schedule_factor(self) -> float:
        """Give the part of the learning rate that is left at this step."""
        return self.plan.schedule.factor(
            step=self.state.step,
            steps_per_epoch=self.steps_per_epoch,
            epochs=self.plan.epochs,
            memory=self.state.schedule,
        )

    def _end_of_epoch(self) -> TrainingState:
        """Write the epoch's row, compare with the best, tell the decay.

        The state behind an epoch has arrays of its own: it may be kept for as long as one likes.
        """
        state, plan = self.state, self.plan
        row: dict[str, float] = {"epoch": state.epoch + 1, "loss": state.sums.loss}
        if not math.isnan(state.sums.correct):
            row["accuracy"] = state.sums.accuracy
        if self.validate is not None:
            row |= self._validated()
        row["seconds"] = round(state.sums.seconds, 3)
        state = replace(
            state,
            parameters=state.parameters.copy(),
            statistics=state.statistics.copy(),
            memory={name: array.copy() for name, array in state.memory.items()},
        )
        score = -row[plan.monitored] if plan.monitored.endswith("accuracy") else row[plan.monitored]
        best = state.best
        if best is None or score < best.score:
            best = Best(
                score=score,
                epoch=state.epoch + 1,
                parameters=state.parameters,
                statistics=state.statistics,
            )
        return replace(
            state,
            epoch=state.epoch + 1,
            batch=0,
            sums=Sums(),
            rows=(*state.rows, row),
            best=best,
            schedule=plan.schedule.observe(state.schedule, score),
        )

    def _patience_over(self) -> bool:
        """Say whether the score has not fallen for too long."""
        best, patience = self.state.best, self.plan.patience
        if patience is None or best is None or self.state.batch:
            return False
        self.stopped_early = self.state.epoch - best.epoch >= patience
        return self.stopped_early

    def _validated(self) -> Row:
        """Give the columns of the validation part; raise where its loss is no number."""
        assert self.validate is not None
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
            columns = self.validate(self.state.parameters, self.state.statistics)
        loss = columns.get("validation_loss", 0.0)
        if not math.isfinite(loss):
            self._stop(f"validation loss became {loss}")
        return columns

    def _require_finite(
        self, loss: float, gradient: Array, parameters: Array, batch: Batch, draw: Draw
    ) -> None:
        """Raise where the loss, its derivatives or the weights after the step have run away."""
        if math.isfinite(loss) and np.isfinite(parameters).all():
            return  # no update makes finite weights of a derivative that is not
        if not math.isfinite(loss):
            what = f"loss became {loss}"
        elif not np.isfinite(gradient).all():
            what = "gradient became infinite"
        else:
            what = "weights became infinite"
        first = (
            None if self.diagnose is None else self.diagnose(self.state, batch, draw, parameters)
        )
        self._stop(what, "" if first is None else f"Not finite is first {first}. ")

    def _stop(self, what: str, where: str = "") -> NoReturn:
        """Raise because training has run away, with the last good weights in their place."""
        state, rate = self.state, self.plan.optimizer.learning_rate
        batch = min(state.batch + 1, self.steps_per_epoch)
        parameters, statistics = self._good
        self.state = replace(state, parameters=parameters, statistics=statistics)
        raise TrainingError(
            f"The {what} in epoch {state.epoch + 1}, batch {batch} of {self.steps_per_epoch}, with "
            f"learning rate {rate:g}. {where}"
            "Steps that are too long make weights grow without bound, and no later step brings "
            "them back; training has stopped, and the network has the weights of "
            f"{self._kept}. Use a smaller learning rate, {rate / 10:g} say, or clip_norm=1."
        )
