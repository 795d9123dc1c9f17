"""Masks: pictures whose pixels are labels.

Tools write the labels of pixels in several formats. All masks of a data set are read to find out
which format it uses:

======================  ==============================================  =====================
a mask has              for example                                     the classes are
======================  ==============================================  =====================
palette or gray levels  0, 1, 2, ...; 255 is ignored, as in PASCAL VOC  0, 1, 2, ...
two gray levels         0 and 255, black and white                      0, 255
a few gray levels       0, 128, 255                                     0, 128, 255
a few colors            #000000, #800000                                the colors, as text
======================  ==============================================  =====================

The classes are the values in the files, so another folder, in which some class doesn't appear, is
read with the same meaning, and predicted masks can be written with the same values.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from striate.data.allocation import allocate
from striate.data.dataset import LabelValue
from striate.data.pictures import read_values
from striate.data.resizing import as_rule, inner_box
from striate.data.smoothed import smoothed_masks
from striate.errors import DataError
from striate.files import atomic_write, shown
from striate.shapes import Array

IGNORED = 255
"""The label of pixels that belong to no class, in a data set and in files of class indices."""

_MOST_VALUES = 64
"""With more different gray levels or colors than this, the mask was smoothed."""
_MOST_INDICES = 200
"""Gray pictures have up to 256 levels; masks with class indices have at most about 150 classes."""
_LOSSY = {".jpg", ".jpeg"}
"""Lossy formats, which blur labels: only black and white masks may survive in them."""
_COLOR_AXES = 3


@dataclass(frozen=True)
class MaskCode:
    """What the values of masks mean.

    Parameters
    ----------
    values
        The value of each class: gray levels or palette indices; colors as ``0xRRGGBB``.
    are_colors
        Whether the values are colors.
    ignored
        Whether the value 255 means that a pixel belongs to no class.
    note
        A sentence about it, if it isn't obvious.
    """

    values: tuple[int, ...]
    are_colors: bool = False
    ignored: bool = False
    note: str = ""

    @property
    def classes(self) -> tuple[LabelValue, ...]:
        """The classes of a data set: gray levels, or colors as ``#rrggbb``."""
        return tuple(map(color_name, self.values)) if self.are_colors else self.values

    def encode(self, values: Array) -> Array:
        """Return the index of each pixel's class, uint8; 255 where there is none."""
        if not self.are_colors:
            table = np.full(max(256, int(values.max(initial=0)) + 1), IGNORED, np.uint8)
            table[list(self.values)] = np.arange(len(self.values))
            return table[values]
        order = np.argsort(self.values)
        place = np.searchsorted(np.array(self.values)[order], values)
        return order[place].astype(np.uint8)


def color_name(value: int) -> str:
    """Write a color.

    Examples
    --------
    >>> color_name(0x800000)
    '#800000'
    """
    return f"#{value:06x}"


def read_mask(path: Path) -> tuple[Array, bool]:
    """Read the values of a mask.

    Parameters
    ----------
    path
        A picture.

    Returns
    -------
    values, are_colors
        ``(rows, columns)``: palette indices or gray levels, or if the mask has colors
        ``0xRRGGBB``, uint32.

    Raises
    ------
    DataError
        If the picture can't be read.
    """
    values = read_values(path)
    if values.ndim < _COLOR_AXES:
        return values, False
    red, green, blue = np.moveaxis(values[..., :3].astype(np.uint32), -1, 0)
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return values[..., 0], False  # gray, stored as a color
    return red << 16 | green << 8 | blue, True


