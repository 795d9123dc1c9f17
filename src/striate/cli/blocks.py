"""Images on the terminal: two pixels per character, or gray levels as characters."""

from collections.abc import Sequence

import numpy as np
from rich.cells import cell_len
from rich.color import Color
from rich.console import Console
from rich.style import Style
from rich.text import Text

from striate.cli.encoding import on_one_line
from striate.data.resizing import convert
from striate.shapes import Array
from striate.tables import GAP

UPPER_HALF = "▀"
RAMP = " .:-=+*#%@"
"""From black to white, for output without colors."""

_LONGEST_CAPTION = 40  # characters, if the image is narrower

_COLOR = 3


def blocks(image: Array) -> list[Text]:
    """Draw an image with half blocks: each holds a pixel and, as its background, the one below.

    Parameters
    ----------
    image
        uint8, ``(rows, columns, channels)``, gray or in color.

    Returns
    -------
    list of Text
        One line for each two rows of pixels.

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
    """Draw an image with characters from dark to light, one for each two pixels in a column.

    Parameters
    ----------
    image
        uint8, ``(rows, columns, channels)``.

    Returns
    -------
    list of Text
        One line for each two rows of pixels.

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
    """Draw images next to each other, as many as there is room for, with text below each.

    Parameters
    ----------
    images
        ``(n, rows, columns, channels)``, uint8 or floating point.
    captions
        Lines of text for each image.
    console
        Where they will be printed. It determines the width, and whether half blocks can be used.

    Returns
    -------
    list of Text
    """
    shown = _trimmed(_shrunk(_as_bytes(images), console.width))
    draw = blocks if can_show_blocks(console) else ramp
    room = max(shown.shape[2], min(_LONGEST_CAPTION, console.width))
    captions = [[on_one_line(line, room) for line in lines] for lines in captions]
    columns = max(shown.shape[2], *(cell_len(line) for lines in captions for line in lines))
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
    """Return whether a console has the colors and the characters for half blocks.

    Parameters
    ----------
    console
        Where images will be printed.

    Returns
    -------
    bool
        False if the output isn't a terminal, colors are switched off (``NO_COLOR``), there are
        fewer than 256 of them, or the encoding isn't UTF-8.
    """
    return (
        console.is_terminal
        and not console.no_color
        and console.color_system in {"256", "truecolor", "windows"}
        and console.encoding.startswith("utf")
    )


def _is_gray(image: Array) -> bool:
    return image.shape[-1] != _COLOR


def _as_bytes(images: Array) -> Array:
    """Convert images to uint8; of channels other than 1 or 3, only the first is shown."""
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
    """Crop the margin that is empty in all images to one pixel."""
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
    """Join one line of each image."""
    line = Text(no_wrap=True)
    for number, cell in enumerate(cells):
        padded = cell.copy()
        if number < len(cells) - 1:
            padded.append(" " * (columns - cell.cell_len + GAP))
        line.append_text(padded)
    line.rstrip()
    return line
