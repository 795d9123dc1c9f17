"""Computes statements with NumPy, as the reference for tests of each stage of planning."""

import zlib

import numpy as np

from striate.maths.philox import philox
from striate.nests import Equation, Nest, interpret
from striate.nests.expression import Number, Reference, Subscript, rewrite, write_terms
from striate.plan.statement import IMAGE, LANES, Compute, DrawMask
from striate.plan.substitute import substitute, substitute_reference


def computed(statement, arrays, before):
    """Compute a nest; elements that it doesn't write keep their values."""
    nest = statement.nest
    values = interpret(nest, arrays)[nest.target]
    if statement.adds:
        return before + values
    return values if statement.scatters else np.where(reached(nest), values, before)


def reached(nest):
    """Return which elements of its target a nest writes; it must not write any element twice."""
    ones = Equation(nest.equation.target, "=", Number(1))
    extents = {index: nest.extents[index] for index in ones.indices}
    shape = nest.shapes[nest.target]
    return interpret(Nest(ones, extents, {nest.target: shape}), {})[nest.target] == 1


def table(variable, nest, dtype=float):
    """Return the values of a table as a nest reads them; positions are integers."""
    positions = any(t.name == variable.name for t in nest.equation.tables)
    numbers = np.array(variable.values, int if positions else dtype)
    return numbers.reshape(nest.shapes[variable.name])


def mask(draw, size, images, *, seed, step):
    """Draw the random mask of the images with these indices."""
    counter = np.zeros((len(images), -(-size // 4), 4), np.uint32)
    counter[..., 0] = np.arange(counter.shape[1])
    counter[..., 1] = np.asarray(images)[:, None]
    counter[..., 2], counter[..., 3] = step, draw.stream
    words = philox((seed, 0), counter).reshape(len(images), -1)[:, :size]
    return (words >> 8 >= draw.threshold).astype(float)


def run(lowered, given, dtype=float):
    """Execute all statements for one block of images, and return every array by name.

    An array is all zeros before its first statement.

    Parameters
    ----------
    lowered
        The statements.
    given
        The input arrays by name, image after image.
    dtype
        The precision of the computation.
    """
    memory = {name: np.asarray(array, dtype) for name, array in given.items()}
    for statement in lowered.statements:
        match statement:
            case Compute(nest=nest):
                arrays = {
                    name: table(lowered.variables[name], nest, dtype)
                    if lowered.variables[name].values
                    else memory[name].reshape(nest.shapes[name])
                    for name in nest.sources
                }
                shape = nest.shapes[nest.target]
                before = memory.get(nest.target, np.zeros(shape, dtype)).reshape(shape)
                memory[nest.target] = computed(statement, arrays, before)
            case DrawMask():
                size = lowered.variables[statement.target].size
                memory[statement.target] = mask(statement, size, range(LANES), seed=1, step=2)
            case _:
                memory[statement.target] = memory[statement.source]
    return memory


def drawn(lowered):
    """Draw positive random inputs for statements; an array's values depend only on its name."""
    written = {statement.writes for statement in lowered.statements}
    given = {}
    for statement in lowered.statements:
        for name in statement.reads:
            variable = lowered.variables[name]
            if name in written or variable.values:
                continue
            rng = np.random.default_rng(zlib.crc32(name.encode()))
            images = (LANES,) if variable.per_image else ()
            given[name] = rng.uniform(0.5, 1.5, (*images, variable.size))
    return given | {"images": np.array([LANES])}


def with_images(nest, images, per_image):
    """Rewrite a nest for n images; ``per_image`` tells whether an array has a batch axis."""
    if IMAGE not in nest.extents:
        return nest
    shapes = {n: (images, *s[1:]) if per_image(n) else s for n, s in nest.shapes.items()}
    return Nest(nest.equation, {**nest.extents, IMAGE: images}, shapes)


def fixed(nest, counters, variables):
    """Rewrite a nest for fixed values of its outer loops, without the axes that take no memory."""
    values = {index: ({}, counter) for index, counter in counters.items()}
    zero = Subscript(write_terms({}, 0))

    def folded(reference):
        axes = variables[reference.name].folded
        subscripts = (zero if k in axes else s for k, s in enumerate(reference.subscripts))
        return Reference(reference.name, tuple(subscripts))

    equation = nest.equation
    new = Equation(
        folded(substitute_reference(equation.target, values)),
        equation.operator,
        rewrite(
            substitute(equation.expression, values, nest.extents),
            lambda leaf: folded(leaf) if isinstance(leaf, Reference) else leaf,
        ),
    )
    shapes = {
        name: tuple(1 if k in variables[name].folded else n for k, n in enumerate(shape))
        for name, shape in nest.shapes.items()
    }
    # If the last tile is cut off, a sum may have become a lone index, which exceeds its axis.
    extents = {index: nest.extents[index] for index in new.indices}
    for reference in (new.target, *new.references) if counters else ():
        for subscript, length in zip(reference.subscripts, shapes[reference.name], strict=True):
            if subscript.lone:
                extents[subscript.lone] = min(extents[subscript.lone], length)
    return Nest(new, extents, shapes)
