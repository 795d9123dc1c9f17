"""Targets: labels or numbers, checked and converted to the form that a loss takes.

Targets are either *labels*, one class for each image (or for each pixel of it), or *numbers*, one
for each value of the output. Labels that are integers are indices of the output's maps, unless the
network has its own classes (strings, -1 and 1, the integers of a data set that the command read):
then each label is looked up among them. Floats without a fraction are such integers if the output
has a map for each class; a single map may have probabilities as targets. Rows of numbers for a
classifier are class probabilities. One-hot rows name the class of each image as a label does, so
they have an accuracy, too; other probabilities don't say which class is correct.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from striate.errors import DataError, InPython, Message, ShapeError
from striate.functions.base import Loss
from striate.functions.loss.targets import IGNORED, TargetValueError
from striate.functions.transfer import Linear, Logistic, LogSoftmax, Softmax
from striate.graph.axis_order import Channels, images_to_first, to_last
from striate.graph.graph import Placed
from striate.model.classes import Classes, listed, more_outputs
from striate.model.inputs import scaled_targets
from striate.model.labels import label_array, missing_labels
from striate.model.target_scaling import TargetScaling
from striate.shapes import Array, Int, Shape


@dataclass(frozen=True, kw_only=True)
class NetworkOutput:
    """One output of a network, as its targets see it.

    Parameters
    ----------
    layer
        The layer whose activation it is.
    channels
        Which axis of a user's arrays holds the channels.
    targets
        The variable that holds its targets, for error messages: ``y``, ``y["dense1"]``.
    classes
        Its classes, if they are known.
    scaling
        The scale of its targets, if they are standardized.
    part
        Which part of the data is checked, for error messages: ``""`` or ``"validation "``.
    is_list
        Whether the targets are a list, which remedies must turn into an array.
    """

    layer: Placed
    channels: Channels
    targets: str
    classes: Classes
    scaling: TargetScaling | None = None
    part: str = ""
    is_list: bool = False

    @property
    def name(self) -> str:
        """What its targets are called in error messages."""
        return self.part + self.targets

    @property
    def array(self) -> str:
        """How remedies write its targets where only an array will do: ``np.asarray(y)``."""
        return f"np.asarray({self.targets})" if self.is_list else self.targets

    @property
    def shape(self) -> Shape:
        """``(maps, *pixels)``, as in the equations."""
        return self.layer.shape

    @property
    def class_count(self) -> int:
        """How many classes it distinguishes: one for each map, two for a single map."""
        return max(self.shape[0], 2)

    def face(self, shape: Shape) -> str:
        """Write the shape of a batch in the user's axis order: ``(n, rows, columns, maps)``."""
        ordered = to_last(shape) if self.channels == "last" and shape else shape
        return of_batch(ordered)

    def index(self, place: tuple[int, ...], ndim: int) -> str:
        """Write an index of the equations' array as one of the user's array of ``ndim`` axes."""
        image, *others = map(str, place)
        if len(place) > ndim:  # a user may leave out the axis of a single map
            others = others[1:]
        elif len(place) == len(self.shape) + 1 and self.channels == "last":
            others = [*others[1:], others[0]]
        elif len(place) < ndim and self.channels == "first" and others:  # a pixel of all maps
            others = [":", *others]
        return ", ".join([image, *others])

    def numbers(self, values: Array) -> Array:
        """Convert outputs or standardized targets to the scale of the user's targets."""
        return values if self.scaling is None else self.scaling.numbers(values)

    def predicted(self, activation: Array) -> Int[Array, "..."]:
        """Return the index of the largest map; for a single map, 1 above the threshold, 0 below.

        The threshold is one half if the last transfer function is logistic, otherwise zero.
        """
        if activation.shape[1] == 1:
            threshold = 0.5 if isinstance(self.layer.layer.transfer, Logistic) else 0.0
            return (activation[:, 0] > threshold).astype(np.int64)
        return activation.argmax(axis=1)


@dataclass(frozen=True, kw_only=True)
class Targets:
    """Checked targets of one output.

    Parameters
    ----------
    values
        In the form that the loss takes.
    labels
        Index of the class of each image (or pixel), -1 if the loss ignores it; ``None`` if the
        targets are neither labels nor one-hot rows.
    classes
        The classes of the output: those it had, or those that were learned from these targets.
    """

    values: Array
    labels: Int[Array, "..."] | None
    classes: Classes


