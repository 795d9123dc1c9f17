"""Which images a step sees, without copies where an engine can load them from the user's array.

A step of 128 images takes a few milliseconds; gathering, scaling and moving its images with NumPy
would take another one. So a :class:`BatchLoader` usually returns only a description of them
(:class:`striate.graph.batch.LoadImages`), and the compiled step loads the pixels itself. Label
masks and image targets are moved here, with the same maps as their images.
"""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np

from striate.data.augment import Augmentation
from striate.data.image_file import ImageFile, Images
from striate.errors import Argument, InPython, Message, OptionError, ShapeError, StriateWarning
from striate.functions.base import Loss
from striate.functions.loss.targets import IGNORED
from striate.functions.options import COUNT
from striate.functions.writing import short
from striate.graph.batch import ImageStorage, LoadImages
from striate.graph.engine import Engine, NumpyEngine, Results
from striate.maths.pixel_map import PixelMap
from striate.model.inputs import FULL_SCALE, Preprocessing, full_scale
from striate.model.memory import ActivationMemory
from striate.model.target_scaling import TargetScaling
from striate.shapes import Array, Int, Shape
from striate.training.prefetch import prefetch

_FEATURES = 2  # axes of inputs without pixels
_PIXELS = 4  # axes of images: n, rows, columns and channels
_SAMPLES = 3  # axes of signals: n, samples and channels
_WORDS = {1: "signals", 2: "images"}  # by the number of axes that are not n or channels
_MOST = 1e3  # largest offset in standard deviations: float32 then loses 6e-5 of one
_SLACK = 1e-3  # by which probabilities of classes may miss a sum of 1, as the losses allow
_TOGETHER = 8192  # images whose maps are drawn at a time: 1 MB of random words
_SIZES = (16, 64)  # batch sizes of programs for few images


