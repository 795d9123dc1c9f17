r"""Winograd's minimal filtering for the derivative with respect to a 3x3 kernel.

The convolution of a tile is bilinear in the kernel and the image. Its derivative with respect to
the kernel is

.. math:: dw = G^T \left[ \sum_q \sum_{tiles} (A \, dz \, A^T) \odot (B^T a B) \right] G

with the transposed matrices of the forward pass. So the products of transformed tiles are summed
over all images and tiles, and the sums are transformed back once for the whole batch. The 36 or 16
elements of the transformed tiles are computed one at a time, each for all tiles of a block of
images: a sum over only a few tiles would spend most of its time reducing lanes. In short::

    for each image:   a  -> strips -> tiles          B^T a B
                      dz -> strips -> error tiles    A dz A^T
    for each element e, f:  sums[e,f] += tiles[e,f] * error tiles[e,f]
    once:             dw = G^T sums G
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from striate.nests import Form
from striate.nests.expression import Reference, factors
from striate.plan.statement import IMAGE, Compute, Statement, Variable
from striate.plan.winograd_transforms import WINDOW, Transforms, Windows

COSTS: Mapping[int, tuple[float, float]] = {2: (235, 215), 4: (620, 600)}
"""Cost of a tile's transforms in multiply-adds, for each map of the image and each of dz.

Measured time relative to the direct sum (Zen 4), with this model's prediction in parentheses: 32
maps of 16x16 in tiles of 4 took 59% (65%), 64 maps of 8x8 in tiles of 2 took 80% (79%), and 16
maps of 32x32 in tiles of 4 took 90% (81%)."""

LANES_SUM = 10
"""Cost of a horizontal sum of a vector's lanes, in multiply-adds."""

GAIN = 0.9
"""Maximum cost, relative to the direct sum, at which the method is worth its rounding errors."""


@dataclass(frozen=True)
class _KernelGradient:
    """A derivative that the transforms apply to.

    Parameters
    ----------
    statement
        The direct sum of products.
    image, errors
        Its two factors: ``a`` and ``dz``.
    windows
        How the kernel moves over the image; the pixels are those of ``dz``.
    """

    statement: Compute
    image: Reference
    errors: Reference
    windows: Windows

    @property
    def maps(self) -> tuple[str, str]:
        """The indices of the image's maps and of those of ``dz``."""
        return self.image.subscripts[-3].lone or "", self.errors.subscripts[-3].lone or ""

    @property
    def lead(self) -> list[str]:
        """The indices of both factors before their maps: image, group."""
        return [s.lone or "" for s in self.errors.subscripts[:-3]]


def winograd_gradient(statement: Statement, variables: dict[str, Variable]) -> list[Compute] | None:
    """Make the nests of a kernel's derivative with Winograd's algorithm, if that is faster.

    Parameters
    ----------
    statement
        Any statement.
    variables
        All arrays; new ones are added.

    Returns
    -------
    list of Compute or None
        Five nests for the sums, and two that transform them back; ``None`` if the method doesn't
        apply.

    Sources
    -------
    Winograd 1980; Lavin and Gray 2016.
    """
    shape = _match(statement)
    side = None if shape is None else _side(shape)
    if shape is None or side is None:
        return None
    return list(_GradientTransforms(shape, side, variables).statements())


def _match(statement: Statement) -> _KernelGradient | None:
    """Match a sum over images and pixels of products of an image with ``dz``."""
    if not isinstance(statement, Compute) or not statement.sums_images or statement.over_batch:
        return None
    equation = statement.nest.equation
    parts = factors(equation.expression)
    references = [p for p in parts if isinstance(p, Reference) and len(p.subscripts) > 3]
    if equation.form is not Form.CONTRACT or len(parts) != 2 or len(references) != 2:
        return None
    for errors, image in (references, references[::-1]):
        names = [s.lone for s in errors.subscripts]
        others = [s.lone for s in image.subscripts[:-2]]
        same = names[:-3] == others[:-1] and names[-3] != others[-1]
        if None not in (*names, *others) and same and names[0] == IMAGE:
            return _matched(statement, errors, image)
    return None


def _matched(statement: Compute, errors: Reference, image: Reference) -> _KernelGradient | None:
    """Match the windows, and check that nothing else is summed over."""
    nest = statement.nest
    reduced = {s.lone for s in (errors.subscripts[0], *errors.subscripts[-2:])}
    if {*nest.equation.reduced} != reduced:
        return None
    windows = Windows.of(nest, errors.subscripts[-2:], image.subscripts[-2:])
    return None if windows is None else _KernelGradient(statement, image, errors, windows)