def find_code(files: Sequence[Path]) -> MaskCode:
    """Interpret the values of masks.

    Parameters
    ----------
    files
        All masks of a data set.

    Returns
    -------
    MaskCode

    Raises
    ------
    DataError
        If a mask can't be read, some are gray and some are colored, they have too many values, or
        edges were smoothed.
    """
    gray: dict[int, Path] = {}
    colored: dict[int, Path] = {}
    for path in files:
        values, are_colors = read_mask(path)
        found = colored if are_colors else gray
        for value in np.unique(values).tolist():
            found.setdefault(value, path)
        most = _most(path, found, are_colors=are_colors)
        if len(found) > most:
            raise _too_many(path, len(np.unique(values)), most, are_colors=are_colors)
    if not colored:
        if not _are_indices(sorted(gray)):
            _require_sharp(files, gray, are_colors=False)
        return _gray_code(sorted(gray))
    strange = sorted(value for value in gray if value not in (0, 255))
    if strange:
        color, one = min(colored.items())
        raise DataError(
            f"Some masks are colored ({shown(one)} has {color_name(color)}) and some hold gray "
            f"levels ({shown(gray[strange[0]])} has {strange[0]}); expected one or the other. Save "
            "all masks in the same format."
        )
    levels = {value << 16 | value << 8 | value for value in gray}  # black or white masks
    _require_sharp(files, {*colored, *levels}, are_colors=True)
    values = tuple(sorted({*colored, *levels}))
    named = ", ".join(f"{k} = {color_name(value)}" for k, value in enumerate(values[:8]))
    more = ", ..." if len(values) > 8 else ""
    return MaskCode(
        values,
        are_colors=True,
        note=f"The masks are colored; each color is a class: {named}{more}.",
    )


def _require_sharp(files: Sequence[Path], values: Iterable[int], *, are_colors: bool) -> None:
    """Raise if some masks have mixtures of labels at their edges."""

    def read(path: Path) -> Array:
        found, is_color = read_mask(path)
        return found if is_color or not are_colors else found.astype(np.uint32) * 0x010101

    smoothed = smoothed_masks(files, read, values, are_colors=are_colors)
    if not smoothed:
        return
    first, count = next(iter(smoothed.items()))
    what = "colors" if are_colors else "gray levels"
    more = len(smoothed) - 1
    others = f" and {more:,} other mask{'s' * (more > 1)} have" if more else " has"
    raise DataError(
        f"{shown(first)}{others} smoothed edges: {count:,} {what} in it are mixtures of others. "
        "Expected one value for each class. Save such masks again as PNG, without smoothing or "
        "interpolation."
    )


def _gray_code(values: list[int]) -> MaskCode:
    """Interpret the gray levels or palette indices of masks."""
    inner = [value for value in values if value != IGNORED]
    if _are_indices(inner) and max(inner) > 0:
        ignored = IGNORED in values
        note = "Pixels with the value 255 belong to no class and are ignored." if ignored else ""
        return MaskCode(tuple(range(max(inner) + 1)), ignored=ignored, note=note)
    if len(values) < 2:
        raise DataError(
            f"All pixels of all masks have the value {values[0]}; expected at least two classes. "
            "Check that these are the masks, and not pictures of something else."
        )
    if values == [0, IGNORED]:
        return MaskCode((0, IGNORED))
    listed = ", ".join(map(str, values[:12])) + (", ..." if len(values) > 12 else "")
    return MaskCode(
        tuple(values), note=f"The masks hold the values {listed}; each of them is a class."
    )


def _are_indices(values: Sequence[int]) -> bool:
    """Whether values are indices of classes: at least half of 0, 1, ..., up to the largest."""
    inner = [value for value in values if value != IGNORED]
    return bool(inner) and 2 * len(inner) > max(inner)


def _most(path: Path, found: Iterable[int], *, are_colors: bool) -> int:
    """Return how many values masks of this kind may have."""
    if path.suffix.lower() in _LOSSY:
        return 2
    return _MOST_VALUES if are_colors or not _are_indices(sorted(found)) else _MOST_INDICES


def _too_many(path: Path, count: int, most: int, *, are_colors: bool) -> DataError:
    """Make the error for masks with smoothed edges."""
    what = "colors" if are_colors else "gray levels"
    return DataError(
        f"The masks have more than {most} different {what} ({shown(path)} alone has {count:,}); "
        "expected one for each class. JPEG compression and smooth resizing blur labels: save the "
        "masks again as PNG, without smoothing."
    )


