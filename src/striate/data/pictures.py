"""Pictures in files: any format that Pillow reads, upright, of one size, all gray or all in color.

Two passes: :func:`survey` reads the headers and chooses size, channels and bit depth for all
pictures; :func:`decode` then decodes them into one array. WebP headers don't distinguish gray from
color, so these pictures are decoded in both passes, unless another picture has colors. Only one
picture for each thread is in memory at its full size. Pictures of 16 bits stay uint16; if a set has
both, those of 8 bits are multiplied by 257, so that white is 65,535 in all of them.
"""

import contextlib
import importlib.util
import os
import re
import struct
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Event

import numpy as np
from PIL import ExifTags, Image

from striate.data.allocation import allocate
from striate.data.parallel import for_all
from striate.data.picture_errors import PLUG_INS, PictureError, explained
from striate.data.resizing import COLOR, GRAY, Rule, as_channels, as_rule, as_size, resized
from striate.data.scan import Scan
from striate.errors import DataError
from striate.files import as_path, shown
from striate.runtime.settings import threads
from striate.shapes import Array

_MODES = {GRAY: "L", COLOR: "RGB"}
_WHITE = (255, 255, 255, 255)
_BYTE, _WORD = 0xFF, 0xFFFF  # the largest values of 8 and of 16 bits
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}  # what brings a picture of this EXIF orientation upright
_BITS_PER_SAMPLE = 258  # a tag of TIFF
_SIDEWAYS = 5  # from this orientation on, rows and columns are swapped
# Pillow reads Encapsulated PostScript by running Ghostscript; no data file runs a program here. Of
# the others it identifies files, but has no decoder of its own.
_REFUSED = {"EPS", "BUFR", "GRIB", "HDF5", "MPEG", "WMF"}
_COLOR_ONLY = {"WEBP", "AVIF", "HEIF"}
"""Formats that Pillow decodes in color even if all pixels are gray."""

_ROUNDING = 1  # level by which the channels of gray pixels differ after lossy WebP
# What Pillow's decoders raise for files that are cut short or have random bytes.
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
    """How pictures are stored in an array.

    Parameters
    ----------
    rows, columns
        Pixels.
    channels
        1 for gray, 3 for color.
    dtype
        ``uint8``, or ``uint16`` if one of the pictures has more than 8 bits.
    white
        Gray level of white in pictures of 32-bit integers, which do not say: 255 or 65,535.
    changed
        Number of pictures that have a different size and are resized.
    reduced
        Number of pictures whose colors have more bits than Pillow decodes.
    """

    rows: int
    columns: int
    channels: int
    dtype: str = "uint8"
    white: int = _WORD
    changed: int = 0
    reduced: int = 0


@dataclass(frozen=True)
class _Header:
    """The header of a picture, and for 32-bit integers its largest gray level.

    ``may_be_gray`` means that Pillow decodes the format in color even if the pixels are gray.
    """

    path: Path
    rows: int
    columns: int
    channels: int
    may_be_gray: bool
    deep: bool
    highest: int | None
    reduced: bool


def read_pictures(
    paths: Sequence[str | os.PathLike[str]],
    *,
    size: int | tuple[int, int] | None = None,
    channels: int | None = None,
    resize: str = "fit",
) -> Array:
    """Read pictures into one array.

    Pictures are turned upright as their EXIF data say; of several frames the first is read;
    transparent pixels are laid on white. Gray pictures keep their bit depth: those of 9 to 16 bits
    become uint16 with white at 65,535. Pillow decodes colors with 8 bits.

    Parameters
    ----------
    paths
        Files in any format that Pillow reads, except Encapsulated PostScript. ``.heic`` needs
        pillow-heif.
    size
        Pixels: rows and columns, or one number for both. None keeps the size if all pictures have
        the same, and otherwise takes the median of rows and the median of columns.
    channels
        1 for gray (ITU-R BT.601 luma) or 3 for color. None takes gray if no file's format or
        palette has colors. Of formats without gray, such as WebP, the pixels decide.
    resize
        How pictures of a different size are resized: ``"fit"``, ``"crop"`` or ``"stretch"``, see
        :func:`striate.data.resizing.as_rule`.

    Returns
    -------
    Array
        uint8 or uint16, ``(n, rows, columns, channels)``.

    Raises
    ------
    DataError
        If ``paths`` is empty, or a picture cannot be read or claims too many pixels.
    OptionError
        If the size, the channels or the rule is not valid.
    OutOfMemoryError
        If there is not enough memory for all of them.

    Sources
    -------
    ITU-R BT.601.
    """
    files = [as_path(path) for path in paths]
    return decode(files, survey(files, size=size, channels=channels), resize=resize)


