"""Preparing a training run: open a data set, and make a network for it by its recipe."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
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
from striate.errors import Argument, Message, OptionError
from striate.graph.freezing import Freeze
from striate.model.engines import EngineName
from striate.model.losses import losses_of
from striate.model.network import Network, core_of
from striate.model.preparation import require_augmentable
from striate.model.presets import PRESETS
from striate.recipes.checks import (
    labeled,
    require_classes,
    require_labeled_pictures,
    require_one_validation_set,
    require_start_alone,
    require_suitable,
)
from striate.recipes.cross_validation import (
    possible_folds,
    require_folds,
    untrained,
)
from striate.recipes.networks import make, set_classes
from striate.recipes.photos import FEW_PHOTOS, STRETCH, named_sides, photo_recipe
from striate.recipes.recipe import Recipe
from striate.recipes.run import TrainingRun
from striate.recipes.table import RECIPES, net_for, recipe_for, size_for
from striate.recipes.tasks import task_recipe
from striate.recipes.transfer import first_layers, load_start, with_classes_of
from striate.shapes import Array, Shape
from striate.training.settings import require_settings

_SHAPES = {"digits": (28, 28, 1), "mnist": (28, 28, 1), "fashion-mnist": (28, 28, 1),
           "cifar10": (32, 32, 3), "shapes": (15, 15, 1)}  # fmt: skip
"""Shapes of images, known before a data set is downloaded."""

_MakeNetwork = Callable[[Recipe, Shape, int], Network]
"""Makes the network of a recipe for images of a shape and a number of outputs."""


def prepare(
    data: str,
    *,
    recipe: str | None = None,
    net: str | None = None,
    start: str | PathLike[str] | None = None,
    size: tuple[int, int] | None = None,
    resize: str | None = None,
    download: bool = True,
    progress: Progress | None = None,
    decoding: Decoding | None = None,
    images: str | PathLike[str] | None = None,
    targets: str | Sequence[str] | None = None,
    task: Task | None = None,
    skip_bad: bool = False,
    folds: int | None = None,
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
    start
        File of a trained network to start from, instead of ``net``. Its first layers are frozen,
        unless ``freeze`` is given, and its last layer is replaced if the classes differ. Images
        get its size and its preprocessing.
    size
        Rows and columns of the images; ``None`` keeps the size, but downscales photographs.
    resize
        As for :func:`striate.data.open_dataset`; ``None`` stretches pictures of a folder, fits
        those of a named data set, and resizes those for ``start`` as in its training.
    download, progress, decoding, images, targets, task, skip_bad
        As for :func:`striate.data.open_dataset`.
    folds
        Number of folds for cross-validation of the training images; not for masks. ``None``
        cross-validates few photos without a test set, and otherwise holds out a test set.
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
    new = partial(_new_network, engine=engine, winograd=winograd)
    require_settings(changes, prepare, Recipe.changed)
    first = None
    if start is not None:
        require_start_alone(net, changes)
        first = load_start(start, size=size, engine=engine, winograd=winograd)
        size, net = (first.input_shape[0], first.input_shape[1]), str(first)
    chosen = recipe_for(data, recipe).changed(net=net, **changes)
    if first is None:
        _check_before_download(data, size, chosen, new)
    rule = resize or (first and first.preprocessing.resize)
    rule = rule or ("fit" if data in RECIPES else STRETCH)
    sources: Any = {"images": images, "targets": targets, "task": task}
    dataset = open_dataset(
        data,
        size=size or size_for(data, **sources),
        channels=None if first is None else first.input_shape[-1],
        resize=rule,
        test=0,
        skip_bad=skip_bad,
        download=download,
        progress=progress,
        decoding=decoding,
        **sources,
    )
    require_one_validation_set(dataset, chosen)
    if first is not None:
        require_labeled_pictures(dataset)
    dataset = _with_labels(dataset, chosen, new)
    is_photos = (
        data not in RECIPES
        and bool(dataset.classes)
        and dataset.are_pictures
        and dataset.y.ndim == 1
    )
    dataset, groups, usable_folds = _divided(dataset, folds, is_photos=is_photos)
    own = _own_recipe(data, dataset, net, is_photos=is_photos)
    chosen = chosen if own is None else own.changed(net=net, **changes)
    require_classes(dataset, chosen)
    if first is None:
        network, chosen = _started(dataset, chosen, new)
    else:
        network, chosen = _continued(first, dataset, chosen, changes.get("freeze"))
    chosen = _with_suitable_targets(network, chosen, changes)
    _label_outputs(network, dataset, rule)
    seen = _seen_before(dataset, first)
    return TrainingRun(
        dataset=dataset,
        network=network,
        recipe=chosen,
        start=untrained(network),
        is_photos=is_photos,
        is_limited=own is not None,
        open_choices=_open_choices(dataset, changes, is_photos=is_photos),
        folds=0 if seen else usable_folds,
        all_folds=folds is not None,
        groups=groups,
        seen=seen,
    )


def _new_network(
    recipe: Recipe, shape: Shape, outputs: int, *, engine: EngineName, winograd: bool
) -> Network:
    """Make the network of a recipe; raise if it can't be trained with the recipe's settings."""
    assert recipe.net is not None
    seed = recipe.settings.seed
    network = make(recipe.net, shape, outputs, seed=seed, engine=engine, winograd=winograd)
    require_suitable(network, recipe)
    require_augmentable(recipe.settings.augment, core_of(network))
    return network


def _check_before_download(
    data: str, size: tuple[int, int] | None, recipe: Recipe, new: _MakeNetwork
) -> None:
    """Raise if the network can't be made for a named data set, before it is downloaded."""
    if data in _SHAPES and recipe.net is not None:
        shape = (*(size or _SHAPES[data][:2]), _SHAPES[data][2])
        outputs = len(KNOWN[data].classes) if data in KNOWN else len(DIGITS)
        new(recipe, shape, outputs)