def check_targets(
    y: Any, output: NetworkOutput, loss: Loss, *, count: int, learn: bool = False
) -> Targets:
    """Check the targets of one output, and convert them to the form that its loss takes.

    Parameters
    ----------
    y
        Labels or numbers, one element for each image.
    output
        The output.
    loss
        Its loss.
    count
        Number of images.
    learn
        Whether an output without classes takes its classes from these targets.

    Returns
    -------
    Targets

    Raises
    ------
    DataError
        If there is not one target for each image, a label is missing or is not one of the classes,
        or the loss does not accept a value.
    ShapeError
        If the targets have a shape that the loss does not accept.

    Examples
    --------
    >>> from striate.functions.loss import CrossEntropy
    >>> from striate.graph.shorthand import parse
    >>> layer = parse("dense 2 softmax", (3,))["dense1"]
    >>> output = NetworkOutput(layer=layer, channels="last", targets="y", classes=Classes())
    >>> check_targets(["dog", "cat"], output, CrossEntropy(), count=2, learn=True).values
    array([1, 0])
    """
    output = replace(output, is_list=not hasattr(y, "astype"))
    name = output.name
    given = label_array(y, name, output.targets)
    _require_one_each(given, count, name)
    given = scaled_targets(
        given, output.shape, takes_labels=loss.takes_labels, name=name, ignore=loss.ignore
    )
    labels = _label_form(given, output)
    _require_loss_of_labels(given, labels, output, loss)
    classes = output.classes
    ignored = None if labels is None else _ignored(labels, loss)
    if learn and not classes.values:
        counted = labels if labels is None or ignored is None else labels[~ignored]
        classes = _learned(given, counted, output, loss)
    indices = None if labels is None else _all_indices(labels, ignored, output, loss, classes)
    if indices is not None and loss.takes_labels:
        values = indices
    else:
        _require_shape(given, output, loss)
        full = given.ndim == len(output.shape) + 1 > 2
        values = images_to_first(given) if full and output.channels == "last" else given
        if classes.values or loss.target_numbers == "class probabilities":
            indices = _one_hot_indices(given, output) if indices is None else indices
    try:
        return Targets(values=loss.targets(values, output.shape), labels=indices, classes=classes)
    except TargetValueError as error:
        place = output.index(error.place, given.ndim)
        raise DataError(error.text(f"{name}[{place}]")) from error


def _require_one_each(given: Array, count: int, name: str) -> None:
    """Raise unless there is one target for each image."""
    if given.ndim == 0 or len(given) != count:
        single = "is None" if given.ndim == 0 and given.item() is None else "is a single value"
        held = single if given.ndim == 0 else f"holds {len(given)} targets"
        remedy = (
            f"Pass {name} as an array or a list."
            if given.ndim == 0
            else f"Check that x and {name} come from the same rows."
        )
        raise DataError(
            f"{name} {held}, but x holds {count} images; expected one target for each image, in "
            f"the same order. {remedy}"
        )


def _label_form(given: Array, output: NetworkOutput) -> Array | None:
    """Return targets without a map axis, ``(n, *pixels)``, if they can be labels."""
    maps, *pixels = output.shape
    if given.shape[1:] == tuple(pixels):
        return given
    full = (*pixels, 1) if output.channels == "last" else (1, *pixels)
    if maps == 1 and given.shape[1:] == full:
        return given.reshape(len(given), *pixels)
    return None


def _learned(given: Array, labels: Array | None, output: NetworkOutput, loss: Loss) -> Classes:
    """Take the classes from the training targets; none if they are not labels."""
    count = output.class_count
    counted = Classes(tuple(range(count)))
    if labels is None:
        probabilities = loss.target_numbers == "class probabilities" and output.shape[0] > 1
        return (
            counted if probabilities or _one_hot_indices(given, output) is not None else Classes()
        )
    kind = labels.dtype.kind
    if kind == "U":
        return _of_strings(labels, output)
    if kind in "if" and count == 2 and _are_signs(labels):
        return Classes((-1, 1) if kind == "i" else (-1.0, 1.0))
    if not loss.takes_labels:
        return Classes()
    if kind == "b" and count == 2:
        return Classes((False, True))
    single = output.shape[0] == 1
    zeros_and_ones = kind == "f" and single and bool(np.isin(labels, (0, 1)).all())
    return counted if kind in "biu" or not single or zeros_and_ones else Classes()


