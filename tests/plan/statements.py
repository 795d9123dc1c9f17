"""Makes statements from texts, for tests of one stage."""

from math import prod

import numpy as np

from striate.nests import bind
from striate.nests.equation import Equation
from striate.plan.statement import IMAGE, Compute, Lowered, Variable


def lowered(*statements, **arrays):
    """Make statements from texts.

    Each keyword argument describes an array: by its length, its shape, or the values of a table.
    Arrays that are only read belong to the caller, and so does ``z``. Arrays without an argument
    have the shape of ``a``. A sum into an array that an earlier statement writes adds to it.
    """
    numbers = {name: value for name, value in arrays.items() if isinstance(value, list)}
    shapes = {name: np.shape(v) if isinstance(v, list) else v for name, v in arrays.items()}
    shapes = {name: s if isinstance(s, tuple) else (s,) for name, s in shapes.items()}
    found, written, variables = [], set(), {}
    for text in statements:
        equation = Equation.parse(text)
        for reference in (equation.target, *equation.references):
            shapes.setdefault(reference.name, shapes.get("a", shapes.get("t")))
        nest = bind(equation, shapes=shapes)
        adds = equation.operator == "+=" and nest.target in written
        found.append(Compute(nest=nest, adds=adds))
        written.add(nest.target)
        for reference in (equation.target, *equation.references, *equation.tables):
            name, per_image = (
                reference.name,
                reference.subscripts[:1] and (reference.subscripts[0].lone == IMAGE),
            )
            shape = shapes[name][1:] if per_image else shapes[name]
            variables.setdefault(name, (prod(shape), bool(per_image)))
    known = {
        name: Variable(
            name=name,
            size=size,
            per_image=per_image,
            values=tuple(map(float, np.ravel(numbers.get(name, [])))),
            buffer=name if name in arrays and name not in numbers and _given(name, found) else "",
        )
        for name, (size, per_image) in variables.items()
    }
    return Lowered(statements=tuple(found), variables=known)


def _given(name, statements):
    """Whether an array is the caller's: it is only read, or it is ``z``."""
    return name == "z" or name not in {s.writes for s in statements}


def texts(statements):
    """Print the equations."""
    return [str(s.nest.equation) for s in statements.statements]