class BatchLoader:
    """Loads the images of a step, or describes which images an engine should load.

    uint8, uint16 and float32 images in contiguous memory are not copied: an engine loads them from
    the user's array, moves and scales them. Of images in a file, those of the step are read first.
    Of other images, an array is made for each step.

    Parameters
    ----------
    inputs
        All checked images, by input.
    preprocessing
        What is done to them.
    augment
        Random changes, if any.
    seed
        Seed of these changes.
    first
        Number of the first image in its epoch, on which the changes depend; above 0 if the images
        are one of several batches.
    """

    def __init__(
        self,
        inputs: Mapping[str, Images],
        preprocessing: Preprocessing,
        augment: Augmentation | None = None,
        seed: int = 0,
        *,
        first: int = 0,
    ) -> None:
        self.inputs = inputs
        self.preprocessing = preprocessing
        self.augment = augment
        self.seed = seed
        self.first = first
        self._unmoved = PixelMap.unmoved(1)
        self._drawn: dict[tuple[int, ...], tuple[int, PixelMap]] = {}
        # Next to images, signals stay as they are.
        pixels = any(images.ndim == _PIXELS for images in inputs.values())
        self._changed = {
            name
            for name, images in inputs.items()
            if augment is not None and images.ndim == (_PIXELS if pixels else _SAMPLES)
        }
        loadable = augment is None or (augment.is_a_map and not augment.noise)
        fill = 0.0 if augment is None else augment.fill
        scales = {
            name: preprocessing.pixel_scale(images, name, fill).packed()
            for name, images in inputs.items()
            if _can_be_loaded(images) and (loadable or name not in self._changed)
        }
        self._scales = {name: scale for name, scale in scales.items() if _exact(scale)}
        for name in self._changed:
            if augment is not None:
                augment.require_suits(self.size(name), inputs[name].dtype)

    def size(self, name: str) -> tuple[int, ...]:
        """Return rows and columns of an input's images, or the samples of its signals."""
        shape = self.inputs[name].shape
        return shape[1:-1] if self.preprocessing.channels == "last" else shape[2:]

    @property
    def sizes(self) -> dict[tuple[int, ...], float]:
        """The sizes of the inputs that are augmented, with the factor of their values."""
        return {
            self.size(name): 1 / full_scale(images.dtype)
            for name, images in reversed(list(self.inputs.items()))
            if name in self._changed
        }

    @property
    def slow(self) -> bool:
        """Whether images are read or arrays of them are made for each step, which takes time."""
        return any(
            isinstance(images, ImageFile) or (images.ndim > _FEATURES and name not in self._scales)
            for name, images in self.inputs.items()
        )

    @property
    def storage(self) -> tuple[ImageStorage | None, ...]:
        """How the images of each input are stored; ``None`` where arrays are made."""
        last = self.preprocessing.channels == "last"
        affine = self.augment is not None and not self.augment.whole_pixels
        return tuple(
            ImageStorage(images.dtype.name, last, affine and name in self._changed)
            if name in self._scales
            else None
            for name, images in self.inputs.items()
        )

    def load(self, indices: Int[Array, "q"], epoch: int = 0) -> tuple[Array | LoadImages, ...]:
        """Return the images with these indices, changed as in that epoch."""
        return tuple(
            self._in_place(name, indices, epoch) if name in self._scales else self._made(
                name, indices, epoch
            )
            for name in self.inputs
        )  # fmt: skip

    def _in_place(self, name: str, indices: Int[Array, "q"], epoch: int) -> LoadImages:
        """Describe which images to load, and how each is moved."""
        images = self.inputs[name]
        if name not in self._changed:
            maps = self._unmoved[np.zeros(len(indices), np.int64)]
        else:
            maps = self.maps_of(self.size(name), len(images), epoch)[indices]
        if isinstance(images, ImageFile):
            images, indices = images[indices], np.arange(len(indices))
        return LoadImages(
            images=images,
            channels_last=self.preprocessing.channels == "last",
            indices=indices,
            maps=maps,
            scale=self._scales[name],
        )

    def _made(self, name: str, indices: Int[Array, "q"], epoch: int) -> Array:
        """Make an array of images."""
        part = self.inputs[name][indices]
        if self.augment is not None and name in self._changed:
            # An augmentation takes these types and float32; wider floats become float32 anyway.
            part = part if part.dtype in FULL_SCALE else part.astype(np.float32, copy=False)
            first = self.preprocessing.channels == "first"
            part = np.moveaxis(part, 1, -1) if first else part
            own = part.ndim == _PIXELS or not self.augment.is_a_map
            change = self.augment.apply if own else self.augment.apply_to_signals
            part = change(part, seed=self.seed, epoch=epoch, indices=self.first + indices)
            part = np.moveaxis(part, -1, 1) if first else part
        return self.preprocessing.to_equations(part, name)

    def maps_of(self, size: tuple[int, ...], count: int, epoch: int) -> PixelMap:
        """Return the maps of all images in an epoch: drawn together, for 1 us each or less."""
        assert self.augment is not None
        known, maps = self._drawn.get(size, (-1, self._unmoved))
        if known != epoch:
            numbers = (self.first + np.arange(*part) for part in _parts(count))
            maps = PixelMap.joined(
                [
                    self.augment.maps(size, seed=self.seed, epoch=epoch, indices=one)
                    for one in numbers
                ]
            )
            self._drawn[size] = epoch, maps
        return maps


@dataclass(frozen=True)
class _Motion:
    """How the targets of one output follow their images.

    Parameters
    ----------
    size
        Rows and columns, or samples.
    fill
        Value of pixels from outside; one number, or one for each map.
    interpolate
        Whether pixels are interpolated.
    ignores
        Whether pixels from outside are ignored.
    """

    size: tuple[int, ...]
    fill: float | Array
    interpolate: bool
    ignores: bool = False

    def apply(self, y: Array, maps: PixelMap) -> Array:
        """Move targets ``(q, *size)`` or ``(q, maps, *size)``."""
        with_maps = y.ndim > 1 + len(self.size)
        last = np.moveaxis(y, 1, -1) if with_maps else y
        rows = last if len(self.size) > 1 else last[:, np.newaxis]  # a signal is a row of pixels
        moved = maps.motion_only().apply(rows, self.fill, interpolate=self.interpolate)
        moved = moved.reshape(last.shape)
        return np.ascontiguousarray(np.moveaxis(moved, -1, 1)) if with_maps else moved


