"""Checkpoints: the complete state of a training run, so that resuming is bit-identical.

A checkpoint also holds the run's identity: everything that the bits depend on, such as the seed,
the optimizer and a hash of the data. For example, a run with ``seed=6`` is refused the checkpoint
of a run with ``seed=5``, and the error names both. The contents of a file are checked against
the network and the settings before they are used: an untrusted file can be refused, but it can't
crash or corrupt a run.
"""

import math
import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, cast

import numpy as np

from striate.errors import Argument, InPython, Message, ModelFileError, StriateWarning, Use
from striate.files import shown
from striate.functions import registry
from striate.shapes import Array
from striate.training.settings import TrainingSettings
from striate.training.state import BestWeights, EpochTotals, HistoryRow, TrainingState
from striate.training.tensors import read_tensors, write_tensors

KIND = "checkpoint"


def save_checkpoint(
    path: str | os.PathLike[str],
    state: TrainingState,
    settings: TrainingSettings,
    identity: Mapping[str, Any],
) -> None:
    """Write the state of a training run to a file.

    Parameters
    ----------
    path
        The file.
    state
        The state.
    settings
        How the network is trained.
    identity
        Everything that a resumed run must have in common with this one.

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
        "totals": _described(state.totals),
        "schedule": list(state.schedule),
        "start_loss": state.start_loss,
        "epochs": settings.epochs,
        "rows": [dict(row) for row in state.rows],
        "identity": dict(identity),
    }
    if state.best is not None:
        arrays |= {
            "best.parameters": state.best.parameters,
            "best.statistics": state.best.statistics,
        }
        document["best"] = {"score": state.best.score, "epoch": state.best.epoch}
    write_tensors(path, KIND, arrays, document)


def load_checkpoint(
    path: str | os.PathLike[str],
    settings: TrainingSettings,
    identity: Mapping[str, Any],
    start: TrainingState,
) -> TrainingState:
    """Read the state of a training run from a file.

    Parameters
    ----------
    path
        The file.
    settings
        How the network is trained from now on.
    identity
        Everything that this run must have in common with the one that wrote the file.
    start
        The state before the first step, for the sizes of the arrays.

    Returns
    -------
    TrainingState

    Raises
    ------
    ModelFileError
        If the file is damaged, or is the checkpoint of a different run or of one with more epochs.

    Warns
    -----
    StriateWarning
        If past steps would have had different learning rates with this number of epochs.
    """
    arrays, document = read_tensors(path, KIND)
    try:
        _require_same(path, document["identity"], identity)
        state = _state(arrays, document, start)
        epochs = _count(document, "epochs")
        _require_possible(state, epochs, settings, identity)
        _require_enough(path, state, settings)
        _warn_of_other_rates(path, epochs, state.step, settings, identity)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        # Only the texts of this module are for users.
        problem = (
            str(error) if isinstance(error, _DamagedError) else "its description is incomplete"
        )
        raise ModelFileError(
            f"{shown(path)} is a damaged checkpoint: {problem}. "
            "Use an older checkpoint, or start without one."
        ) from error
    return state


def epochs_of_checkpoint(path: str | os.PathLike[str]) -> int:
    """Return the number of finished epochs in a checkpoint.

    Raises
    ------
    ModelFileError
        If the file is not a checkpoint, or is damaged.
    """
    _, document = read_tensors(path, KIND)
    try:
        return _count(document, "epoch")
    except (KeyError, _DamagedError) as error:
        raise ModelFileError(
            f"{shown(path)} is a damaged checkpoint: its description is incomplete. "
            "Use an older checkpoint, or start without one."
        ) from error


class _DamagedError(ValueError):
    """The contents of a checkpoint contradict each other, or do not fit the network."""


def _state(
    arrays: Mapping[str, Array], document: Mapping[str, Any], start: TrainingState
) -> TrainingState:
    """Build a state from the contents of a file."""
    best, start_loss = document.get("best"), document["start_loss"]
    return TrainingState(
        parameters=_array(arrays, "parameters", start.parameters),
        statistics=_array(arrays, "statistics", start.statistics),
        memory={name: _array(arrays, f"memory.{name}", start.parameters) for name in start.memory},
        step=_count(document, "step"),
        epoch=_count(document, "epoch"),
        batch=_count(document, "batch"),
        totals=_totals(document["totals"], start.totals),
        schedule=tuple(float(number) for number in document["schedule"]),
        rows=tuple(_row(row) for row in document["rows"]),
        best=None
        if best is None
        else BestWeights(
            score=float(best["score"]),
            epoch=_count(best, "epoch"),
            parameters=_array(arrays, "best.parameters", start.parameters),
            statistics=_array(arrays, "best.statistics", start.statistics),
        ),
        start_loss=None if start_loss is None else float(start_loss),
    )


def _count(document: Mapping[str, Any], name: str) -> int:
    """Read a number of steps or epochs."""
    number = document[name]
    if type(number) is not int or number < 0:
        raise _DamagedError(f"{name} is {number!r:.40}")
    return number


def _described(totals: EpochTotals) -> dict[str, Any]:
    """Return totals as plain data."""
    return {
        "losses": list(totals.losses),
        "counted": list(totals.counted),
        "metrics": [array.tolist() for array in totals.metrics],
        "seconds": totals.seconds,
    }


def _totals(totals: Mapping[str, Any], start: EpochTotals) -> EpochTotals:
    """Read the totals of the current epoch; those of metrics have the shapes of ``start``."""
    metrics = tuple(np.array(array, np.float64) for array in totals["metrics"])
    shapes = [array.shape for array in metrics]
    if shapes != [array.shape for array in start.metrics]:
        raise _DamagedError(f"the totals of its metrics have the shapes {shapes!r:.80}")
    return EpochTotals(
        losses=tuple(float(number) for number in totals["losses"]),
        counted=tuple(float(number) for number in totals["counted"]),
        metrics=metrics,
        seconds=float(totals["seconds"]),
    )


def _row(row: Mapping[str, Any]) -> HistoryRow:
    """Read a row of the history; epochs are integers."""
    return {
        str(name): number if type(number) is int else float(number) for name, number in row.items()
    }


def _require_possible(
    state: TrainingState, epochs: int, settings: TrainingSettings, identity: Mapping[str, Any]
) -> None:
    """Raise if no run could have reached this state."""
    per_epoch = _steps_per_epoch(settings, identity)
    epoch, batch = state.epoch, state.batch
    known = per_epoch is not None
    if known and (batch > per_epoch or state.step != epoch * per_epoch + batch):
        raise _DamagedError(
            f"step {state.step} is not batch {batch} of {per_epoch} after epoch {epoch}"
        )
    if epochs < 1 or epoch + (batch > 0) > epochs:
        raise _DamagedError(f"epoch {epoch}, batch {batch} is beyond its {epochs} epochs")
    _require_rows(state.rows, epoch, cast("str", settings.monitor))
    _require_totals(state.totals, len(identity["loss"]) if batch else 0)
    start = settings.schedule.start()
    length = len(settings.schedule.observe(start, 0.0) if epoch else start)
    if len(state.schedule) != length or not all(map(math.isfinite, state.schedule)):
        raise _DamagedError(
            f"schedule is {state.schedule!r:.60} instead of {length} finite numbers"
        )
    if (state.start_loss is None) != (state.step == 0) or not math.isfinite(state.start_loss or 0):
        raise _DamagedError(
            f"the loss of the first batch is {state.start_loss} at step {state.step}"
        )
    best = state.best
    if (best is not None) != (epoch > 0):
        raise _DamagedError(
            f"the best weights are {'there' if best else 'missing'} at epoch {epoch}"
        )
    if best is not None and not (1 <= best.epoch <= epoch and math.isfinite(best.score)):
        raise _DamagedError(f"the best score is {best.score} in epoch {best.epoch} of {epoch}")


_COLUMNS = ("loss", "learning_rate", "seconds")


def _require_rows(rows: Sequence[HistoryRow], epoch: int, monitor: str) -> None:
    """Raise unless there is one row for each epoch, all with the same columns."""
    if len(rows) != epoch:
        raise _DamagedError(f"{len(rows)} rows for {epoch} epochs")
    for number, row in enumerate(rows, start=1):
        if list(row) != list(rows[0]) or not {*_COLUMNS, monitor} <= set(row):
            raise _DamagedError(f"row {number} has the columns {list(row)!r:.80}")
        if row["epoch"] != number:
            raise _DamagedError(f"row {number} is of epoch {row['epoch']}")


def _require_totals(totals: EpochTotals, outputs: int) -> None:
    """Raise unless totals are finite, one loss per output."""
    numbers = (*totals.losses, *totals.counted, totals.seconds)
    if not all(map(math.isfinite, numbers)):
        raise _DamagedError("its totals are not finite")
    if min((*totals.counted, totals.seconds)) < 0:
        raise _DamagedError("its totals are negative")
    if not len(totals.losses) == len(totals.counted) == outputs:
        raise _DamagedError(f"{len(totals.losses)} totals of losses instead of {outputs}")


def _require_same(
    path: str | os.PathLike[str], saved: Mapping[str, Any], now: Mapping[str, Any]
) -> None:
    """Raise if a checkpoint was saved by a different run."""
    for name, value in now.items():
        before = saved.get(name)
        if before != value:
            what, there, here = _difference(name, before, value)
            raise _different_run(path, what, there, here, argument=name)


def _difference(name: str, before: Any, now: Any) -> tuple[str, Any, Any]:
    """Find what differs between two values; within two kinds or lists, the first such entry."""
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        for one, other in zip(cast("list[Any]", before), cast("list[Any]", now), strict=True):
            if one != other:
                return _difference(name, one, other)
    if isinstance(before, Mapping) and isinstance(now, Mapping) and "kind" in before:
        saved, current = cast("dict[str, Any]", before), cast("dict[str, Any]", now)
        if saved["kind"] != current.get("kind"):
            return name, saved["kind"], current.get("kind")
        for option in current:
            if saved.get(option) != current[option]:
                return _difference(option, saved.get(option), current[option])
    return name, before, now


_SCALARS = (str, int, float, bool, type(None))


def _different_run(
    path: str | os.PathLike[str], what: str, there: Any, here: Any, *, argument: str
) -> ModelFileError:
    """Make the error for a checkpoint of a different run.

    Parameters
    ----------
    path
        The checkpoint.
    what
        The setting, or another property of the run, that differs.
    there, here
        Its value in the checkpoint and in this run.
    argument
        The argument of ``fit`` that ``what`` is, or that it is an option of.
    """
    before, now = _apart(_shown(there), _shown(here))
    values = (
        "its images, targets or sample weights differ"
        if what == "data"
        else Message(_named(what, argument), f" {before}, here {now}")
    )
    return ModelFileError(
        Message(
            f"{shown(path)} was saved by a different run: ",
            values,
            ". Resuming requires identical settings to keep results bit-identical.",
        ),
        remedy=Message(
            _same_again(what, there, argument), ", or start without ", Argument("resume"), "."
        ),
    )


def _named(what: str, argument: str) -> str | InPython:
    """Name an entry of the identity, as it is called in Python or on the command line."""
    if argument == "loss_weights":
        return f"loss weight of {what}"
    return InPython(what, what.replace("_", " "))


def _same_again(what: str, there: Any, argument: str) -> str | Argument:
    """Return the remedy: use the setting of the run that saved the checkpoint."""
    if what in _NOT_SETTINGS or not isinstance(there, _SCALARS):
        return f"Use the same {_NOT_SETTINGS.get(what, what)}"
    settings = {field.name for field in fields(TrainingSettings)}
    return Use(what, there, option_of="" if what in settings else argument)


_NOT_SETTINGS = {
    "network": "network",
    "layers": "network",
    "number of images": "images",
    "number of batches": "batches",
    "data": "data",
    "preprocessing": "starting model",
}
"""Entries of the identity that are not arguments of ``fit``, with nouns for the remedy."""


def _shown(value: Any) -> str:
    """Format a value of a checkpoint's identity."""
    if isinstance(value, list) and all(isinstance(one, str) for one in cast("list[Any]", value)):
        value = ", ".join(cast("list[str]", value))
    return "none" if value is None or value == "" else str(value)


