"""Checks of a network and its recipe against a data set, before training."""

from collections.abc import Mapping
from typing import Any

from striate.data.dataset import Dataset, with_classes
from striate.errors import Argument, DataError, Message, OptionError
from striate.functions.base import Loss
from striate.graph.step import TrainingStep
from striate.model.losses import losses_of
from striate.model.network import Network
from striate.recipes.recipe import Recipe


def labeled(dataset: Dataset, net: str, loss: Loss | None) -> Dataset:
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


def require_classes(dataset: Dataset, recipe: Recipe) -> None:
    """Raise if labels are to be smoothed, but the targets are numbers."""
    if recipe.label_smoothing and not dataset.classes:
        raise OptionError(
            Message(
                Argument("label_smoothing"),
                f" needs classes, but the targets of {dataset.name} are numbers.",
            ),
            remedy=Message("Leave out ", Argument("label_smoothing"), "."),
        )


def require_one_validation_set(dataset: Dataset, recipe: Recipe) -> None:
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


def require_labeled_pictures(dataset: Dataset) -> None:
    """Raise unless the data are pictures with one class each, as a trained classifier needs."""
    if not (dataset.classes and dataset.are_pictures and dataset.y.ndim == 1):
        raise DataError(
            Message(
                Argument("start"),
                f" needs pictures with one class each, but {dataset.name} has other data.",
            ),
            remedy=Message("Leave out ", Argument("start"), "."),
        )


def require_start_alone(net: str | None, changes: Mapping[str, Any]) -> None:
    """Raise if another network or another preprocessing is given besides a trained network."""
    given = {"net": net, "standardize": changes.get("standardize")}
    for name, value in given.items():
        if value:
            raise OptionError(
                Message(
                    Argument(name, value),
                    " cannot be used with ",
                    Argument("start"),
                    ", whose network has its own layers and preprocessing.",
                ),
                remedy=Message("Leave out ", Argument(name), "."),
            )


def require_suitable(network: Network, recipe: Recipe) -> None:
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
