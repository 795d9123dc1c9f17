"""Optimizers: update the parameters from the gradient.

Give one to ``fit(optimizer=...)``, by name or, for other options, as an instance. Subclass
:class:`Optimizer` to write your own.

Examples
--------
>>> import striate as st
>>> st.optimizers.Adam(learning_rate=0.01).learning_rate
0.01
"""

from striate.functions.optimizer import *  # noqa: F403  # all kinds
from striate.functions.optimizer.base import Optimizer  # noqa: F401  # to subclass


def __dir__() -> list[str]:
    """List the classes, without the modules that define them."""
    return sorted(name for name in globals() if name[0].isupper())
