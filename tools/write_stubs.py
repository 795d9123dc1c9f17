"""Write the stub of the public layers, which are generated from the kinds when striate is imported.

    python tools/write_stubs.py

Editors and type checkers read src/striate/graph/layers.pyi; a test compares it with what this
makes.
"""

import inspect
import textwrap
from pathlib import Path
from types import UnionType
from typing import Literal, Union, get_args, get_origin

from striate.functions.writing import write
from striate.graph import layers

PATH = Path(__file__).parents[1] / "src" / "striate" / "graph" / "layers.pyi"
LONGEST_LINE = 100
HEAD = '''\
"""The public layers, written by tools/write_stubs.py from the kinds: do not edit."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from striate.functions.base import NetInputFunction, TransferFunction
from striate.functions.initializer.base import Initializer
from striate.graph.layer import Layer, Node
from striate.shapes import Array

CONSTRUCTORS: Mapping[str, Callable[..., Layer]]
'''


def stub() -> str:
    """Write the signatures and the documentation of all layers."""
    return HEAD + "".join(map(_function, layers.__all__))


def _function(name: str) -> str:
    """Write one layer."""
    construct = getattr(layers, name)
    signature = inspect.signature(construct)
    lines: list[str] = []
    starred = False
    for parameter in signature.parameters.values():
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY and not starred:
            starred = True
            lines.append("*,")
        default = (
            "" if parameter.default is inspect.Parameter.empty else f" = {write(parameter.default)}"
        )
        for between in (" | ", "\n| "):  # the formatter breaks lines that are too long
            union = _annotation(parameter.annotation, between)
            line = f"{parameter.name}: {union}{default},"
            if len(line) <= LONGEST_LINE - 4:
                break
        lines.append(line)
    arguments = textwrap.indent("\n".join(lines), " " * 4)
    result = _annotation(signature.return_annotation)
    documentation = textwrap.indent((inspect.getdoc(construct) or "").strip(), " " * 4).lstrip()
    raw = "r" if "\\" in documentation else ""
    return f'\ndef {name}(\n{arguments}\n) -> {result}:\n    {raw}"""{documentation}\n    """\n'


def _annotation(annotation: object, between: str = " | ") -> str:
    """Write an annotation with the names that the head imports; a union has ``between`` in it."""
    if annotation is Ellipsis:
        return "..."
    if annotation in (None, type(None)):
        return "None"
    inner = get_args(annotation)
    match get_origin(annotation):
        case None:
            return getattr(annotation, "__name__", str(annotation)).replace("ndarray", "Array")
        case origin if origin in (Union, UnionType):
            return between.join(map(_annotation, inner))
        case origin if origin is Literal:
            return f"Literal[{', '.join(map(write, inner))}]"
        case origin:
            return f"{origin.__name__}[{', '.join(map(_annotation, inner))}]"


def main() -> None:
    """Write the stub."""
    PATH.write_text(stub())


if __name__ == "__main__":
    main()
