"""The machine code for template matching: compiled once for a processor, then kept in the cache."""

import ctypes
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from striate import __version__
from striate.errors import Argument, EngineError, Message
from striate.llvm.matching.pixels import PIXELS
from striate.llvm.matching.program import write_matching
from striate.plan.fingerprint import fingerprint
from striate.runtime.cache import ObjectCache, key_of
from striate.shapes import Array

if TYPE_CHECKING:
    from striate.llvm.machine import LoadedObject

_ARGUMENTS = {
    **{f"pixels_{name}": "piiiiiifppiip" for name in PIXELS},
    "along_rows": "ppiipiipp",
    "along_columns": "piiip",
    "correlation": "pipipiipppppiii",
    "column_sums": "piiiiiippp",
    "rows_of_sums": "ppiiiip",
    "normalized_32": "pppiiiiiipppp",
    "normalized_64": "pppiiiiiipppp",
    "linear_32": "pppiiiiiipppp",
    "linear_64": "pppiiiiiipppp",
}
"""The functions and their arguments: p for an array, i for an integer, f for a float64 number."""

_TYPES = {"p": ctypes.c_void_p, "i": ctypes.c_int64, "f": ctypes.c_double}

MachineFunction = Callable[..., int]
"""Takes arrays and integers; other threads run meanwhile."""


@cache
def functions() -> dict[str, MachineFunction]:
    """Load the program, and return its functions by name.

    Returns
    -------
    dict
        See :func:`striate.llvm.matching.program.write_matching`.

    Raises
    ------
    EngineError
        If llvmlite is missing.
    """
    loaded = _loaded()
    return {name: _function(loaded, name, letters) for name, letters in _ARGUMENTS.items()}


def _loaded() -> "LoadedObject":
    """Compile the program, or find it in the cache, and load it."""
    try:
        from striate.llvm import machine  # noqa: PLC0415  # llvmlite is heavy
    except ModuleNotFoundError as error:
        if error.name != "llvmlite":
            raise
        raise EngineError(
            "Matching by FFT needs llvmlite, which is not installed.",
            remedy=Message(
                "Install it with pip install llvmlite, or use ",
                Argument("engine", "direct"),
                " for small images.",
            ),
        ) from error
    target, objects = machine.host(), ObjectCache()
    versions = machine.versions(), machine.generator_digest(), __version__
    key = key_of("matching", fingerprint(target), *versions)
    code = objects.get(key)
    if code is None:
        code = machine.compile_object(write_matching(target), target)
        objects.put(key, code)
    return machine.LoadedObject(code, target)


def _function(loaded: "LoadedObject", name: str, letters: str) -> MachineFunction:
    """Make a Python function of a loaded one."""
    types = [_TYPES[letter] for letter in letters]
    call = ctypes.CFUNCTYPE(ctypes.c_int64, *types)(loaded.address(name))

    def function(*arguments: Array | float | None) -> int:
        # The object code must stay loaded as long as the function exists.
        assert loaded is not None
        return call(*[_passed(argument) for argument in arguments])

    return function


def _passed(argument: Array | float | None) -> float | None:
    """Return the address of an array, or the number; None is a null pointer."""
    # This is three times as fast as `argument.ctypes.data`.
    return argument.__array_interface__["data"][0] if isinstance(argument, np.ndarray) else argument