def read_opacity(path: str | os.PathLike[str]) -> Array | None:
    """Read how opaque each pixel of a picture is.

    Parameters
    ----------
    path
        A picture.

    Returns
    -------
    Array or None
        uint8, ``(rows, columns)``: 0 where the picture is transparent, 255 where it is opaque;
        ``None`` if the file has no transparency.

    Raises
    ------
    DataError
        If the picture cannot be read.
    """
    with _only_important_warnings(), _opened(as_path(path)) as picture:
        upright = _upright(picture)
        if not upright.has_transparency_data:
            return None
        return np.asarray(upright.convert("RGBA").getchannel("A"))


def read_values(path: str | os.PathLike[str]) -> Array:
    """Read the values that a picture stores: indices of a palette rather than its colors.

    Parameters
    ----------
    path
        A picture.

    Returns
    -------
    Array
        ``(rows, columns)`` for palettes and gray levels, zeros and ones for two levels;
        ``(rows, columns, 3)`` for colors, whose transparency is left out. Upright.

    Raises
    ------
    DataError
        If the picture cannot be read.
    """
    with _opened(as_path(path)) as picture:
        upright = _upright(picture)
        if upright.mode == "1":
            return np.asarray(upright).astype(np.uint8)
        if upright.mode == "P" or _is_deep(upright):
            return np.asarray(upright)
        return np.asarray(upright.convert("L" if upright.mode in ("L", "LA", "La") else "RGB"))


