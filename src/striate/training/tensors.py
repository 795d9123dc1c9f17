"""Models and checkpoints as safetensors files: arrays, and a JSON document in the metadata.

Reading such a file does not execute anything. The safetensors library checks that every array lies
within the file, so no more memory is allocated than the size of the file.
"""

import json
import os
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from striate.errors import InPython, Message, ModelFileError
from striate.files import as_path, atomic_write, reason, shown, similar_file
from striate.shapes import Array

_ENDINGS = {"model": ".safetensors", "checkpoint": ".checkpoint"}

METADATA = "striate"
"""The only key of the metadata: safetensors writes several keys in an unspecified order."""

VERSION = 1


def write_tensors(
    path: str | os.PathLike[str],
    kind: str,
    arrays: Mapping[str, Array],
    document: Mapping[str, Any],
) -> None:
    """Write arrays and a document to one file, completely or not at all.

    Parameters
    ----------
    path
        The file; ``~`` is the home folder.
    kind
        ``"model"`` or ``"checkpoint"``.
    arrays
        Arrays by name.
    document
        A JSON-serializable object.

    Raises
    ------
    ModelFileError
        If the file cannot be written; an existing file is unchanged then.
    """
    text = json.dumps({"format": f"{kind} {VERSION}", **document})
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    with atomic_write(path) as file:
        file.write(save(contiguous, {METADATA: text}))


def read_tensors(
    path: str | os.PathLike[str], kind: str
) -> tuple[dict[str, Array], dict[str, Any]]:
    """Read a file that :func:`write_tensors` wrote.

    Parameters
    ----------
    path
        The file; ``~`` is the home folder.
    kind
        The expected kind.

    Returns
    -------
    dict, dict
        The arrays by name, and the document.

    Raises
    ------
    ModelFileError
        If the file is missing, damaged, of another kind, or from a newer version.
    """
    path = as_path(path)
    name = shown(path)
    if not path.is_file():
        raise ModelFileError(
            f"{name} does not exist or is not a file; expected a {kind} that striate saved."
            f"{similar_file(path, _ENDINGS[kind])} Check the path."
        )
    try:
        with safe_open(path, framework="numpy") as file:  # type: ignore[no-untyped-call]
            metadata = cast("dict[str, str]", file.metadata() or {})
            names = [str(key) for key in file.keys()]  # noqa: SIM118  # not a mapping
            arrays = {key: file.get_tensor(key) for key in names}
    except OSError as error:
        raise ModelFileError(
            f"Cannot read {name}: {reason(error)}. Check its permissions, or use another copy."
        ) from error
    except (SafetensorError, ValueError, TypeError) as error:
        raise ModelFileError(
            f"{name} is damaged or not a safetensors file; expected a {kind} that striate saved. "
            "Use another copy, or save it again."
        ) from error
    document = _document(name, kind, metadata)
    _require_kind(name, kind, str(document.get("format", "")))
    return arrays, document


def _document(name: str, kind: str, metadata: Mapping[str, str]) -> dict[str, Any]:
    """Read the document, a JSON object; deeply nested JSON raises a RecursionError."""
    if METADATA not in metadata:
        raise ModelFileError(
            f"{name} is a safetensors file, but was not saved by striate: its metadata has no "
            f"description of a {kind}. Use a file that striate saved."
        )
    cause: Exception | None = None
    try:
        document = json.loads(metadata[METADATA])
        if isinstance(document, dict):
            return cast("dict[str, Any]", document)
    except (ValueError, RecursionError) as error:
        cause = error
    raise ModelFileError(
        f"{name} is damaged: the description of the {kind} in its metadata is not valid JSON. "
        "Use another copy, or save it again."
    ) from cause


_IN_THE_COMMAND = {
    "model": "Give a model file, which ends in .safetensors. To continue an interrupted run, use "
    "striate train --resume.",
    "checkpoint": "Give a checkpoint that striate train saved, which ends in .checkpoint.",
}


def _require_kind(name: str, kind: str, said: str) -> None:
    """Raise if a file is of another kind, or in a format newer than this version reads."""
    held, _, version = said.partition(" ")
    if not version.isdecimal():
        raise ModelFileError(
            f"{name} is damaged: its metadata does not state the kind of file and the version of "
            "its format. Use another copy, or save it again."
        )
    if held != kind:
        text = f"{name} holds a {held}; expected a {kind}."
        if {held, kind} != {"model", "checkpoint"}:
            raise ModelFileError(f"{text} Use a {kind} that striate saved.")
        raise ModelFileError(
            text,
            remedy=Message(
                InPython(
                    "Use st.load for a model, and fit(resume=...) for a checkpoint.",
                    _IN_THE_COMMAND[kind],
                )
            ),
        )
    if int(version) > VERSION:
        raise ModelFileError(
            f"{name} is a {kind} in format {version}, but this version of striate reads formats up "
            f"to {VERSION}. Install a newer version: pip install --upgrade striate."
        )