def _of_strings(labels: Array, output: NetworkOutput) -> Classes:
    """Take the classes from string labels, in alphabetical order."""
    values = tuple(np.unique(labels).tolist())
    if len(values) == 1:
        raise DataError(_single_class(labels.size, values[0], output.name))
    if len(values) != output.class_count:
        last, outputs = output.layer.name, output.shape[0]
        raise DataError(
            f"{output.name} holds {len(values)} classes ({listed(values)}), but the last layer "
            f"({last}) has {outputs} output{'s' * (outputs > 1)}. Give it {len(values)}, one for "
            "each class"
            + ("" if len(values) > output.class_count else ", or add images of the other classes")
            + "."
        )
    return Classes(values)


def _ignored(labels: Array, loss: Loss) -> Array | None:
    """Return where labels are ignored; ``None`` if none is."""
    if loss.ignore is None or labels.dtype.kind not in "biuf":
        return None
    ignored = labels == loss.ignore
    return ignored if ignored.any() else None


def _all_indices(
    labels: Array, ignored: Array | None, output: NetworkOutput, loss: Loss, classes: Classes
) -> Array | None:
    """Find the class of each label, -1 for those that are ignored; ``None`` for numbers."""
    if ignored is None:
        return _indices(labels, output, loss, classes)
    # Ignored labels are replaced by a label that is certainly allowed.
    allowed = 0 if classes.counted or not classes.values else classes.values[0]
    known = _indices(np.where(ignored, allowed, labels), output, loss, classes)
    return None if known is None else np.where(ignored, IGNORED, known)


def _are_signs(labels: Array) -> bool:
    """Whether labels are -1 and 1, and both occur."""
    return bool(
        labels.size and labels.min() == -1 and labels.max() == 1 and (np.abs(labels) == 1).all()
    )


def _one_hot_indices(given: Array, output: NetworkOutput) -> Int[Array, "..."] | None:
    """Find the classes of one-hot rows, of 0 and 1 or of -1 and 1; ``None`` for other targets."""
    axis = -1 if output.channels == "last" else 1
    if (
        given.dtype.kind not in "biuf"
        or output.shape[0] == 1
        or given.ndim != len(output.shape) + 1
        or given.shape[axis] != output.shape[0]
        or given.size == 0
    ):
        return None
    least, most = given.min(), given.max()
    if (least, most) not in {(0, 1), (-1, 1)}:
        return None
    top = given == most
    if not (top.sum(axis=axis) == 1).all() or not (top | (given == least)).all():
        return None
    return top.argmax(axis=axis)


def _indices(labels: Array, output: NetworkOutput, loss: Loss, classes: Classes) -> Array | None:
    """Find the class of each label; ``None`` if these are numbers, not labels."""
    kind, name = labels.dtype.kind, output.name
    if kind == "U":
        return classes.indices(labels, name, output.array)
    if kind == "f":
        return _indices_of_floats(labels, output, loss, classes)
    if kind not in "biu" or not (loss.takes_labels or classes.values):
        return None
    if not loss.takes_labels and not classes.holds(labels):
        return None  # a regression, after training on -1 and 1
    if classes.values and not classes.counted:
        return classes.indices(labels, name, output.array)
    _require_range(labels, output, loss)
    return labels.astype(np.int64)


def _indices_of_floats(
    labels: Array, output: NetworkOutput, loss: Loss, classes: Classes
) -> Array | None:
    """Find the class of each label that is a float; ``None`` if these are numbers."""
    maps, name = output.shape[0], output.name
    if maps > 1 and loss.takes_labels:
        _require_whole(labels, output)
        if classes.values and not classes.counted:
            return classes.indices(labels, name, output.array)
        _require_range(labels, output, loss)
        return labels.astype(np.int64)
    if (maps == 1 or classes.are(float)) and classes.values and not classes.are(str):
        return classes.indices(labels, name) if classes.holds(labels) else None
    if maps == 1 and loss.takes_labels and not classes.values and np.isin(labels, (0, 1)).all():
        return labels.astype(np.int64)
    return None


def _require_whole(labels: Array, output: NetworkOutput) -> None:
    """Raise if a label that is a float is missing, or is not an integer."""
    name, y = output.name, output.targets
    absent = np.isnan(labels)
    if absent.any():
        place = np.argwhere(absent)[0].tolist()
        count = int(absent.sum())
        raise missing_labels(f"{name}{place} is nan", count, labels, f"~np.isnan({y})", y)
    fractions = labels != np.floor(labels)
    fractions |= np.isinf(labels)
    if fractions.any():
        place = np.argwhere(fractions)[0].tolist()
        raise DataError(
            f"{name}{place} is {labels[tuple(place)]}, but each output of the network is a class, "
            f"so labels must be integers ({int(fractions.sum()):,} of {labels.size:,} are not). "
            f"Use integers for classes; to predict numbers, use a linear last layer "
            f"({output.layer.name}) with one output."
        )


