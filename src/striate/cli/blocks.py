"""Images on the terminal: two pixels per character, or gray levels as characters."""

from collections.abc import Sequence

import numpy as np
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.text import Text

from striate.cli.encoding import on_one_line
from striate.data.resizing import convert
from striate.shapes import Array

UPPER_HALF = "▀"
RAMP = " .:-=+*#%@"
"""From black to white, for places without colors."""

GAP = 2
"""Columns between images next to each other."""

_LONGEST_CAPTION = 40  # characters, if the image is narrower

_COLOR = 3


def blocks(image: Array) -> list[Text]:
    """Draw an image with half blocks, two pixels in each: the upper in front, the lower behind.

    Parameters
    ----------
    image
        uint8, ``(rows, columns, channels)``, gray or in color.

    Returns
    -------
    list of Text
        One line for two rows of pixels.

    Examples
    --------
    >>> [line.plain for line in blocks(np.zeros((3, 4, 1), np.uint8))]
    ['▀▀▀▀', '▀▀▀▀']
    """
    colored = np.broadcast_to(image, (*image.shape[:2], _COLOR)) if _is_gray(image) else image
    lines = []
    for row in range(0, len(colored), 2):
        line = Text(no_wrap=True, end="")
        below = colored[row + 1] if row + 1 < len(colored) else [None] * colored.shape[1]
        for top, bottom in zip(colored[row], below, strict=True):
            behind = None if bottom is None else Color.from_rgb(*map(int, bottom))
            style = Style(color=Color.from_rgb(*map(int, top)), bgcolor=behind)
            line.append(UPPER_HALF, style)
        lines.append(line)
    return lines


def ramp(image: Array) -> list[Text]:
    """Draw an image with letters from dark to light, one for two pixels above each other.

    Parameters
    ----------
    image
        uint8, ``(rows, columns, channels)``.

    Returns
    -------
    list of Text
        One line for two rows of pixels.

    Examples
    --------
    >>> ramp(np.array([[0, 128, 255], [0, 128, 255]], np.uint8)[..., None])[0].plain
    ' +@'
    """
    gray = image.mean(axis=-1)
    if len(gray) % 2:
        gray = np.vstack([gray, gray[-1:]])
    levels = (gray[::2] + gray[1::2]) / 2
    letters = np.array(list(RAMP))[(levels * len(RAMP) / 256).astype(int)]
    return [Text("".join(row), no_wrap=True, end="") for row in letters]


def gallery(images: Array, captions: Sequence[Sequence[str]], console: Console) -> list[Text]:
    """Draw images side by side, lines of text below each, as many in a row as there is room for.

    Parameters
    ----------
    images
        ``(n, rows, columns, channels)``, uint8 or floating point.
    captions
        For each image its lines of text.
    console
        Where it will be printed: decides between half blocks and letters, and how much room there
        is.

    Returns
    -------
    list of Text
        Lines.
    """
    shown = _trimmed(_shrunk(_as_bytes(images), console.width))
    draw = blocks if can_show_blocks(console) else ramp
    room = max(shown.shape[2], min(_LONGEST_CAPTION, console.width))
    captions = [[on_one_line(line, room) for line in lines] for lines in captions]
    columns = max(shown.shape[2], *(len(line) for lines in captions for line in lines))
    across = max(1, (console.width + GAP) // (columns + GAP))
    lines: list[Text] = []
    for start in range(0, len(shown), across):
        part = slice(start, start + across)
        cells = [
            [*draw(image), *(Text(line) for line in caption)]
            for image, caption in zip(shown[part], captions[part], strict=True)
        ]
        if lines:
            lines.append(Text())
        lines += [_beside(row, columns) for row in zip(*cells, strict=True)]
    return lines


def can_show_blocks(console: Console) -> bool:
    """Tell whether a console has the colors and the letters for half blocks.

    Parameters
    ----------
    console
        Where images will be printed.

    Returns
    -------
    bool
        False where the output is no terminal, colors are switched off (``NO_COLOR``), or there
        are fewer than 256 of them.
    """
    return (
        console.is_terminal
        and not console.no_color
        and console.color_system in {"256", "truecolor", "windows"}
        and console.encoding.startswith("utf")
    )


def _is_gray(image: Array) -> bool:
    """Tell whether an image is to be shown in gray."""
    return image.shape[-1] != _COLOR


def _as_bytes(images: Array) -> Array:
    """Bring images to uint8, gray or in color; of other channels the first is shown."""
    shown = images if images.shape[-1] in (1, _COLOR) else images[..., :1]
    if shown.dtype == np.uint8:
        return shown
    if shown.dtype == np.uint16:
        return (shown >> 8).astype(np.uint8)
    low, high = float(shown.min()), float(shown.max())
    return ((shown - low) * (255 / ((high - low) or 1.0))).astype(np.uint8)


def _shrunk(images: Array, width: int) -> Array:
    """Make images small enough for the terminal."""
    rows, columns = images.shape[1:3]
    most = min(width, 48)
    if columns <= most:
        return images
    size = (max(1, round(rows * most / columns)), most)
    return convert(images, size=size, channels=None, resize="stretch")


def _trimmed(images: Array) -> Array:
    """Cut off the margin that is empty in all the images, but for one pixel."""
    empty = images[0, 0, 0]
    drawn = (images != empty).any(axis=(0, 3))
    if not drawn.any():
        return images
    edges = []
    for axis in (1, 0):
        filled = np.flatnonzero(drawn.any(axis=axis))
        edges.append(slice(max(0, int(filled[0]) - 1), int(filled[-1]) + 2))
    return images[:, edges[0], edges[1]]


def _beside(cells: Sequence[Text], columns: int) -> Text:
    """Put one line of each image into one line."""
    line = Text(no_wrap=True)
    for number, cell in enumerate(cells):
        padded = cell.copy()
        if number < len(cells) - 1:
            padded.append(" " * (columns - len(cell.plain) + GAP))
        line.append_text(padded)
    line.rstrip()
    return line
