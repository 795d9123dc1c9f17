"""Pictures in files: any format that Pillow reads, upright, of one size, all gray or in color."""

import contextlib
import os
import re
import struct
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import ExifTags, Image

from striate.data.resizing import COLOR, GRAY, as_channels, as_rule, as_size
from striate.errors import DataError
from striate.shapes import Array

_MODES = {GRAY: "L", COLOR: "RGB"}
_WHITE = (255, 255, 255, 255)
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # what brings a picture of this EXIF orientation upright
_SIDEWAYS = 5  # from this orientation on, rows and columns change places
# Pillow reads Encapsulated PostScript by running Ghostscript; no data file runs a program here.
_REFUSED = {"EPS"}
# What Pillow's decoders raise for files cut short or with bytes changed at random.
_BROKEN = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    struct.error,
)


@dataclass(frozen=True)
class Layout:
    """How pictures lie in an array, and what that takes.

    Parameters
    ----------
    rows, columns
        Pixels.
    channels
        1 for gray, 3 for color.
    changed
        How many of the pictures have another size and are resized.
    """

    rows: int
    columns: int
    channels: int
    changed: int = 0


def read_pictures(
    paths: Sequence[str | os.PathLike[str]],
    *,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    resize: str = "fit",
) -> Array:
    """Read pictures into one array.

    Pictures are turned upright as their EXIF data say; of several frames the first is taken; what
    is transparent is laid on white; 16-bit gray becomes 8-bit.

    Parameters
    ----------
    paths
        Files in any format that Pillow reads, except Encapsulated PostScript.
    size
        Pixels: rows and columns, or one number for both. None keeps the size where all have the
        same, and otherwise takes the median of rows and the median of columns.
    channels
        1 for gray (ITU-R BT.601 luma) or 3 for color. None takes gray where no file's format or
        palette has colors.
    resize
        The rule for pictures of another size: ``"fit"``, ``"crop"`` or ``"stretch"``, see
        :func:`striate.data.resizing.as_rule`.

    Returns
    -------
    Array
        uint8, ``(n, rows, columns, channels)``.

    Raises
    ------
    DataError
        If there are no pictures, or one cannot be read or claims too many pixels.
    OptionError
        If the size, the channels or the rule cannot be.

    Sources
    -------
    ITU-R BT.601.
    """
    files = [Path(path) for path in paths]
    return decode(files, survey(files, size=size, channels=channels), resize=resize)


def survey(
    files: Sequence[Path], *, size: int | tuple[int, int] | None, channels: int | None
) -> Layout:
    """Look at the headers of pictures and choose the size and the channels for all of them.

    Parameters
    ----------
    files
        The pictures.
    size, channels
        As for :func:`read_pictures`.

    Returns
    -------
    Layout
        What :func:`decode` brings all pictures to.

    Raises
    ------
    DataError
        If there are no pictures, or one cannot be read.
    OptionError
        If the size or the channels cannot be.
    """
    if not files:
        raise DataError(
            "There are no pictures to read. At least one file is needed. Check the folder or the "
            "pattern."
        )
    chosen = None if size is None else as_size(size)
    asked = None if channels is None else as_channels(channels)
    headers = [_read_header(path) for path in files]
    sizes = [(header.rows, header.columns) for header in headers]
    rows, columns = chosen or (int(median) for median in np.median(sizes, axis=0))
    return Layout(
        rows,
        columns,
        asked or max(header.channels for header in headers),
        changed=sum(size != (rows, columns) for size in sizes),
    )


def decode(files: Sequence[Path], layout: Layout, *, resize: str) -> Array:
    """Decode pictures, one after another, into one array.

    Parameters
    ----------
    files
        The pictures.
    layout
        Size and channels for all of them.
    resize
        The rule for pictures of another size.

    Returns
    -------
    Array
        uint8, ``(n, rows, columns, channels)``.

    Raises
    ------
    DataError
        If a picture cannot be read.
    OptionError
        If there is no such rule.
    """
    rule = as_rule(resize)
    images = np.empty((len(files), layout.rows, layout.columns, layout.channels), np.uint8)
    for path, target in zip(files, images, strict=True):
        with _opened(path) as picture:
            whole = _flatten(_upright(picture), path).convert(_MODES[layout.channels])
            target[...] = np.asarray(rule(whole, target.shape[:2])).reshape(target.shape)
    return images


