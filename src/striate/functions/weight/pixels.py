"""Pixel axes: what every kind with a window requires of its input."""

from striate.errors import InPython, Message, ShapeError
from striate.shapes import Shape


def require_pixels(kind: object, pixels: Shape) -> None:
    """Raise if an image does not have one to three pixel axes.

    Parameters
    ----------
    kind
        The layer, for the error message.
    pixels
        Lengths of the image's axes.

    Raises
    ------
    ShapeError
        If the input is a vector, or has more than three pixel axes.

    Sources
    -------
    Hagan 8.20.

    Examples
    --------
    >>> require_pixels("MaxPool(2)", (28, 28))
    """
    if 1 <= len(pixels) <= 3:
        return
    if not pixels:
        raise ShapeError(
            "the input must be an image with one to three pixel axes, got a vector.",
            remedy=Message(
                "Move this layer before ",
                InPython("Flatten(), or put Reshape((rows, columns, channels)) before it", "dense"),
                ".",
            ),
        ).about(kind)
    raise ShapeError(
        f"the input must be an image with one to three pixel axes, got {len(pixels)}. "
        "Use Reshape to merge axes."
    ).about(kind)
