"""Names for arrays in annotations: ``Float[Array, "q l rows columns"]``.

The strings are jaxtyping's notation for shapes. They are inert unless jaxtyping was imported before
striate, which the test suite does on request (``pytest --check-shapes``); so the mathematics needs
NumPy alone.
"""

import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from typing import Annotated as Float
    from typing import Annotated as Int
    from typing import Annotated as Shaped

    Array = NDArray[Any]
elif "jaxtyping" in sys.modules:
    from jaxtyping import Float, Int, Shaped

    Array = np.ndarray
else:

    class Float:
        """Stand for an array of floating-point numbers; the shape is for the reader."""

        def __class_getitem__(cls, item: tuple[type, str]) -> type:
            """Drop the shape."""
            return item[0]

    Int = Shaped = Float
    Array = np.ndarray

Shape = tuple[int, ...]
"""Lengths of the axes of one image's array, without the images': ``(maps, rows, columns)``."""

__all__ = ["Array", "Float", "Int", "Shape", "Shaped"]
