"""What ``striate train`` does: prepare the run, train, save, test, and report."""

import shlex
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path

from striate.cli.encoding import on_one_line
from striate.cli.options import announce_decoding, announce_downloads
from striate.cli.output import CommandOutput, counted, sizes
from striate.cli.pages import Page
from striate.cli.report import Tested, say_accuracy, say_confusion, say_worst, test
from striate.errors import ExtraError, Message, ModelFileError, TrainingError
from striate.model.classes import ClassValue
from striate.model.engines import EngineName
from striate.model.network import Network
from striate.pictures import save_all
from striate.recipes.networks import weights_hash
from striate.recipes.run import TrainingRun, prepare
from striate.recipes.run_files import RunFiles, check_files, choose_files, reserve
from striate.recipes.table import RECIPES, another, size_for
from striate.training.callbacks import Callback
from striate.training.divergence import remedy
from striate.training.history import History
from striate.training.progress import epoch_line
from striate.training.state import HistoryRow, TrainingState

_FEW_NAMES = 10
_LONGEST_NAME = 40  # characters


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """The options of the command; ``None`` leaves a value to the recipe."""

    data: str
    recipe: str | None
    net: str | None
    epochs: int | None
    batch_size: int | None
    optimizer: str | None
    learning_rate: float | None
    schedule: str | None
    clip_norm: float | None
    augment: str | None
    label_smoothing: float | None
    validation: float | None
    early_stopping: int | None
    standardize: bool
    class_weight: str | None
    freeze: str | int | None
    seed: int
    engine: EngineName
    winograd: bool
    size: tuple[int, ...] | None
    resize: str | None
    download: bool
    output: Path | None
    checkpoint: Path | None
    resume: Path | None
    pictures: Path | None
    no_pictures: bool
    overwrite: bool
    as_json: bool
    quiet: bool


class Interrupted(Exception):  # noqa: N818  # not an error: Ctrl-C, with the files of the run
    """Ctrl-C, after the files of the run were chosen."""

    def __init__(self, files: RunFiles, model: Path | None) -> None:
        super().__init__()
        self.files = files
        self.model = model
        """The model, if it was saved before Ctrl-C."""


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
        overwrite=options.overwrite,
    )
    files, model = next(_choices(options)), None
    try:
        run = _prepare(options, out)
        files = reserve(_choices(options))
        useless = False
        try:
            _announce(out, run, files, options)
            started = time.perf_counter()
            history = _train(run, files, options, out)
            seconds = time.perf_counter() - started
            model = _save(run.network, files)  # before printing, which fails in a closed pipe
            _report(run, files, options, out, history, seconds, model)
        except TrainingError as error:
            useless = error.history is not None and not _is_worth_keeping(error.history)
            raise
        finally:
            files.release(finished=useless or model is not None)
    except KeyboardInterrupt as interrupt:
        raise Interrupted(files, model) from interrupt


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
        overwrite=options.overwrite,
    )


def _prepare(options: TrainOptions, out: CommandOutput) -> TrainingRun:
    """Open the data, and make the network and the settings."""
    size = None if options.size is None else (options.size[0], options.size[-1])
    return prepare(
        options.data,
        recipe=options.recipe,
        net=options.net,
        size=size,
        resize=options.resize,
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
        early_stopping=options.early_stopping,
        standardize=options.standardize,
        class_weight=options.class_weight,
        freeze=options.freeze,
        seed=options.seed,
    )


def _report(
    run: TrainingRun,
    files: RunFiles,
    options: TrainOptions,
    out: CommandOutput,
    history: History,
    seconds: float,
    model: Path,
) -> None:
    """Test the trained network, draw the plots, and print the report."""
    dataset, network = run.dataset, run.network
    out.say(f"\nTrained {counted(len(history), 'epoch')} in {_duration(seconds)}.")
    out.say(f"Saved {model}.", whole=True)
    if model != files.model:
        why = "belongs to another run" if files.model.exists() else "is not writable"
        out.note(f"note: {files.model} {why}; the model is in {model}.", whole=True)
    tested = None
    if len(dataset.x_test):
        tested = test(network, dataset.x_test, dataset.y_test, dataset.classes)
        say_accuracy(out, tested.evaluation, part="test")
        say_confusion(out, tested.evaluation)
        say_worst(out, tested, part="test")
    else:
        out.say("No test accuracy: the classes have too few images for a test set.")
    pictures = _draw(run, files, options, out, history, tested)
    _conclude(out, run, model, pictures, options)
    out.result(
        {
            "data": {"name": dataset.name, "training_images": len(dataset.x)},
            "network": str(network),
            "parameters": network.parameter_count,
            "recipe": run.recipe.document(),
            "options": {
                name: getattr(options, name) for name in ("recipe", "size", "resize", "resume")
            },
            "history": history.rows,
            "seconds": seconds,
            "test": None if tested is None else tested.document(),
            "weights_sha256": weights_hash(network),
            "model": str(model),
            "pictures": list(map(str, pictures)),
        }
    )