def is_picture(path: Path) -> bool:
    """Tell by its name whether a file is a picture.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    bool
        Whether Pillow has a format, other than Encapsulated PostScript, for the ending of the name.

    Examples
    --------
    >>> [is_picture(Path(name)) for name in ("cat.JPG", "cat.txt", "cat.eps")]
    [True, False, False]
    """
    return Image.registered_extensions().get(path.suffix.lower(), "EPS") not in _REFUSED


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture; whatever Pillow meets in a bad file becomes one kind of error."""
    Image.init()
    formats = sorted(Image.OPEN.keys() - _REFUSED)
    try:
        # An open file rather than a path: from a path, Pillow maps uncompressed TIFF files into
        # memory, and mixes up rows and columns where they lie on their side (seen with 13.0).
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # remarks on broken metadata, which play no part
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=formats) as picture:
                yield picture
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(
            f"{path} was not decoded: {error} "
            "A small file must not fill the memory. Make the picture smaller, or leave it out."
        ) from error
    except DataError:
        raise
    except _BROKEN as error:
        raise DataError(
            f"{path} could not be read as a picture: {_reason(error, path)}. "
            "Pictures are whole files in a format that Pillow reads, such as PNG, JPEG or TIFF. "
            "Copy or convert the file again, or leave it out."
        ) from error


def _reason(error: Exception, path: Path) -> str:
    """Give Pillow's reason; the file that it was handed is named by its path."""
    return re.sub(r"<_io\.\w+ name=[^>]*>", path.name, str(error))


def _read_header(path: Path) -> Layout:
    """Find size and channels without decoding more than is needed."""
    with _opened(path) as picture:
        columns, rows = picture.size
        if _orientation(picture) >= _SIDEWAYS:
            rows, columns = columns, rows
        return Layout(rows, columns, COLOR if _has_color(picture) else GRAY)


def _orientation(picture: Image.Image) -> int:
    """Find how a picture lies, 1 being upright; Pillow turns TIFF files as it decodes them."""
    if picture.format == "TIFF":
        picture.load()
        return 1
    return picture.getexif().get(ExifTags.Base.Orientation, 1)


def _upright(picture: Image.Image) -> Image.Image:
    """Turn a picture as its EXIF data say."""
    turn = _TURNS.get(_orientation(picture))
    return picture if turn is None else picture.transpose(turn)


def _has_color(picture: Image.Image) -> bool:
    """Tell from a picture's mode, or its palette, whether it can show colors."""
    if picture.mode in ("P", "PA"):
        picture.load()
        palette = np.array(picture.getpalette("RGB"), int).reshape(-1, 3)
        return bool((palette != palette[:, :1]).any())
    return picture.mode not in ("1", "L", "LA", "La") and not _is_deep(picture)


def _is_deep(picture: Image.Image) -> bool:
    """Tell whether a picture holds gray levels of more than 8 bits."""
    return picture.mode.startswith(("I", "F"))


def _flatten(picture: Image.Image, path: Path) -> Image.Image:
    """Bring deep gray to 8 bits, and lay what is transparent on white."""
    if _is_deep(picture):
        return _as_8_bits(picture, path)
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, _WHITE), layer)
    return picture


def _as_8_bits(picture: Image.Image, path: Path) -> Image.Image:
    """Scale gray levels of 16 bits to 8."""
    levels = np.asarray(picture)
    low, high = levels.min(), levels.max()
    if levels.dtype.kind == "f" or low < 0 or high > 0xFFFF:  # 16 bits
        raise DataError(
            f"{path} has gray levels from {low} to {high} of type {levels.dtype}. "
            "Gray levels of pictures are whole numbers of 8 or 16 bits. Convert the picture, "
            "or save all images as float32 in an .npz file."
        )
    return Image.fromarray(((levels.astype(np.uint32) * 255 + 0x7FFF) // 0xFFFF).astype(np.uint8))
