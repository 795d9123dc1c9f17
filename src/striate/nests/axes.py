"""The pixel axes that starred subscripts stand for: their number and the names of their indices."""

from collections.abc import Mapping
from dataclasses import dataclass

from striate.nests.equation import Equation
from striate.nests.nest import Lengths, mismatch

Extents = Mapping[str, int | tuple[int, ...]]
"""To where indices count: one number, or for a starred index one for each pixel axis."""


@dataclass(frozen=True)
class PixelAxes:
    """The number of pixel axes, and for each starred index the index of each axis."""

    rank: int
    names: Mapping[str, tuple[str, ...]]


def find_axes(equation: Equation, shapes: Mapping[str, Lengths], extents: Extents) -> PixelAxes:
    """Count the pixel axes and name their indices.

    ``*i`` stands for consecutive letters, ``i, j, k``, where they are free, else for ``i0, i1,
    i2``.

    Parameters
    ----------
    equation
        The statement with its stars.
    shapes, extents
        As given to :func:`striate.nests.bind.bind`.

    Returns
    -------
    PixelAxes
        What each star stands for.

    Raises
    ------
    NestError
        If the shapes do not say how many axes there are, or not the same.

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
    """Find the number of pixel axes from the shapes of starred arrays and from starred extents."""
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
    counts = ", ".join(f"{rank:g} by {name}" for name, rank in found.items())
    raise mismatch(
        equation,
        f"The number of pixel axes is {counts or 'not known'}.",
        "Every star stands for the same number of axes: those of a shape that no other subscript "
        "takes. Give shapes that agree.",
    )


def _name_axes(index: str, rank: int, taken: set[str]) -> tuple[str, ...]:
    """Name the indices that a starred one stands for: itself, consecutive letters, or numbered."""
    if rank == 1:
        return (index,)
    letters = [chr(ord(index[0]) + k) for k in range(rank)]
    if len(index) == 1 and all(c.isalpha() for c in letters) and taken.isdisjoint(letters[1:]):
        return tuple(letters)
    stem = index
    while not taken.isdisjoint(numbered := tuple(f"{stem}{k}" for k in range(rank))):
        stem += "_"
    return numbered
