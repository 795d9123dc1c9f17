"""An oracle for the interpreter: a nest's printed statement, evaluated by Python term by term.

It shares nothing with the interpreter but the printed text: no gathering, no broadcasting, no
masks. A read outside an array raises, and the term is dropped.
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
    """A value of an index that knows how far the index counts."""

    def __new__(cls, value, extent):
        """Remember the extent."""
        self = super().__new__(cls, value)
        self.extent = extent
        return self


class Bounded:
    """An array that refuses places outside it instead of counting from the end."""

    def __init__(self, array):
        self.array = array

    def __getitem__(self, places):
        """Read one element as a Python number."""
        places = places if isinstance(places, tuple) else (places,)
        inside = zip(places, self.array.shape, strict=True)
        if not all(0 <= place < length for place, length in inside):
            raise OutsideError
        return self.array[places].item()


def ordinal(*indices):
    """Count the place of indices in their box, in row order."""
    place = 0
    for index in indices:
        place = place * index.extent + index
    return place


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
    "places": lambda *places: places,
}


def plain_loops(nest, arrays, target=None):
    """Compute a nest in float64, term by term; ``target`` is what its target holds before."""
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
    best, place_of = {}, compile(f"places({subscripts})", "target", "eval")
    term_of = compile(str(equation.expression), "term", "eval")
    ranges = [range(extent) for extent in nest.extents.values()]
    for values in itertools.product(*ranges):
        counted = zip(nest.extents, values, nest.extents.values(), strict=True)
        scope = names | {name: Index(value, extent) for name, value, extent in counted}
        try:
            place = eval(place_of, scope)
            Bounded(result)[place]
            term = eval(term_of, scope)
        except OutsideError:
            continue
        if equation.operator == "+=":
            result[place] += term
        elif equation.operator == "max=":
            result[place] = max(result[place], term)
        elif equation.operator == "min=":
            result[place] = min(result[place], term)
        elif equation.operator == "=":
            result[place] = term
        elif place not in best or term > best[place]:
            best[place] = term
            result[place] = ordinal(*(scope[index] for index in equation.reduced))
    return result
