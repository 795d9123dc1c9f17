"""Kernels of the convolution and its transpose as parameters of a network.

A convolution has ``w[output map, input map of the group, *window]``. Its transpose has the other
order, that of the convolution which it transposes.
"""

from math import prod

from striate.functions.declarations import Parameter
from striate.shapes import Shape


def kernel_parameters(
    shape: Shape, *, groups: int, incoming: int, outgoing: int
) -> dict[str, Parameter]:
    """Declare kernels: one window for each pair of maps in a group.

    Parameters
    ----------
    shape
        Shape of the kernels: two map axes, then the window.
    groups, incoming, outgoing
        Numbers of groups, of input and of output maps.

    Returns
    -------
    dict
        The parameter ``weight``.

    Sources
    -------
    Hagan 8.20.

    Examples
    --------
    >>> kernel_parameters((4, 2, 3, 3), groups=3, incoming=6, outgoing=4)["weight"].fan_in
    18
    """
    taps = prod(shape[2:])
    return {
        "weight": Parameter(
            shape=shape,
            fan_in=incoming // groups * taps,
            fan_out=outgoing // groups * taps,
            decayed=True,
        )
    }
