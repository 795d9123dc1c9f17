"""Prints nests and programs as readable loops."""

from collections.abc import Iterable, Mapping

from striate.nests.nest import Lengths, Nest, NestProgram


def show(nest: Nest | NestProgram) -> str:
    """Print a nest or a program as loops, with the shapes of arrays and the guards of terms.

    Parameters
    ----------
    nest
        The nest or program; it may be invalid.

    Returns
    -------
    str
        Several lines, without a final line break.

    Sources
    -------
    Hagan 8.20, 8.38.

    Examples
    --------
    >>> from striate.nests.bind import bind
    >>> shapes = {"w": (3,), "a": (8,), "z": (8,)}
    >>> print(show(bind("z[i] += w[u] * a[i + u - p]", shapes=shapes, constants={"p": 1})))
    contract z (8) from w (3), a (8)
        for i < 8:
            for u < 3:
                if 0 <= i + u - 1 < 8:
                    z[i] += w[u] * a[i + u - 1]
    """
    if isinstance(nest, Nest):
        return _show_nest(nest)
    shapes = nest.shapes
    lines = [
        f"inputs      {_arrays(nest.inputs, shapes)}",
        f"temporaries {_arrays(nest.temporaries, shapes)}",
        f"outputs     {_arrays(nest.outputs, shapes)}",
    ]
    return "\n".join([*lines, *(_show_nest(n) for n in nest.nests)])


def _show_nest(nest: Nest) -> str:
    """Print one nest: its form, loops, guards and statement."""
    equation = nest.equation
    sources = _arrays(nest.sources, nest.shapes)
    head = f"{equation.form.name.lower()} {_arrays([nest.target], nest.shapes)} from {sources}"
    written = [index for index in equation.indices if index not in equation.reduced]
    inner = [f"for {_box(nest, indices)}:" for indices in (written, equation.reduced) if indices]
    if guards := nest.guards():
        inner.append(f"if {' and '.join(str(guard) for guard in guards)}:")
    inner.append(str(equation))
    return "\n".join([head, *(f"{'    ' * depth}{line}" for depth, line in enumerate(inner, 1))])


def _box(nest: Nest, indices: Iterable[str]) -> str:
    return ", ".join(f"{index} < {nest.extents.get(index, '?')}" for index in indices)


def _arrays(names: Iterable[str], shapes: Mapping[str, Lengths]) -> str:
    texts = [
        f"{name} ({' x '.join(map(str, shapes.get(name, ('?',)))) or 'one number'})"
        for name in names
    ]
    return ", ".join(texts) or "nothing"
