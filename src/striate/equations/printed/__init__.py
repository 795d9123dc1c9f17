"""The numbered equations as functions: exactly as they are printed, in plain loops.

They are slow and independent of the rest of striate, which is compared with them. Indices start
where the text starts them, and an index outside an array is an error unless the text defines the
value there. An equation with a slip has two functions, corrected and ``..._as_printed``.
"""

from collections.abc import Callable
from typing import Any

from striate.equations.printed import (
    hagan_forward,
    hagan_gradient,
    wichmann,
    wichmann_pooling,
    wolter,
)
from striate.equations.printed.indexed import table

_MODULES = {
    "Hagan": (hagan_forward, hagan_gradient),
    "Wichmann": (wichmann, wichmann_pooling),
    "Wolter": (wolter,),
}


def printed_functions(text: str) -> dict[str, Callable[..., Any]]:
    """Return the functions of the equations of a text by name.

    Parameters
    ----------
    text
        ``"Hagan"``, ``"Wichmann"`` or ``"Wolter"``.

    Returns
    -------
    dict
        ``equation_8_1``, ``equation_8_2`` and so on, and ``table``, which fills an array from a
        function of its indices.

    Examples
    --------
    >>> printed_functions("Wolter")["equation_4"](5, 3)
    3
    """
    found = {
        name: function
        for module in _MODULES[text]
        for name, function in vars(module).items()
        if name.startswith("equation_") and function.__module__ == module.__name__
    }
    return found | {"table": table}
