r"""Winograd's minimal filtering: 3x3 convolutions with stride 1 in fewer multiplications.

A tile of m x m outputs needs (m + 2) x (m + 2) inputs. After a linear transform of the tile and of
the kernel, the convolution becomes a product of corresponding elements. These products are summed
over the input maps, and the sums are transformed back:

.. math:: z = A^T \left[ \sum_l (G w G^T) \odot (B^T a B) \right] A

For m = 4, this takes 36 products instead of 144, for m = 2 it takes 16 instead of 36. In one
dimension and for m = 2, the four inputs of a tile give two outputs::

    d0 d1 d2 d3  --B^T-->  d0-d2, d1+d2, d2-d1, d1-d3     4 products with the
    w0 w1 w2     --G---->  w0, (w0+w1+w2)/2, ..., w2      transformed kernel m:
    z0 z1       <--A^T--   m0+m1+m2, m1-m2-m3             4 instead of 6

Each transform is two nests, for rows and for columns, with a small constant matrix that is
unrolled. All nests process one row of tiles before the next row, so that it stays in cache.
Rounding errors are larger than those of direct convolution: about 1e-6 in norm for m = 2 and 1e-5
for m = 4 (:data:`ERRORS`). The derivative with respect to the image is also a convolution of this
form. For the derivative with respect to the kernel, see :mod:`striate.plan.winograd_gradient`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from striate.nests import Form, Nest
from striate.nests.expression import Reference, factors
from striate.plan.statement import Compute, Lowered, Statement, Variable
from striate.plan.winograd_gradient import winograd_gradient
from striate.plan.winograd_transforms import WINDOW, Transforms, Windows

ERRORS: Mapping[int, float] = {2: 2e-6, 4: 2e-5}
"""Maximum relative error, in norm, of one convolution or derivative in float32, by tile."""

COSTS: Mapping[int, tuple[float, float]] = {2: (75, 60), 4: (310, 275)}
"""Cost of a tile's transforms in multiply-adds, for each input map and each output map.

Measured time relative to direct convolution (Zen 4), with this model's prediction in parentheses:
from 16 maps of 32x32 to 16 maps, tiles of 2 took 65% (68%) and tiles of 4 took 52% (50%). A
layer from 3 maps to 32 took 118%, so it is computed directly."""

GAIN = 0.9
"""Maximum cost relative to direct convolution at which the method is worth its rounding errors."""


@dataclass(frozen=True)
class _WinogradConvolution:
    """A convolution that Winograd's transforms apply to.

    Parameters
    ----------
    nest
        The direct convolution.
    kernel, image
        Its two factors.
    windows
        How the kernel moves over the image; the pixels are the target's.
    """

    nest: Nest
    kernel: Reference
    image: Reference
    windows: Windows

    @property
    def outer(self) -> list[str]:
        """Indices of the target before the pixels: image, group, map."""
        return [s.lone or "" for s in self.nest.equation.target.subscripts[:-2]]

    @property
    def inner(self) -> list[str]:
        """Indices of the image before the pixels."""
        return [s.lone or "" for s in self.image.subscripts[:-2]]

    @property
    def maps(self) -> tuple[int, int]:
        """Number of input maps and of output maps in one group."""
        extents = self.nest.extents
        return extents[self.inner[-1]], extents[self.outer[-1]]

    @property
    def lengths(self) -> tuple[int, int]:
        """Rows and columns of the target."""
        rows, columns = (self.nest.extents[p] for p in self.windows.pixels)
        return rows, columns


def with_winograd(lowered: Lowered) -> Lowered:
    """Replace the convolutions that are faster with Winograd's algorithm.

    Parameters
    ----------
    lowered
        Statements in order.

    Returns
    -------
    Lowered
        With five nests for each such convolution, and two for its kernel.

    Sources
    -------
    Winograd 1980; Lavin and Gray 2016.
    """
    variables = dict(lowered.variables)
    statements: list[Statement] = []
    for statement in lowered.statements:
        gradient = winograd_gradient(statement, variables)
        if gradient is not None:
            statements += gradient
            continue
        shape = _match(statement)
        tile = None if shape is None else _tile(shape)
        if shape is None or tile is None or not isinstance(statement, Compute):
            statements.append(statement)
            continue
        statements += _ConvolutionTransforms(shape, tile, variables).statements(statement)
    return Lowered(statements=tuple(statements), variables=variables)


def _match(statement: Statement) -> _WinogradConvolution | None:
    """Match a sum of products of a 3x3 kernel with stride 1."""
    if not isinstance(statement, Compute) or statement.sums_images:
        return None
    nest, equation = statement.nest, statement.nest.equation
    parts = factors(equation.expression)
    references = [p for p in parts if isinstance(p, Reference)]
    target = equation.target.subscripts
    if equation.form is not Form.CONTRACT or len(references) != 2 or len(parts) != 2:
        return None
    if any(s.lone is None for s in target) or len(target) < 4:
        return None
    images = [r for r in references if r.subscripts[0].lone == target[0].lone]
    kernels = [r for r in references if r not in images]
    if len(images) != 1 or len(kernels) != 1:
        return None
    return _matched(nest, kernels[0], images[0])


def _matched(nest: Nest, kernel: Reference, image: Reference) -> _WinogradConvolution | None:
    """Match the windows, and check the order of the kernel's axes."""
    target = nest.equation.target.subscripts
    outer = (*kernel.subscripts[:-2], *image.subscripts[:-2])
    if len(image.subscripts) != len(target) or any(s.lone is None for s in outer):
        return None
    windows = Windows.of(nest, target[-2:], image.subscripts[-2:])
    if windows is None:
        return None
    # Each subscript of the kernel is one index of the window, in either direction.
    if any(s.table for s in kernel.subscripts[-2:]):
        return None
    if [tuple(s.linear()[0]) for s in kernel.subscripts[-2:]] != [(i,) for i in windows.window]:
        return None
    return _WinogradConvolution(nest, kernel, image, windows)


