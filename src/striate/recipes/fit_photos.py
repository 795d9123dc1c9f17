"""Training on a folder of photos from Python: one call that returns a network and a report."""

import os
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from html import escape
from typing import Any, NamedTuple

from striate.errors import DataError
from striate.files import as_path
from striate.model.classes import ClassValue
from striate.model.engines import EngineName
from striate.model.network import Network
from striate.model.scoring import Evaluation
from striate.recipes.advice import Advice, advice
from striate.recipes.preparing import prepare
from striate.recipes.recipe import Recipe
from striate.recipes.run import TrainingRun
from striate.recipes.trial import MINUTES, Trial, require_minutes
from striate.training.history import History
from striate.training.settings import require_settings


@dataclass(frozen=True, kw_only=True, eq=False)
class PhotoReport:
    """How well a network recognizes photos, and how it was trained.

    Parameters
    ----------
    evaluation
        Loss, accuracy with its confidence interval, and confusion matrix on photos that weren't
        used for training; ``None`` if there are too few.
    estimate
        How that was measured: ``"5-fold cross-validation"`` or ``"test set"``.
    training_accuracy
        The accuracy on the training photos.
    photos
        Number of photos for training.
    classes
        The classes.
    recipe
        Network and settings.
    trial
        How the number of epochs was chosen, and whether photos are mirrored.
    history
        The scores of each epoch.
    advice
        What to improve, the most important first.
    seconds
        Time of everything.
    call
        The call that trains the same network again, on any machine.
    """

    evaluation: Evaluation | None
    estimate: str | None
    training_accuracy: float
    photos: int
    classes: tuple[ClassValue, ...]
    recipe: Recipe
    trial: Trial
    history: History
    advice: tuple[Advice, ...]
    seconds: float
    call: str

    def __str__(self) -> str:
        """Write the report as text."""
        found = self.evaluation
        epochs = self.recipe.settings.epochs
        counts = f"{self.photos:,} photos, {len(self.classes)} classes, {epochs} epochs"
        lines = [f"{counts}, {self.seconds:.0f} s"]
        lines.append(f"accuracy {self.training_accuracy:.1%} on the training photos")
        if found is not None and found.accuracy is not None:
            lines.append(
                f"accuracy {found.accuracy:.1%} on new photos, 95% confidence interval "
                f"{found.interval} ({self.estimate})"
            )
        lines += [f"- {one}" for one in self.advice]
        return "\n".join([*lines, f"To train the same network again: {self.call}"])

    def _repr_html_(self) -> str:
        """Show the report in a notebook, with the confusion matrix."""
        first, *others = str(self).split("\n")
        items = "".join(f"<li>{escape(line.removeprefix('- '))}</li>" for line in others)
        matrix = "" if self.evaluation is None else f"<pre>{escape(str(self.evaluation))}</pre>"
        return f"<p>{escape(first)}</p><ul>{items}</ul>{matrix}"


class FittedPhotos(NamedTuple):
    """A trained network and the report on it.

    Parameters
    ----------
    network
        The network.
    report
        The report.
    """

    network: Network
    report: PhotoReport


