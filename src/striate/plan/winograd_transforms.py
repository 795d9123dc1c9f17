"""The parts of Winograd's transforms: constant matrices, and nests that apply them.

A transform multiplies each tile by a small constant matrix from both sides, as in B^T a B. It is
computed by two nests: the first combines the rows of a tile, the second combines its columns. For
tiles of 2 x 2 outputs, which start two pixels apart and have 4 x 4 inputs::

    strip[e,c]   += B[e,r] * a[2*rows + r, c]     r < 4: the rows of a tile
    tiles[e,f,t] += B[f,s] * strip[e, 2*t + s]    s < 4: its columns, for each tile t

:class:`Windows` finds out whether a nest is a 3 x 3 convolution with stride 1, and
:class:`Transforms` declares the arrays and writes the nests, for the forward pass and for the
derivative with respect to the kernel.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Self

from striate.nests import Equation, Nest
from striate.nests.expression import Arithmetic, Reference, Subscript, write_terms
from striate.plan.statement import IMAGE, Compute, Origin, Variable

WINDOW = 3

MATRICES: Mapping[int, tuple[tuple[tuple[float, ...], ...], ...]] = {
    2: (
        ((1, 0, -1, 0), (0, 1, 1, 0), (0, -1, 1, 0), (0, 1, 0, -1)),
        ((1, 0, 0), (1 / 2, 1 / 2, 1 / 2), (1 / 2, -1 / 2, 1 / 2), (0, 0, 1)),
        ((1, 1, 1, 0), (0, 1, -1, -1)),
    ),
    4: (
        (
            (4, 0, -5, 0, 1, 0),
            (0, -4, -4, 1, 1, 0),
            (0, 4, -4, -1, 1, 0),
            (0, -2, -1, 2, 1, 0),
            (0, 2, -1, -2, 1, 0),
            (0, 4, 0, -5, 0, 1),
        ),
        (
            (1 / 4, 0, 0),
            (-1 / 6, -1 / 6, -1 / 6),
            (-1 / 6, 1 / 6, -1 / 6),
            (1 / 24, 1 / 12, 1 / 6),
            (1 / 24, -1 / 12, 1 / 6),
            (0, 0, 1),
        ),
        ((1, 1, 1, 1, 1, 0), (0, 1, -1, 2, -2, 0), (0, 1, 1, 4, 4, 0), (0, 1, -1, 8, -8, 1)),
    ),
}
"""B^T, G and A^T of Lavin and Gray 2016, by the number of outputs along a side of a tile."""


@dataclass(frozen=True)
class Windows:
    """How a 3x3 kernel moves over an image, which is read at ``pixel + sign * window + offset``.

    Parameters
    ----------
    pixels, window
        The two indices of the kernel's position, and the two indices within the kernel.
    signs, offsets
        For each axis.
    """

    pixels: tuple[str, str]
    window: tuple[str, str]
    signs: tuple[int, int]
    offsets: tuple[int, int]

    @classmethod
    def of(cls, nest: Nest, pixels: Sequence[Subscript], image: Sequence[Subscript]) -> Self | None:
        """Match the last two axes; ``None`` for other kernels and strides.

        Parameters
        ----------
        nest
            The nest with the extents.
        pixels
            Two subscripts that consist of the indices of the pixels.
        image
            The last two subscripts of the image.
        """
        found: list[tuple[str, str, int, int]] = []
        for position, subscript in zip(pixels, image, strict=True):
            multipliers, offset = subscript.linear()
            pixel = position.lone or ""
            window = [i for i in multipliers if i != pixel]
            if subscript.table is not None or multipliers.get(pixel) != 1 or len(window) != 1:
                return None
            (other,) = window
            if nest.extents[other] != WINDOW or abs(multipliers[other]) != 1:
                return None
            found.append((pixel, other, multipliers[other], offset))
        (i, u, su, cu), (j, v, sv, cv) = found
        return cls((i, j), (u, v), (su, sv), (cu, cv))

    @property
    def starts(self) -> tuple[int, int]:
        """Offset of a tile's first input from its first output, also for a flipped kernel."""
        back = [WINDOW - 1 if sign < 0 else 0 for sign in self.signs]
        return self.offsets[0] - back[0], self.offsets[1] - back[1]


class Transforms:
    """Makes the arrays and nests of one convolution's transforms.

    Parameters
    ----------
    nest
        The direct convolution.
    side
        Number of outputs along a side of a tile.
    variables
        All arrays; new ones are added.
    """

    def __init__(self, nest: Nest, side: int, variables: dict[str, Variable]) -> None:
        self.side = side
        self.variables = variables
        self.name = nest.target
        self.extents = dict(nest.extents)
        self.shapes: dict[str, tuple[int, ...]] = dict(nest.shapes)

    def index(self, name: str, extent: int) -> str:
        """Declare an index under a name that the convolution doesn't use."""
        while name in self.extents:
            name += "'"
        self.extents[name] = extent
        return name

    def table(self, letter: str, *, flipped: bool = False) -> str:
        """Declare one of the matrices; for a flipped kernel, its columns are flipped too."""
        matrix = MATRICES[self.side]["BGA".index(letter)]
        rows = [row[::-1] if flipped else row for row in matrix]
        name = f"winograd_{letter}{self.side}{'_flipped' if flipped else ''}"
        values = tuple(float(number) for row in rows for number in row)
        self.variables.setdefault(
            name,
            Variable(
                name=name,
                size=len(values),
                per_image=False,
                values=values,
                origin=Origin.WINOGRAD,
            ),
        )
        self.shapes[name] = (len(rows), len(rows[0]))
        return name

    def array(self, what: str, lead: list[str], folded: list[str], rest: list[str]) -> Reference:
        """Declare an array with these indices; the folded ones (outer loops) take no memory."""
        name = f"{self.name}.winograd_{what}"
        indices = [*lead, *folded, *rest]
        self.shapes[name] = tuple(self.extents[i] for i in indices)
        per_image = indices[0] == IMAGE
        held = [i for i in (*lead, *rest) if i != IMAGE]
        size = prod(self.extents[i] for i in held)
        self.variables[name] = replace(
            self.variables[self.name].derived(
                name, Origin.WINOGRAD, size=size, per_image=per_image
            ),
            folded=tuple(range(len(lead), len(lead) + len(folded))),
            part_of=self.name,
        )
        return self.reference(name, *indices)

    def reference(self, name: str, *axes: str | Mapping[str, int]) -> Reference:
        """Make a reference to an array at indices, or sums of them."""
        return Reference(name, tuple(self.subscript(axis) for axis in axes))

    @staticmethod
    def subscript(axis: str | Mapping[str, int]) -> Subscript:
        """Make a subscript from an index, or from a sum whose offset has the key ``""``."""
        if isinstance(axis, str):
            return Subscript(write_terms({axis: 1}, 0))
        return Subscript(write_terms({i: by for i, by in axis.items() if i}, axis.get("", 0)))

    def nest(
        self, target: Reference, left: Reference, right: Reference, *, within: tuple[str, ...] = ()
    ) -> Compute:
        """Make a sum of products."""
        equation = Equation(target, "+=", Arithmetic("*", left, right))
        names = (target.name, left.name, right.name)
        nest = Nest(
            equation,
            {i: self.extents[i] for i in equation.indices},
            {name: self.shapes[name] for name in names},
        )
        return Compute(nest=nest, within=within, group=self.name if within else "")
