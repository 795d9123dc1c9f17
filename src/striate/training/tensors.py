"""Arrays and a JSON document in one safetensors file: models and checkpoints.

Nothing in such a file is executed. The library that reads it checks that every array lies inside
the file, so that no more is allocated than the file holds.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from striate.errors import ModelFileError
from striate.files import atomic_write
from striate.shapes import Array

METADATA = "striate"
"""The one key of the metadata: safetensors writes several in an order that changes."""

VERSION = 1


def write_tensors(
    path: str | os.PathLike[str],
    kind: str,
    arrays: Mapping[str, Array],
    document: Mapping[str, Any],
) -> None:
    """Write arrays and a document as one file, whole or not at all.

    Parameters
    ----------
    path
        Where to.
    kind
        What the file holds, ``"model"`` or ``"checkpoint"``.
    arrays
        By name.
    document
        What JSON can hold.

    Raises
    ------
    ModelFileError
        If the file cannot be written; one of that name from before is still whole.
    """
    text = json.dumps({"format": f"{kind} {VERSION}", **document})
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    with atomic_write(path) as file:
        file.write(save(contiguous, {METADATA: text}))


def read_tensors(
    path: str | os.PathLike[str], kind: str
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Read what :func:`write_tensors` wrote.

    Parameters
    ----------
    path
        The file.
    kind
        What it must hold.

    Returns
    -------
    dict, dict
        The arrays by name, and the document.

    Raises
    ------
    ModelFileError
        If there is no such file, it is damaged, it holds something else, or it is from a newer
        version.
    """
    path = Path(path)
    if not path.is_file():
        raise ModelFileError(
            f"There is no file {path}. A {kind} is one file that striate saved. Check the path."
        )
    try:
        with safe_open(path, framework="numpy") as file:  # type: ignore[no-untyped-call]
            metadata = cast("dict[str, str]", file.metadata() or {})
            names = [str(name) for name in file.keys()]  # noqa: SIM118  # it is no mapping
            arrays = {name: file.get_tensor(name) for name in names}
    except (SafetensorError, OSError, ValueError, TypeError) as error:
        raise ModelFileError(
            f"{path} cannot be read: {error}. A {kind} is a safetensors file, whole as it was "
            "written. "
            "The file is damaged or of another kind; use another copy, or save it again."
        ) from error
    document = _document(path, kind, metadata)
    _require_kind(path, kind, str(document.get("format", "")))
    return arrays, document


def _document(path: Path, kind: str, metadata: Mapping[str, str]) -> dict[str, Any]:
    """Read the description, a table; JSON that nests too deep ends in a RecursionError."""
    if METADATA not in metadata:
        raise ModelFileError(
            f"{path} is a safetensors file without a striate {kind}. A {kind} carries its "
            "architecture in the file's metadata. Use a file that striate saved."
        )
    cause: Exception | None = None
    try:
        document = json.loads(metadata[METADATA])
        if isinstance(document, dict):
            return cast("dict[str, Any]", document)
    except (ValueError, RecursionError) as error:
        cause = error
    raise ModelFileError(
        f"{path} has no readable description of its {kind}. striate writes it into the file's "
        "metadata. The file is damaged; use another copy, or save it again."
    ) from cause


def _require_kind(path: Path, kind: str, said: str) -> None:
    """Raise where a file holds something else, or is from a version that this one does not know."""
    held, _, version = said.partition(" ")
    if not version.isdecimal():
        raise ModelFileError(
            f"{path} does not say what it holds. A {kind} states its kind and the version of its "
            "format. The file is damaged; use another copy, or save it again."
        )
    if held != kind:
        raise ModelFileError(
            f"{path} holds a {held}. A {kind} is wanted here. "
            + (
                "Use st.load for a model, and fit(resume=...) for a checkpoint."
                if {held, kind} == {"model", "checkpoint"}
                else f"Use a file that holds a {kind}."
            )
        )
    if int(version) > VERSION:
        raise ModelFileError(
            f"{path} is a {kind} of format {version}. This version of striate reads formats up to "
            f"{VERSION}. "
            "Install a newer striate: pip install --upgrade striate."
        )
