"""What every kind with a window asks of an image: axes of pixels for the window to walk along."""

from striate.errors import ShapeError
from striate.shapes import Shape


def require_pixels(kind: object, pixels: Shape) -> None:
    """Raise where an image does not have one to three axes of pixels.

    Parameters
    ----------
    kind
        Who asks, for the error text.
    pixels
        Lengths of the image's axes.

    Raises
    ------
    ShapeError
        If there is no axis, or there are more than three.

    Sources
    -------
    Hagan 8.20.

    Examples
    --------
    >>> require_pixels("MaxPooling(window=2)", (28, 28))
    """
    if 1 <= len(pixels) <= 3:
        return
    raise ShapeError(
        f"{kind} got arrays with {len(pixels)} axes of pixels. "
        "A window walks along one to three: (maps, pixels), (maps, rows, columns) or "
        "(maps, planes, rows, columns). "
        "Move the layer in front of Flatten, or put Reshape before it."
    )


def letters(rank: int) -> tuple[str, str]:
    """Name the axes of places and of window pixels, for contractions: ``("ij", "uv")``."""
    return "ijk"[:rank], "uvw"[:rank]
