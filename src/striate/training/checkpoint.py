"""Checkpoints: all of a training, so that it ends in the same bits as if never interrupted."""

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from striate.errors import ModelFileError
from striate.functions import registry
from striate.shapes import Array
from striate.training.loop import Plan
from striate.training.state import Best, Row, Sums, TrainingState
from striate.training.tensors import read_tensors, write_tensors

KIND = "checkpoint"


def save_checkpoint(
    path: str | os.PathLike[str], state: TrainingState, plan: Plan, about: Mapping[str, Any]
) -> None:
    """Write a training's state to a file.

    Parameters
    ----------
    path
        Where to.
    state
        Where the training stands.
    plan
        How it trains.
    about
        What else must be the same to go on: the network, its losses, the number of images.

    Raises
    ------
    ModelFileError
        If the file cannot be written.
    """
    arrays = {"parameters": state.parameters, "statistics": state.statistics}
    arrays |= {f"memory.{name}": array for name, array in state.memory.items()}
    document: dict[str, Any] = {
        "step": state.step,
        "epoch": state.epoch,
        "batch": state.batch,
        "sums": asdict(state.sums),
        "schedule": list(state.schedule),
        "epochs": plan.epochs,
        "rows": [dict(row) for row in state.rows],
        "about": _about(plan, about),
    }
    if state.best is not None:
        arrays |= {
            "best.parameters": state.best.parameters,
            "best.statistics": state.best.statistics,
        }
        document["best"] = {"score": state.best.score, "epoch": state.best.epoch}
    write_tensors(path, KIND, arrays, document)


def load_checkpoint(
    path: str | os.PathLike[str], plan: Plan, about: Mapping[str, Any], start: TrainingState
) -> TrainingState:
    """Read a training's state from a file.

    Parameters
    ----------
    path
        The file.
    plan, about
        As the training is to go on; what changes the steps must be as it was.
    start
        The state before the first step, for the sizes of its arrays.

    Returns
    -------
    TrainingState

    Raises
    ------
    ModelFileError
        If the file is damaged, or is the checkpoint of another network or of another training.
    """
    arrays, document = read_tensors(path, KIND)
    try:
        _require_same(path, document["about"], _about(plan, about))
        state = _state(arrays, document, start)
        epochs = _count(document, "epochs")
        _require_possible(state, epochs, plan, about)
        _require_same_end(path, epochs, state.step, plan, about)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise ModelFileError(
            f"{path} is not a whole checkpoint: {error}. It holds the weights, the update's memory "
            "and the place in the epoch. "
            "The file is damaged; use an older checkpoint, or train anew."
        ) from error
    return state


def _state(
    arrays: Mapping[str, Array], document: Mapping[str, Any], start: TrainingState
) -> TrainingState:
    """Make a state of what a file holds."""
    best = document.get("best")
    return TrainingState(
        parameters=_array(arrays, "parameters", start.parameters),
        statistics=_array(arrays, "statistics", start.statistics),
        memory={name: _array(arrays, f"memory.{name}", start.parameters) for name in start.memory},
        step=_count(document, "step"),
        epoch=_count(document, "epoch"),
        batch=_count(document, "batch"),
        sums=_sums(document["sums"]),
        schedule=tuple(float(number) for number in document["schedule"]),
        rows=tuple(_row(row) for row in document["rows"]),
        best=None
        if best is None
        else Best(
            score=float(best["score"]),
            epoch=_count(best, "epoch"),
            parameters=_array(arrays, "best.parameters", start.parameters),
            statistics=_array(arrays, "best.statistics", start.statistics),
        ),
    )


def _count(document: Mapping[str, Any], name: str) -> int:
    """Take a number of steps or epochs."""
    number = document[name]
    if type(number) is not int or number < 0:
        raise ValueError(f"{name} is {number!r:.40}")
    return number


def _sums(sums: Mapping[str, Any]) -> Sums:
    """Take what the steps of an epoch add up to."""
    return Sums(
        losses=tuple(float(number) for number in sums["losses"]),
        counted=tuple(float(number) for number in sums["counted"]),
        weight=float(sums["weight"]),
        correct=float(sums["correct"]),
        seconds=float(sums["seconds"]),
    )


def _row(row: Mapping[str, Any]) -> Row:
    """Take a row of the history; epochs are whole numbers."""
    return {
        str(name): number if type(number) is int else float(number) for name, number in row.items()
    }


