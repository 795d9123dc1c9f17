"""Numbers of feature maps and their groups: what convolution and its transpose share."""

from striate.errors import OptionError
from striate.shapes import Array, Float


def require_maps(kind: object, groups: int, incoming: int, outgoing: int) -> None:
    """Raise where there is no output map, or groups do not divide the maps.

    Parameters
    ----------
    kind
        Who asks, for the error text.
    groups, incoming, outgoing
        Numbers of groups, of incoming and of output maps.

    Raises
    ------
    OptionError
        If there would be no map, or a group without a whole number of maps.

    Sources
    -------
    Hagan 8.20; Krizhevsky et al. 2012 (groups).

    Examples
    --------
    >>> require_maps("Convolution", groups=2, incoming=4, outgoing=6)
    """
    if outgoing < 1:
        raise OptionError(
            f"{kind} has no output map. A layer computes at least one. Use feature_maps=1 or more."
        )
    if groups < 1 or incoming % groups or outgoing % groups:
        raise OptionError(
            f"{kind} has {groups} groups for {incoming} incoming and {outgoing} output maps. "
            "Each group takes the same number of both. "
            f"Use a number of groups that divides {incoming} and {outgoing}."
        )


def split(a: Float[Array, "q l *x"], groups: int) -> Float[Array, "q g k *x"]:
    """Split the axis of maps into groups."""
    return a.reshape(len(a), groups, -1, *a.shape[2:])