def class_colors(count: int) -> list[tuple[int, int, int]]:
    """Return a color for each class index, those of PASCAL VOC.

    The bits of an index, from the lowest, become the highest bits of red, green and blue in turn.

    Examples
    --------
    >>> class_colors(4)
    [(0, 0, 0), (128, 0, 0), (0, 128, 0), (128, 128, 0)]
    """
    colors: list[tuple[int, int, int]] = []
    for index in range(count):
        channels = [0, 0, 0]
        for bit in range(8):
            channels[bit % 3] |= (index >> bit & 1) << 7 - bit // 3
        colors.append((channels[0], channels[1], channels[2]))
    return colors


def save_mask(path: Path, labels: Array, classes: Sequence[object]) -> None:
    """Write a mask with the values of its classes, as the training masks had them.

    Parameters
    ----------
    path
        A PNG file.
    labels
        Class indices, uint8 ``(rows, columns)``.
    classes
        Gray levels or palette indices from 0 to 255: a picture with these values and a palette.
        Colors as ``#rrggbb``: a colored picture. Names, or none: a picture of the indices.

    Raises
    ------
    ModelFileError
        If the file cannot be written.
    """
    names = [str(one) for one in classes]
    if names and all(re.fullmatch(r"#[0-9a-f]{6}", name) for name in names):
        colors = np.array([list(bytes.fromhex(name[1:])) for name in names], np.uint8)
        picture = Image.fromarray(colors[labels])
    else:
        whole = all(name.isdecimal() and int(name) <= IGNORED for name in names)
        values = list(map(int, names)) if names and whole else list(range(256))
        pixels = np.array(values, np.uint8)[labels]
        picture = Image.fromarray(pixels)
        if values == list(range(len(values))):  # a palette shows indices, black and white do not
            picture.putpalette([part for color in class_colors(256) for part in color])
    with atomic_write(path) as file:
        picture.save(file, format="PNG")


def decode_masks(
    files: Sequence[Path], code: MaskCode, size: tuple[int, int], *, resize: str
) -> Array:
    """Read masks as class indices of one size.

    Parameters
    ----------
    files
        The masks.
    code
        What their values mean.
    size
        Rows and columns.
    resize
        As for pictures; pixels outside of the picture are ignored.

    Returns
    -------
    Array
        uint8, ``(n, rows, columns)``; 255 for ignored pixels.

    Raises
    ------
    DataError
        If a mask can't be read.
    """
    rule = as_rule(resize, Image.Resampling.NEAREST, IGNORED)
    what = f"{len(files):,} masks of {size[0]} x {size[1]} pixels need"
    masks = allocate((len(files), *size), np.uint8, what)
    for path, target in zip(files, masks, strict=True):
        labels = Image.fromarray(code.encode(read_mask(path)[0]))
        target[...] = np.asarray(rule(labels, size))
    return masks


def restore(scores: Array, whole: tuple[int, int], *, resize: str) -> Array:
    """Turn the scores of a network into a mask of the picture's original size.

    The scores are interpolated, rather than the labels, so that edges stay smooth.

    Parameters
    ----------
    scores
        One score for each pixel and class at the network's size, ``(rows, columns, classes)``.
    whole
        Rows and columns of the picture.
    resize
        How the picture was resized: ``"fit"`` or ``"stretch"``.

    Returns
    -------
    Array
        uint8, class indices of shape ``whole``.

    Examples
    --------
    >>> scores = np.array([[[0.9, 0.1], [0.2, 0.8]]], np.float32)
    >>> restore(scores, (2, 4), resize="stretch").tolist()
    [[0, 0, 1, 1], [0, 0, 1, 1]]
    """
    if resize == "fit":
        top, left, rows, columns = inner_box(whole, (scores.shape[0], scores.shape[1]))
        scores = scores[top : top + rows, left : left + columns]
    best = np.full(whole, -np.inf, np.float32)
    labels = np.zeros(whole, np.uint8)
    for k in range(scores.shape[-1]):
        plane = Image.fromarray(np.ascontiguousarray(scores[..., k], np.float32))
        wide = np.asarray(plane.resize((whole[1], whole[0]), Image.Resampling.BILINEAR))
        labels[wide > best] = k
        np.maximum(best, wide, out=best)
    return labels
