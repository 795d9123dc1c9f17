"""What ``striate train`` prints: the data and the network before training, the report after it."""

import shlex
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import click

from striate.cli.encoding import on_one_line
from striate.cli.mask_report import MASKS_PICTURE, MasksTested, draw_masks
from striate.cli.number_report import numbers_tested_by_folds
from striate.cli.out_of_fold import OUT_OF_FOLD, write_out_of_fold
from striate.cli.output import CommandOutput, counted, percent, sizes
from striate.cli.pages import Page
from striate.cli.report import (
    Tested,
    say_accuracy,
    say_confusion,
    say_drawn,
    say_metrics,
    say_worst,
    say_wrong,
    scan_document,
    tested_by_folds,
)
from striate.cli.tested import say_task, scores_on
from striate.cli.train_options import TrainOptions
from striate.cli.wording import in_words_of
from striate.errors import ExtraError, ModelFileError, TrainingError
from striate.model.classes import ClassValue
from striate.model.scoring import Evaluation
from striate.pictures import save_all
from striate.recipes.advice import Advice, advice
from striate.recipes.networks import weights_hash
from striate.recipes.photos import is_unbalanced
from striate.recipes.run import TrainingRun
from striate.recipes.run_files import RunFiles
from striate.recipes.table import RECIPES, another, size_for
from striate.recipes.trial import Trial
from striate.training.checkpoint import epochs_of_checkpoint
from striate.training.history import History

_FEW_NAMES = 10
_LONGEST_NAME = 40  # characters


def announce_data(out: CommandOutput, run: TrainingRun, options: TrainOptions) -> None:
    """Print what the data is, and what was done while it was read."""
    dataset = run.dataset
    count = len(dataset.classes)
    kinds = f"{count} classes{_listed(dataset.classes)}" if count else "regression targets"
    if dataset.has_masks:
        kinds = f"masks of {kinds}"
    elif dataset.target_names:
        kinds += f" ({', '.join(on_one_line(one, _LONGEST_NAME) for one in dataset.target_names)})"
    parts = [f"{len(dataset.x):,} training images"]
    if len(dataset.x_validation):
        parts.append(f"{len(dataset.x_validation):,} validation images")
    if not run.folds:
        parts.append(f"{len(dataset.x_test):,} test images")
    parts.append(f"{sizes(dataset.image_shape)} {'pixels' if dataset.are_pictures else 'values'}")
    out.say(f"{on_one_line(dataset.name)}: {', '.join([*parts, kinds])}", style="bold")
    for note in dataset.notes:
        out.say(f"note: {note}")
    columns: Any = {name: getattr(options, name) for name in ("images", "targets", "task")}
    if options.size is None and size_for(options.data, **columns):
        out.say(
            "note: small pictures train fast, so these were resized; choose another size with "
            "--size."
        )


def announce_training(
    out: CommandOutput, run: TrainingRun, trial: Trial, files: RunFiles, options: TrainOptions
) -> None:
    """Print the recipe and the network, and how to follow the training."""
    dataset, recipe = run.dataset, run.recipe
    _say_trial(out, trial, options)
    outputs = len(dataset.classes) or prod(dataset.y.shape[1:])
    shown = recipe.changed(net=str(recipe.net).replace("{classes}", str(outputs)))
    out.say(f"recipe: {shown}, seed {recipe.settings.seed}")
    if not (out.as_json or out.quiet):
        page = Page(out)
        page.line()
        page.lines(run.network.summary().lines(page.room))
        page.line()
    if options.resume is not None:
        out.say(_resuming(options.resume, run.recipe.settings.epochs))
    elif files.stopped is not None:
        out.say(
            f"note: {files.stopped} is the checkpoint of an earlier run. To resume that one "
            f"instead, add --resume {files.stopped}."
        )
    what = "images" if dataset.are_pictures else "examples"
    correct = ", the accuracy how many are correct" if dataset.classes else ""
    out.say(
        f"Training; Ctrl-C stops and saves. An epoch is one pass through the training {what}; the "
        f"loss measures how wrong the predictions still are{correct}."
    )


def _resuming(checkpoint: Path, epochs: int) -> str:
    """Write how far the run of a checkpoint is."""
    done = epochs_of_checkpoint(checkpoint)
    if done < epochs:
        return f"Resuming from {checkpoint}: {done} of {counted(epochs, 'epoch')} done."
    return (
        f"Resuming from {checkpoint}: all {counted(epochs, 'epoch')} are done. "
        f"To train longer, add --epochs {2 * epochs}."
    )


def announce_trial(out: CommandOutput, choices: Collection[str]) -> None:
    """Print what a trial is for, because it may take a while without any output.

    Parameters
    ----------
    out
        Where it is printed.
    choices
        What the trial chooses, ``"epochs"`` and ``"flip"``; without either, nothing is tried.
    """
    words = {"epochs": "the number of epochs", "flip": "whether to mirror pictures"}
    chosen = [text for name, text in words.items() if name in choices]
    if chosen:
        out.note(f"Training briefly to choose {' and '.join(chosen)} ...")


