"""What decoding finds out about pictures besides their pixels: bad files, copies, transparency."""

from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from striate.data.near_duplicates import SIDE, Thumbnails, groups_of, luma, thumbnails
from striate.shapes import Array, Int

_GAP = 2.0
"""Pillow halves a picture by simple averages while it is this many times too large."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What was found out about a list of pictures.

    Parameters
    ----------
    failed
        Why pictures couldn't be read, by their positions in the list.
    transparent
        Whether each picture has transparent pixels.
    groups
        For each picture the position of the first one of its group of near-duplicates.
    """

    failed: dict[int, str]
    transparent: Array
    groups: Int[Array, "n"]

    def save(self, file: IO[bytes]) -> None:
        """Write the findings to a file."""
        np.savez(
            file,
            failed=np.array(list(self.failed), np.int64),
            reasons=np.array(list(self.failed.values()), np.str_),
            transparent=self.transparent,
            groups=self.groups,
        )

    @classmethod
    def load(cls, path: Path) -> "Findings":
        """Read findings; raise if there are none.

        Raises
        ------
        OSError, ValueError, KeyError
            If there is no such file, or it is damaged.
        """
        with np.load(path, allow_pickle=False) as content:
            positions, reasons = content["failed"].tolist(), content["reasons"].tolist()
            return cls(
                failed=dict(zip(positions, reasons, strict=True)),
                transparent=content["transparent"],
                groups=content["groups"],
            )


class Scan:
    """Collects findings while pictures are decoded, in several threads.

    Parameters
    ----------
    count
        Number of pictures.
    channels
        Of the decoded pictures.
    """

    def __init__(self, count: int, channels: int) -> None:
        self.failed: dict[int, str] = {}
        self._transparent = np.zeros(count, bool)
        self._small = Thumbnails(
            np.zeros((count, SIDE, SIDE), np.uint8), np.zeros((count, channels), np.float32)
        )

    def see(self, k: int, picture: Image.Image | Array, *, transparent: bool) -> None:
        """Keep what is compared of a picture.

        Parameters
        ----------
        k
            Its position.
        picture
            The whole picture, gray or in color; or its levels, ``(rows, columns, channels)``.
        transparent
            Whether it has transparent pixels.
        """
        self._transparent[k] = transparent
        if isinstance(picture, Image.Image):
            bilinear = Image.Resampling.BILINEAR
            tiny = np.asarray(picture.resize((SIDE, SIDE), bilinear, reducing_gap=_GAP), np.float32)
            tiny = tiny.reshape(SIDE, SIDE, -1)
            self._small.gray[k] = np.rint(luma(tiny))
            self._small.color[k] = tiny.mean(axis=(0, 1))
        else:
            one = thumbnails(picture[np.newaxis])
            self._small.gray[k], self._small.color[k] = one.gray[0], one.color[0]

    def finish(self) -> Findings:
        """Return the findings, with the groups of near-duplicates."""
        count = len(self._transparent)
        read = np.setdiff1d(np.arange(count), list(self.failed)).astype(np.int64)
        groups = np.arange(count)
        if len(read):
            some = Thumbnails(self._small.gray[read], self._small.color[read])
            groups[read] = read[groups_of(some)]
        return Findings(failed=self.failed, transparent=self._transparent, groups=groups)
