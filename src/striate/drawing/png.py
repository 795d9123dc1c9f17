"""Images as PNG files in text, so that HTML and SVG can hold them: no library but NumPy."""

import base64
import struct
import zlib

import numpy as np

from striate.shapes import Array


def png(pixels: Array) -> bytes:
    """Write an image as a PNG file. The same pixels give the same bytes.

    Parameters
    ----------
    pixels
        ``[row, column, 3]``, uint8.

    Returns
    -------
    bytes

    Examples
    --------
    >>> png(np.zeros((2, 3, 3), np.uint8))[1:4]
    b'PNG'
    """
    rows, columns, _ = pixels.shape
    lines = np.zeros((rows, 1 + 3 * columns), np.uint8)  # each line begins with its filter, 0
    lines[:, 1:] = pixels.reshape(rows, -1)
    header = struct.pack(">IIBBBBB", columns, rows, 8, 2, 0, 0, 0)  # eight bits, RGB
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines.tobytes(), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def data_uri(pixels: Array) -> str:
    """Write an image as an address that contains it, for ``src`` and ``href``.

    Parameters
    ----------
    pixels
        ``[row, column, 3]``, uint8.

    Returns
    -------
    str
    """
    return f"data:image/png;base64,{base64.b64encode(png(pixels)).decode()}"


def _chunk(name: bytes, data: bytes) -> bytes:
    """Write a part of the file with its length and checksum."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