class TargetMover:
    """Moves label masks and image targets with their images.

    Parameters
    ----------
    loader
        Selects and moves the images.
    targets
        All targets, one array for each output, in the form that its loss takes.
    losses, shapes
        For each output, its loss and its shape as the equations have it.
    names
        For each output, the name of its targets in errors.
    scalings
        For each output, the scale of its targets; ``None`` if they aren't standardized.

    Raises
    ------
    ShapeError
        If targets with pixels have a different size than the images.
    OptionError
        If the augmentation is a class of the user's own, which says nothing about targets, or
        ``fill_mask`` is not a label of the output.

    Warns
    -----
    StriateWarning
        If targets are numbers that a moved image might change, such as positions.
    """

    def __init__(
        self,
        loader: BatchLoader,
        targets: Sequence[Array],
        losses: Sequence[Loss],
        shapes: Sequence[Shape],
        names: Sequence[str],
        scalings: Sequence[TargetScaling | None] = (),
    ) -> None:
        self.loader = loader
        augment = loader.augment
        self._motions: list[_Motion | None] = [None] * len(targets)
        scales = loader.sizes
        if augment is None or not scales:
            return
        axes = len(next(iter(scales)))
        if augment.is_a_map and not augment.moves(axes):
            return
        for k, (y, loss, shape) in enumerate(zip(targets, losses, shapes, strict=True)):
            if prod(shape[1:]) > 1:
                _require_movable(augment, names[k], shape, scales)
                motion = _motion(augment, y, loss, shape, scales)
                scaling = scalings[k] if scalings else None
                self._motions[k] = motion if scaling is None else _scaled(motion, scaling, shape)
            elif not loss.takes_labels:
                warnings.warn(
                    Message(
                        Argument("augment", str(augment)),
                        f" moves the {_WORDS[axes]} but not the values in {names[k]}. If "
                        f"{names[k]} holds positions, angles or sizes, leave out ",
                        Argument("augment"),
                        InPython(f", or augment {_WORDS[axes]} and targets together before fit"),
                        ".",
                    ),
                    StriateWarning,
                    stacklevel=2,
                )

    @property
    def moves_any(self) -> bool:
        """Whether the targets of an output are moved."""
        return any(motion is not None for motion in self._motions)

    def targets(
        self, targets: Sequence[Array], indices: Int[Array, "q"], epoch: int
    ) -> tuple[Array, ...]:
        """Move the targets of a batch, one array for each output, as their images in that epoch."""
        return tuple(
            y if motion is None else motion.apply(y, self._maps(motion, indices, epoch))
            for y, motion in zip(targets, self._motions, strict=True)
        )

    def labels(
        self, labels: Sequence[Array | None], indices: Int[Array, "q"], epoch: int
    ) -> tuple[Array | None, ...]:
        """Move the labels of a batch, from which metrics are computed, for each output."""
        return tuple(
            y if y is None or motion is None else self._moved(y, motion, indices, epoch)
            for y, motion in zip(labels, self._motions, strict=True)
        )

    def weights(self, weights: Array, indices: Int[Array, "q"], epoch: int) -> Array:
        """Move the weights of pixels as the first output's targets; outside they are 0."""
        motion = self._motions[0]
        if weights.ndim == 1 or motion is None:
            return weights
        moved = replace(motion, fill=0.0, interpolate=False)
        return moved.apply(weights, self._maps(motion, indices, epoch))

    def _moved(self, labels: Array, motion: _Motion, indices: Int[Array, "q"], epoch: int) -> Array:
        """Move the labels of one output's pixels."""
        assert self.loader.augment is not None
        fill = IGNORED if motion.ignores else float(self.loader.augment.fill_mask)
        as_labels = replace(motion, fill=fill, interpolate=False)
        return as_labels.apply(labels, self._maps(motion, indices, epoch))

    def _maps(self, motion: _Motion, indices: Int[Array, "q"], epoch: int) -> PixelMap:
        """Return the maps of a batch."""
        count = len(next(iter(self.loader.inputs.values())))
        return self.loader.maps_of(motion.size, count, epoch)[indices]