def _require_range(labels: Array, output: NetworkOutput, loss: Loss) -> None:
    """Raise if an integer label is not the index of a class."""
    count = output.class_count
    outside = (labels < 0) | (labels >= count)
    if not outside.any():
        return
    place = np.argwhere(outside)[0].tolist()
    wrong = int(outside.sum())
    found = np.unique(labels)
    maps = output.shape[0]
    has = f"has {maps} outputs" if maps > 1 else "has one output, for two classes"
    name = output.name
    strange = np.unique(labels[outside])
    if len(strange) == 1 and int(strange[0]) in _USUALLY_IGNORED and hasattr(loss, "ignore"):
        value = int(strange[0])
        what = "pixels" if len(output.shape) > 1 else "images"
        given = f"loss=st.losses.{type(loss).__name__}(ignore={value})"
        remedy = Message(
            f"If {value} marks {what} without a label, leave them out with ",
            InPython(given, f"{given} in Python"),
            ".",
        )
    elif len(found) == count and not output.classes.values:
        remedy = (
            f"To use {listed(found.tolist())} as classes, set net.classes = "
            f"({', '.join(map(str, found.tolist()))}) before training."
            if count <= 12
            else "To use these values as classes, set net.classes = "
            f"np.unique({output.targets}) before training."
        )
    else:
        y = output.targets
        renumber = f"Renumber them with classes, {y} = np.unique({y}, return_inverse=True)"
        wide = int(labels.max()) + 1
        remedy: str = f"{renumber}."
        if labels.min() >= 0 and wide <= 100_000:
            trained = bool(output.classes.values) and not output.part
            last = None if trained else output.layer.name
            remedy = more_outputs(renumber, wide, pixels=labels.ndim > 1, layer=last)
    raise DataError(
        f"{name}{place} is {labels[tuple(place)]}, but the network {has}, so labels must be 0 to "
        f"{count - 1} ({wrong:,} {'label is' if wrong == 1 else 'labels are'} out of range).",
        remedy=remedy,
    )


_USUALLY_IGNORED = (255, -1, -100)
"""Marks of unlabeled pixels or images: PASCAL VOC and Cityscapes; scikit-learn; PyTorch."""


def _require_loss_of_labels(
    given: Array, labels: Array | None, output: NetworkOutput, loss: Loss
) -> None:
    """Raise if labels were given to a loss that compares numbers: often softmax was forgotten."""
    strings = given.dtype.kind == "U"
    whole = given.dtype.kind in "biu" or (given.dtype.kind == "f" and _are_whole(given))
    maps = output.shape[0]
    if loss.takes_labels or labels is None or not (strings or (whole and maps > 1)):
        return
    each = "pixel" if len(output.shape) > 1 else "image"
    held = f"{'a string label' if strings else 'an integer label'} for each {each}"
    transfer, name = output.layer.layer.transfer, output.name
    if maps == 1:
        remedy = Message(
            "For a classifier, use ",
            InPython('activation="logistic"', "logistic"),
            f" in the last layer ({output.layer.name}).",
        )
    elif isinstance(transfer, Softmax | LogSoftmax):
        remedy = 'For a classifier, use loss="cross-entropy", which softmax has by default.'
    elif isinstance(transfer, Linear):
        remedy = Message(
            "For a classifier, add ",
            InPython('activation="softmax"', "softmax"),
            f" to the last layer ({output.layer.name})",
            InPython(', or use loss="cross-entropy"'),
            ".",
        )
    else:
        remedy = Message(
            "For a classifier, use ",
            InPython('activation="softmax"', "softmax"),
            f" in the last layer ({output.layer.name})",
            InPython(f", or give one-hot rows, np.eye({maps})[{output.targets}]"),
            ".",
        )
    raise ShapeError(
        f"{name} holds {held}, but the loss {loss} compares numbers, one for each output: expected "
        f"shape {output.face(output.shape)}.",
        remedy=remedy,
    )


def _are_whole(given: Array) -> bool:
    """Whether all floats are integers."""
    return bool(np.isfinite(given).all() and (given == np.floor(given)).all())


