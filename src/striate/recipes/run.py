"""A training run: a data set, a network for it, and a recipe, checked and ready to train."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import Any

import numpy as np

from striate.data import Dataset
from striate.data.digests import digests
from striate.errors import DataError, TrainingError
from striate.model import fitting
from striate.model.network import Network, core_of
from striate.model.rate_search import find_learning_rate
from striate.model.scoring import Evaluation
from striate.recipes.cross_validation import (
    CrossValidation,
    cross_validate,
)
from striate.recipes.masks import evaluate_masks
from striate.recipes.networks import labels_for, set_classes
from striate.recipes.recipe import Recipe
from striate.recipes.tasks import NUMBER_METRICS
from striate.recipes.trial import MINUTES, Trial, require_minutes, try_out
from striate.shapes import Array
from striate.training.divergence import remedy
from striate.training.history import History
from striate.training.rate_search import RateSearch


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
    all_folds
        Whether all folds are to be computed, whatever time it takes.
    groups
        Images with the same number are near-duplicates, which stay in the same fold.
    seen
        Number of images that the network had been trained on before, see ``start`` in
        :func:`prepare`. They can't show how well it recognizes new ones, so folds are left out.

    Examples
    --------
    >>> from striate.recipes import prepare
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
    all_folds: bool = False
    groups: Array | None = None
    seen: int = 0

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
        # Without a test set, evaluate must recognize these images.
        if (self.folds or self.is_photos) and not len(dataset.x_test):
            own, earlier = digests(dataset.x), core_of(self.start).trained_on
            every = own if earlier is None else np.concatenate([own, earlier])
            core_of(self.network).trained_on = np.unique(every)
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
            self.dataset.y if self.dataset.classes else np.zeros(len(self.dataset.y), np.int64),
            self.recipe.settings,
            count=self.folds,
            groups=self.groups,
            on_fold=on_fold,
            deadline=None if self.all_folds else deadline,
        )

    def find_learning_rate(self) -> RateSearch:
        """Search for a learning rate for the data, the network and the recipe.

        Returns
        -------
        RateSearch

        Raises
        ------
        StriateError
            See :meth:`striate.Network.find_learning_rate`.
        """
        labels = labels_for(self.network, self.dataset.y, self.dataset.classes)
        core, settings = core_of(self.network), self.recipe.settings
        return find_learning_rate(core, self.dataset.x, labels, settings)

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