def _tile(shape: _WinogradConvolution) -> int | None:
    """Choose the size of tiles by their cost; ``None`` if direct convolution is about as fast."""
    read, write = shape.maps
    rows, columns = shape.lengths
    direct = WINDOW * WINDOW * read * write * rows * columns
    costs = {
        side: -(-rows // side)
        * -(-columns // side)
        * ((side + 2) ** 2 * read * write + before * read + after * write)
        for side, (before, after) in COSTS.items()
    }
    side = min(costs, key=lambda s: costs[s])
    return side if costs[side] < GAIN * direct else None


class _ConvolutionTransforms(Transforms):
    """Makes the nests of one convolution."""

    def __init__(
        self, shape: _WinogradConvolution, side: int, variables: dict[str, Variable]
    ) -> None:
        super().__init__(shape.nest, side, variables)
        self.shape = shape
        rows, columns = shape.lengths
        # Rows and columns of tiles; elements of a transformed tile; inputs and outputs of a tile.
        self.row = self.index("rows", -(-rows // side))
        self.column = self.index("t", -(-columns // side))
        self.e, self.f = (self.index(i, side + 2) for i in ("e", "f"))
        self.r, self.s = (self.index(i, side + 2) for i in ("r", "s"))
        self.x, self.y = (self.index(i, side) for i in ("x", "y"))
        self.c = self.index("c", shape.nest.shapes[shape.image.name][-1])

    def statements(self, direct: Compute) -> Iterator[Statement]:
        """Make the nests, in order."""
        shape, name, side = self.shape, self.name, self.side
        row, t, e, f = self.row, self.column, self.e, self.f
        *lead, read = shape.inner
        *_, write = shape.outer
        b, a = self.table("B"), self.table("A")
        top, left = shape.windows.starts
        transformed, kernel = self.kernel()
        yield from transformed

        # B^T a: rows of the image become rows of transformed tiles, for one row of tiles and one
        # input map at a time. Neighboring tiles overlap by two rows and columns.
        image = self.reference(
            shape.image.name, *lead, read, {row: side, self.r: 1, "": top}, self.c
        )
        strip = self.array("strip", lead, [row, read], [e, self.c])
        yield self.nest(strip, self.reference(b, e, self.r), image, within=(row, read))
        # (B^T a) B: columns become tiles.
        moved = (*strip.subscripts[:-1], self.subscript({t: side, self.s: 1, "": left}))
        tiles = self.array("tiles", lead, [row], [e, f, read, t])
        strip = Reference(strip.name, moved)
        yield self.nest(tiles, self.reference(b, f, self.s), strip, within=(row, read))
        # The sum of products over the input maps, for each element of the transformed tiles.
        products = self.array("products", lead, [row], [e, f, write, t])
        yield self.nest(products, kernel, tiles, within=(row,))
        # A^T m A: back to rows, then to columns of the target.
        back = self.array("back", lead, [row, write], [self.x, f, t])
        yield self.nest(back, self.reference(a, self.x, e), products, within=(row, write))
        target = self.reference(name, *lead, write, {row: side, self.x: 1}, {t: side, self.y: 1})
        last = self.nest(target, self.reference(a, self.y, f), back, within=(row, write))
        yield replace(last, adds=direct.adds)

    def kernel(self) -> tuple[list[Compute], Reference]:
        """Make the nests that transform the kernel, rows first."""
        shape, (u, v) = self.shape, self.shape.windows.window
        rest = [s.lone or "" for s in shape.kernel.subscripts[:-2]]
        rows = self.array("kernel_rows", [self.e, v, *rest], [], [])
        whole = self.array("kernel", [self.e, self.f], [], rest)
        first, second = (self.table("G", flipped=sign < 0) for sign in shape.windows.signs)
        return [
            self.nest(rows, self.reference(first, self.e, u), shape.kernel),
            self.nest(whole, self.reference(second, self.f, v), rows),
        ], whole
