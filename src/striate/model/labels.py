"""An array of labels, of one type, from whatever a user gives: arrays, lists, columns of pandas.

NumPy makes one type of different ones without a word: text of NaN and numbers among strings, and
integers of booleans among numbers. Here the original values are checked instead.
"""

from typing import Any

import numpy as np

from striate.errors import DataError
from striate.functions.writing import short
from striate.model.inputs import as_array
from striate.shapes import Array


def label_array(y: Any, name: str, variable: str = "y") -> Array:
    """Make an array of targets; objects, as in a column of pandas, become strings or numbers.

    Parameters
    ----------
    y
        The targets.
    name, variable
        What they are called in errors, and the variable that holds them, for remedies.

    Raises
    ------
    DataError
        If a label is missing (``None`` or NaN among strings), types are mixed, or labels are bytes.
    """
    labels = as_array(y, name)
    if not hasattr(y, "dtype") and (labels.dtype.kind == "U" or _hides_booleans(y, labels)):
        labels = np.array(y, dtype=object)  # NumPy turned other values into text or integers
    if labels.dtype.kind == "T":
        labels = labels.astype(object)  # other strings of NumPy have a length, which this has not
    if labels.dtype.kind == "O" and labels.ndim and labels.size:
        labels = _from_objects(y, labels, name, variable)
    if labels.dtype.kind == "S" and labels.size:
        raise DataError(_bytes(labels, name, variable))
    return labels


def _hides_booleans(y: Any, labels: Array) -> bool:
    """Whether NumPy made numbers of booleans that are mixed with numbers."""
    if labels.dtype.kind not in "iuf" or labels.ndim != 1:
        return False
    return any(isinstance(label, bool | np.bool_) for label in y)


_TYPES: tuple[tuple[str, Any], ...] = (
    ("bool", bool | np.bool_),  # before int, which bool is
    ("int", int | np.integer),
    ("float", float | np.floating),
    ("str", str),
    ("bytes", bytes),
)
"""The types of labels, by the name that errors use."""


def _from_objects(y: Any, labels: Array, name: str, variable: str) -> Array:
    """Convert an array of objects that are all strings, all numbers, or all booleans."""
    flat = labels.ravel()
    missing = [k for k, one in enumerate(flat) if _is_missing(one)]
    if missing:
        place = [int(k) for k in np.unravel_index(missing[0], labels.shape)]
        keep = (
            f"{variable}.notna()"
            if hasattr(y, "notna")  # a column of pandas, whose NA cannot be compared
            else f"[label is not None and label == label for label in {variable}]"
        )
        raise missing_labels(
            f"{name}{place} is {flat[missing[0]]}", len(missing), labels, keep, variable
        )
    types = {next((n for n, t in _TYPES if isinstance(one, t)), type(one).__name__) for one in flat}
    if len(types) > 1 and types != {"int", "float"}:
        convert = next((n for n in ("str", "float", "int") if n in types), "str")
        convert = f"[{convert}(label) for label in {variable}]"
        decode = f"[l.decode() if isinstance(l, bytes) else l for l in {variable}]"
        remedy = f"For example, use {decode if types == {'bytes', 'str'} else convert}."
        raise DataError(
            f"{name} mixes labels of type {' and '.join(sorted(types))}; expected one type. "
            f"{remedy}"
        )
    dtypes = {"bool": np.bool_, "int": np.int64, "str": np.str_, "bytes": np.bytes_}
    dtype = dtypes.get(next(iter(types)), object) if len(types) == 1 else object
    if types <= {"int", "float"} and "float" in types:
        dtype = np.float64
    try:
        return labels.astype(dtype)
    except OverflowError:  # an integer of more than 64 bits
        return labels


def missing_labels(problem: str, count: int, labels: Array, keep: str, variable: str) -> DataError:
    """Make the error for labels that are missing.

    Parameters
    ----------
    problem
        The first missing label: ``"y[2] is nan"``.
    count
        Number of missing labels.
    labels
        All labels.
    keep
        Python for a mask of the images to keep.
    variable
        The variable that holds the labels.

    Returns
    -------
    DataError
        With the images to leave out.
    """
    remedy = (
        f"Leave those images out: keep = {keep}, then np.asarray(x)[keep], "
        f"np.asarray({variable})[keep]."
        if labels.ndim == 1
        else "Leave those images out, or label them."
    )
    return DataError(f"{problem}, a missing label ({count:,} of {labels.size:,}). {remedy}")


def _bytes(labels: Array, name: str, variable: str) -> str:
    """Write the error for labels that are bytes: the strings would not be equal to them."""
    try:
        np.char.decode(labels, "utf-8")
        encoding = "utf-8"
    except UnicodeDecodeError:
        encoding = "latin-1"
    first = short(labels.ravel().tolist()[0])
    return (
        f"{name} holds bytes, such as {first}; expected strings, integers or "
        f'booleans. Decode them with np.char.decode(np.asarray({variable}, "S"), "{encoding}").'
    )


def _is_missing(label: object) -> bool:
    """Whether a label is None, NaN, or pandas' NA, which is the only value not equal to itself."""
    if label is None or type(label).__name__ in {"NAType", "NaTType"}:
        return True
    return isinstance(label, float | np.floating) and bool(np.isnan(label))
