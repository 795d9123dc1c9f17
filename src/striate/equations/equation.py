"""One numbered equation: its formula, the public call that computes it, and a worked example."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from striate.equations.latex import linear, parse
from striate.equations.layout import draw
from striate.equations.printed import printed_functions
from striate.shapes import Array

_LONGEST_IMPORT = 78  # columns, next to an indentation of two

Value = Any
"""A number, an array, or a sequence of values, such as ``Gradients``."""


@dataclass(frozen=True, kw_only=True)
class WorkedExample:
    """Small inputs, and the equation computed for them in two ways.

    In the code, ``np`` is NumPy and ``st`` is striate.

    Parameters
    ----------
    given
        Lines of Python that define the inputs.
    call
        An expression with the public call that computes the equation. ``None`` if striate doesn't
        implement it.
    loops
        An expression that computes it in plain loops, with functions of
        :mod:`striate.equations.printed`.
    as_printed
        The same for the equation as printed, if it has a slip.
    tolerance
        Largest difference between the two ways: above 0 where central differences are involved, or
        functions that are only exact up to rounding.
    note
        What a reader needs to know about the example.
    """

    given: str = ""
    call: str | None = None
    loops: str
    as_printed: str | None = None
    tolerance: float = 0.0
    note: str | None = None


@dataclass(frozen=True, kw_only=True)
class EquationResult:
    """The numbers of a worked example.

    Parameters
    ----------
    value
        What the public call returns; ``None`` without a call.
    loops
        What the plain loops return.
    difference
        Largest absolute difference between the two; ``None`` without a call, infinity if they don't
        have the same shape.
    agrees
        Whether the difference is within the tolerance of the example; ``None`` without a call.
    as_printed
        What the equation as printed gives: a value, or as text why there is none. ``None`` if the
        equation has no slip.
    """

    value: Value
    loops: Value
    difference: float | None
    agrees: bool | None
    as_printed: Value


@dataclass(frozen=True, kw_only=True)
class NumberedEquation:
    """One of the 95 numbered equations of the texts.

    Parameters
    ----------
    number
        The text and the number, for example ``"Hagan 8.44"``.
    title
        What it states, in a few words.
    topic
        A key of :data:`striate.equations.TOPICS`: what the other texts call the same.
    latex
        The equation in the text's own symbols, corrected where the print has a slip.
    printed, slip
        The equation as printed, and what is wrong with it; ``None`` if nothing is.
    remark
        What a reader may want to know about it.
    reason
        Why striate doesn't implement it; ``None`` if it does.
    example
        The worked example.

    Examples
    --------
    >>> from striate.equations import get
    >>> equation = get("Hagan 8.14")
    >>> equation.title, equation.formula, equation.example.call
    ('Number of output rows', 'S_r = R_r - r + 1', 'st.maths.axes((R_r,), window=r)[0].output')
    >>> equation.run().value, equation.run().agrees
    (5, True)
    """

    number: str
    title: str
    topic: str
    latex: str
    printed: str | None = None
    slip: str | None = None
    remark: str | None = None
    reason: str | None = None
    example: WorkedExample

    @property
    def text(self) -> str:
        """The text that it is from: ``"Hagan"``, ``"Wichmann"`` or ``"Wolter"``."""
        return self.number.split()[0]

    @property
    def formula(self) -> str:
        """The equation as text on one line, with scripts after ``_`` and ``^``."""
        return linear(parse(self.latex))

    @property
    def formula_as_printed(self) -> str | None:
        """The equation as printed, as text on one line, if it has a slip."""
        return None if self.printed is None else linear(parse(self.printed))

    @property
    def code(self) -> str:
        """The example as a program: its imports, the inputs and the call."""
        imports = "import numpy as np\nimport striate as st\n"
        used = self.example.given + (self.example.call or "")
        needed = [line for line in imports.splitlines() if f"{line.split()[-1]}." in used]
        parts = ["\n".join(needed), self.example.given.strip(), (self.example.call or "").strip()]
        return "\n\n".join(part for part in parts if part)

    def code_in_loops(self, *, as_printed: bool = False) -> str:
        """Return the expression in plain loops as a program, after :attr:`code`.

        Parameters
        ----------
        as_printed
            Whether to evaluate the print. It must have a slip.

        Returns
        -------
        str
        """
        expression = self.example.as_printed if as_printed else self.example.loops
        assert expression is not None
        functions = printed_functions(self.text)
        imports: dict[str, list[str]] = {}
        for name in sorted(set(re.findall(r"\b(?:equation_\w+|table)\b", expression))):
            imports.setdefault(functions[name].__module__, []).append(name)
        lines = [_import(module, names) for module, names in imports.items()]
        return "\n".join([*lines, "", expression.strip()])

    @property
    def function(self) -> str:
        """The qualified name of the function that evaluates the equation in plain loops."""
        name = f"equation_{self.number.split()[1].replace('.', '_')}"
        return f"{printed_functions(self.text)[name].__module__}.{name}"

    @property
    def function_as_printed(self) -> str | None:
        """The qualified name of the function that evaluates the print, if it has a slip."""
        return None if self.slip is None else f"{self.function}_as_printed"

    def drawn(self, width: int = 80, *, as_printed: bool = False) -> list[str]:
        """Draw the equation with characters, as lines.

        Parameters
        ----------
        width
            Columns.
        as_printed
            Whether to draw it as printed, if it has a slip.

        Returns
        -------
        list of str
        """
        return draw(self.printed if as_printed and self.printed else self.latex, width)

    def run(self) -> EquationResult:
        """Compute the worked example: by the public call, in plain loops, and as printed.

        Returns
        -------
        EquationResult
        """
        example = self.example
        names = _names(self.text)
        exec(example.given, names)  # noqa: S102  # the package's own data
        loops = _evaluate(example.loops, names)
        value = None if example.call is None else _evaluate(example.call, names)
        difference = None if example.call is None else _difference(value, loops)
        return EquationResult(
            value=value,
            loops=loops,
            difference=difference,
            agrees=None if difference is None else difference <= example.tolerance,
            as_printed=None if example.as_printed is None else _printed(example.as_printed, names),
        )


def _import(module: str, names: Sequence[str]) -> str:
    """Write an import, on several lines if it is long."""
    line = f"from {module} import {', '.join(names)}"
    if len(line) <= _LONGEST_IMPORT or len(names) == 1:
        return line
    return f"from {module} import (\n" + "".join(f"    {name},\n" for name in names) + ")"


def _names(text: str) -> dict[str, Any]:
    """Return what the code of an example may use."""
    import striate  # noqa: PLC0415  # the whole library, which this module is a part of

    return {"np": np, "st": striate, **printed_functions(text)}


def _evaluate(expression: str, names: Mapping[str, Any]) -> Value:
    return eval(expression.strip(), dict(names))  # noqa: S307  # the package's own data


def _printed(expression: str, names: Mapping[str, Any]) -> Value:
    """Evaluate the print; an index that doesn't exist, or shapes that don't fit, are its result."""
    try:
        return _evaluate(expression, names)
    except IndexError as error:
        return str(error)
    except ValueError:  # NumPy's message depends on its version
        return "the shapes of its arrays don't fit"


def _difference(value: Value, loops: Value) -> float:
    """Return the largest difference between two values of the same shape."""
    found, wanted = _arrays(value), _arrays(loops)
    if [one.shape for one in found] != [one.shape for one in wanted]:
        return float("inf")
    return max(
        float(np.max(np.abs(one - other), initial=0.0))
        for one, other in zip(found, wanted, strict=True)
    )


def _arrays(value: Value) -> list[Array]:
    """List the arrays of a value: several for a tuple of arrays, one for anything else."""
    if isinstance(value, tuple) and any(isinstance(part, np.ndarray) for part in value):
        return [np.asarray(part, float) for part in value]
    return [np.asarray(value, float)]


def written(value: Value, width: int) -> str:
    """Write a value as text: arrays in rows, with at most six decimals.

    Parameters
    ----------
    value
        A number, an array, or several of them; a named tuple is written with its names.
    width
        Columns of arrays.

    Returns
    -------
    str

    Examples
    --------
    >>> print(written(np.array([[1.0, 0.25], [0.0, 1 / 3]]), 80))
    [[1.       0.25    ]
     [0.       0.333333]]
    """
    if isinstance(value, str):
        return value
    parts = value if isinstance(value, tuple) else None
    if parts is not None and any(isinstance(part, np.ndarray) for part in parts):
        return _written_parts(parts, width)
    array = np.asarray(value)
    if array.ndim == 0:
        return f"{value.item() if isinstance(value, np.generic) else value:.10g}"
    array = np.round(array, 6) + 0  # adding 0 turns -0 into 0
    if array.dtype.kind == "f" and np.array_equal(array, np.rint(array)):
        array = array.astype(int)
    return np.array2string(array, max_line_width=width, precision=6, suppress_small=True)


def _written_parts(parts: Sequence[Value], width: int) -> str:
    """Write several values, each with its name or on its own lines."""
    names: Sequence[str] = getattr(parts, "_fields", [""] * len(parts))
    blocks: list[str] = []
    for name, part in zip(names, parts, strict=True):
        label = f"{name} = " if name else ""
        text = written(part, width - len(label))
        blocks.append(label + text.replace("\n", "\n" + " " * len(label)))
    return "\n".join(blocks)
