"""Parameters and running statistics by name, as views of a flat buffer."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import numpy as np

from striate.errors import DataError, ShapeError, UnknownNameError
from striate.graph.parameters import ParameterLayout
from striate.shapes import Array, Shape


class NamedArrays(Mapping[str, Array]):
    """The parameters (or running statistics) of a network by name.

    Reading gives a view of the network's own memory, so changing an array in place changes the
    network. Assigning to a name checks the new values and copies them into that memory. The names
    and shapes are those of the layers and cannot be changed.

    Parameters
    ----------
    kind
        What the arrays are, for error messages: ``"parameter"`` or ``"running statistic"``.
    layout
        Names and shapes, in the order of the buffer.
    buffer
        The flat float32 array that holds them.

    Examples
    --------
    >>> layout = ParameterLayout({"dense1.bias": (2,)})
    >>> arrays = NamedArrays("parameter", layout, np.zeros(2, np.float32))
    >>> arrays["dense1.bias"] = [0.5, -1]
    >>> arrays["dense1.bias"][0] += 1
    >>> arrays["dense1.bias"]
    array([ 1.5, -1. ], dtype=float32)
    """

    def __init__(self, kind: str, layout: ParameterLayout, buffer: Array) -> None:
        self._kind = kind
        self._views = layout.views(buffer)

    def __getitem__(self, name: str) -> Array:
        if name not in self._views:
            raise UnknownNameError(self._unknown(name))
        return self._views[name]

    def __setitem__(self, name: str, values: Any) -> None:
        view = self[name]
        view[...] = self._checked(name, values)

    def update(self, arrays: Mapping[str, Any]) -> None:
        """Replace several arrays; if one of them is refused, none is replaced.

        Parameters
        ----------
        arrays
            New values by name.

        Raises
        ------
        UnknownNameError
            If the network has no array of that name.
        ShapeError, DataError
            If an array has the wrong shape, or holds values that are not finite real numbers.
        """
        checked = {name: self._checked(name, values) for name, values in arrays.items()}
        for name, values in checked.items():
            self._views[name][...] = values

    def __iter__(self) -> Iterator[str]:
        return iter(self._views)

    def __len__(self) -> int:
        return len(self._views)

    def __contains__(self, name: object) -> bool:
        return name in self._views

    def __repr__(self) -> str:
        width = max(map(len, self._views), default=0)
        return "\n".join(f"{name:<{width}}  {view.shape}" for name, view in self._views.items())

    def _checked(self, name: str, values: Any) -> Array:
        """Convert values to float32; raise if they cannot replace the array of that name."""
        shape = self[name].shape
        try:
            given = np.asarray(values)
        except (TypeError, ValueError) as error:
            raise ShapeError(
                f"The values for {name} are lists of different lengths; expected shape {shape}. "
                "Pass one array of that shape."
            ) from error
        if given.dtype.kind not in "biuf":
            raise DataError(
                f"The values for {name} have dtype {given.dtype}; expected real numbers. "
                "Pass an array of floats or integers."
            )
        if given.shape != shape:
            raise ShapeError(
                f"The values for {name} have shape {given.shape}; expected {shape}. "
                + (
                    _of_another_order(given.shape, shape)
                    if given.size == self[name].size and given.size > 1
                    else "To fill the array with one number, assign to all of its elements: "
                    f'net.{self._kind.split()[-1]}s["{name}"][...] = {given}.'
                    if given.ndim == 0
                    else "Change the layer's options if you need another shape."
                )
            )
        with np.errstate(over="ignore"):
            floats = given.astype(np.float32)
        if not np.isfinite(floats).all():
            place = tuple(int(k) for k in np.argwhere(~np.isfinite(floats))[0])
            raise DataError(
                f"The values for {name} hold {given[place]} at index {place}; expected finite "
                "float32 numbers. Replace it before assigning."
            )
        return floats

    def _unknown(self, name: object) -> str:
        """Name the nearest name, and list all of them."""
        nearest = get_close_matches(str(name), self._views, n=1)
        meant = f' Did you mean "{nearest[0]}"?' if nearest else ""
        none = "It has no weights." if "param" in self._kind else "Only BatchNorm() has them."
        names = f"Choose from {', '.join(self._views)}." if self._views else none
        return f'The network has no {self._kind} "{name}".{meant} {names}'


def _of_another_order(given: Shape, shape: Shape) -> str:
    """Return the remedy for values whose number fits but not their shape."""
    if len(shape) > 1 and given == (*shape[2:], shape[1], shape[0]):
        axes = (len(shape) - 1, len(shape) - 2, *range(len(shape) - 2))
        return (
            "If the last axes are inputs and outputs, as in Keras, use "
            f"np.transpose(values, {axes})."
        )
    return f"If the elements are in the same order, use np.reshape(values, {shape})."
