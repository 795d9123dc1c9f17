"""Which images a step sees, without copies where an engine can take them from where they lie."""

from collections.abc import Mapping, Sequence

import numpy as np

from striate.data.augment import Augmentation
from striate.graph.batch import STILL, Chosen, Stored
from striate.model.inputs import Preprocessing
from striate.shapes import Array, Int

_NUMBERS = 2  # axes of images without pixels: rows of numbers already
_MOST = 1e3  # of what is added to a pixel, in deviations: what float32 loses then is 6e-5 of one
_TOGETHER = 8192  # images whose moves are drawn at a time: 1 MB of random words


class Chooser:
    """Gives the images of a step from all images, as the equations are to have them.

    Images of uint8 or float32 in one piece of memory are not copied: an engine takes them from
    where they lie. Of others, and of those that are magnified, an array is made for each step.

    Parameters
    ----------
    inputs
        All checked images, by input.
    preprocessing
        What is done to them.
    augment
        How each is changed at random.
    seed
        For these changes.
    """

    def __init__(
        self,
        inputs: Mapping[str, Array],
        preprocessing: Preprocessing,
        augment: Augmentation | None = None,
        seed: int = 0,
    ) -> None:
        self.inputs = inputs
        self.preprocessing = preprocessing
        self.augment = augment
        self.seed = seed
        self._still = np.array([STILL], np.int32)
        self._moves: dict[tuple[int, int], tuple[int, Array]] = {}
        fill = 0.0 if augment is None else augment.fill
        self._tones = {
            name: preprocessing.tones(images, name, fill)
            for name, images in inputs.items()
            if _lie_well(images) and (augment is None or augment.whole)
        }
        self._tones = {name: tones for name, tones in self._tones.items() if _exact(tones)}
        for images in inputs.values():
            if augment is not None:
                augment.require_suits((images.shape[1], images.shape[2]), images.dtype)

    @property
    def slow(self) -> bool:
        """Whether arrays of images are made for each step, which takes time."""
        return any(
            images.ndim > _NUMBERS and name not in self._tones
            for name, images in self.inputs.items()
        )

    @property
    def forms(self) -> tuple[Stored | None, ...]:
        """How the images of each input lie in memory; ``None`` where arrays are made."""
        last = self.preprocessing.channels == "last"
        return tuple(
            Stored(images.dtype.name, last) if name in self._tones else None
            for name, images in self.inputs.items()
        )

    def choose(self, numbers: Int[Array, "q"], epoch: int = 0) -> tuple[Array | Chosen, ...]:
        """Give the images of these numbers, as they are in that epoch."""
        return tuple(
            self._chosen(name, numbers, epoch) if name in self._tones else self._made(
                name, numbers, epoch
            )
            for name in self.inputs
        )  # fmt: skip

    def _chosen(self, name: str, numbers: Int[Array, "q"], epoch: int) -> Chosen:
        """Say which images, and how each is moved."""
        images = self.inputs[name]
        if self.augment is None:
            moves = self._still.repeat(len(numbers), axis=0)
        else:
            moves = self._moves_of((images.shape[1], images.shape[2]), len(images), epoch)[numbers]
        return Chosen(
            images=images,
            last=self.preprocessing.channels == "last",
            numbers=numbers,
            moves=moves,
            tones=self._tones[name],
        )

    def _made(self, name: str, numbers: Int[Array, "q"], epoch: int) -> Array:
        """Make an array of images."""
        part = self.inputs[name][numbers]
        if self.augment is not None:
            # An augmentation takes uint8 and float32; wider numbers become float32 anyway.
            part = part if part.dtype == np.uint8 else part.astype(np.float32, copy=False)
            part = self.augment.apply(part, seed=self.seed, epoch=epoch, indices=numbers)
        return self.preprocessing.to_equations(part, name)

    def _moves_of(self, shape: tuple[int, int], count: int, epoch: int) -> Array:
        """Give the moves of all images in an epoch: drawn together, for less than 1 us each."""
        assert self.augment is not None
        known, moves = self._moves.get(shape, (-1, self._still))
        if known != epoch:
            parts = [
                self.augment.moves(
                    shape, seed=self.seed, epoch=epoch, indices=np.arange(first, last)
                )
                for first, last in _parts(count)
            ]
            moves = np.concatenate(parts)
            self._moves[shape] = epoch, moves
        return moves


def _parts(count: int) -> Sequence[tuple[int, int]]:
    """Divide images into parts whose moves are drawn at a time."""
    return [(k, min(k + _TOGETHER, count)) for k in range(0, count, _TOGETHER)]


def _lie_well(images: Array) -> bool:
    """Say whether an engine can take images from where they lie."""
    return (
        images.ndim > _NUMBERS
        and images.dtype in (np.uint8, np.float32)
        and images.flags.c_contiguous
        and images.flags.aligned
    )


def _exact(tones: Array) -> bool:
    """Say whether one multiplication and one addition in float32 lose little of an image."""
    summands = tones[len(tones) // 2 : -1]
    return bool(np.isfinite(tones).all() and (abs(summands) <= _MOST).all())
