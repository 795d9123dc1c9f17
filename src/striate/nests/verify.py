"""The invariants of nests and programs, checked between the stages of the compiler."""

from collections.abc import Collection, Iterator, Mapping

from striate.nests.expression import Ordinal, Subscript, leaves
from striate.nests.nest import Nest, NestProgram, mismatch
from striate.nests.show import show


def verify(nest: Nest | NestProgram) -> None:
    """Raise where a nest or a program breaks an invariant.

    Of a nest: no star and no named constant is left; every index has an extent of at least 1, and
    no other name has; every array has a shape with one axis for each subscript; an index that
    stands alone stays in its axis; with ``=`` and ``argmax=`` no two combinations of the target's
    indices reach the same entry. What falls outside otherwise is no fault: such terms do not exist
    (:meth:`~striate.nests.nest.Nest.guards` lists them).

    Of a program: every array is given or written before it is read, has one shape, and the outputs
    are written.

    Parameters
    ----------
    nest
        What to check.

    Raises
    ------
    NestError
        With the printed nest and the invariant.

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
    Several terms reach the same entry of `z`.
    """
    if isinstance(nest, NestProgram):
        _verify_program(nest)
        return
    for check in (_check_bound, _check_extents, _check_shapes, _check_target):
        check(nest)


def injective(subscripts: Collection[Subscript], extents: Mapping[str, int]) -> bool:
    """Whether different values of the indices always reach different entries.

    Reasons as with the digits of a number: in ``m1*i + m2*j + ...``, sorted by size, a multiplier
    greater than all that the smaller ones can add up to determines its index. What one axis
    determines is known in the others. Tables determine nothing. The answer no may be too careful;
    the answer yes is certain.

    Parameters
    ----------
    subscripts
        The axes of an array.
    extents
        The indices and how far each counts.

    Returns
    -------
    bool
        Whether the reasoning shows it.

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
    """Give the indices that the value of a sum determines, the greatest multiplier first."""
    reach = {i: abs(by) * (extents[i] - 1) for i, by in multipliers.items() if i in open_indices}
    order = sorted(reach, key=lambda index: -abs(multipliers[index]))
    for k, index in enumerate(order):
        if abs(multipliers[index]) <= sum(reach[i] for i in order[k + 1 :]):
            return
        yield index


def _check_bound(nest: Nest) -> None:
    """Raise where a star or a named constant is left."""
    equation = nest.equation
    named = [*equation.starred, *equation.constants, *equation.scalars]
    if named:
        raise mismatch(
            nest,
            f"The nest still has stars or constants without numbers: {', '.join(sorted(named))}.",
            "In a nest all constants are numbers and every subscript stands for one axis. "
            "Make it with bind.",
        )


def _check_extents(nest: Nest) -> None:
    """Raise where indices and extents do not go together."""
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
            "Every index of a nest has an extent of at least 1, and no other name has one. "
            "Give the extents so.",
        )


def _check_shapes(nest: Nest) -> None:
    """Raise where arrays and subscripts do not go together."""
    equation = nest.equation
    for reference in (equation.target, *equation.references, *equation.tables):
        shape = nest.shapes.get(reference.name)
        given = "no shape" if shape is None else f"the shape {shape}"
        if shape is None or len(shape) != len(reference.subscripts) or min(shape, default=1) < 1:
            raise mismatch(
                nest,
                f"The array of `{reference}` has {given}.",
                "An array has a length of at least 1 for each subscript. Give a shape that fits.",
            )
        for subscript, length in zip(reference.subscripts, shape, strict=True):
            if subscript.lone is not None and nest.extents[subscript.lone] > length:
                raise mismatch(
                    nest,
                    f"`{subscript.lone}` leaves its axis of `{reference}`, which ends at {length}.",
                    "An index that stands alone stays inside its axis; only sums may fall outside. "
                    "Give a smaller extent.",
                )


def _check_target(nest: Nest) -> None:
    """Raise where an entry that takes one term is reached by several."""
    equation = nest.equation
    extents = {i: n for i, n in nest.extents.items() if i not in equation.reduced}
    if equation.operator in {"=", "argmax="} and not injective(equation.target.subscripts, extents):
        raise mismatch(
            show(nest),
            f"Several terms reach the same entry of `{nest.target}`.",
            f"With `{equation.operator}` an entry is reached once: the multipliers are as those of "
            "digits, each greater than all that the smaller ones add up to, without tables. "
            "Tell the terms apart by the target, or add them up with `+=`.",
        )


def _verify_program(program: NestProgram) -> None:
    """Raise where a program breaks an invariant."""
    written, shapes = set(program.inputs), dict(program.shapes)
    for nest in program.nests:
        verify(nest)
        for name in nest.sources:
            if name not in written:
                raise mismatch(
                    show(nest),
                    f"`{name}` is read before it is written.",
                    "An array is an input or the target of an earlier statement. "
                    "Move that statement in front, or add the name to the inputs.",
                )
        written.add(nest.target)
        for name, shape in nest.shapes.items():
            if shapes[name] != shape:
                raise mismatch(
                    show(nest),
                    f"`{name}` has the shape {shape} here and {shapes[name]} before.",
                    "An array has one shape throughout a program. Bind its statements together.",
                )
    if missing := [name for name in program.outputs if name not in written]:
        raise mismatch(
            show(program),
            f"The output `{missing[0]}` is never written.",
            "Outputs are inputs or targets. Add the statement, or leave the output out.",
        )
