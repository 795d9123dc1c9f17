"""What ``striate train`` does: prepare the run, train, save, test, and report."""

import shlex
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from striate.cli.options import announce_decoding, announce_downloads
from striate.cli.output import CommandOutput
from striate.cli.train_options import TrainOptions
from striate.cli.train_report import (
    Trained,
    announce_data,
    announce_training,
    announce_trial,
    report,
)
from striate.errors import (
    Argument,
    Message,
    ModelFileError,
    OptionError,
    StriateError,
    TrainingError,
)
from striate.model.network import Network
from striate.recipes.preparing import prepare
from striate.recipes.run import TrainingRun
from striate.recipes.run_files import RunFiles, check_files, choose_files, reserve
from striate.recipes.trial import MINUTES, Trial, require_minutes
from striate.training.callbacks import Callback
from striate.training.divergence import remedy
from striate.training.history import History
from striate.training.progress import epoch_line
from striate.training.state import HistoryRow, TrainingState

_EVERY_EPOCH = 50
_LINES = 25
"""Of runs with up to 50 epochs, each epoch gets a line; longer ones have about 25 lines."""


class Interrupted(Exception):  # noqa: N818  # not an error: Ctrl-C, with the files of the run
    """Ctrl-C, after the files of the run were chosen."""

    def __init__(self, files: RunFiles, model: Path | None, repeat: str) -> None:
        super().__init__()
        self.files = files
        self.model = model
        """The model, if it was saved before Ctrl-C."""
        self.repeat = repeat
        """The command that trains the same network again."""


def train(options: TrainOptions, out: CommandOutput) -> None:
    """Prepare the run, train, save, test, and report.

    Parameters
    ----------
    options
        The options of the command.
    out
        Where the report is printed.

    Raises
    ------
    StriateError
        If the training cannot start, or diverged.
    Interrupted
        On Ctrl-C.
    """
    check_files(
        output=options.output,
        checkpoint=options.checkpoint,
        resume=options.resume,
        pictures=None if options.no_pictures else options.pictures,
        log=options.log,
        overwrite=options.overwrite,
    )
    if options.minutes is not None:
        require_minutes(options.minutes, options.epochs)
    usual = files = next(_choices(options))
    model, repeat = None, options.typed
    try:
        run = _prepare(options, out)
        if options.find_lr:
            _find_lr(run, options, out)
            return
        options = _with_limit(options, run)
        files = reserve(_choices(options))
        useless = False
        try:
            announce_data(out, run, options)
            started = time.perf_counter()
            run, trial, repeat = _settled(run, options, out)
            announce_training(out, run, trial, files, options)
            begun = time.perf_counter()
            history = _train(run, files, options, out)
            seconds = time.perf_counter() - begun
            model = _save(run.network, files)  # before printing, which fails in a closed pipe
            if out.quiet and model != usual.model:
                # A script that takes the usual name would otherwise use the model of another run.
                out.note(f"note: the model is in {model}.", whole=True, always=True)
            limit = options.minutes
            report(
                out,
                Trained(
                    run=run,
                    trial=trial,
                    files=files,
                    options=options,
                    history=history,
                    seconds=seconds,
                    model=model,
                    repeat=repeat,
                    deadline=None if limit is None else started + 60 * limit,
                ),
            )
        except StriateError as error:
            trained = error.history if isinstance(error, TrainingError) else None
            if trained is None:
                files.discard_empty_checkpoint()
            else:
                useless = not _is_worth_keeping(trained)
            raise
        finally:
            files.release(finished=useless or model is not None)
    except KeyboardInterrupt as interrupt:
        raise Interrupted(files, model, repeat) from interrupt


def _find_lr(run: TrainingRun, options: TrainOptions, out: CommandOutput) -> None:
    """Search for a learning rate, and print it with the command that uses it."""
    search = run.find_learning_rate()
    out.say(str(search))
    rate = f"{search.suggestion:.2g}"
    out.say("\nTry next:", style="bold")
    out.say(f"  {options.typed} --lr {rate}", whole=True)
    out.result({"suggestion": float(rate), "rates": search.rates, "losses": search.losses})


def _with_limit(options: TrainOptions, run: TrainingRun) -> TrainOptions:
    """Return the options with the default time limit for the user's own data."""
    chooses_epochs = run.is_limited and "epochs" in run.open_choices
    if options.resume is not None and (chooses_epochs or options.minutes is not None):
        raise OptionError(
            Message(
                Argument("resume", options.resume),
                " needs the number of epochs of the run that it continues, which a time limit "
                "had chosen.",
            ),
            remedy=Message(
                "Use the command that was printed when that run was stopped; it has ",
                Argument("epochs"),
                ".",
            ),
        )
    if options.minutes is None and chooses_epochs:
        return replace(options, minutes=MINUTES)
    return options


