"""Predictions: the outputs of a network, and the classes that they stand for."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from striate.data.image_file import Images
from striate.errors import DataError, GraphError, StriateError
from striate.graph.axis_order import images_to_last
from striate.model.arguments import check_inputs
from striate.model.batches import outputs_in_batches
from striate.model.classes import Classes
from striate.model.core import Core
from striate.model.iterables import images_of, is_iterable_of_batches
from striate.model.losses import losses_of
from striate.model.targets import NetworkOutput
from striate.shapes import Array


def predict(core: Core, x: Any, batch_size: int) -> Any:
    """Compute the outputs of a network; see :meth:`striate.Network.predict`."""
    activations = _activations(core, x, batch_size)
    if core.preprocessing.channels == "last":
        activations = tuple(images_to_last(a) if a.ndim > 2 else a for a in activations)
    first, *others = activations
    return activations if others else first


def predict_classes(core: Core, x: Any, batch_size: int) -> Any:
    """Predict the class of each image; see :meth:`striate.Network.predict_classes`."""
    outputs = core.outputs
    classes = [_classes_of(core, k) for k in range(len(outputs))]
    if all(known is None for known in classes):
        raise GraphError(_not_a_classifier(core, outputs))
    predicted = tuple(
        None if known is None else known.take(output.predicted(activation))
        for known, output, activation in zip(
            classes, outputs, _activations(core, x, batch_size), strict=True
        )
    )
    first, *others = predicted
    return predicted if others else first


def _activations(core: Core, x: Any, batch_size: int) -> tuple[Array, ...]:
    """Compute the activation of each output for a user's images."""
    results: list[tuple[Array, ...]] = []
    for inputs in _parts(core, x):  # before the engine, which may need memory for each pixel
        batches = outputs_in_batches(
            core.engines.for_prediction(core.losses or ()),
            core.preprocessing,
            core.buffers,
            inputs,
            batch_size,
        )
        results += [batch.outputs for batch in batches]
    if not results:
        raise DataError(
            "`x` yielded no batches; expected at least one batch of images. Check how the data was "
            "selected."
        )
    joined = tuple(np.concatenate(parts) for parts in zip(*results, strict=True))
    return tuple(
        output.numbers(a).astype(np.float32, copy=False)
        for output, a in zip(core.outputs, joined, strict=True)
    )


def _parts(core: Core, x: Any) -> Iterator[dict[str, Images]]:
    """Check a user's images: all at once, or one batch of an iterable after the other."""
    if not is_iterable_of_batches(x):
        yield check_inputs(core, x)
        return
    for raw in images_of(x):
        try:
            yield check_inputs(core, raw.x)
        except StriateError as error:
            error.about(f"Batch {raw.number} of `x`")
            raise


def _classes_of(core: Core, k: int) -> Classes | None:
    """Return the classes of an output, or ``None`` if it is not a classifier.

    An output without known classes is a classifier only before any training, if the loss that it
    would be trained with by default takes labels. Its classes are then the indices of its maps.
    """
    known = core.outputs[k].classes
    if known.values:
        return known
    untrained = core.losses is None and losses_of(core.graph, None)[k].takes_labels
    return known if untrained else None


def _not_a_classifier(core: Core, outputs: tuple[NetworkOutput, ...]) -> str:
    """Explain why no output predicts classes."""
    maps = outputs[0].shape[0]
    remedy = "Use predict(x)." + (
        f" If each output stands for a class, set net.classes, for example to range({maps})."
        if maps > 1
        else ""
    )
    if core.losses is None:
        transfer = outputs[0].layer.layer.transfer
        return (
            "predict_classes needs a classifier, but this network has not been trained and its "
            f"last layer ({outputs[0].layer.name}) has the activation {transfer}. {remedy}"
        )
    return (
        f"predict_classes needs a classifier, but this network was trained with {core.losses[0]} "
        f"on numbers, not on one label for each image. {remedy}"
    )
