"""A training run: a data set, a network for it, and a recipe, checked and ready to train."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import prod
from os import PathLike
from typing import Any

from striate.data import Dataset, open_dataset
from striate.data.catalog import DIGITS, KNOWN
from striate.data.dataset import with_classes
from striate.data.download import Progress
from striate.data.picture_store import Decoding
from striate.errors import Argument, DataError, Message, OptionError, TrainingError
from striate.functions.base import Loss
from striate.graph.step import TrainingStep
from striate.model import fitting
from striate.model.engines import EngineName
from striate.model.losses import losses_of
from striate.model.network import Network, core_of
from striate.model.preparation import require_augmentable
from striate.model.presets import PRESETS
from striate.model.scoring import Evaluation
from striate.recipes.networks import labels_for, make, set_classes
from striate.recipes.photos import STRETCH, photo_recipe
from striate.recipes.recipe import Recipe
from striate.recipes.table import RECIPES, net_for, recipe_for, size_for
from striate.shapes import Shape
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

    def train(
        self,
        *,
        checkpoint: str | PathLike[str] | None = None,
        resume: str | PathLike[str] | None = None,
        progress: bool | None = None,
        callbacks: Sequence[Any] = (),
    ) -> History:
        """Train the network.

        Parameters
        ----------
        checkpoint, resume, progress, callbacks
            As for :meth:`striate.Network.fit`.

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
            labels_for(self.network, dataset.y, dataset.classes),
            settings,
            validation_data=validation,
            checkpoint=checkpoint,
            resume=resume,
            progress=progress,
            callbacks=callbacks,
        )
        if history.divergence is not None:
            error = TrainingError(str(history.divergence), remedy=remedy(settings))
            error.cause, error.history = str(history.divergence), history
            raise error
        return history

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
        labels = labels_for(self.network, self.dataset.y_test, self.dataset.classes)
        return self.network.evaluate(self.dataset.x_test, labels)


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
    download, progress, decoding
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
        _require_suitable(network, chosen)
        require_augmentable(chosen.settings.augment, core_of(network))
        return network

    if data in _SHAPES and chosen.net is not None:
        shape = (*(size or _SHAPES[data][:2]), _SHAPES[data][2])
        outputs = len(KNOWN[data].classes) if data in KNOWN else len(DIGITS)
        network_for(chosen.net, shape, outputs)
    rule = resize or ("fit" if data in RECIPES else STRETCH)
    opened = partial(open_dataset, download=download, progress=progress, decoding=decoding)
    dataset = opened(data, size=size or size_for(data), resize=rule)
    _require_one_validation_set(dataset, chosen)
    if not dataset.classes and chosen.net is not None:
        # A preset may not fit the images, and one output has no softmax: probe with two.
        graph = None
        if chosen.net not in PRESETS:
            graph = network_for(chosen.net, dataset.image_shape, 2).graph
        loss = None if graph is None else losses_of(graph, chosen.settings.loss)[0]
        dataset = _labeled(dataset, chosen.net, loss)
    classes = bool(dataset.classes)
    if data not in RECIPES and classes and dataset.are_pictures:
        chosen = photo_recipe(dataset).changed(net=net, **changes)
    if chosen.label_smoothing and not classes:
        raise OptionError(
            Message(
                Argument("label_smoothing"),
                f" needs classes, but the targets of {dataset.name} are numbers.",
            ),
            remedy=Message("Leave out ", Argument("label_smoothing"), "."),
        )
    if chosen.net is None:
        chosen = chosen.changed(net=net_for(dataset.image_shape, classes=classes))
    assert chosen.net is not None
    outputs = len(dataset.classes) or prod(dataset.y.shape[1:])
    network = network_for(chosen.net, dataset.image_shape, outputs)
    set_classes(network, dataset.classes)
    if dataset.are_pictures:
        core = core_of(network)
        core.preprocessing = replace(core.preprocessing, resize=rule)
    return TrainingRun(dataset=dataset, network=network, recipe=chosen)


def _labeled(dataset: Dataset, net: str, loss: Loss | None) -> Dataset:
    """Convert numeric targets to labels if the network needs labels.

    Parameters
    ----------
    dataset
        Data without classes.
    net
        The network, for the error.
    loss
        Its loss; ``None`` for a preset, which is a classifier.

    Raises
    ------
    OptionError
        If the network needs labels, and the numbers have fractions.
    """
    if loss is None or loss.takes_labels:
        dataset = with_classes(dataset)
    only_classes = loss is None or (
        loss.target_numbers == "class probabilities" and dataset.y.ndim == 1
    )
    if not dataset.classes and only_classes:
        why = "presets are classifiers" if loss is None else "its last layer predicts classes"
        raise OptionError(
            f"{net} cannot be trained on {dataset.name}, whose targets are numbers: {why}.",
            remedy=Message(
                "Write layers with a linear output instead, for example ",
                Argument("net", "conv 8@3x3 relu | global-average | dense 1"),
                ".",
            ),
        )
    return dataset


def _require_one_validation_set(dataset: Dataset, recipe: Recipe) -> None:
    """Raise if data with its own validation set is to be split."""
    if len(dataset.x_validation) and recipe.settings.validation is not None:
        raise OptionError(
            Message(
                Argument("validation", recipe.settings.validation),
                f" cannot be used for {dataset.name}, which has a validation set of "
                f"{len(dataset.x_validation):,} images.",
            ),
            remedy=Message("Leave out ", Argument("validation"), "."),
        )


def _require_suitable(network: Network, recipe: Recipe) -> None:
    """Raise if a network cannot be trained with the loss of a recipe."""
    losses = losses_of(network.graph, recipe.settings.loss)
    try:
        TrainingStep.of(network.graph, losses)
    except OptionError as error:
        if not recipe.label_smoothing:
            raise
        raise OptionError(
            error.statement,
            remedy=Message(
                "Use softmax in the last layer, or ", Argument("label_smoothing", 0), "."
            ),
        ) from error
