"""The picture that ``striate match --output`` saves: the scene with boxes, and the score map."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from striate.data.pictures import is_picture
from striate.errors import OptionError
from striate.files import as_path, atomic_write
from striate.matching import Match
from striate.shapes import Array

_BOX, _EDGE = (213, 94, 0), (255, 255, 255)  # vermilion of the Okabe-Ito palette, on white
_RAMP = np.array(
    [(13, 22, 66), (34, 71, 140), (44, 133, 170), (96, 190, 160), (190, 225, 130), (255, 250, 200)]
)
"""Colors of the score map, from the worst score to the best."""
_GAP = 12  # pixels between the two panels


def draw_matches(
    scene: Array,
    matches: Sequence[Match],
    sides: Sequence[tuple[int, int]],
    scores: Array,
) -> Array:
    """Draw the scene with a box around each match, and the score map next to it or below it.

    Parameters
    ----------
    scene
        uint8 or uint16, ``(rows, columns, channels)``.
    matches
        What was found, the best first.
    sides
        Rows and columns of each template, before scaling and rotation.
    scores
        A score map in which larger is better. Each score is drawn at the middle of its window.

    Returns
    -------
    Array
        uint8, ``(rows, columns, 3)``.
    """
    left = Image.fromarray(_as_color(scene))
    canvas = ImageDraw.Draw(left)
    width = max(2, round(max(left.size) / 400))
    font = ImageFont.load_default(size=max(12, 6 * width))
    for number, match in enumerate(matches, 1):
        corners = _corners(match, sides[match.template])
        outline = [*corners, corners[0], corners[1]]  # the last corner is joined too
        canvas.line(outline, fill=_EDGE, width=3 * width, joint="curve")
        canvas.line(outline, fill=_BOX, width=width, joint="curve")
        if len(matches) > 1:
            _label(canvas, str(number), min(corners, key=lambda c: (c[1], c[0])), font, width)
    right = _score_panel(scores, scene.shape[:2])
    axis = 1 if scene.shape[0] > scene.shape[1] else 0
    gap = np.full((_GAP, left.width, 3), 255, np.uint8)
    if axis == 1:
        gap = np.full((left.height, _GAP, 3), 255, np.uint8)
    return np.concatenate([np.asarray(left), gap, right], axis=axis)


def save_picture(picture: Array, path: str) -> None:
    """Save a picture in the format of its file name.

    Parameters
    ----------
    picture
        uint8, ``(rows, columns, 3)``.
    path
        The file.

    Raises
    ------
    OptionError
        If the name doesn't have the extension of a picture.
    ModelFileError
        If it cannot be written.
    """
    with atomic_write(as_path(path)) as file:
        Image.fromarray(picture).save(file, format=picture_format(path))


def picture_format(path: str) -> str:
    """Return the format of a picture by its extension.

    Parameters
    ----------
    path
        The file.

    Returns
    -------
    str
        The format in Pillow's words.

    Raises
    ------
    OptionError
        If Pillow doesn't write pictures with this extension.
    """
    ending = Path(path).suffix.lower()
    found = Image.registered_extensions().get(ending) if is_picture(Path(path)) else None
    if found is None or found not in Image.SAVE:
        raise OptionError(
            f"{path} must have the extension of a picture, got {ending or 'none'}. Use .png or "
            ".jpg."
        )
    return found


def _as_color(scene: Array) -> Array:
    """Convert a picture to 8 bits and three channels."""
    bytes_ = scene if scene.dtype == np.uint8 else (scene >> 8).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(bytes_, (*bytes_.shape[:2], 3)))


def _corners(match: Match, side: tuple[int, int]) -> list[tuple[float, float]]:
    """Return the corners (x, y) of a match's template, rotated about the middle of its box."""
    row, column = match.center
    high, wide = (n * match.scale / 2 for n in side)
    angle = math.radians(match.rotation)
    sine, cosine = math.sin(angle), math.cos(angle)
    return [
        (column + x * cosine + y * sine, row - x * sine + y * cosine)
        for x, y in ((-wide, -high), (wide, -high), (wide, high), (-wide, high))
    ]


def _label(
    canvas: ImageDraw.ImageDraw,
    text: str,
    corner: tuple[float, float],
    font: ImageFont.FreeTypeFont | ImageFont.ImageFont,
    width: int,
) -> None:
    """Write a match's number above its box, inside the picture."""
    left, top, right, bottom = canvas.textbbox((0, 0), text, font=font)
    size = right - left, bottom - top
    x = min(max(corner[0] - width, 0), max(0, canvas.im.size[0] - size[0] - 4 * width))
    y = max(corner[1] - size[1] - 5 * width, 0)
    canvas.rectangle((x, y, x + size[0] + 4 * width, y + size[1] + 4 * width), fill=_BOX)
    canvas.text((x + 2 * width - left, y + 2 * width - top), text, font=font, fill=_EDGE)


def _score_panel(scores: Array, size: tuple[int, int]) -> Array:
    """Color a score map; positions of windows that don't fit stay gray."""
    low, high = float(scores.min()), float(scores.max())
    share = (scores - low) / ((high - low) or 1.0)
    stops = np.linspace(0, 1, len(_RAMP))
    panel = np.full((*size, 3), 210, np.uint8)
    top, left = ((n - k) // 2 for n, k in zip(size, scores.shape, strict=True))
    inside = panel[top : top + scores.shape[0], left : left + scores.shape[1]]
    for channel in range(3):
        inside[..., channel] = np.interp(share, stops, _RAMP[:, channel]).round()
    return panel
