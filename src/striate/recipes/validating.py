"""Cross-validation of a network in one call."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np

from striate.errors import DataError, OptionError
from striate.model.classes import Classes
from striate.model.losses import losses_of
from striate.model.network import Network, core_of
from striate.recipes.cross_validation import FOLDS, CrossValidation, require_folds, untrained
from striate.recipes.cross_validation import cross_validate as _cross_validate
from striate.shapes import Array
from striate.training.settings import TrainingSettings


def cross_validate(
    network: Network, x: Any, y: Any, *, folds: int = FOLDS, groups: Any = None, **settings: Any
) -> CrossValidation:
    """Estimate the accuracy, or the errors of a regression, on new images by cross-validation.

    The images are divided into folds. For each fold, a copy of the network is trained on the others
    and tested on this one, so each image is tested once, by a network that wasn't trained on it.

    Parameters
    ----------
    network
        The network with the weights that each training begins with; it isn't changed.
    x, y
        Images or signals, and a label or one or more numbers for each, as for
        :meth:`striate.Network.fit`.
    folds
        Number of folds.
    groups
        For each image the number of its group, such as that of a patient or a scene; a group isn't
        divided. ``None`` means that each image is a group of its own.
    settings
        How each copy is trained: ``epochs``, ``batch_size`` and other settings of
        :meth:`striate.Network.fit`.

    Returns
    -------
    CrossValidation
        The evaluation of each copy, and over all images accuracy, confidence interval and confusion
        matrix, or for regressions MAE, RMSE and R².

    Raises
    ------
    OptionError
        If a setting or the number of folds is not allowed.
    DataError
        If ``y`` doesn't hold one label, or numbers, for each image.
    TrainingError
        If a training diverged.

    Examples
    --------
    >>> import striate as st
    >>> (x, y), _ = st.data.load("shapes")
    >>> net = st.Network.parse("conv 4@3x3 relu | max 3 | dense 2 softmax", (15, 15, 1))
    >>> found = st.cross_validate(net, x[:200], y[:200], folds=4, epochs=8, learning_rate=0.02)
    >>> len(found.accuracies), found.mean > 0.8
    (4, True)
    """
    images, labels = np.asarray(x), np.asarray(y)
    chosen = _settings(settings)
    start = untrained(network)
    if not losses_of(core_of(start).graph, chosen.loss)[0].takes_labels:
        labels = _numbers(labels, len(images))
    elif labels.ndim != 1 or len(labels) != len(images) or labels.dtype.kind not in "iubU":
        raise DataError(
            f"`y` has shape {labels.shape} and dtype {labels.dtype}; expected one integer or "
            f"string for each of the {len(images):,} images. Cross-validation needs labels."
        )
    require_folds(folds, len(labels) if groups is None else len(np.unique(groups)))
    index = np.zeros(len(labels), np.int64)
    if labels.dtype.kind != "f":
        values, index = np.unique(labels, return_inverse=True)
        if labels.dtype.kind == "U" and not start.classes:
            start.classes = Classes(tuple(values.tolist())).values
    return _cross_validate(
        start,
        images,
        labels,
        index.astype(np.int64),
        chosen,
        count=folds,
        groups=None if groups is None else np.asarray(groups),
    )


def _settings(given: Mapping[str, Any]) -> TrainingSettings:
    """Check the names of settings, and their values."""
    known = {field.name for field in fields(TrainingSettings)}
    unknown = [name for name in given if name not in known]
    if unknown:
        why = ", which prints nothing" if unknown[0] == "progress" else ""
        raise OptionError(
            f"`{unknown[0]}` is not a setting of cross_validate{why}. Leave it out. The settings "
            f"are {', '.join(sorted(known))}."
        )
    return TrainingSettings(**given)


def _numbers(targets: Array, count: int) -> Array:
    """Return the regression targets as floats."""
    if targets.ndim not in (1, 2) or len(targets) != count or targets.dtype.kind not in "iuf":
        raise DataError(
            f"`y` has shape {targets.shape} and dtype {targets.dtype}; expected one or more "
            f"numbers for each of the {count:,} images, shape ({count},) or ({count}, numbers). "
            "Cross-validation of images as targets isn't supported."
        )
    return targets.astype(np.float64)
