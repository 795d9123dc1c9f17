"""Learning-rate schedules: how the learning rate changes during training.

Give one to ``fit(schedule=...)``, by name or, for other options, as an instance. Subclass
:class:`Schedule` to write your own.

Examples
--------
>>> import striate as st
>>> st.schedules.StepDecay(every=5)
StepDecay(every=5, ratio=0.1)
"""

from striate.functions.schedule import *  # noqa: F403  # all kinds
from striate.functions.schedule.base import Schedule  # noqa: F401  # to subclass


def __dir__() -> list[str]:
    """List the classes, without the modules that define them."""
    return sorted(name for name in globals() if name[0].isupper())
