"""A reference for the interpreter: Python evaluates a nest's printed statement term by term.

It shares only the printed text with the interpreter: no gathering, broadcasting or masks. Reading
an array out of bounds raises an error, and the term is omitted.
"""

import itertools
import math

import numpy as np


def drawn(*shape, seed=0):
    """Draw numbers between -1 and 1; no two are equal."""
    return np.random.default_rng(seed).uniform(-1, 1, shape)


class OutsideError(Exception):
    """A term reads or writes outside an array."""


class Index(int):
    """A value of an index, together with the index's extent."""

    def __new__(cls, value, extent):
        """Remember the extent."""
        self = super().__new__(cls, value)
        self.extent = extent
        return self


class Bounded:
    """An array that rejects indices out of bounds, including negative ones."""

    def __init__(self, array):
        self.array = array

    def __getitem__(self, indices):
        """Read one element as a Python number."""
        indices = indices if isinstance(indices, tuple) else (indices,)
        inside = zip(indices, self.array.shape, strict=True)
        if not all(0 <= index < length for index, length in inside):
            raise OutsideError
        return self.array[indices].item()


def ordinal(*indices):
    """Return the position of indices in row-major order."""
    position = 0
    for index in indices:
        position = position * index.extent + index
    return position


WORDS = {
    "exp": math.exp,
    "log": math.log,
    "log1p": math.log1p,
    "expm1": math.expm1,
    "tanh": math.tanh,
    "erf": math.erf,
    "sqrt": math.sqrt,
    "abs": abs,
    "sign": lambda x: (x > 0) - (x < 0),
    "max": max,
    "min": min,
    "where": lambda condition, then, otherwise: then if condition else otherwise,
    "ordinal": ordinal,
    "indices": lambda *indices: indices,
}


def plain_loops(nest, arrays, target=None):
    """Compute a nest in float64, term by term; ``target`` is the initial value of its target."""
    equation = nest.equation
    names = dict(WORDS)
    for name in nest.sources:
        names[name] = Bounded(np.asarray(arrays[name]))
        if nest.shapes[name] == ():
            names[name] = names[name][()]
    subscripts = ", ".join(str(s) for s in equation.target.subscripts)
    start = {"=": 0, "+=": 0, "max=": -math.inf, "min=": math.inf, "argmax=": -1}
    result = np.full(nest.shapes[nest.target], start[equation.operator], float)
    if target is not None:
        result[...] = target
    best, indices_of = {}, compile(f"indices({subscripts})", "target", "eval")
    term_of = compile(str(equation.expression), "term", "eval")
    ranges = [range(extent) for extent in nest.extents.values()]
    for values in itertools.product(*ranges):
        counted = zip(nest.extents, values, nest.extents.values(), strict=True)
        scope = names | {name: Index(value, extent) for name, value, extent in counted}
        try:
            position = eval(indices_of, scope)
            Bounded(result)[position]
            term = eval(term_of, scope)
        except OutsideError:
            continue
        if equation.operator == "+=":
            result[position] += term
        elif equation.operator == "max=":
            result[position] = max(result[position], term)
        elif equation.operator == "min=":
            result[position] = min(result[position], term)
        elif equation.operator == "=":
            result[position] = term
        elif position not in best or term > best[position]:
            best[position] = term
            result[position] = ordinal(*(scope[index] for index in equation.reduced))
    return result
