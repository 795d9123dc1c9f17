"""Feature maps and their groups: what convolution and its transpose share."""

from math import gcd

from striate.errors import OptionError
from striate.shapes import Array, Float


def require_maps(kind: object, groups: int, incoming: int, outgoing: int) -> None:
    """Raise if groups do not divide the maps.

    Parameters
    ----------
    kind
        The layer, for the error message.
    groups, incoming, outgoing
        Numbers of groups, of incoming and of output maps.

    Raises
    ------
    OptionError
        If a group would not have a whole number of incoming and output maps.

    Sources
    -------
    Hagan 8.20; Krizhevsky et al. 2012 (groups).

    Examples
    --------
    >>> require_maps("Conv", groups=2, incoming=4, outgoing=6)
    """
    if incoming % groups or outgoing % groups:
        common = gcd(incoming, outgoing)
        raise OptionError(
            f"`groups` must divide {incoming} incoming and {outgoing} output maps, got {groups}. "
            f"Use {'groups=1' if common == 1 else f'a divisor of {common}'}."
        ).about(kind)


def split(a: Float[Array, "q l *x"], groups: int) -> Float[Array, "q g k *x"]:
    """Split the axis of maps into groups."""
    return a.reshape(len(a), groups, -1, *a.shape[2:])