def _require_enough(
    path: str | os.PathLike[str], state: TrainingState, settings: TrainingSettings
) -> None:
    """Raise if a run would end before the epoch that the checkpoint has reached."""
    reached = state.epoch + (state.batch > 0)
    if settings.epochs < reached:
        where = f"is in epoch {reached}" if state.batch else f"has {reached} epochs"
        raise ModelFileError(
            Message(
                f"{shown(path)} {where}, so ",
                Argument("epochs"),
                f" must be at least {reached}, got {settings.epochs}.",
            ),
            remedy=Message(
                "Use ",
                Argument("epochs", reached),
                " or more, or start without ",
                Argument("resume"),
                ".",
            ),
        )


def _steps_per_epoch(settings: TrainingSettings, identity: Mapping[str, Any]) -> int | None:
    """Return the number of steps in an epoch; ``None`` for batches of an unknown number."""
    if identity["number of images"] is None:
        return identity["number of batches"]
    return -(-identity["number of images"] // settings.batch_size)


def _warn_of_other_rates(
    path: str | os.PathLike[str],
    epochs: int,
    step: int,
    settings: TrainingSettings,
    identity: Mapping[str, Any],
) -> None:
    """Warn if, with a different number of epochs, past steps would have had different rates."""
    per_epoch = _steps_per_epoch(settings, identity)
    if epochs == settings.epochs or not step or per_epoch is None:
        return
    schedule, memory = settings.schedule, settings.schedule.start()

    def rate(k: int, end: int) -> float:
        factor = schedule.factor(step=k, steps_per_epoch=per_epoch, epochs=end, memory=memory)
        return settings.optimizer.learning_rate * factor

    if all(rate(k, epochs) == rate(k, settings.epochs) for k in range(step)):
        return
    warnings.warn(
        Message(
            f"{shown(path)} was saved by a run of {epochs} epochs with the schedule "
            f"{registry.name_of(schedule)}, which depends on the number of epochs. The remaining "
            f"steps use the rates of {settings.epochs} epochs: the learning rate changes from "
            f"{rate(step - 1, epochs):.3g} to {rate(step, settings.epochs):.3g}. The result "
            f"differs from that of an uninterrupted run of {settings.epochs} epochs. To avoid "
            "that, set the final number of epochs at the start, or train with ",
            Argument("schedule", "constant"),
            ".",
        ),
        StriateWarning,
        stacklevel=2,
    )


def _apart(there: str, here: str) -> tuple[str, str]:
    """Shorten two long texts to an excerpt around the first difference."""
    if max(len(there), len(here)) <= 100:
        return there, here
    same = (a == b for a, b in zip(there, here, strict=False))
    first = next((k for k, equal in enumerate(same) if not equal), min(len(there), len(here)))
    start = max(first - 30, 0)
    cut = "..." if start else ""

    def part(text: str) -> str:
        return cut + text[start : start + 80] + ("..." if len(text) > start + 80 else "")

    return part(there), part(here)


def _array(arrays: Mapping[str, Array], name: str, like: Array) -> Array:
    """Read an array, if it has the expected size and type."""
    array = arrays[name]
    if array.shape != like.shape or array.dtype != like.dtype:
        raise _DamagedError(
            f"{name} has {array.size} numbers of {array.dtype} instead of {like.size} of "
            f"{like.dtype}"
        )
    return np.array(array)
