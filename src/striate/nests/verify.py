"""Checks the invariants of nests and programs between the stages of the compiler."""

from collections.abc import Collection, Iterator, Mapping

from striate.nests.expression import Ordinal, Subscript, leaves
from striate.nests.nest import Nest, NestProgram, mismatch
from striate.nests.show import show


def verify(nest: Nest | NestProgram) -> None:
    """Raise if a nest or a program breaks an invariant.

    A nest has no stars and no named constants left. Every index has an extent of at least 1, and no
    other name has one. Every array has a shape with one axis per subscript, and an index that is
    alone in a subscript stays within that axis. With ``=`` and ``argmax=``, no two combinations of
    the target's indices reach the same element. Other subscripts may be out of bounds: such terms
    don't exist (:meth:`~striate.nests.nest.Nest.guards` lists the conditions).

    In a program, every array is an input or written before it is read, has the same shape
    everywhere, and all outputs are written.

    Parameters
    ----------
    nest
        The nest or program to check.

    Raises
    ------
    NestError
        With the printed nest and the broken invariant.

    Sources
    -------
    Hagan 8.38-8.41.

    Examples
    --------
    >>> from striate.errors import NestError
    >>> from striate.nests.bind import bind
    >>> verify(bind("z[2*i + u] = a[i,u]", shapes={"a": (4, 2), "z": (8,)}))
    >>> try:
    ...     verify(bind("z[2*i + u] = a[i,u]", shapes={"a": (4, 3), "z": (9,)}))
    ... except NestError as error:
    ...     print(str(error).splitlines()[0])
    Several terms may write the same element of `z`.
    """
    if isinstance(nest, NestProgram):
        _verify_program(nest)
        return
    for check in (_check_bound, _check_extents, _check_shapes, _check_target):
        check(nest)


def injective(subscripts: Collection[Subscript], extents: Mapping[str, int]) -> bool:
    """Whether different values of the indices always reach different elements.

    The argument is that of a positional number system. In ``m1*i + m2*j + ...``, sorted by the size
    of the factors, an index is determined if its factor is greater than the largest sum of all
    smaller terms, like a decimal digit. An index that one axis determines is known in the other
    axes. Tables determine nothing. ``False`` may be wrong; ``True`` is certain.

    Parameters
    ----------
    subscripts
        The axes of an array.
    extents
        The indices with their extents.

    Returns
    -------
    bool
        Whether the elements are certainly different.

    Sources
    -------
    Hagan 8.39, 8.40.

    Examples
    --------
    >>> from striate.nests.equation import Equation
    >>> target = Equation.parse("z[4*i + u, j] = a[i,j,u]").target
    >>> injective(target.subscripts, {"i": 9, "j": 9, "u": 4})
    True
    >>> injective(target.subscripts, {"i": 9, "j": 9, "u": 5})
    False
    """
    open_indices = {index for index, extent in extents.items() if extent > 1}
    sums = [subscript.linear()[0] for subscript in subscripts if subscript.table is None]
    while found := {i for by in sums for i in _determined(by, open_indices, extents)}:
        open_indices -= found
    return not open_indices


def _determined(
    multipliers: Mapping[str, int], open_indices: set[str], extents: Mapping[str, int]
) -> Iterator[str]:
    """Return the indices that the value of a sum determines, the largest factor first."""
    reach = {i: abs(by) * (extents[i] - 1) for i, by in multipliers.items() if i in open_indices}
    order = sorted(reach, key=lambda index: -abs(multipliers[index]))
    for k, index in enumerate(order):
        if abs(multipliers[index]) <= sum(reach[i] for i in order[k + 1 :]):
            return
        yield index


def _check_bound(nest: Nest) -> None:
    """Raise if a star or a named constant is left."""
    equation = nest.equation
    named = [*equation.starred, *equation.constants, *equation.scalars]
    if named:
        raise mismatch(
            nest,
            f"The nest still has stars or named constants: {', '.join(sorted(named))}.",
            "In a nest, constants are numbers and each subscript is for one axis. "
            "Make the nest with bind.",
        )


def _check_extents(nest: Nest) -> None:
    """Raise if indices and extents don't match."""
    known, used = set(nest.extents), set(nest.equation.indices)
    counted = {
        i.lone
        for leaf in leaves(nest.equation.expression)
        if isinstance(leaf, Ordinal)
        for i in leaf.indices
    }
    if known != used or not counted <= used or min(nest.extents.values(), default=1) < 1:
        raise mismatch(
            nest,
            f"The extents are {dict(nest.extents)}, the indices {', '.join(sorted(used))}.",
            "Pass one extent of at least 1 for each index, and none for other names.",
        )


def _check_shapes(nest: Nest) -> None:
    """Raise if arrays and subscripts don't match."""
    equation = nest.equation
    for reference in (equation.target, *equation.references, *equation.tables):
        shape = nest.shapes.get(reference.name)
        given = "no shape" if shape is None else f"the shape {shape}"
        if shape is None or len(shape) != len(reference.subscripts) or min(shape, default=1) < 1:
            raise mismatch(
                nest,
                f"The array of `{reference}` has {given}.",
                "Pass a shape with one length of at least 1 for each subscript.",
            )
        for subscript, length in zip(reference.subscripts, shape, strict=True):
            if subscript.lone is not None and nest.extents[subscript.lone] > length:
                raise mismatch(
                    nest,
                    f"`{subscript.lone}` exceeds its axis of `{reference}`, which has length "
                    f"{length}.",
                    "An index that is alone in a subscript must stay within its axis; only sums "
                    "may be out of bounds. Pass a smaller extent.",
                )


def _check_target(nest: Nest) -> None:
    """Raise if an element that takes one term is reached by several."""
    equation = nest.equation
    extents = {i: n for i, n in nest.extents.items() if i not in equation.reduced}
    if equation.operator in {"=", "argmax="} and not injective(equation.target.subscripts, extents):
        raise mismatch(
            show(nest),
            f"Several terms may write the same element of `{nest.target}`.",
            f"`{equation.operator}` must write each element only once. In the target's subscripts, "
            "each index's factor must exceed the largest sum of the smaller terms, as in decimal "
            "digits, and tables don't count. Change the subscripts, or use `+=`.",
        )


def _verify_program(program: NestProgram) -> None:
    """Raise if a program breaks an invariant."""
    written, shapes = set(program.inputs), dict(program.shapes)
    for nest in program.nests:
        verify(nest)
        for name in nest.sources:
            if name not in written:
                raise mismatch(
                    show(nest),
                    f"`{name}` is read before it is written.",
                    "An array must be an input or the target of an earlier statement. "
                    "Move that statement up, or add the name to the inputs.",
                )
        written.add(nest.target)
        for name, shape in nest.shapes.items():
            if shapes[name] != shape:
                raise mismatch(
                    show(nest),
                    f"`{name}` has the shape {shape} here, but {shapes[name]} before.",
                    "An array must have the same shape everywhere in a program. "
                    "Bind its statements together.",
                )
    if missing := [name for name in program.outputs if name not in written]:
        raise mismatch(
            show(program),
            f"The output `{missing[0]}` is never written.",
            "An output must be an input or a target. Add the statement, or remove the output.",
        )