def fit_photos(
    folder: str | os.PathLike[str],
    *,
    minutes: float | None = None,
    epochs: int | None = None,
    net: str | None = None,
    start: str | os.PathLike[str] | None = None,
    size: int | tuple[int, int] | None = None,
    augment: str | None = None,
    seed: int = 0,
    engine: EngineName = "auto",
    progress: bool | None = None,
    **settings: Any,
) -> FittedPhotos:
    """Train a network on a folder of photos, with everything else chosen automatically.

    Size, network, augmentation and number of steps are chosen from the photos. If there are fewer
    than 2,000 photos and no test folder, the network is trained on all of them, and its accuracy on
    new ones is estimated by cross-validation. This is what the command ``striate train FOLDER``
    does.

    Parameters
    ----------
    folder
        One subfolder of pictures for each class, perhaps in ``train`` and ``test``; or another data
        set of pictures with classes, see :func:`striate.data.open_dataset`.
    minutes
        Time limit for everything, which determines the number of epochs; by default 2.
    epochs
        Number of passes through the photos, instead of ``minutes``. With the same number, the
        weights are bit-identical on any machine.
    net
        Name of a preset, or layers in shorthand with ``{classes}`` for the number of classes.
    start
        File of a trained network to start from: its first layers are frozen (or those of
        ``freeze``), and its last layer is replaced if the classes differ.
    size
        Rows and columns of the network's input, or one number for both.
    augment
        Random changes to each photo, such as ``"shift 4 flip"``; ``""`` for none.
    seed
        Seed of the weights, the order of the photos and so on.
    engine, progress
        As for :class:`striate.Network` and :meth:`striate.Network.fit`.
    settings
        Other settings of :meth:`striate.Network.fit`, such as ``batch_size``; and ``skip_bad=True``
        to leave out files that can't be read.

    Returns
    -------
    network, report
        A tuple. The report prints as text; ``report.evaluation.accuracy`` and
        ``report.evaluation.interval`` are numbers.

    Raises
    ------
    DataError
        If the folder is not found, has no classes, or a picture cannot be read.
    OptionError
        If a setting is not allowed, or both ``minutes`` and ``epochs`` are given.
    TrainingError
        If the training diverged.

    Examples
    --------
    >>> import striate as st
    >>> network, report = st.fit_photos("my-photos")  # doctest: +SKIP
    >>> print(report)  # doctest: +SKIP
    >>> network.save("my-photos.safetensors")  # doctest: +SKIP
    """
    require_settings(settings, fit_photos, prepare)
    if minutes is not None:
        require_minutes(minutes, epochs)
    started = time.perf_counter()
    both = (size, size) if isinstance(size, int) else size
    run = prepare(
        str(as_path(folder)),
        net=net,
        start=start,
        size=both,
        epochs=epochs,
        augment=augment,
        seed=seed,
        engine=engine,
        **settings,
    )
    if not run.is_photos:
        raise DataError(
            f"{run.dataset.name} has no pictures in classes, which fit_photos needs. Use "
            "striate.recipes.prepare for other data, or Network.fit."
        )
    given = {
        "net": net,
        "start": None if start is None else os.fspath(start),
        "size": size,
        "augment": augment,
        "seed": seed or None,
        **settings,
    }
    return _fitted(
        run,
        limit=MINUTES if minutes is None and epochs is None else minutes,
        started=started,
        progress=progress,
        call=partial(_call, folder, given=given, choices=run.open_choices),
    )


def _fitted(
    run: TrainingRun,
    *,
    limit: float | None,
    started: float,
    progress: bool | None,
    call: Callable[[TrainingRun], str],
) -> FittedPhotos:
    """Choose what must be measured, train, estimate the accuracy, and write the report.

    Parameters
    ----------
    run
        The photos, a new network and its recipe.
    limit
        Time limit in minutes, counted from ``started``.
    started
        When preparing began, as :func:`time.perf_counter` returns it.
    progress
        As for :meth:`striate.Network.fit`.
    call
        Writes the call that trains the network of a run again.
    """
    run, trial = run.settled(limit)
    history = run.train(progress=progress)
    evaluation, estimate = _evaluate(run, None if limit is None else started + 60 * limit)
    training_accuracy = run.network.evaluate(run.dataset.x, run.labels).accuracy
    assert training_accuracy is not None
    found = advice(
        run.dataset.y,
        run.dataset.classes,
        training_accuracy=training_accuracy,
        evaluation=evaluation,
        trial=trial,
        minutes=limit,
    )
    report = PhotoReport(
        evaluation=evaluation,
        estimate=estimate,
        training_accuracy=training_accuracy,
        photos=len(run.dataset.x),
        classes=run.dataset.classes,
        recipe=run.recipe,
        trial=trial,
        history=history,
        advice=found,
        seconds=time.perf_counter() - started,
        call=call(run),
    )
    return FittedPhotos(run.network, report)


def _evaluate(run: TrainingRun, deadline: float | None) -> tuple[Evaluation | None, str | None]:
    """Measure the accuracy on photos that weren't used for training, and name the method."""
    if run.folds:
        found = run.cross_validate(deadline=deadline)
        return found.evaluation, str(found)
    if len(run.dataset.x_test):
        return run.evaluate(), "test set"
    return None, None


def _call(
    folder: str | os.PathLike[str],
    run: TrainingRun,
    *,
    given: Mapping[str, Any],
    choices: Collection[str],
) -> str:
    """Write the call that trains the same network again; measured choices become arguments."""
    arguments = {name: value for name, value in given.items() if value is not None}
    arguments["epochs"] = run.recipe.settings.epochs
    if "flip" in choices:
        arguments["augment"] = str(run.recipe.settings.augment or "")
    words = ", ".join(f"{name}={arguments[name]!r}" for name in sorted(arguments))
    return f"st.fit_photos({os.fspath(folder)!r}, {words})"