def _train(run: TrainingRun, files: RunFiles, options: TrainOptions, out: CommandOutput) -> History:
    """Train, with a progress bar on a terminal, otherwise with a line for each epoch."""
    settings = run.recipe.settings
    bar = out.remarks.is_terminal and not options.quiet
    try:
        return run.train(
            checkpoint=files.checkpoint,
            resume=options.resume,
            progress=bar,
            callbacks=() if bar else (_EpochLines(out, settings.epochs),),
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
    """Prints a line for each epoch, if standard error isn't a terminal."""

    def __init__(self, out: CommandOutput, epochs: int) -> None:
        self.out = out
        self.epochs = epochs

    def on_epoch(self, state: TrainingState, row: HistoryRow) -> None:  # noqa: ARG002  # a callback's signature
        """Print how the epoch ended."""
        self.out.note(epoch_line(row, self.epochs))


def _announce(out: CommandOutput, run: TrainingRun, files: RunFiles, options: TrainOptions) -> None:
    """Print the data, the recipe and the network, before training."""
    dataset, recipe = run.dataset, run.recipe
    count = len(dataset.classes)
    kinds = f"{count} classes{_listed(dataset.classes)}" if count else "numbers to predict"
    out.say(
        f"{on_one_line(dataset.name)}: {len(dataset.x):,} training images, "
        f"{len(dataset.x_test):,} test images, "
        f"{sizes(dataset.image_shape)} {'pixels' if dataset.are_pictures else 'values'}, {kinds}",
        style="bold",
    )
    outputs = count or prod(dataset.y.shape[1:])
    shown = recipe.changed(net=str(recipe.net).replace("{classes}", str(outputs)))
    out.say(f"recipe: {shown}, seed {recipe.settings.seed}")
    for note in dataset.notes:
        out.say(f"note: {note}")
    if options.size is None and size_for(options.data):
        out.say(
            "note: small pictures train fast, so these were resized; choose another size with "
            "--size."
        )
    if not (out.as_json or out.quiet):
        page = Page(out)
        page.line()
        page.lines(run.network.summary().lines(page.room))
        page.line()
    if options.resume is not None:
        out.say(f"Resuming from {options.resume}.")
    elif files.stopped is not None:
        out.say(
            f"note: {files.stopped} is the checkpoint of an earlier run. To resume that one "
            f"instead, add --resume {files.stopped}."
        )
    out.say(
        "Training; Ctrl-C stops and saves. An epoch is one pass through the training images; the "
        "loss measures how wrong the predictions still are, the accuracy how many are correct."
    )


def _draw(
    run: TrainingRun,
    files: RunFiles,
    options: TrainOptions,
    out: CommandOutput,
    history: History,
    tested: Tested | None,
) -> list[Path]:
    """Draw the plots, if Matplotlib is installed."""
    if options.no_pictures:
        return []
    try:
        with files.pictures_folder() as folder:
            return save_all(
                folder,
                network=run.network,
                history=history,
                evaluation=None if tested is None else tested.evaluation,
                x=None if tested is None else tested.x,
                y=None if tested is None else tested.y,
                probabilities=tested.scores if tested and tested.probabilities else None,
            )
    except ExtraError:
        out.say("\nFor training plots: pip install 'striate[plot]'")
    except ModelFileError as error:  # the model is saved: that is worth reporting all the same
        out.note(f"note: no plots were saved. {error}")
    return []


def _conclude(
    out: CommandOutput, run: TrainingRun, model: Path, pictures: list[Path], options: TrainOptions
) -> None:
    """Print which files were written, and what to try next."""
    out.say(
        f"\nweights {weights_hash(run.network)} (a hash; training again on this machine gives "
        "the same one)"
    )
    for path in pictures:
        out.say(f"drew  {path}", whole=True)
    file, data = shlex.quote(str(model)), shlex.quote(options.data)
    out.say("\nTry next:", style="bold")
    out.say(f"  striate evaluate {file} {data}", whole=True)
    if run.dataset.are_pictures:
        out.say(f"  striate predict {file} PICTURE.png", whole=True)
    out.say(f"  striate summary {file}", whole=True)
    if options.net is None and options.data in RECIPES:
        out.say(f"  striate train {data} {another(options.data, options.recipe)}", whole=True)


def _listed(classes: Sequence[ClassValue]) -> str:
    """List classes in brackets, without the middle ones of many; 0, 1, 2, ... need no list."""
    if list(classes) == list(range(len(classes))):
        return ""
    names = [str(value) for value in classes]
    shown = names if len(names) <= _FEW_NAMES else (*names[: _FEW_NAMES - 2], "...", names[-1])
    return f" ({', '.join(on_one_line(name, _LONGEST_NAME) for name in shown)})"


def _duration(seconds: float) -> str:
    """Format a time in seconds, or in minutes and seconds."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"
