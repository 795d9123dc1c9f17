"""Initializers: the weights that a network starts with.

Give one to a layer's ``initializer=...``, by name or, for other options, as an instance. Subclass
:class:`Initializer` to write your own.

Examples
--------
>>> import striate as st
>>> st.initializers.He(distribution="normal")
He(distribution='normal')
"""

from striate.functions.initializer import *  # noqa: F403  # all kinds
from striate.functions.initializer.base import Initializer  # noqa: F401  # to subclass


def __dir__() -> list[str]:
    """List the classes, without the modules that define them."""
    return sorted(name for name in globals() if name[0].isupper())