def _require_movable(
    augment: Augmentation, name: str, shape: Shape, scales: Mapping[tuple[int, ...], float]
) -> None:
    """Raise if targets with pixels cannot follow their images."""
    if not augment.is_a_map:
        raise OptionError(
            f"`augment` is a {type(augment).__name__}, which overrides apply and cannot move "
            f"{name} with the images; expected a plain Augmentation. Use one, or augment images "
            "and targets together before fit."
        )
    if shape[1:] not in scales:
        sizes = " or ".join(" x ".join(map(str, size)) for size in scales)
        size = " x ".join(map(str, shape[1:]))
        axes = len(next(iter(scales)))
        words, unit, same = (
            (_WORDS[2], "pixels", "rows and columns")
            if axes > 1
            else (_WORDS[1], "samples", "number of samples")
        )
        raise ShapeError(
            Message(
                Argument("augment", str(augment)),
                f" cannot move {name}, whose {words} have {size} {unit}, with inputs of {sizes}; "
                f"expected the same {same}. Leave out ",
                Argument("augment"),
                InPython(f", or augment {words} and targets together before fit"),
                ".",
            )
        )


def _motion(
    augment: Augmentation,
    y: Array,
    loss: Loss,
    shape: Shape,
    scales: Mapping[tuple[int, ...], float],
) -> _Motion:
    """Decide whether targets are label masks or images, and what fills their new pixels."""
    size, classes = shape[1:], shape[0]
    probabilities = y.ndim > 1 + len(size)
    if loss.ignore is not None and augment.fill_mask == loss.ignore:
        return _Motion(size, _ignored(loss, y, shape), interpolate=False, ignores=True)
    if not loss.takes_labels or (classes == 1 and not np.isin(y, (-1, 0, 1)).all()):
        # A mean with the mark of an ignored pixel would be neither a target nor the mark.
        mixed = loss.ignore is None or not (y == IGNORED).any()
        return _Motion(size, augment.fill * scales[size], interpolate=mixed)
    if not 0 <= augment.fill_mask < max(classes, 2):
        also = "" if loss.ignore is None else f", or {loss.ignore}, which the loss ignores"
        raise OptionError(
            Message(
                InPython("`fill_mask`", "fill_mask"),
                f" must be a label of the network's output, 0 to {max(classes, 2) - 1}{also}, got "
                f"{augment.fill_mask}.",
            ),
            remedy=Message("Use ", InPython("fill_mask=0", "fill_mask 0"), "."),
        )
    if not probabilities:
        return _Motion(size, float(augment.fill_mask), interpolate=False)
    if classes == 1:  # 0 or 1, or -1 for the first class where the loss counts from there
        mask = loss.targets(np.full((1, *shape[1:]), augment.fill_mask), shape)
        return _Motion(size, float(mask.flat[0]), interpolate=False)
    # Of classes that exclude each other one is true outside; of others, none is.
    one_each = augment.fill_mask > 0 or bool((abs(y.sum(axis=1) - 1) < _SLACK).all())
    fill = np.eye(classes, dtype=y.dtype)[augment.fill_mask] if one_each else 0.0
    return _Motion(size, fill, interpolate=False)


def _scaled(motion: _Motion, scaling: TargetScaling, shape: Shape) -> _Motion:
    """Fill pixels from outside with what the value is on the scale of standardized targets."""
    fill = np.broadcast_to(np.reshape(motion.fill, (1, -1)), (1, shape[0]))
    return replace(motion, fill=scaling.standardized(fill)[0])