def _with_labels(dataset: Dataset, recipe: Recipe, new: _MakeNetwork) -> Dataset:
    """Read numeric targets as labels if the recipe's network needs labels."""
    if dataset.classes or recipe.net is None:
        return dataset
    loss = None
    if recipe.net not in PRESETS:  # a preset may not fit the images, and is a classifier
        # With one output, softmax is not allowed; so the loss is that of a network with two.
        graph = new(recipe, dataset.image_shape, 2).graph
        loss = losses_of(graph, recipe.settings.loss)[0]
    return labeled(dataset, recipe.net, loss)


def _own_recipe(data: str, dataset: Dataset, net: str | None, *, is_photos: bool) -> Recipe | None:
    """Return the recipe that is chosen for data of the user's own; ``None`` if there is none."""
    if data in RECIPES:
        return None
    return photo_recipe(dataset, net=net) if is_photos else task_recipe(dataset, net=net)


def _started(dataset: Dataset, recipe: Recipe, new: _MakeNetwork) -> tuple[Network, Recipe]:
    """Return a new network for the data, and the recipe with its layers."""
    if recipe.net is None:
        recipe = recipe.changed(net=net_for(dataset.image_shape, classes=bool(dataset.classes)))
    outputs = len(dataset.classes) or prod(dataset.y.shape[1:])
    return new(recipe, dataset.image_shape, outputs), recipe


def _with_suitable_targets(network: Network, recipe: Recipe, changes: Mapping[str, Any]) -> Recipe:
    """Leave targets as they are for a network that takes labels, unless the user standardizes."""
    if not recipe.settings.standardize_targets or changes.get("standardize_targets") is not None:
        return recipe
    takes_labels = losses_of(network.graph, recipe.settings.loss)[0].takes_labels
    return recipe.changed(standardize_targets=False) if takes_labels else recipe


def _seen_before(dataset: Dataset, first: Network | None) -> int:
    """Count the images that a network was trained on before."""
    known = None if first is None else core_of(first).trained_on
    return 0 if known is None else int(np.isin(digests(dataset.x), known).sum())


def _open_choices(
    dataset: Dataset, changes: Mapping[str, Any], *, is_photos: bool
) -> frozenset[str]:
    """Return what a trial can still choose, because the user didn't."""
    choices = {"epochs"} if changes.get("epochs") is None else set[str]()
    if is_photos and changes.get("augment") is None and not named_sides(dataset.classes):
        choices.add("flip")
    return frozenset(choices)


def _divided(
    dataset: Dataset, wanted: int | None, *, is_photos: bool
) -> tuple[Dataset, Array | None, int]:
    """Return the data with a test set, or for few photos groups and a number of folds."""
    if wanted is not None:
        return dataset, *_folds_of(dataset, wanted)
    if is_photos and not len(dataset.x_test) and len(dataset.x) < FEW_PHOTOS:
        groups = (
            dataset.groups if len(dataset.groups) else near_duplicate_groups(np.asarray(dataset.x))
        )
        return dataset, groups, possible_folds(dataset.y, groups)
    return hold_out(dataset, share=None, seed=0), None, 0


def _folds_of(dataset: Dataset, wanted: int) -> tuple[Array | None, int]:
    """Return the groups of images and a number of folds that the user chose."""
    if dataset.has_masks:
        raise OptionError(
            Message(
                Argument("folds", wanted),
                f" needs one class, or numbers, for each image, but {dataset.name} has masks.",
            ),
            remedy=Message("Leave out ", Argument("folds"), "; a test set is then held out."),
        )
    groups = dataset.groups if len(dataset.groups) else None
    if groups is None and dataset.are_pictures and len(dataset.x) < FEW_PHOTOS:
        groups = near_duplicate_groups(np.asarray(dataset.x))
    require_folds(wanted, len(dataset.y) if groups is None else len(np.unique(groups)))
    return groups, wanted


def _continued(
    first: Network, dataset: Dataset, recipe: Recipe, freeze: Freeze | None
) -> tuple[Network, Recipe]:
    """Return a trained network for the classes of other data, and how it is trained."""
    network = with_classes_of(first, dataset.classes, seed=recipe.settings.seed)
    chosen = recipe.changed(
        net=str(network),
        standardize=False,  # the network keeps its preprocessing
        freeze=first_layers(network) if freeze is None else freeze,
    )
    require_suitable(network, chosen)
    return network, chosen


def _label_outputs(network: Network, dataset: Dataset, rule: str) -> None:
    """Store the names of the outputs and the resizing of pictures in a new network."""
    if not dataset.has_masks:  # whose labels are indices until the network is trained
        set_classes(network, dataset.classes)
    if dataset.target_names and not dataset.classes:
        network.target_names = dataset.target_names
    if dataset.are_pictures:
        core = core_of(network)
        core.preprocessing = replace(core.preprocessing, resize=rule)
