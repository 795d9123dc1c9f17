"""Errors for files that can't be read as pictures, with what to do about them."""

import errno
import re
from codecs import getincrementaldecoder
from collections.abc import Callable
from pathlib import Path

from striate.errors import DataError
from striate.files import shown

PLUG_INS = {
    ".heic": "pillow-heif",
    ".heif": "pillow-heif",
    ".hif": "pillow-heif",
    ".avif": "pillow-avif-plugin",
    ".avifs": "pillow-avif-plugin",
    ".jxl": "pillow-jxl-plugin",
}
"""Packages with which Pillow reads pictures with these extensions."""

CAMERA_ENDINGS = frozenset(
    {".3fr", ".arw", ".cr2", ".cr3", ".dng", ".nef", ".orf", ".pef", ".raf", ".rw2", ".srw"}
)
"""Extensions of camera raw files, which must be developed first."""

_AGAIN = "Copy or convert it again, or leave it out."
_START = 512  # bytes that tell what a file holds
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1"}
_AVIF_BRANDS = {b"avif", b"avis"}
_SIGNATURES = (
    (b"version https://git-lfs", "it is a Git LFS pointer; run git lfs pull"),
    (b"%PDF", "it is a PDF document"),
    (b"PK\x03\x04", "it is a ZIP archive"),
    (b"\x1f\x8b", "it is compressed with gzip"),
    (b"%!PS", "it is a PostScript file"),
)
_TEXTS = (
    ("<svg", "it is an SVG drawing; export it as PNG"),
    ("<html", "it is a web page, perhaps the error message of a download"),
    ("<!doctype", "it is a web page, perhaps the error message of a download"),
)
_TOO_SHORT = re.compile("truncated|unexpected end|not enough|end of file", re.IGNORECASE)


class PictureError(DataError):
    """A file that can't be read as a picture.

    Parameters
    ----------
    path
        The file.
    reason
        Why, as the end of a sentence.
    remedy
        What to do.
    text
        The whole message without the remedy, if it isn't the usual one.
    """

    def __init__(self, path: Path, reason: str, *, remedy: str = _AGAIN, text: str = "") -> None:
        usual = f"Cannot read {shown(path)} as a picture: {reason}."
        super().__init__(f"{text or usual} {remedy}")
        self.path = path
        self.reason = reason


def explained(
    error: Exception, path: Path, plug_in_for: Callable[[str], str | None]
) -> PictureError:
    """Make a readable error from what Pillow or the system raised for a bad file.

    Parameters
    ----------
    error
        What was raised.
    path
        The file.
    plug_in_for
        Returns the package that reads pictures with an ending, if it is not installed.

    Returns
    -------
    PictureError
        To be raised.
    """
    if isinstance(error, OSError) and error.strerror:
        missing = error.errno == errno.ENOENT and path.is_symlink()
        reason = "it is a link to a file that doesn't exist" if missing else error.strerror.lower()
        return PictureError(path, reason)
    start = _start_of(path)
    kind = _ftyp(start)
    plug_in = plug_in_for(path.suffix.lower()) or plug_in_for(f".{kind}")
    if plug_in is not None:
        name = (kind or path.suffix.lstrip(".")).upper()
        return PictureError(
            path,
            f"{name} needs the Pillow plug-in {plug_in}",
            remedy=f"Install it with pip install {plug_in}, or convert the picture to PNG or JPEG.",
        )
    if _TOO_SHORT.search(str(error)) or isinstance(error, EOFError):
        return PictureError(path, _content(start) or "the file is truncated")
    if "decoder" in str(error):  # of WebP
        return PictureError(path, _content(start) or "it is damaged or truncated")
    if "cannot identify" in str(error):
        unknown = "it is not a picture, or its header is damaged"
        return PictureError(path, _content(start) or unknown)
    return PictureError(path, _without_object(error, path))


def _without_object(error: Exception, path: Path) -> str:
    """Return Pillow's message, with the file's name in place of Python's object."""
    return re.sub(r"<_io\.\w+ name=.*>", lambda _: shown(path.name), str(error)).rstrip(".")


def _start_of(path: Path) -> bytes:
    """Read the first bytes of a file."""
    try:
        with path.open("rb") as file:
            return file.read(_START)
    except OSError:
        return b""


def _ftyp(start: bytes) -> str:
    """Return the kind of a picture in the container that HEIC, AVIF and videos share."""
    if start[4:8] != b"ftyp":
        return ""
    brand = start[8:12]
    return "heic" if brand in _HEIF_BRANDS else "avif" if brand in _AVIF_BRANDS else "video"


def _content(start: bytes) -> str:
    """Describe what a file contains instead of a picture; empty if its start doesn't show it."""
    if not start:
        return "the file is empty"
    if not any(start):
        return "it contains only zeros"
    if _ftyp(start):
        return "it is a video"
    for signature, words in _SIGNATURES:
        if start.startswith(signature):
            return words
    try:
        text = getincrementaldecoder("utf-8")().decode(start)  # the last letter may be cut
    except UnicodeDecodeError:
        return ""
    if not all(one.isprintable() or one.isspace() for one in text):
        return ""
    lower = text.lower()
    return next(
        (words for mark, words in _TEXTS if mark in lower), "it contains text, not a picture"
    )
