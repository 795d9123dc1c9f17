"""A training run: a data set, a network for it, and a recipe, checked and ready to train."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from os import PathLike
from typing import Any

import numpy as np

from striate.data import Dataset, open_dataset
from striate.data.catalog import DIGITS, KNOWN
from striate.data.digests import digests
from striate.data.download import Progress
from striate.data.near_duplicates import near_duplicate_groups
from striate.data.picture_store import Decoding
from striate.data.picture_table import Task
from striate.data.split import hold_out
from striate.errors import DataError, TrainingError
from striate.model import fitting
from striate.model.engines import EngineName
from striate.model.losses import losses_of
from striate.model.network import Network, core_of
from striate.model.preparation import require_augmentable
from striate.model.presets import PRESETS
from striate.model.scoring import Evaluation
from striate.recipes.checks import (
    labeled,
    require_classes,
    require_one_validation_set,
    require_suitable,
)
from striate.recipes.cross_validation import (
    CrossValidation,
    cross_validate,
    possible_folds,
    untrained,
)
from striate.recipes.masks import evaluate_masks
from striate.recipes.networks import labels_for, make, set_classes
from striate.recipes.photos import FEW_PHOTOS, STRETCH, named_sides, photo_recipe
from striate.recipes.recipe import Recipe
from striate.recipes.table import RECIPES, net_for, recipe_for, size_for
from striate.recipes.tasks import NUMBER_METRICS, task_recipe
from striate.recipes.trial import MINUTES, Trial, require_minutes, try_out
from striate.shapes import Array, Shape
from striate.training.divergence import remedy
from striate.training.history import History

_SHAPES = {"digits": (28, 28, 1), "mnist": (28, 28, 1), "fashion-mnist": (28, 28, 1),
           "cifar10": (32, 32, 3), "shapes": (15, 15, 1)}  # fmt: skip
"""Shapes of images, known before a data set is downloaded."""


@dataclass(frozen=True, kw_only=True)
class TrainingRun:
    """A data set, a network and a recipe: everything that ``striate train`` trains.

    Parameters
    ----------
    dataset
        The data.
    network
        A new network for the data.
    recipe
        How it is trained, with the network's shorthand.
    start
        A copy of the network before training.
    is_photos
        Whether the recipe is the one for photos: see :mod:`striate.recipes.photos`.
    is_limited
        Whether the recipe was chosen for data of the user's own, and has a time limit by default.
    open_choices
        What :meth:`settled` can still choose, because the user didn't: ``"epochs"``, ``"flip"``.
    folds
        Number of networks for cross-validation; 0 with a test set, or if there are too few images.
    groups
        Images with the same number are near-duplicates, which stay in the same fold.

    Examples
    --------
    >>> run = prepare("shapes", epochs=3)
    >>> history = run.train()
    >>> run.evaluate().accuracy > 0.9
    True
    """

    dataset: Dataset
    network: Network
    recipe: Recipe
    start: Network
    is_photos: bool = False
    is_limited: bool = False
    open_choices: frozenset[str] = frozenset()
    folds: int = 0
    groups: Array | None = None

    @property
    def labels(self) -> Array:
        """The labels of the training images, as the network takes them."""
        return labels_for(self.start, self.dataset.y, self.dataset.classes)

    def settled(self, minutes: float | None = None) -> "tuple[TrainingRun, Trial]":
        """Choose what must be measured: the number of epochs, and whether photos are mirrored.

        Parameters
        ----------
        minutes
            Time limit for everything: this trial, training, and cross-validation. ``None`` keeps
            the recipe's number of epochs.

        Returns
        -------
        TrainingRun, Trial
            The run with these choices, and the measurements that they are based on.

        Raises
        ------
        OptionError
            If ``minutes`` isn't a positive number, or the number of epochs is given, too.
        """
        epochs = None if "epochs" in self.open_choices else self.recipe.settings.epochs
        if minutes is not None:
            require_minutes(minutes, epochs)
        trial = try_out(
            self.start,
            (self.dataset.x, self.labels, self.dataset.y),
            self.recipe.settings,
            minutes=minutes,
            most=self._most_epochs(minutes),
            # Each of n folds trains on all pictures but an n-th. Only one fold has to fit in: a
            # good network is worth more than a narrow interval.
            passes=2 - 1 / self.folds if self.folds else 1,
            flips="flip" in self.open_choices,
            groups=self.groups,
        )
        changes: dict[str, Any] = {"epochs": trial.epochs}
        augment = self.recipe.settings.augment
        if augment is not None and not trial.flip:
            changes["augment"] = replace(augment, flip="none")
        settled = replace(self, recipe=self.recipe.changed(**changes), open_choices=frozenset())
        return settled, trial

    def _most_epochs(self, minutes: float | None) -> int | None:
        """Return the largest number of epochs that makes sense; ``None`` for no limit."""
        wanted = self.recipe.settings.epochs
        if minutes is None:
            return wanted
        if not self.is_limited:
            return None
        return wanted if minutes <= MINUTES else round(wanted * minutes / MINUTES)

    def train(
        self,
        *,
        checkpoint: str | PathLike[str] | None = None,
        resume: str | PathLike[str] | None = None,
        log: str | PathLike[str] | None = None,
        progress: bool | None = None,
        callbacks: Sequence[Any] = (),
        locked: bool = False,
        overwrite: bool = False,
    ) -> History:
        """Train the network.

        Parameters
        ----------
        checkpoint, resume, log, progress, callbacks
            As for :meth:`striate.Network.fit`.
        locked
            Whether the caller has locked the checkpoint.
        overwrite
            Whether an existing log may be replaced.

        Returns
        -------
        History

        Raises
        ------
        TrainingError
            If the training diverged, also if its loss is finite; the error has a ``history``.
        StriateError
            See :meth:`striate.Network.fit`.
        """
        settings, dataset = self.recipe.settings, self.dataset
        validation = None
        if len(dataset.x_validation):
            labels = labels_for(self.network, dataset.y_validation, dataset.classes)
            validation = dataset.x_validation, labels
        history = fitting.fit(
            core_of(self.network),
            dataset.x,
            self.labels,
            settings,
            validation_data=validation,
            checkpoint=checkpoint,
            resume=resume,
            log=log,
            progress=progress,
            callbacks=callbacks,
            locked=locked,
            overwrite=overwrite,
        )
        if history.divergence is not None:
            error = TrainingError(str(history.divergence), remedy=remedy(settings))
            error.cause, error.history = str(history.divergence), history
            raise error
        if dataset.has_masks:
            set_classes(self.network, dataset.classes)
        if self.folds:  # without a test set, evaluate must recognize these images
            core_of(self.network).trained_on = np.unique(digests(dataset.x))
        return history

    def cross_validate(
        self,
        on_fold: Callable[[int, Evaluation], None] | None = None,
        deadline: float | None = None,
    ) -> CrossValidation:
        """Estimate the accuracy on new images with networks trained on parts of the images.

        Parameters
        ----------
        on_fold
            Called after each fold with its number, from 1, and its evaluation.
        deadline
            When to stop, as :func:`time.perf_counter` counts; at least one fold is done.

        Returns
        -------
        CrossValidation

        Raises
        ------
        DataError
            If the data has a test set, or too few images.
        TrainingError
            If a training diverged.
        """
        if not self.folds:
            raise DataError(
                f"{self.dataset.name} cannot be cross-validated: it has a test set, or too few "
                "images in its classes. Evaluate the network with run.evaluate()."
            )
        return cross_validate(
            self.start,
            self.dataset.x,
            self.labels,
            self.dataset.y,
            self.recipe.settings,
            count=self.folds,
            groups=self.groups,
            on_fold=on_fold,
            deadline=deadline,
        )

    def evaluate(self) -> Evaluation:
        """Evaluate the network on the test images.

        Returns
        -------
        Evaluation

        Raises
        ------
        DataError
            If the data has no test images.
        """
        if not len(self.dataset.x_test):
            raise DataError(
                f"{self.dataset.name} has no test images: each class has too few. "
                "Add images, or evaluate the network on others with run.network.evaluate(x, y)."
            )
        dataset = self.dataset
        if dataset.has_masks:
            return evaluate_masks(self.network, dataset.x_test, dataset.y_test, dataset.classes)
        labels = labels_for(self.network, dataset.y_test, dataset.classes)
        metrics = None if dataset.classes else NUMBER_METRICS
        return self.network.evaluate(dataset.x_test, labels, metrics=metrics)


def prepare(
    data: str,
    *,
    recipe: str | None = None,
    net: str | None = None,
    size: tuple[int, int] | None = None,
    resize: str | None = None,
    download: bool = True,
    progress: Progress | None = None,
    decoding: Decoding | None = None,
    images: str | PathLike[str] | None = None,
    targets: str | Sequence[str] | None = None,
    task: Task | None = None,
    skip_bad: bool = False,
    engine: EngineName = "auto",
    winograd: bool = True,
    **changes: Any,
) -> TrainingRun:
    """Open a data set, and make a network for it according to its recipe.

    What can be checked without the data is checked before anything is downloaded.

    Parameters
    ----------
    data
        A data set's name or path.
    recipe
        Name of the recipe; by default ``"good"``.
    net
        Name of a preset, or layers in shorthand with ``{classes}`` for the number of classes;
        replaces the recipe's.
    size
        Rows and columns of the images; ``None`` keeps the size, but downscales photographs.
    resize
        As for :func:`striate.data.open_dataset`; ``None`` stretches pictures of a folder, and
        fits those of a named data set.
    download, progress, decoding, images, targets, task, skip_bad
        As for :func:`striate.data.open_dataset`.
    engine, winograd
        As for :class:`striate.Network`.
    changes
        Settings that replace the recipe's: see
        :class:`striate.training.settings.TrainingSettings`; and ``label_smoothing``.

    Returns
    -------
    TrainingRun

    Raises
    ------
    OptionError
        If the data set has no such recipe, or a setting is not allowed.
    ShorthandError, ShapeError
        If the network cannot be made.
    DataError
        If the data is not found or cannot be used.

    Examples
    --------
    >>> run = prepare("shapes", epochs=3)
    >>> print(run.recipe.net, run.recipe.settings.epochs)
    conv 4@3x3 relu | max 3 | dense {classes} softmax 3
    """
    chosen = recipe_for(data, recipe).changed(net=net, **changes)

    def network_for(net: str, shape: Shape, outputs: int) -> Network:
        seed = chosen.settings.seed
        network = make(net, shape, outputs, seed=seed, engine=engine, winograd=winograd)
        require_suitable(network, chosen)
        require_augmentable(chosen.settings.augment, core_of(network))
        return network

    if data in _SHAPES and chosen.net is not None:
        shape = (*(size or _SHAPES[data][:2]), _SHAPES[data][2])
        outputs = len(KNOWN[data].classes) if data in KNOWN else len(DIGITS)
        network_for(chosen.net, shape, outputs)
    rule = resize or ("fit" if data in RECIPES else STRETCH)
    columns: Any = {"images": images, "targets": targets, "task": task}
    opened = partial(open_dataset, download=download, progress=progress, decoding=decoding)
    size = size or size_for(data, **columns)
    dataset = opened(data, size=size, resize=rule, test=0, skip_bad=skip_bad, **columns)
    require_one_validation_set(dataset, chosen)
    if not dataset.classes and chosen.net is not None:
        # A preset may not fit the images, and one output has no softmax: probe with two.
        graph = None
        if chosen.net not in PRESETS:
            graph = network_for(chosen.net, dataset.image_shape, 2).graph
        loss = None if graph is None else losses_of(graph, chosen.settings.loss)[0]
        dataset = labeled(dataset, chosen.net, loss)
    classes = bool(dataset.classes)
    is_photos = data not in RECIPES and classes and dataset.are_pictures and dataset.y.ndim == 1
    dataset, groups, folds = _divided(dataset, is_photos=is_photos)
    if is_photos:
        chosen = photo_recipe(dataset, net=net).changed(net=net, **changes)
    own = None if is_photos or data in RECIPES else task_recipe(dataset, net=net)
    if own is not None:
        chosen = own.changed(net=net, **changes)
    require_classes(dataset, chosen)
    if chosen.net is None:
        chosen = chosen.changed(net=net_for(dataset.image_shape, classes=classes))
    assert chosen.net is not None
    outputs = len(dataset.classes) or prod(dataset.y.shape[1:])
    network = network_for(chosen.net, dataset.image_shape, outputs)
    _label_outputs(network, dataset, rule)
    open_choices = {"epochs"} if changes.get("epochs") is None else set[str]()
    if is_photos and changes.get("augment") is None and not named_sides(dataset.classes):
        open_choices.add("flip")
    return TrainingRun(
        dataset=dataset,
        network=network,
        recipe=chosen,
        start=untrained(network),
        is_photos=is_photos,
        is_limited=is_photos or own is not None,
        open_choices=frozenset(open_choices),
        folds=folds,
        groups=groups,
    )


def _divided(dataset: Dataset, *, is_photos: bool) -> tuple[Dataset, Array | None, int]:
    """Return the data with a test set, or for few photos groups and a number of folds."""
    if is_photos and not len(dataset.x_test) and len(dataset.x) < FEW_PHOTOS:
        groups = (
            dataset.groups if len(dataset.groups) else near_duplicate_groups(np.asarray(dataset.x))
        )
        return dataset, groups, possible_folds(dataset.y, groups)
    return hold_out(dataset, share=None, seed=0), None, 0


def _label_outputs(network: Network, dataset: Dataset, rule: str) -> None:
    """Store in a new network what its outputs mean, and how pictures are resized for it."""
    if not dataset.has_masks:  # whose labels are indices until the network is trained
        set_classes(network, dataset.classes)
    if dataset.target_names and not dataset.classes:
        network.target_names = dataset.target_names
    if dataset.are_pictures:
        core = core_of(network)
        core.preprocessing = replace(core.preprocessing, resize=rule)
