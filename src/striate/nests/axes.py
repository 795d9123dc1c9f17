"""The pixel axes behind starred subscripts: their number and the names of their indices."""

from collections.abc import Mapping
from dataclasses import dataclass

from striate.nests.equation import Equation
from striate.nests.nest import Lengths, mismatch

Extents = Mapping[str, int | tuple[int, ...]]
"""Extents of indices: one number, or for a starred index one per pixel axis."""


@dataclass(frozen=True)
class PixelAxes:
    """The number of pixel axes, and the names of the indices that replace each starred one."""

    rank: int
    names: Mapping[str, tuple[str, ...]]


def find_axes(equation: Equation, shapes: Mapping[str, Lengths], extents: Extents) -> PixelAxes:
    """Count the pixel axes and name their indices.

    ``*i`` becomes consecutive letters, ``i, j, k``, if the equation doesn't use them otherwise, and
    ``i0, i1, i2`` if it does.

    Parameters
    ----------
    equation
        The statement, with its starred subscripts.
    shapes, extents
        As given to :func:`striate.nests.bind.bind`.

    Returns
    -------
    PixelAxes
        The indices that replace each starred one.

    Raises
    ------
    NestError
        If the shapes don't determine the number of axes, or contradict each other.

    Sources
    -------
    Hagan 8.20.

    Examples
    --------
    >>> equation = Equation.parse("z[h,*i] += a[h,*(i + u)]")
    >>> find_axes(equation, {"a": (6, 28, 28)}, {}).names
    {'i': ('i', 'j'), 'u': ('u', 'v')}
    """
    rank = _find_rank(equation, shapes, extents)
    arrays = (equation.target, *equation.references, *equation.tables)
    taken = {*equation.indices, *equation.constants, *equation.scalars, *(r.name for r in arrays)}
    names = dict[str, tuple[str, ...]]()
    for index in equation.indices:
        if index in equation.starred:
            names[index] = _name_axes(index, rank, taken)
            taken.update(names[index])
    return PixelAxes(rank, names)


def _find_rank(equation: Equation, shapes: Mapping[str, Lengths], extents: Extents) -> int:
    """Determine the number of pixel axes from the shapes of starred arrays and from extents."""
    found = dict[str, float]()
    for reference in (equation.target, *equation.references):
        stars = sum(s.starred for s in reference.subscripts)
        if stars and reference.name in shapes:
            plain = len(reference.subscripts) - stars
            found[reference.name] = (len(shapes[reference.name]) - plain) / stars
    for index in sorted(equation.starred & extents.keys()):
        if isinstance(extent := extents[index], tuple):
            found[index] = len(extent)
    ranks = set(found.values())
    if not equation.starred:
        return 0
    if len(ranks) == 1 and (rank := min(ranks)) >= 0 and rank == int(rank):
        return int(rank)
    counts = ", ".join(f"{rank:g} from {name}" for name, rank in found.items())
    raise mismatch(
        equation,
        f"The number of pixel axes must be one non-negative integer, got {counts}."
        if counts
        else "The number of pixel axes is unknown.",
        "Every starred subscript must stand for the same number of axes: those of the array's "
        "shape that its other subscripts don't use. Correct `shapes`.",
    )


def _name_axes(index: str, rank: int, taken: set[str]) -> tuple[str, ...]:
    """Name the indices that replace a starred one."""
    if rank == 1:
        return (index,)
    letters = [chr(ord(index[0]) + k) for k in range(rank)]
    if len(index) == 1 and all(c.isalpha() for c in letters) and taken.isdisjoint(letters[1:]):
        return tuple(letters)
    stem = index
    while not taken.isdisjoint(numbered := tuple(f"{stem}{k}" for k in range(rank))):
        stem += "_"
    return numbered
