"""Metrics as a user gives them: by name, or as instances."""

import re
from collections.abc import Mapping, Sequence

from striate.errors import OptionError
from striate.functions import registry
from striate.functions.metric import TopK
from striate.functions.metric.base import Metric
from striate.functions.resolve import resolve
from striate.functions.synonyms import did_you_mean
from striate.functions.writing import short

MetricsArgument = (
    str | Metric | Sequence[str | Metric] | Mapping[str, "str | Metric | Sequence[str | Metric]"]
)
"""Metrics as a user gives them: one, several, or some for each output by name."""

METRIC_NAMES = tuple(
    "top-3" if kind is TopK else name for name, kind in registry.kinds("metric").items()
)
"""The names of all metrics, and of one of the many that count the first few classes."""

_TOP_K = re.compile(r"top-?(\d+)")


def metrics_named(
    given: MetricsArgument | None,
) -> tuple[Metric, ...] | dict[str, tuple[Metric, ...]]:
    """Find metrics by their names.

    Parameters
    ----------
    given
        Names, such as ``"f1"`` or ``"top-3"``, or instances; a dict for some of the outputs.

    Returns
    -------
    tuple or dict
        The metrics, for all outputs or by output.

    Raises
    ------
    OptionError
        If there is no such metric.

    Examples
    --------
    >>> metrics_named(["top-3", "mae"])
    (TopK(k=3), MAE())
    """
    if given is None:
        return ()
    if isinstance(given, Mapping):
        return {str(name): _several(some) for name, some in given.items()}
    return _several(given)


def is_metric_name(name: str) -> bool:
    """Whether a metric has a name.

    Examples
    --------
    >>> is_metric_name("f1"), is_metric_name("top-7"), is_metric_name("f2")
    (True, True, False)
    """
    return name in METRIC_NAMES or _TOP_K.fullmatch(name) is not None


def _several(given: str | Metric | Sequence[str | Metric]) -> tuple[Metric, ...]:
    """Find one or several metrics by their names."""
    several = given if isinstance(given, Sequence) and not isinstance(given, str) else (given,)
    return tuple(map(_named, several))


def _named(given: object) -> Metric:
    """Find a metric by its name, or raise."""
    found = _TOP_K.fullmatch(given) if isinstance(given, str) else None
    if found:
        return TopK(k=int(found[1]))
    if not isinstance(given, str | Metric):
        made = getattr(given, "__name__", "")
        remedy = f"Use metrics=[{made}()]." if isinstance(given, type) else 'Try metrics=["f1"].'
        raise OptionError(
            f"`metrics` must hold names or instances of metrics, got {short(given)}. {remedy}"
        )
    if isinstance(given, str) and given not in registry.kinds("metric"):
        raise OptionError(
            f"Unknown metric {short(given)}.{did_you_mean(given, METRIC_NAMES)} Choose from "
            f"{', '.join(METRIC_NAMES)}; top-3 may have another number."
        )
    return resolve("metric", given, Metric)