def read_size(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Read the size of a picture from its header.

    Parameters
    ----------
    path
        A picture.

    Returns
    -------
    rows, columns
        As it is shown, upright.

    Raises
    ------
    DataError
        If the picture cannot be read.
    """
    header = _read_header(as_path(path))
    return header.rows, header.columns


def survey(
    files: Sequence[Path],
    *,
    size: int | tuple[int, int] | None,
    channels: int | None,
    failed: dict[int, str] | None = None,
) -> Layout:
    """Read the headers of pictures and choose size, channels and bit depth for all of them.

    Parameters
    ----------
    files
        The pictures.
    size, channels
        As for :func:`read_pictures`.
    failed
        Takes the positions of pictures that cannot be read, and why; without it, they raise.

    Returns
    -------
    Layout
        What :func:`decode` converts all pictures to.

    Raises
    ------
    DataError
        If ``files`` is empty, or a picture cannot be read; with ``failed``, if none can be read.
    OptionError
        If the size or the channels are not valid.
    """
    if not files:
        raise DataError(
            "Got an empty list of pictures; expected at least one file. Check the folder or the "
            "pattern."
        )
    chosen = None if size is None else as_size(size)
    given = None if channels is None else as_channels(channels)
    headers = _read_headers(files, failed)
    return _layout(headers, chosen, _channels(headers) if given is None else given)


def _channels(headers: Sequence[_Header]) -> int:
    """Return 3 if a picture has colors, otherwise 1."""
    if any(header.channels == COLOR and not header.may_be_gray for header in headers):
        return COLOR
    unsure = [header.path for header in headers if header.may_be_gray]
    found = Event()

    def look(k: int) -> None:
        if not found.is_set() and _shows_color(unsure[k]):
            found.set()

    with _only_important_warnings():
        for_all(look, len(unsure), threads=threads())
    return COLOR if found.is_set() else GRAY


def _shows_color(path: Path) -> bool:
    """Whether the channels of a picture differ; not if it is broken, which decoding reports."""
    try:
        with _opened(path) as picture:
            pixels = np.asarray(_on_white(picture).convert(_MODES[COLOR]))
    except PictureError:
        return False
    return bool((pixels.max(axis=-1) - pixels.min(axis=-1) > _ROUNDING).any())


def _layout(headers: Sequence[_Header], chosen: tuple[int, int] | None, channels: int) -> Layout:
    """Choose size and bit depth from headers, unless the size is given."""
    sizes = [(header.rows, header.columns) for header in headers]
    rows, columns = chosen or (int(median) for median in np.median(sizes, axis=0))
    levels = [header.highest for header in headers if header.highest is not None]
    white = _BYTE if levels and max(levels) <= _BYTE else _WORD
    deep = any(header.deep for header in headers) or (bool(levels) and white == _WORD)
    return Layout(
        rows,
        columns,
        channels,
        dtype="uint16" if deep else "uint8",
        white=white,
        changed=sum(size != (rows, columns) for size in sizes),
        reduced=sum(header.reduced for header in headers),
    )


def survey_sample(files: Sequence[Path], count: int = 50) -> Layout | None:
    """Read the headers of some pictures, enough to estimate the typical size.

    Parameters
    ----------
    files
        The pictures.
    count
        About how many headers to read.

    Returns
    -------
    Layout or None
        None without pictures, or if none of the sample can be read: reading all of them will
        list the reasons.
    """
    if not files:
        return None
    sample = files[:: max(1, len(files) // count)]
    try:
        return survey(sample, size=None, channels=COLOR, failed={})
    except PictureError:
        return None


def _read_headers(files: Sequence[Path], failed: dict[int, str] | None) -> list[_Header]:
    """Read the headers of the pictures that can be read."""
    found: dict[int, _Header] = {}
    errors: dict[int, PictureError] = {}

    def read(k: int) -> None:
        try:
            found[k] = _read_header(files[k])
        except PictureError as error:
            if failed is None:
                raise
            errors[k] = error

    with _only_important_warnings():
        # Of some formats, such as PNG, Pillow finds the metadata only by decoding the picture.
        for_all(read, len(files), threads=threads())
    if failed is not None:
        failed.update({k: errors[k].reason for k in sorted(errors)})
    if not found:
        raise errors[0]
    return [found[k] for k in sorted(found)]


def decode(
    files: Sequence[Path],
    layout: Layout,
    *,
    resize: str,
    progress: Callable[[int], None] | None = None,
    scan: Scan | None = None,
) -> Array:
    """Decode pictures into one array.

    Parameters
    ----------
    files
        The pictures.
    layout
        Size, channels and bit depth for all of them.
    resize
        How pictures of a different size are resized.
    progress
        Called several times a second with the number of pictures done.
    scan
        Takes what is found out about each picture; those that cannot be read are black then.

    Returns
    -------
    Array
        uint8 or uint16, ``(n, rows, columns, channels)``.

    Raises
    ------
    DataError
        If a picture cannot be read, and there is no ``scan`` to take the reason.
    OptionError
        If there is no such rule.
    OutOfMemoryError
        If there is not enough memory for all of them.
    """
    as_rule(resize)
    shape = (len(files), layout.rows, layout.columns, layout.channels)
    each = f"of {layout.rows} x {layout.columns} x {layout.channels} pixels"
    what = f"A picture {each} needs" if len(files) == 1 else f"{len(files):,} pictures {each} need"
    images = allocate(shape, layout.dtype, what)
    decode_each(files, layout, images.__setitem__, resize=resize, progress=progress, scan=scan)
    return images


def decode_each(
    files: Sequence[Path],
    layout: Layout,
    keep: Callable[[int, Array], None],
    *,
    resize: str,
    progress: Callable[[int], None] | None = None,
    scan: Scan | None = None,
) -> None:
    """Decode pictures in several threads, and hand over each one as soon as it is decoded.

    Parameters
    ----------
    files, layout, resize
        As for :func:`decode`.
    keep
        Called with the position of a picture in ``files`` and its pixels, ``(rows, columns,
        channels)``; from several threads, and in any order.
    progress
        Called in the caller's thread, several times a second, with the number of pictures done.
    scan
        As for :func:`decode`.

    Raises
    ------
    DataError
        If a picture cannot be read, and there is no ``scan`` to take the reason: the first such
        picture in the order of ``files``.
    OptionError
        If there is no such rule.
    """
    rule = as_rule(resize)

    def one(k: int) -> None:
        try:
            keep(k, _decoded(files[k], layout, rule, resize, scan, k))
        except PictureError as error:
            if scan is None:
                raise
            scan.failed[k] = error.reason
            shape = (layout.rows, layout.columns, layout.channels)
            keep(k, np.zeros(shape, layout.dtype))

    with _only_important_warnings():
        for_all(one, len(files), threads=threads(), progress=progress)


def decode_whole(
    files: Sequence[Path],
    keep: Callable[[int, Array], None],
    *,
    channels: int,
    failed: dict[int, DataError],
    progress: Callable[[int], None] | None = None,
) -> None:
    """Decode pictures at their own sizes in several threads, and hand over each one.

    Parameters
    ----------
    files
        The pictures.
    keep
        Called with the position of a picture in ``files`` and its pixels, ``(rows, columns,
        channels)``, uint8 or uint16; from several threads, and in any order.
    channels
        1 for gray, 3 for color.
    failed
        Takes the errors of pictures that cannot be read, by their positions.
    progress
        As for :func:`decode_each`.
    """

    def one(k: int) -> None:
        try:
            layout = _layout([_read_header(files[k])], None, as_channels(channels))
            keep(k, _decoded(files[k], layout, as_rule("fit"), "fit"))
        except DataError as error:
            failed[k] = error

    with _only_important_warnings():
        for_all(one, len(files), threads=threads(), progress=progress)


def _decoded(
    path: Path, layout: Layout, rule: Rule, resize: str, scan: Scan | None = None, k: int = 0
) -> Array:
    """Decode one picture."""
    size = layout.rows, layout.columns
    with _opened(path) as picture:
        if layout.dtype == "uint8" and not _is_deep(picture):
            upright = _upright(picture)
            plain = _on_white(upright)
            whole = plain.convert(_MODES[layout.channels])
            if scan is not None:
                scan.see(k, whole, transparent=plain is not upright and _shows_white(upright))
            return np.asarray(rule(whole, size)).reshape(*size, layout.channels)
        levels = _levels(_upright(picture), layout, path)
        if scan is not None:
            scan.see(k, levels, transparent=False)
        return resized(levels, size, resize)


def _shows_white(picture: Image.Image) -> bool:
    """Whether a picture with an alpha channel or a transparent color has transparent pixels."""
    return bool(np.asarray(picture.convert("RGBA").getchannel("A")).min() < _BYTE)


def is_picture(path: Path) -> bool:
    """Whether a file is a picture, by its name.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    bool
        Whether Pillow decodes a format with this extension, other than Encapsulated PostScript.

    Examples
    --------
    >>> [is_picture(Path(name)) for name in ("cat.JPG", "cat.txt", "cat.eps")]
    [True, False, False]
    """
    formats = _formats()  # loads the plug-ins, which register the extensions
    ending = path.suffix.lower()
    return ending == ".mpo" or Image.registered_extensions().get(ending) in formats


def plug_in_for(ending: str) -> str | None:
    """Name the package that reads pictures with this extension, if it is not installed.

    Parameters
    ----------
    ending
        In lower case, with its dot.

    Returns
    -------
    str or None
        The name to give to ``pip install``.

    Examples
    --------
    >>> plug_in_for(".txt") is None
    True
    """
    return None if is_picture(Path(f"a{ending}")) else PLUG_INS.get(ending)


@cache
def _formats() -> tuple[str, ...]:
    """Load Pillow's plug-ins, its own and those that are installed; return the formats to read."""
    Image.init()
    if importlib.util.find_spec("pillow_heif"):
        importlib.import_module("pillow_heif").register_heif_opener()
    for name in ("pillow_avif", "pillow_jxl"):  # registered by being imported
        if importlib.util.find_spec(name):
            importlib.import_module(name)
    return tuple(sorted(Image.OPEN.keys() - _REFUSED))


@contextlib.contextmanager
def _only_important_warnings() -> Iterator[None]:
    """Ignore warnings about broken metadata, which is not used; raise for too many pixels.

    The filters of warnings belong to the process, not to a thread. So this is for the thread that
    starts the others, while they run.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Image.Image]:
    """Open a picture; whatever Pillow raises for a bad file becomes one kind of error."""
    formats = _formats()
    try:
        # An open file rather than a path: from a path, Pillow maps uncompressed TIFF files into
        # memory, and swaps rows and columns if they are stored sideways (seen with 13.0).
        with path.open("rb") as file, Image.open(file, formats=formats) as picture:
            yield picture
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        pixels = re.search(r"\d+", str(error))
        count = f"{int(pixels[0]):,} pixels" if pixels else "too many pixels"
        most = f"{Image.MAX_IMAGE_PIXELS or 0:,}"
        raise PictureError(
            path,
            f"it has {count}, more than the limit of {most}; make it smaller",
            text=f"{shown(path)} has {count}; expected at most {most}, since a small file can "
            "claim more than the memory holds.",
            remedy="Make the picture smaller, or leave it out.",
        ) from error
    except DataError:
        raise
    except _BROKEN as error:
        raise explained(error, path, plug_in_for) from error


def _read_header(path: Path) -> _Header:
    """Read size, channels and depth, and decode only if that is needed."""
    with _opened(path) as picture:
        reduced = _is_reduced(picture)
        columns, rows = picture.size
        if _orientation(picture) >= _SIDEWAYS:
            rows, columns = columns, rows
        channels = COLOR if _has_color(picture) else GRAY
        may_be_gray = channels == COLOR and picture.format in _COLOR_ONLY
        highest = None
        if picture.mode == "I" and picture.format != "PPM":  # of PPM, white is 65,535
            highest = int(_gray_levels(picture, path).max())
        elif picture.mode == "F":
            _gray_levels(picture, path)
        deep = _is_deep(picture) and highest is None
        return _Header(path, rows, columns, channels, may_be_gray, deep, highest, reduced)


def _orientation(picture: Image.Image) -> int:
    """Return how a picture is stored, 1 being upright; Pillow turns TIFF files while decoding."""
    if picture.format == "TIFF":
        picture.load()
        return 1
    return picture.getexif().get(ExifTags.Base.Orientation, 1)


def _upright(picture: Image.Image) -> Image.Image:
    """Turn a picture as its EXIF data say."""
    turn = _TURNS.get(_orientation(picture))
    if turn is None:
        return picture
    upright = picture.transpose(turn)
    upright.info.update(picture.info)
    return upright


def _has_color(picture: Image.Image) -> bool:
    """Whether a picture can show colors, by its mode or its palette."""
    if picture.mode in ("P", "PA"):
        picture.load()
        palette = np.array(picture.getpalette("RGB"), int).reshape(-1, 3)
        return bool((palette != palette[:, :1]).any())
    return picture.mode not in ("1", "L", "LA", "La") and not _is_deep(picture)


def _is_deep(picture: Image.Image) -> bool:
    """Whether a picture holds gray levels of more than 8 bits."""
    return picture.mode.startswith(("I", "F"))


def _is_reduced(picture: Image.Image) -> bool:
    """Whether Pillow decodes a picture with fewer bits than it has: 16 for each color."""
    tiles = getattr(picture, "tile", None)
    if _is_deep(picture) or not tiles:
        return False
    arguments = tiles[0].args
    raw = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return isinstance(raw, str) and ";16" in raw


def _on_white(picture: Image.Image) -> Image.Image:
    """Lay transparent pixels on white."""
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, _WHITE), layer)
    return picture


def _levels(picture: Image.Image, layout: Layout, path: Path) -> Array:
    """Return the pixels of any picture with the layout's bit depth, ``(rows, columns, channels)``.

    Gray levels of ``b`` bits are multiplied by ``white / (2**b - 1)`` and rounded, which keeps
    each of them apart.
    """
    white = np.iinfo(layout.dtype).max
    if not _is_deep(picture):
        plain = np.asarray(_on_white(picture).convert(_MODES[layout.channels]))
        return plain.reshape(*plain.shape[:2], -1).astype(layout.dtype) * (white // _BYTE)
    levels = _gray_levels(picture, path)
    own = layout.white if picture.mode == "I" and picture.format != "PPM" else _WORD
    transparent = picture.info.get("transparency")
    bits = _bits(picture)
    scaled = levels.astype(np.int64)
    if bits is not None:
        own = (1 << bits) - 1
    scaled = (scaled * white + own // 2) // own
    if isinstance(transparent, int):
        scaled[levels == transparent] = white
    if scaled.max(initial=0) > white:
        raise PictureError(
            path,
            f"it has the gray level {levels.max()}, but its header says that it has {bits} bits",
            text=f"{shown(path)} has the gray level {levels.max()}, but its header says that it "
            f"has {bits} bits.",
            remedy="Convert it again, or leave it out.",
        )
    gray = scaled.astype(layout.dtype)[..., np.newaxis]
    return np.repeat(gray, layout.channels, axis=-1)


def _bits(picture: Image.Image) -> int | None:
    """Return the bits of a deep gray TIFF picture if they are fewer than 16; otherwise None."""
    tags = getattr(picture, "tag_v2", None)
    found = None if tags is None else tags.get(_BITS_PER_SAMPLE)
    bits = found[0] if isinstance(found, tuple) and found else found
    return bits if isinstance(bits, int) and 8 < bits < 16 else None


def _gray_levels(picture: Image.Image, path: Path) -> Array:
    """Return the gray levels of a deep picture; raise if nothing says which of them is white."""
    levels = np.asarray(picture)
    low, high = levels.min(), levels.max()
    if levels.dtype.kind == "f" or low < 0 or high > _WORD:
        found = f"{levels.dtype.name} gray levels from {low:g} to {high:g}"
        raise PictureError(
            path,
            f"it has {found}; expected integers of 8 or 16 bits",
            text=f"{shown(path)} has {found}; expected integers of 8 or 16 bits, since the file "
            "does not say which level is white.",
            remedy="Convert it to 16 bits, or save all images in an .npz file, as float32 from 0 "
            "to 1.",
        )
    return levels
