"""The name of a kind in the registry, in model files and in the history: derived from its class."""

import re
from typing import Any


def kind_name(kind: type[Any]) -> str:
    """Derive a name from a class.

    Examples
    --------
    >>> class LeakyRelu: ...
    >>> class RMSprop: ...
    >>> kind_name(LeakyRelu), kind_name(RMSprop)
    ('leaky-relu', 'rmsprop')
    """
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "-", kind.__name__).lower()