def _require_shape(given: Array, output: NetworkOutput, loss: Loss) -> None:
    """Raise if targets have none of the shapes that the loss takes, in the user's axis order."""
    maps, *pixels = output.shape
    forms: list[tuple[str, Shape]] = []
    ordered = tuple(to_last(output.shape)) if output.channels == "last" else output.shape
    if loss.takes_labels:
        forms.append(("labels", tuple(pixels)))
    if loss.target_numbers:
        forms.append((loss.target_numbers, ordered))
    if maps == 1:
        kinds = " or ".join(dict.fromkeys(what for what, _ in forms))
        forms = [(kinds, tuple(pixels)), (kinds, ordered)]
    shape = given.shape[1:]
    if shape in {form for _, form in forms}:
        return
    name = output.name
    same = len({what for what, _ in forms}) == 1
    wanted = " or ".join(
        of_batch(form) if same and k else f"{what} of shape {of_batch(form)}"
        for k, (what, form) in enumerate(forms)
    )
    order = f", channels {output.channels}" if pixels else ""
    raise ShapeError(
        f"{name} has shape {given.shape}, but the network's output has shape "
        f"{of_batch(ordered)}{order}; expected {wanted}. "
        f"{_shape_remedy(given, output, loss, forms)}"
    )


def _shape_remedy(
    given: Array, output: NetworkOutput, loss: Loss, forms: list[tuple[str, Shape]]
) -> str:
    """Describe what to do about targets whose shape is none of these forms."""
    _, *pixels = output.shape
    shape = given.shape[1:]
    ordered = tuple(to_last(output.shape)) if output.channels == "last" else output.shape
    last = output.channels == "last"
    other = output.shape if last else to_last(output.shape)
    if shape == (1,) and not pixels:
        remedy = f"Use {output.array}[:, 0]."
    elif shape == ordered:  # one-hot rows for a loss of labels alone
        axis = -1 if last else 1
        remedy = f"Use {output.array}.argmax(axis={axis})."
    elif pixels and shape == other:
        remedy = (
            f"Move the channels with np.moveaxis({output.targets}, {'1, -1' if last else '-1, 1'})."
        )
    elif not pixels and given.ndim == 2 and given.shape[1] > 1:
        remedy = f"Give the last layer ({output.layer.name}) {given.shape[1]} outputs."
    elif pixels and given.ndim == 1:
        remedy = (
            "To predict one label for each image, end the network with Flatten() and a dense layer."
        )
    elif loss.takes_labels and pixels and shape == ((*pixels, 1) if last else (1, *pixels)):
        remedy = f"Use {output.array}[{'..., 0' if last else ':, 0'}]."
    elif (
        pixels
        and given.ndim == len(ordered) + 1
        and (tuple(pixels) == (shape[:-1] if last else shape[1:]))
    ):
        given_maps = shape[-1 if last else 0]
        remedy = (
            f"Give the last layer ({output.layer.name}) {given_maps} feature "
            f"map{'s' * (given_maps != 1)}."
        )
    elif pixels and shape == tuple(pixels):
        remedy = f"Give the last layer ({output.layer.name}) 1 feature map."
    elif pixels and given.ndim in {len(form) + 1 for _, form in forms}:
        remedy = (
            "Resize the targets, or change the padding and strides of the network so that its "
            "output has their size."
        )
    else:
        remedy = f"Reshape {output.targets}, or change the last layer ({output.layer.name})."
    return remedy


def of_batch(shape: Shape) -> str:
    """Format a shape with the batch axis in front: ``(n, 28, 28, 1)``."""
    return f"(n, {', '.join(map(str, shape))})" if shape else "(n,)"


def require_two_classes(labels: Array, classes: Classes, name: str = "y") -> None:
    """Raise if all labels that are not ignored are the same.

    Raises
    ------
    DataError
        If there is only one class, or every label is ignored.
    """
    counted = labels if labels.min() >= 0 else labels[labels != IGNORED]
    if not counted.size:
        raise DataError(
            f"All {labels.size:,} labels in {name} are ignored, so there is nothing to learn from. "
            "Check the value of ignore."
        )
    first = counted.flat[0]
    if (counted == first).all():
        raise DataError(_single_class(counted.size, classes.take(first), name))


def _single_class(count: int, value: object, name: str) -> str:
    """Write the error for labels that are all the same."""
    return (
        f"All {count} labels in {name} are {listed([value])}; a classifier needs at least two "
        "classes. Add images of another class."
    )
