"""Predictions for many pictures: read by threads and predicted in batches, however many there are.

Only the pictures of one batch are in memory, at the network's size. A picture that can't be read
doesn't stop the others.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from striate.cli.networks import as_taken, class_scores, picture_size, resize_rule
from striate.data.picture_folder import notes_on_unread, pictures_in, without_pictures
from striate.data.picture_store import Decoding
from striate.data.pictures import decode_whole
from striate.data.resizing import GRAY, convert
from striate.errors import DataError
from striate.files import shown
from striate.model.network import Network
from striate.pictures.style import names_of
from striate.shapes import Array

_BATCH = 256


@dataclass(frozen=True, kw_only=True)
class Prediction:
    """What a network predicts for a picture, or why the picture can't be read.

    Parameters
    ----------
    path
        The picture.
    scores
        A score for each class, or the network's outputs.
    dark_on_light
        Whether it is a gray picture with a light edge.
    error
        Why the picture has no prediction.
    """

    path: str
    scores: Array | None = None
    dark_on_light: bool = False
    error: str = ""


@dataclass(frozen=True, kw_only=True)
class Predictor:
    """A network and how pictures are prepared for it.

    Parameters
    ----------
    network
        The network.
    resize
        How pictures are resized; ``None`` as in training.
    invert
        Whether dark and light are swapped.
    """

    network: Network
    resize: str | None
    invert: bool

    def predict(self, paths: Sequence[str], decoding: Decoding) -> Iterator[Prediction]:
        """Predict pictures, in their order."""
        for start in range(0, len(paths), _BATCH):
            yield from self._predict_batch(paths[start : start + _BATCH])
            decoding(min(start + _BATCH, len(paths)), len(paths))

    def _predict_batch(self, paths: Sequence[str]) -> list[Prediction]:
        """Read and predict the pictures of a batch."""
        rows, columns, channels = picture_size(self.network)
        rule = resize_rule(self.network, self.resize)
        images: dict[int, Array] = {}
        light: set[int] = set()
        failed: dict[int, DataError] = {}

        def keep(k: int, image: Array) -> None:
            if self.invert:
                image = np.iinfo(image.dtype).max - image
            if _is_light_at_the_edge(image):
                light.add(k)
            whole = image[np.newaxis]
            images[k] = convert(whole, size=(rows, columns), channels=None, resize=rule)[0]

        present = [k for k, path in enumerate(paths) if _may_be_read(path)]
        read: dict[int, DataError] = {}
        decode_whole(
            [Path(paths[k]) for k in present],
            lambda k, image: keep(present[k], image),
            channels=channels,
            failed=read,
        )
        failed.update({present[k]: error for k, error in read.items()})
        scores = self._scores(images)
        return [
            Prediction(path=path, scores=scores[k], dark_on_light=k in light)
            if k in scores
            else Prediction(path=path, error=_error(path, failed.get(k)))
            for k, path in enumerate(paths)
        ]

    def _scores(self, images: dict[int, Array]) -> dict[int, Array]:
        """Compute the scores of pictures.

        Pictures of 8 and of 16 bits are passed to the network separately: each type has its own
        scale.
        """
        scores: dict[int, Array] = {}
        for dtype in {image.dtype for image in images.values()}:
            places = sorted(k for k, image in images.items() if image.dtype == dtype)
            x = np.stack([images[k] for k in places])
            outputs = self.network.predict(as_taken(self.network, x))
            rows, _ = class_scores(self.network, outputs)
            scores.update(zip(places, rows, strict=True))
        return scores


def _may_be_read(path: str) -> bool:
    """Whether a path is a file, or a broken link: reading that raises a better error."""
    return not Path(path).is_dir() and (Path(path).exists() or Path(path).is_symlink())


def _error(path: str, error: DataError | None) -> str:
    """Make the error of a picture."""
    if error is not None:
        return str(error)
    if Path(path).is_dir():
        return without_pictures(Path(path))
    return f"{shown(path)} does not exist. Check the path."


def _is_light_at_the_edge(image: Array) -> bool:
    """Return whether a grayscale picture is mostly light along its edge.

    The picture has its own shape: padding it to the network's would add black.
    """
    if image.shape[-1] != GRAY:
        return False
    edge = np.concatenate([image[0], image[-1], image[:, 0], image[:, -1]])
    return bool(edge.mean() > np.iinfo(image.dtype).max / 2)


@dataclass(frozen=True, kw_only=True)
class Meaning:
    """What the numbers that a network predicts mean.

    Parameters
    ----------
    classifies
        Whether they are scores of classes.
    probabilities
        Whether these are probabilities.
    names
        A name for each number: the classes, or the names of the targets.
    """

    classifies: bool
    probabilities: bool
    names: tuple[str, ...]

    @classmethod
    def of(cls, network: Network) -> "Meaning":
        """Return what the outputs of a network mean."""
        zeros = np.zeros((1, *network.input_shape), np.float32)
        scores, probabilities = class_scores(network, network.predict(zeros))
        count = scores.shape[1]
        classifies = probabilities or bool(network.classes)
        if classifies:
            return cls(
                classifies=True,
                probabilities=probabilities,
                names=tuple(map(str, names_of(network.classes, count))),
            )
        names = tuple(network.target_names) or tuple(f"output_{k + 1}" for k in range(count))
        return cls(classifies=False, probabilities=False, names=names)


def files_of(paths: Sequence[str]) -> list[str]:
    """Replace folders with the pictures in them.

    Parameters
    ----------
    paths
        Pictures and folders.

    Returns
    -------
    list of str
        A folder without pictures stays, and becomes an error.
    """
    found: list[str] = []
    for path in paths:
        inside = sorted(map(str, pictures_in(Path(path)))) if Path(path).is_dir() else []
        found += inside or [path]
    return found


def notes_on_skipped(paths: Sequence[str]) -> list[str]:
    """Note which pictures in folders are skipped because a plug-in is missing, such as HEIC.

    Parameters
    ----------
    paths
        Pictures and folders. A folder without other pictures has an error of its own.

    Returns
    -------
    list of str
    """
    folders = [Path(path) for path in paths if Path(path).is_dir()]
    return notes_on_unread(folder for folder in folders if pictures_in(folder))
