"""Metrics: measure how good a network's predictions are.

Give some to ``fit(metrics=[...])`` or ``evaluate(metrics=[...])``, by name or, for other options,
as instances. Subclass :class:`Metric` to write your own.

Examples
--------
>>> import striate as st
>>> st.metrics.TopK(k=3).name
'top-3'
"""

from striate.functions.metric import *  # noqa: F403  # all kinds
from striate.functions.metric.base import Metric  # noqa: F401  # to subclass


def __dir__() -> list[str]:
    """List the classes, without the modules that define them."""
    return sorted(name for name in globals() if name[0].isupper())