def _ignored(loss: Loss, y: Array, shape: Shape) -> float | Array:
    """Return what an ignored pixel's target is: one number, or one for each map."""
    mask = loss.targets(np.full((1, *shape[1:]), loss.ignore), shape)
    if mask.ndim != y.ndim:
        raise OptionError(
            Message(
                InPython("`fill_mask`", "fill_mask"),
                f" is {loss.ignore}, which {type(loss).__name__} ignores, but the targets are "
                "class probabilities, which it never ignores.",
            ),
            remedy=Message(
                InPython("Pass labels, y.argmax(axis=-1), or use fill_mask=0", "Use fill_mask 0"),
                ".",
            ),
        )
    with_maps = mask.ndim > len(shape)
    return mask.reshape(shape[0], -1)[:, 0] if with_maps else float(mask.flat[0])


def _parts(count: int) -> Sequence[tuple[int, int]]:
    """Split images into parts whose maps are drawn at a time."""
    return [(k, min(k + _TOGETHER, count)) for k in range(0, count, _TOGETHER)]


def _can_be_loaded(images: Images) -> bool:
    """Whether an engine can load images from the user's memory, or from an array of their file."""
    if isinstance(images, ImageFile):
        return True
    return (
        images.ndim > _FEATURES
        and (images.dtype in FULL_SCALE or images.dtype == np.float32)
        and images.flags.c_contiguous
        and images.flags.aligned
    )


def _exact(scale: Array) -> bool:
    """Whether one multiplication and one addition in float32 lose little of an image."""
    offsets = scale[len(scale) // 2 : -1]
    return bool(np.isfinite(scale).all() and (abs(offsets) <= _MOST).all())


def outputs_in_batches(
    engine: Engine,
    preprocessing: Preprocessing,
    buffers: tuple[Array, Array],
    inputs: Mapping[str, Images],
    batch_size: int,
) -> Iterator[Results]:
    """Compute the outputs of checked images, one batch at a time.

    Parameters
    ----------
    engine
        Computes them.
    preprocessing
        What is done to the images first.
    buffers
        Parameters and running statistics, flat.
    inputs
        All images, by input.
    batch_size
        Images in a batch.

    Yields
    ------
    Results
        In the axis order of the equations.

    Raises
    ------
    OptionError
        If ``batch_size`` is not a positive integer.
    OutOfMemoryError
        If a batch does not fit in memory.
    """
    if batch_size not in COUNT:
        raise OptionError(
            f"`batch_size` must be a positive integer, got {short(batch_size)}. Try batch_size=256."
        )
    count = len(next(iter(inputs.values())))
    size = _program_size(count, batch_size)
    if isinstance(engine, NumpyEngine):
        ActivationMemory.of(engine.step.graph).require_batch(min(count, size))
    if count == 1:
        arrays = [
            preprocessing.to_equations(np.asarray(images), name) for name, images in inputs.items()
        ]
        yield engine.predict(*buffers, arrays, batch_size=1)
        return
    loader = BatchLoader(inputs, preprocessing)
    batches = prefetch if loader.slow and count > size else map
    chosen = (np.arange(start, min(start + size, count)) for start in range(0, count, size))
    for images in batches(loader.load, chosen):
        yield engine.predict(*buffers, images, batch_size=size)


def prepare_outputs(
    engine: Engine, preprocessing: Preprocessing, inputs: Mapping[str, Images], batch_size: int
) -> None:
    """Compile what :func:`outputs_in_batches` will run, so that a lack of memory is found now.

    Parameters
    ----------
    engine, preprocessing, inputs, batch_size
        As for :func:`outputs_in_batches`.

    Raises
    ------
    OutOfMemoryError
        If a batch does not fit in memory.
    """
    count = len(next(iter(inputs.values())))
    stored = BatchLoader(inputs, preprocessing).storage if count > 1 else ()
    engine.prepare_prediction(_program_size(count, batch_size), stored)


def _program_size(count: int, batch_size: int) -> int:
    """Return the batch size of the program for some images: a single one has its own."""
    if count == 1:
        return 1
    return min(batch_size, next((size for size in _SIZES if size >= count), batch_size))