def _say_trial(out: CommandOutput, trial: Trial, options: TrainOptions) -> None:
    """Print the result of a trial, and what it decides."""
    if trial.flips is not None:
        decision = "mirrors half of the pictures" if trial.flip else "doesn't mirror pictures"
        out.say(
            f"trial: {trial.flips.correct:,} of {trial.flips.images:,} held-out pictures were "
            f"classified correctly, and {trial.flips.correct_mirrored:,} of their mirror images, "
            f"so training {decision}."
        )
    if trial.epoch_seconds is not None:
        limit = "" if options.minutes is None else f" of {options.minutes:g} minutes"
        found = (
            f"only {trial.epochs:,} of {counted(trial.wanted, 'epoch')}"
            if trial.is_cut_short
            else counted(trial.epochs, "epoch")
        )
        out.say(
            f"trial: an epoch takes {trial.epoch_seconds:.2g} s; the time limit{limit} allows "
            f"{found}."
        )


@dataclass(frozen=True, kw_only=True)
class Trained:
    """A finished training, for the report.

    Parameters
    ----------
    run, trial, files, options
        The run and how it was started.
    history, seconds
        How the training went, and its time.
    model
        The file of the saved network.
    repeat
        The command that trains the same network again.
    deadline
        When cross-validation stops, as :func:`time.perf_counter` counts.
    """

    run: TrainingRun
    trial: Trial
    files: RunFiles
    options: TrainOptions
    history: History
    seconds: float
    model: Path
    repeat: str
    deadline: float | None


def report(out: CommandOutput, trained: Trained) -> None:
    """Test the trained network, draw the plots, and print the report."""
    run, dataset, model = trained.run, trained.run.dataset, trained.model
    out.say(f"\nTrained {counted(len(trained.history), 'epoch')} in {_duration(trained.seconds)}.")
    out.say(f"Saved {model}.", whole=True)
    if model != trained.files.model and model.parent == trained.files.model.parent:
        out.note(
            f"note: {trained.files.model} belongs to another run; the model is in {model}.",
            whole=True,
        )
    tested, method = _test(out, trained)
    remarks, training_accuracy = _advise(trained, tested)
    if remarks:
        out.say()
    for one in remarks:
        context = click.get_current_context(silent=True)
        out.say(f"note: {in_words_of(context and context.command, one.text)}")
    pictures = _draw(trained, out, tested)
    _conclude(out, trained, pictures)
    out.result(
        {
            "data": {
                "name": dataset.name,
                "training_images": len(dataset.x),
                **scan_document(dataset),
            },
            "network": str(run.network),
            "parameters": run.network.parameter_count,
            "recipe": run.recipe.document(),
            "options": {
                name: getattr(trained.options, name)
                for name in ("recipe", "start", "size", "resize", "resume", "minutes")
            },
            "history": trained.history.rows,
            "seconds": trained.seconds,
            "training_accuracy": training_accuracy,
            "estimate": method,
            "test": None if tested is None else tested.document(),
            "notes": [{"kind": one.kind, "text": str(one)} for one in remarks],
            "command": trained.repeat,
            "weights_sha256": weights_hash(run.network),
            "model": str(model),
            "pictures": list(map(str, pictures)),
        }
    )


def _test(out: CommandOutput, trained: Trained) -> tuple[Tested | None, str | None]:
    """Measure the accuracy on a test set or by cross-validation, and print it; name the method."""
    run, dataset = trained.run, trained.run.dataset
    if run.folds:
        tested, method = _cross_validate(out, trained)
        part, images = "estimated", ""
    elif len(dataset.x_test):
        tested = scores_on(
            run.network,
            dataset,
            dataset.x_test,
            dataset.y_test,
            dataset.files_test,
            trained.options.metrics,
        )
        part, images, method = "test", "test", "test set"
    else:
        out.say(
            "No test accuracy: the network that this training started from had been trained on "
            f"{run.seen:,} of these images, so they can't show how well it recognizes new ones."
            if run.seen
            else "No test accuracy: the classes have too few images for a test set."
        )
        return None, None
    if tested is None:
        return None, None
    if say_task(out, tested, part=part):
        return tested, method
    say_accuracy(out, tested.evaluation, part=part)
    if run.all_folds and tested.folds is not None:
        out.say(
            f"mean accuracy of the {run.folds} folds: {percent(tested.folds.mean)}, standard "
            f"deviation {percent(tested.folds.deviation)}"
        )
    balanced = tested.evaluation.balanced_accuracy
    if balanced is not None and is_unbalanced(dataset.y):
        out.say(f"balanced accuracy: {percent(balanced)} (the mean of the classes' recalls)")
    say_metrics(out, tested.evaluation, trained.options.metrics, part=part)
    say_confusion(out, tested.evaluation)
    say_worst(out, tested, part=images)
    say_wrong(out, tested)
    return tested, method


