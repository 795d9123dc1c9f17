"""Initializers by name, for the options of layers and the defaults of transfer functions."""

from collections.abc import Mapping
from types import MappingProxyType

from striate.errors import OptionError
from striate.functions.initializer.base import Initializer
from striate.functions.initializer.constant import Constant
from striate.functions.initializer.glorot import Glorot
from striate.functions.initializer.he import He
from striate.functions.initializer.lecun import LeCun
from striate.functions.initializer.orthogonal import Orthogonal
from striate.functions.synonyms import did_you_mean
from striate.functions.writing import short

NAMED: Mapping[str, Initializer] = MappingProxyType(
    {
        "glorot-uniform": Glorot(),
        "glorot-normal": Glorot(distribution="normal"),
        "he-uniform": He(),
        "he-normal": He(distribution="normal"),
        "lecun-uniform": LeCun(),
        "lecun-normal": LeCun(distribution="normal"),
        "orthogonal": Orthogonal(),
        "zeros": Constant(value=0.0),
        "ones": Constant(value=1.0),
    }
)


def named(name: object) -> Initializer:
    """Find an initializer by its name.

    Parameters
    ----------
    name
        One of :data:`NAMED`.

    Returns
    -------
    Initializer
        An instance with the options that belong to the name.

    Raises
    ------
    OptionError
        If no initializer has this name.

    Examples
    --------
    >>> named("he-normal")
    He(distribution='normal')
    """
    if isinstance(name, str) and name in NAMED:
        return NAMED[name]
    meant = did_you_mean(name, NAMED)
    raise OptionError(
        f"Unknown initializer {short(name)}.{meant} Choose from {', '.join(NAMED)}, or use an "
        "instance such as Orthogonal(gain=2.0) or an array of weights."
    )
