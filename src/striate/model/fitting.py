"""Training a network: check the data against the network, run the loop, keep the weights."""

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from striate.errors import (
    ModelFileError,
    OptionError,
    StriateWarning,
)
from striate.files import FileLock, followed, shown
from striate.graph.step import TrainingStep
from striate.model.core import Core
from striate.model.examples import (
    Examples,
)
from striate.model.iterables import (
    is_iterable_of_batches,
    is_list_of_batches,
    require_arrays,
    require_batches_instead,
)
from striate.model.preparation import Preparation
from striate.model.stream import StreamPreparation, require_steps
from striate.training.callbacks import Callback, CallbackList, checked_callbacks
from striate.training.checkpoint import load_checkpoint, save_checkpoint
from striate.training.csv_log import CsvLog
from striate.training.divergence import Divergence, constant_loss, has_risen
from striate.training.history import History
from striate.training.loop import Trainer
from striate.training.progress import ProgressBar
from striate.training.settings import TrainingSettings
from striate.training.state import HistoryRow, TrainingState


class CheckpointSaver(Callback):
    """Saves a checkpoint after each epoch.

    Parameters
    ----------
    path
        The file.
    settings, identity
        See :func:`striate.training.checkpoint.save_checkpoint`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        settings: TrainingSettings,
        identity: Mapping[str, Any],
    ) -> None:
        self.path = path
        self.settings = settings
        self.identity = identity
        self._warned = False

    def save(self, state: TrainingState) -> None:
        """Write the state, or raise."""
        save_checkpoint(self.path, state, self.settings, self.identity)

    def save_or_warn(self, state: TrainingState) -> None:
        """Write the state, or warn: a full disk must not end a run that may take hours."""
        try:
            self.save(state)
        except ModelFileError as error:
            if not self._warned:
                kept = (
                    f"; {self.path} keeps an earlier state until a later epoch can be saved"
                    if os.path.exists(self.path)  # noqa: PTH110  # a string or a path
                    else ""
                )
                warnings.warn(
                    f"{error} Training continues{kept}.",
                    StriateWarning,
                    stacklevel=2,
                )
            self._warned = True
        else:
            self._warned = False

    def on_epoch(self, state: TrainingState, row: HistoryRow) -> None:  # noqa: ARG002  # not needed
        """Write the state after an epoch."""
        self.save_or_warn(state)


def fit(
    network: Core,
    x: Any,
    y: Any,
    settings: TrainingSettings,
    *,
    validation_data: Any = None,
    sample_weight: Any = None,
    steps_per_epoch: int | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    resume: str | os.PathLike[str] | None = None,
    log: str | os.PathLike[str] | None = None,
    progress: bool | None = None,
    callbacks: Sequence[Any] = (),
    debug: bool = False,
    locked: bool = False,
    overwrite: bool = False,
) -> History:
    """Check everything, then train.

    Parameters
    ----------
    network
        The network.
    x, y, sample_weight, steps_per_epoch, checkpoint, resume, log, progress, callbacks, debug
        See :meth:`striate.Network.fit`.
    settings
        How to train.
    validation_data
        Images and targets that are scored after each epoch, instead of a held-out part of ``x``: a
        tuple, or an iterable of batches.
    locked
        Whether the caller has locked the checkpoint.
    overwrite
        Whether an existing log may be replaced.

    Returns
    -------
    History

    Raises
    ------
    StriateError
        See :meth:`striate.Network.fit`.
    """
    own = checked_callbacks(callbacks)
    if y is None:
        require_batches_instead(x, sample_weight)
        require_steps(steps_per_epoch, batches=True)
        ready = StreamPreparation.of_batches(
            network, x, settings, validation_data=validation_data, steps_per_epoch=steps_per_epoch
        )
    else:
        require_arrays(x)
        require_steps(steps_per_epoch, batches=False)
        ready = Preparation.of(
            network, x, y, settings, validation_data=validation_data, sample_weight=sample_weight
        )
    with contextlib.ExitStack() as locks:
        for path, is_locked in ((checkpoint, locked), (log, False)):
            if path is not None and not is_locked:
                locks.enter_context(_locked(path))
        identity = ready.identity() if checkpoint is not None or resume is not None else {}
        state, saver = _resumed(ready.start(), ready.settings, identity, checkpoint, resume)
        writer = None
        if log is not None:
            resumed = resume is not None
            writer = CsvLog.start(
                log, ready.columns, state.rows, resumed=resumed, overwrite=overwrite
            )
        trainer = ready.trainer(state, debug=debug)
        # Everything has been checked; from here on the network changes.
        ready.adopt()
        run(network, trainer, (*own, saver, writer), saver, progress=progress)
    network.history.divergence = _divergence(ready.step, trainer, ready.training)
    return network.history


def validation_of(validation: Any) -> tuple[Any, Any]:
    """Tell a fraction to hold out, which is a setting, from a pair of arrays or from batches."""
    if is_iterable_of_batches(validation) or is_list_of_batches(validation):
        return None, validation
    if not isinstance(validation, tuple | list):
        return validation, None
    if len(validation) != 2:
        raise OptionError(
            "`validation` must be a fraction between 0 and 1 or a pair (x, y), got a "
            f"{type(validation).__name__} of {len(validation)}. Try validation=0.1."
        )
    return None, (validation[0], validation[1])


@contextlib.contextmanager
def _locked(path: str | os.PathLike[str]) -> Iterator[None]:
    """Lock a file that the run writes, so that no other run writes it at the same time."""
    try:
        lock = FileLock.acquire(followed(path))
    except ModelFileError:  # writing the file itself raises a clearer error
        yield
        return
    if lock is None:
        raise ModelFileError(
            f"{shown(path)} is in use: another run is writing it. Wait until that run ends, or "
            "choose another file."
        )
    try:
        yield
    finally:
        lock.release()


def _resumed(
    state: TrainingState,
    settings: TrainingSettings,
    identity: Mapping[str, Any],
    checkpoint: str | os.PathLike[str] | None,
    resume: str | os.PathLike[str] | None,
) -> tuple[TrainingState, CheckpointSaver | None]:
    """Read the state to resume from, and write the first checkpoint."""
    if resume is not None:
        state = load_checkpoint(resume, settings, identity, state)
    if checkpoint is None:
        return state, None
    saver = CheckpointSaver(checkpoint, settings, identity)
    saver.save(state)  # an unwritable file is an error now, not after the first epoch
    return state, saver


def run(
    network: Core,
    trainer: Trainer,
    callbacks: Sequence[Any],
    saver: CheckpointSaver | None,
    *,
    progress: bool | None,
) -> None:
    """Run the training loop; however it ends, leave the network with its weights and history."""
    shown = sys.stderr.isatty() if progress is None else progress
    epochs, count = trainer.settings.epochs, trainer.source.count
    bar = ProgressBar(epochs, count) if shown else contextlib.nullcontext()
    with bar as shown_bar:
        called = (*callbacks, shown_bar)
        trainer.callbacks = CallbackList([one for one in called if one is not None])
        try:
            trainer.run()
        except BaseException:
            if saver is not None and not trainer.diverged:
                saver.save_or_warn(trainer.state)
            raise
        finally:
            network.set_buffers(*trainer.weights)
            network.history = trainer.history


def _divergence(step: TrainingStep, trainer: Trainer, training: Examples) -> Divergence | None:
    """Return the losses of a run that diverged; ``None`` for other runs."""
    state = trainer.state
    if not state.rows or state.start_loss is None:
        return None
    epoch = state.epoch if trainer.best is None else trainer.best.epoch
    loss = state.rows[epoch - 1]["loss"]
    if not has_risen(loss, state.start_loss):
        return None
    constant = constant_loss(step, training.targets, training.weights)
    if not has_risen(loss, constant):
        return None
    return Divergence(epoch=epoch, loss=loss, start_loss=state.start_loss, constant_loss=constant)