def _settled(
    run: TrainingRun, options: TrainOptions, out: CommandOutput
) -> tuple[TrainingRun, Trial, str]:
    """Choose what a trial decides; also return the command that repeats the run without it."""
    announce_trial(out, run.open_choices)
    settled, trial = run.settled(options.minutes)
    return settled, trial, _exact(options, settled, run.open_choices)


def _exact(options: TrainOptions, run: TrainingRun, chosen: frozenset[str]) -> str:
    """Return the command that repeats a run; measured choices become options."""
    words = [options.typed]
    settings = run.recipe.settings
    if "epochs" in chosen and options.minutes is not None:
        words.append(f"--epochs {settings.epochs}")
    if "flip" in chosen:
        words.append(f"--augment {shlex.quote(str(settings.augment or ''))}")
    return " ".join(words)


def _choices(options: TrainOptions) -> Iterator[RunFiles]:
    """Return the possible files of the run."""
    return choose_files(
        options.data,
        net=options.net,
        recipe=options.recipe,
        output=options.output,
        checkpoint=options.checkpoint,
        resume=options.resume,
        pictures=options.pictures,
        no_pictures=options.no_pictures,
        log=options.log,
        overwrite=options.overwrite,
    )


def _prepare(options: TrainOptions, out: CommandOutput) -> TrainingRun:
    """Open the data, and make the network and the settings."""
    size = None if options.size is None else (options.size[0], options.size[-1])
    return prepare(
        options.data,
        recipe=options.recipe,
        net=options.net,
        start=options.start,
        size=size,
        resize=options.resize,
        images=options.images,
        targets=options.targets,
        task=options.task,
        skip_bad=options.skip_bad,
        download=options.download,
        progress=announce_downloads(out),
        decoding=announce_decoding(out),
        engine=options.engine,
        winograd=options.winograd,
        epochs=options.epochs,
        batch_size=options.batch_size,
        optimizer=options.optimizer,
        learning_rate=options.learning_rate,
        schedule=options.schedule,
        clip_norm=options.clip_norm,
        augment=options.augment,
        label_smoothing=options.label_smoothing,
        validation=options.validation,
        folds=options.folds,
        early_stopping=options.early_stopping,
        standardize=options.standardize or None,
        standardize_targets=options.standardize_targets,
        metrics=options.metrics or None,
        class_weight=options.class_weight,
        freeze=options.freeze,
        seed=options.seed,
    )


def _train(run: TrainingRun, files: RunFiles, options: TrainOptions, out: CommandOutput) -> History:
    """Train, with a progress bar on a terminal, otherwise with a line for each epoch."""
    settings = run.recipe.settings
    bar = out.remarks.is_terminal and not options.quiet
    try:
        return run.train(
            checkpoint=files.checkpoint,
            resume=options.resume,
            log=options.log,
            progress=bar,
            callbacks=() if bar else (_EpochLines(out, settings.epochs),),
            locked=True,
            overwrite=options.overwrite,
        )
    except TrainingError as error:
        if error.cause is None:  # not a divergence
            raise
        history = error.history or History([])
        kept = not files.temporary or _is_worth_keeping(history)
        state = f" The state after epoch {len(history)} is in {files.checkpoint}." if kept else ""
        failed = TrainingError(
            f"{error.cause} No model was saved, and no earlier one was replaced.{state}",
            remedy=remedy(settings),
        )
        failed.cause, failed.history = error.cause, error.history
        raise failed from error


def _is_worth_keeping(history: History) -> bool:
    """Whether the checkpoint of a diverged run has weights from before it diverged."""
    return len(history) > 0 and history.divergence is None


def _save(network: Network, files: RunFiles) -> Path:
    """Save the model; if that fails, point to the checkpoint with the trained network."""
    try:
        return files.save_model(network)
    except ModelFileError as error:
        raise ModelFileError(
            Message(
                error.message,
                f" The trained network is in {files.checkpoint}: run the same command with "
                f"--resume {files.checkpoint} to save it.",
            )
        ) from error


class _EpochLines(Callback):
    """Prints lines for epochs, if standard error isn't a terminal."""

    def __init__(self, out: CommandOutput, epochs: int) -> None:
        self.out = out
        self.epochs = epochs
        self.step = 1 if epochs <= _EVERY_EPOCH else -(-epochs // _LINES)

    def on_epoch(self, state: TrainingState, row: HistoryRow) -> None:  # noqa: ARG002  # a callback's signature
        """Print how the epoch ended."""
        if row["epoch"] % self.step and row["epoch"] != self.epochs:
            return
        self.out.note(epoch_line(row, self.epochs))