def _side(shape: _KernelGradient) -> int | None:
    """Choose the size of the tiles by their cost; ``None`` if the direct sum is about as fast."""
    extents = shape.statement.nest.extents
    read, write = (extents[i] for i in shape.maps)
    rows, columns = (extents[i] for i in shape.windows.pixels)
    direct = WINDOW * WINDOW * read * write * (rows * columns + LANES_SUM)
    costs: dict[int, float] = {}
    for side, (before, after) in COSTS.items():
        tiles = -(-rows // side) * -(-columns // side)
        products = (side + 2) ** 2 * read * write * (tiles + LANES_SUM)
        costs[side] = products + tiles * (before * read + after * write)
    side = min(costs, key=lambda s: costs[s])
    return side if costs[side] < GAIN * direct else None


class _GradientTransforms(Transforms):
    """Makes the nests of one derivative."""

    def __init__(self, shape: _KernelGradient, side: int, variables: dict[str, Variable]) -> None:
        nest = shape.statement.nest
        super().__init__(nest, side, variables)
        self.shape = shape
        rows, columns = (nest.extents[i] for i in shape.windows.pixels)
        # Rows and columns of tiles; elements of a transformed tile; elements of a tile before the
        # transform.
        self.row = self.index("rows", -(-rows // side))
        self.column = self.index("t", -(-columns // side))
        self.e, self.f = (self.index(i, side + 2) for i in ("e", "f"))
        self.r, self.s = (self.index(i, side + 2) for i in ("r", "s"))
        self.x, self.y = (self.index(i, side) for i in ("x", "y"))
        self.c = self.index("c", nest.shapes[shape.image.name][-1])

    def statements(self) -> Iterator[Compute]:
        """Make the nests, in order."""
        strips, tiles = self.image()
        error_strips, error_tiles = self.errors()
        yield from (strips, error_strips, tiles, error_tiles)
        read, write = self.shape.maps
        sums = self.array("sums", [self.e, self.f, *self.shape.lead[1:], write, read], [], [])
        transformed = (error_tiles.nest.equation.target, tiles.nest.equation.target)
        yield self.nest(sums, *transformed, within=(self.e, self.f))
        yield from self.back(sums)

    def image(self) -> tuple[Compute, Compute]:
        """Make the nests that transform the image's tiles, rows first."""
        shape, side, b = self.shape, self.side, self.table("B")
        read, lead = shape.maps[0], shape.lead
        top, left = shape.windows.starts
        image = self.reference(
            shape.image.name, *lead, read, {self.row: side, self.r: 1, "": top}, self.c
        )
        strips = self.array("strips", [*lead, self.e, read, self.row, self.c], [], [])
        first = self.together(self.nest(strips, self.reference(b, self.e, self.r), image))
        moved = {self.column: side, self.s: 1, "": left}
        strips = self.reference(strips.name, *lead, self.e, read, self.row, moved)
        tiles = self.array("tiles", lead, [self.e, self.f], [read, self.row, self.column])
        within = (self.e, self.f)
        return first, self.nest(tiles, self.reference(b, self.f, self.s), strips, within=within)

    def errors(self) -> tuple[Compute, Compute]:
        """Make the nests that transform the tiles of ``dz``, rows first."""
        shape, side, a = self.shape, self.side, self.table("A")
        write, lead, column = shape.maps[1], shape.lead, shape.windows.pixels[1]
        errors = self.reference(
            shape.errors.name, *lead, write, {self.row: side, self.x: 1}, column
        )
        strips = self.array("error_strips", [*lead, self.e, write, self.row, column], [], [])
        first = self.together(self.nest(strips, self.reference(a, self.x, self.e), errors))
        moved = {self.column: side, self.y: 1}
        strips = self.reference(strips.name, *lead, self.e, write, self.row, moved)
        tiles = self.array("error_tiles", lead, [self.e, self.f], [write, self.row, self.column])
        within = (self.e, self.f)
        return first, self.nest(tiles, self.reference(a, self.y, self.f), strips, within=within)

    def together(self, statement: Compute) -> Compute:
        """Keep a nest in the same phase as its readers, although it shares no loop with them.

        The image is available long before ``dz``. Without this, its transform would be computed
        early and stored for all images.
        """
        return replace(statement, group=self.name)

    def back(self, sums: Reference) -> Iterator[Compute]:
        """Make the nests that transform the sums back to the kernel's derivative."""
        shape, (u, v) = self.shape, self.shape.windows.window
        first, second = (self.table("G", flipped=sign < 0) for sign in shape.windows.signs)
        rest = [s.lone or "" for s in sums.subscripts[2:]]
        rows = self.array("rows", [u, self.f, *rest], [], [])
        yield self.nest(rows, self.reference(first, self.e, u), sums)
        target = shape.statement.nest.equation.target
        last = self.nest(target, self.reference(second, self.f, v), rows)
        yield replace(last, adds=shape.statement.adds)