def _require_possible(
    state: TrainingState, epochs: int, plan: Plan, about: Mapping[str, Any]
) -> None:
    """Raise where no training can have come to such a state."""
    per_epoch = -(-about["images"] // plan.batch_size)
    epoch, batch = state.epoch, state.batch
    if batch > per_epoch or state.step != epoch * per_epoch + batch:
        raise ValueError(
            f"step {state.step} is not batch {batch} of {per_epoch} behind epoch {epoch}"
        )
    if epochs < 1 or epoch + (batch > 0) > epochs:
        raise ValueError(f"epoch {epoch}, batch {batch} is not one of {epochs} epochs")
    _require_rows(state.rows, epoch, plan.monitored)
    _require_sums(state.sums, len(about["losses"]) if batch else 0)
    start = plan.schedule.start()
    length = len(plan.schedule.observe(start, 0.0) if epoch else start)
    if len(state.schedule) != length or not all(map(math.isfinite, state.schedule)):
        raise ValueError(f"decay is {state.schedule!r:.60} instead of {length} finite numbers")
    best = state.best
    if (best is not None) != (epoch > 0):
        raise ValueError(f"the best weights are {'there' if best else 'missing'} at epoch {epoch}")
    if best is not None and not (1 <= best.epoch <= epoch and math.isfinite(best.score)):
        raise ValueError(f"the best score is {best.score} in epoch {best.epoch} of {epoch}")


def _require_rows(rows: Sequence[Row], epoch: int, monitored: str) -> None:
    """Raise where the rows are not one for each epoch, with the same columns."""
    if len(rows) != epoch:
        raise ValueError(f"{len(rows)} rows for {epoch} epochs")
    for number, row in enumerate(rows, start=1):
        if list(row) != list(rows[0]) or not {"loss", "seconds", monitored} <= set(row):
            raise ValueError(f"row {number} has the columns {list(row)!r:.80}")
        if row["epoch"] != number:
            raise ValueError(f"row {number} is of epoch {row['epoch']}")


def _require_sums(sums: Sums, outputs: int) -> None:
    """Raise where sums are not numbers, or not one for each output; NaN is no accuracy."""
    numbers = (*sums.losses, *sums.counted, sums.weight, sums.seconds)
    if not all(map(math.isfinite, numbers)) or math.isinf(sums.correct):
        raise ValueError("its sums are not finite")
    if min(*sums.counted, sums.weight, sums.seconds) < 0:
        raise ValueError("its sums are below 0")
    if not len(sums.losses) == len(sums.counted) == outputs:
        raise ValueError(f"{len(sums.losses)} sums of losses instead of {outputs}")


def _about(plan: Plan, about: Mapping[str, Any]) -> dict[str, Any]:
    """Give what must be the same for a training to go on."""
    return {
        **about,
        "batch_size": plan.batch_size,
        "optimizer": registry.to_data(plan.optimizer),
        "schedule": registry.to_data(plan.schedule),
        "clip_norm": plan.clip_norm,
        "seed": plan.seed,
        "shuffle": plan.shuffle,
        "monitor": plan.monitored,
    }


def _require_same(
    path: str | os.PathLike[str], saved: Mapping[str, Any], now: Mapping[str, Any]
) -> None:
    """Raise where a checkpoint belongs to another network or training."""
    for name, value in now.items():
        before = saved.get(name)
        if before != value:
            there, here = _apart(str(before), str(value))
            raise _of_another(path, name.replace("_", " "), there, here)


def _require_same_end(
    path: str | os.PathLike[str], epochs: int, step: int, plan: Plan, about: Mapping[str, Any]
) -> None:
    """Raise where the steps done would have had other rates, had they known of the new end."""
    if epochs == plan.epochs:
        return
    per_epoch = -(-about["images"] // plan.batch_size)
    memory = plan.schedule.start()
    for k in range(step):
        before, now = (
            plan.schedule.factor(step=k, steps_per_epoch=per_epoch, epochs=end, memory=memory)
            for end in (epochs, plan.epochs)
        )
        if before != now:
            raise _of_another(path, "number of epochs", str(epochs), str(plan.epochs))


def _of_another(path: str | os.PathLike[str], what: str, there: str, here: str) -> ModelFileError:
    """Say what differs."""
    return ModelFileError(
        f"{path} is the checkpoint of another training ({what}: {there or 'none'} there, "
        f"{here or 'none'} here). "
        "A training goes on only as it began, so that it ends in the same bits. "
        f"Use the same {what}, or train anew without the checkpoint."
    )


def _apart(there: str, here: str) -> tuple[str, str]:
    """Cut two long texts down to where they differ."""
    if max(len(there), len(here)) <= 100:
        return there, here
    same = (a == b for a, b in zip(there, here, strict=False))
    first = next((k for k, equal in enumerate(same) if not equal), min(len(there), len(here)))
    start = max(first - 30, 0)
    cut = "..." if start else ""
    return tuple(  # type: ignore[return-value]
        cut + text[start : start + 80] + ("..." if len(text) > start + 80 else "")
        for text in (there, here)
    )


def _array(arrays: Mapping[str, Array], name: str, like: Array) -> Array:
    """Take an array of a file, if it is as long as it must be."""
    array = arrays[name]
    if array.shape != like.shape or array.dtype != like.dtype:
        raise ValueError(
            f"{name} has {array.size} numbers of {array.dtype} instead of {like.size} of "
            f"{like.dtype}"
        )
    return np.array(array)
