"""Losses: measure how far the outputs are from the targets.

Give one to ``fit(loss=...)``, by name or, for other options, as an instance. Subclass
:class:`Loss` to write your own.

Examples
--------
>>> import striate as st
>>> st.losses.CrossEntropy(label_smoothing=0.1).label_smoothing
0.1
"""

from striate.functions.base import Loss  # noqa: F401  # to subclass
from striate.functions.loss import *  # noqa: F403  # all kinds


def __dir__() -> list[str]:
    """List the classes, without the modules that define them."""
    return sorted(name for name in globals() if name[0].isupper())