def _cross_validate(out: CommandOutput, trained: Trained) -> tuple[Tested | None, str | None]:
    """Cross-validate, with a line for each fold."""
    run = trained.run
    what = "pictures" if run.dataset.are_pictures else "examples"
    out.say(
        f"\nEstimating the {'accuracy' if run.dataset.classes else 'errors'} on new {what}: "
        f"{run.folds} more networks, each trained on {run.folds - 1} of {run.folds} parts of the "
        f"{what} and tested on the other part. The saved network was trained on all {what}."
    )
    if len(run.dataset.x_test):
        out.say(
            f"note: these are the training images; the {len(run.dataset.x_test):,} test images are "
            "left for striate evaluate."
        )
    started = time.perf_counter()

    def on_fold(number: int, evaluation: Evaluation) -> None:
        score = (
            f"R² {evaluation.metrics['r2']:.3f}"
            if evaluation.accuracy is None
            else f"accuracy {percent(evaluation.accuracy)}"
        )
        out.note(f"fold {number}/{run.folds}  {score}  {time.perf_counter() - started:.0f} s")

    try:
        found = run.cross_validate(on_fold, trained.deadline)
    except TrainingError as error:
        measure = "accuracy" if run.dataset.classes else "errors"
        out.note(f"note: the {measure} could not be estimated. {error}")
        return None, None
    done, every = len(found.evaluations), len(run.dataset.x)
    if done < found.folds:
        out.say(
            f"The time limit was reached after {done} of the {found.folds} networks, so only "
            f"{found.evaluation.images:,} of {every:,} {what} were tested. For the others, use "
            f"--folds {found.folds}, which has no time limit, or more --minutes."
        )
    by_folds = tested_by_folds if run.dataset.classes else numbers_tested_by_folds
    return by_folds(run.network, found, run.dataset), str(found)


def _advise(trained: Trained, tested: Tested | None) -> tuple[tuple[Advice, ...], float | None]:
    """Collect advice on photos, and the accuracy on the training pictures."""
    run = trained.run
    if not run.is_photos:
        return (), None
    accuracy = run.network.evaluate(run.dataset.x, run.labels).accuracy
    assert accuracy is not None
    found = advice(
        run.dataset.y,
        run.dataset.classes,
        training_accuracy=accuracy,
        evaluation=None if tested is None else tested.evaluation,
        trial=trained.trial,
        minutes=trained.options.minutes,
    )
    return found, accuracy


def _draw(trained: Trained, out: CommandOutput, tested: Tested | None) -> list[Path]:
    """Draw the plots, if Matplotlib is installed."""
    if trained.options.no_pictures:
        return []
    try:
        with trained.files.pictures_folder() as folder:
            if tested is not None and tested.folds is not None:
                write_out_of_fold(folder / OUT_OF_FOLD, tested)
                out.say(
                    f"\nwrote {folder / OUT_OF_FOLD}: the prediction for each tested picture",
                    whole=True,
                )
            if isinstance(tested, MasksTested):
                data, network = trained.run.dataset, trained.run.network
                drawn = draw_masks(folder / MASKS_PICTURE, network, data.x_test, data.y_test)
                return [*save_all(folder, network=network, history=trained.history), drawn]
            return save_all(
                folder,
                network=trained.run.network,
                history=trained.history,
                evaluation=None if tested is None else tested.evaluation,
                x=None if tested is None else tested.x,
                y=None if tested is None else tested.y,
                probabilities=tested.scores if tested and tested.probabilities else None,
                files=() if tested is None else tested.files,
            )
    except ExtraError:
        out.say("\nFor training plots: pip install 'striate[plot]'")
    except ModelFileError as error:  # the model is saved, which is still worth reporting
        out.note(f"note: no plots were saved. {error}")
    return []


def _conclude(out: CommandOutput, trained: Trained, pictures: list[Path]) -> None:
    """Print which files were written, how to repeat the run, and what to try next."""
    run, options, model = trained.run, trained.options, trained.model
    out.say(
        f"\nweights {weights_hash(run.network)} (a hash; training again on this machine gives "
        "the same one)"
    )
    if trained.repeat != options.typed:
        out.say(f"To train the same network again:\n  {trained.repeat}", whole=True)
    say_drawn(out, pictures)
    file, data = shlex.quote(str(model)), shlex.quote(options.data)
    out.say("\nTry next:", style="bold")
    if not run.folds or len(run.dataset.x_test):
        out.say(f"  striate evaluate {file} {data}", whole=True)
    if run.dataset.are_pictures:
        masks = " --masks OUT/" if run.dataset.has_masks else ""
        out.say(f"  striate predict {file} PICTURE.png{masks}", whole=True)
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
