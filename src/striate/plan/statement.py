"""The statements of a compiled program, before their order and memory are chosen.

A program is a list of statements on named arrays. It is written for one block of images, as many as
a vector has lanes. Most statements are nests; the others load and store arrays, transpose them, and
draw random masks. Nothing here depends on the kinds of layers.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import ClassVar

from striate.nests import Form, Nest, injective
from striate.nests.expression import Reference, rewrite
from striate.nests.nest import Lengths
from striate.plan.target import LANES

IMAGE = "q"
"""The index of images, which is the first index of every array of images."""


class Origin(StrEnum):
    """The stage that introduced an array."""

    LOWERING = "lowering"
    """An array of the training step, or a buffer of the caller."""

    TEMPORARY = "temporary"
    """An intermediate result or a constant in a layer's equations."""

    PARTIAL_SUMS = "partial sums"
    """One sum over images for each chunk of the batch; they are added up in order."""

    ROW_LAYOUT = "row layout"
    """A copy whose lanes hold neighboring elements of one image instead of 16 images."""

    PADDED_COPY = "padded copy"
    """A copy with zeros around it."""

    WINOGRAD = "Winograd"
    """A transformed kernel, image or product, or a transform's matrix."""


@dataclass(frozen=True, kw_only=True)
class Variable:
    """A named float32 array.

    An array of images that the program allocates has 16 images in the lanes, element after element,
    or the row layout, image after image.

    Parameters
    ----------
    name
        Its name in the statements.
    size
        Number of elements, for one image if it is an array of images.
    per_image
        Whether it is an array of images.
    buffer
        The caller's buffer that holds it; empty if the program allocates it.
    is_target
        Whether the caller provides targets of a loss in it: values, or labels as class indices.
    offset
        Index of its first element in that buffer.
    values
        Its values, if it is a constant table.
    rows
        Elements from one image to the next in row layout; 0 if images are in the lanes.
    folded
        Axes that take no memory, because a loop around all uses of the array computes one value of
        the index at a time.
    origin
        The stage that introduced it.
    layer
        The layer to which it belongs; empty for the scalars of a call and for an optimizer.
    part_of
        The array that it helps to compute, for partial sums and Winograd's transforms.
    """

    name: str
    size: int
    per_image: bool
    buffer: str = ""
    is_target: bool = False
    offset: int = 0
    values: tuple[float, ...] = field(default=(), repr=False)
    rows: int = 0
    folded: tuple[int, ...] = ()
    origin: Origin = Origin.LOWERING
    layer: str = ""
    part_of: str = ""

    def derived(self, name: str, origin: Origin, *, size: int, per_image: bool) -> "Variable":
        """Make a variable for an array that a stage introduces on behalf of this one."""
        return Variable(name=name, size=size, per_image=per_image, origin=origin, layer=self.layer)


@dataclass(frozen=True, kw_only=True)
class Compute:
    """Computes a nest.

    Parameters
    ----------
    nest
        The nest, with :data:`LANES` images if it has a batch axis.
    adds
        Whether the nest adds to values that the target holds; otherwise the target starts at zero.
    over_batch
        Whether it is done once for all images of the batch, on arrays in row layout.
    within
        Indices of outer loops that it shares with neighboring statements: all of these are computed
        for one value of the index before the next value.
    group
        Name of the group of statements that share these loops, and a phase.
    """

    nest: Nest
    adds: bool = False
    over_batch: bool = False
    within: tuple[str, ...] = ()
    group: str = ""

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the arrays it reads."""
        before = (self.nest.target,) if self.adds else ()
        return tuple(dict.fromkeys((*self.nest.sources, *before)))

    @property
    def writes(self) -> str:
        """Name of the array it writes."""
        return self.nest.target

    @property
    def sums_images(self) -> bool:
        """Whether it sums over images."""
        return IMAGE in self.nest.equation.reduced

    @property
    def scatters(self) -> bool:
        """Whether several iterations may reach one element, so terms must be added in memory."""
        equation, extents = self.nest.equation, self.nest.extents
        targets = {i: n for i, n in extents.items() if i not in equation.reduced}
        return bool(equation.target.tables()) or (
            equation.form is Form.SCATTER and not injective(equation.target.subscripts, targets)
        )

    def renamed(self, names: Mapping[str, str]) -> "Compute":
        """Return the statement with other names for its arrays."""
        return replace(self, nest=renamed(self.nest, names))

    def __str__(self) -> str:
        return f"{self.nest}{'  adding' * self.adds}{'  for all images' * self.over_batch}"


@dataclass(frozen=True, kw_only=True)
class Load:
    """Loads a caller's array, image after image, into the lanes."""

    verb: ClassVar[str] = "load"

    source: str
    target: str

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the arrays it reads."""
        return (self.source,)

    @property
    def writes(self) -> str:
        """Name of the array it writes."""
        return self.target

    def renamed(self, names: Mapping[str, str]) -> "Load":
        """Return the statement with other names for its arrays."""
        return Load(source=self.source, target=names.get(self.target, self.target))

    @property
    def detail(self) -> str:
        """The arrays it copies from and to."""
        return f"{self.target} from {self.source}"

    def __str__(self) -> str:
        return f"{self.verb} {self.detail}"


@dataclass(frozen=True, kw_only=True)
class Store:
    """Stores an array from the lanes into a caller's array, image after image."""

    verb: ClassVar[str] = "store"

    source: str
    target: str

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the arrays it reads."""
        return (self.source,)

    @property
    def writes(self) -> str:
        """Name of the array it writes."""
        return self.target

    def renamed(self, names: Mapping[str, str]) -> "Store":
        """Return the statement with other names for its arrays."""
        return Store(source=names.get(self.source, self.source), target=self.target)

    @property
    def detail(self) -> str:
        """The arrays it copies from and to."""
        return f"{self.source} to {self.target}"

    def __str__(self) -> str:
        return f"{self.verb} {self.detail}"


@dataclass(frozen=True, kw_only=True)
class DrawMask:
    """Draws a random mask: 1 where a random word is at least a threshold, 0 elsewhere.

    Parameters
    ----------
    target
        The mask.
    threshold
        Compared with the upper 24 bits of each element's random word.
    stream
        Last word of the counters; a different one for each layer.
    """

    verb: ClassVar[str] = "draw"

    target: str
    threshold: int
    stream: int

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the arrays it reads: none."""
        return ()

    @property
    def writes(self) -> str:
        """Name of the array it writes."""
        return self.target

    def renamed(self, names: Mapping[str, str]) -> "DrawMask":
        """Return the statement with another name for its mask."""
        target = names.get(self.target, self.target)
        return DrawMask(target=target, threshold=self.threshold, stream=self.stream)

    @property
    def detail(self) -> str:
        """The mask, and how it is drawn."""
        return f"{self.target} from stream {self.stream:x}, at least {self.threshold} / 2**24"

    def __str__(self) -> str:
        return f"{self.verb} {self.detail}"


@dataclass(frozen=True, kw_only=True)
class Transpose:
    """Transposes an array from 16 images in the lanes into row layout, image after image."""

    verb: ClassVar[str] = "transpose"

    source: str
    target: str

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the arrays it reads."""
        return (self.source,)

    @property
    def writes(self) -> str:
        """Name of the array it writes."""
        return self.target

    def renamed(self, names: Mapping[str, str]) -> "Transpose":
        """Return the statement with other names for its arrays."""
        source, target = (names.get(n, n) for n in (self.source, self.target))
        return Transpose(source=source, target=target)

    @property
    def detail(self) -> str:
        """The arrays it copies from and to."""
        return f"{self.source} into {self.target}"

    def __str__(self) -> str:
        return f"{self.verb} {self.detail}"


@dataclass(frozen=True, kw_only=True)
class LoadStored:
    """Loads images into the lanes from an array of many, each moved in its own way.

    Parameters
    ----------
    source
        The caller's images: all of them, image after image.
    indices, maps, scale
        The caller's arrays: which images to load; for each its packed
        :class:`striate.maths.pixel_map.PixelMap`; and a packed
        :class:`striate.graph.batch.PixelScale`.
    affine
        The caller's affine maps, and factors and offsets; empty if all maps are of whole pixels.
    target
        The array in lanes.
    rows, columns, channels
        Lengths of an image.
    element
        ``uint8`` or ``float32``.
    last
        Whether the channels are the last axis of the caller's array, or the first axis of an image.
    """

    verb: ClassVar[str] = "gather"

    source: str
    indices: str
    maps: str
    scale: str
    target: str
    rows: int
    columns: int
    channels: int
    element: str
    last: bool
    affine: tuple[str, ...] = ()

    @property
    def reads(self) -> tuple[str, ...]:
        """Names of the arrays it reads."""
        return (self.source, self.indices, self.maps, self.scale, *self.affine)

    @property
    def writes(self) -> str:
        """Name of the array it writes."""
        return self.target

    def renamed(self, names: Mapping[str, str]) -> "LoadStored":
        """Return the statement with another name for its target."""
        return replace(self, target=names.get(self.target, self.target))

    @property
    def detail(self) -> str:
        """The arrays, and the images' element type and size."""
        size = f"{self.rows} x {self.columns} x {self.channels}"
        moved = ", moved by affine maps" if self.affine else ""
        return f"{self.target} from {self.source}: {self.element}, {size}{moved}"

    def __str__(self) -> str:
        return f"{self.verb} {self.detail}"


Statement = Compute | Load | LoadStored | Store | Transpose | DrawMask


@dataclass(frozen=True, kw_only=True)
class Lowered:
    """Statements in a valid order of computation, and their variables by name."""

    statements: tuple[Statement, ...]
    variables: Mapping[str, Variable]

    def __str__(self) -> str:
        return "\n".join(str(statement) for statement in self.statements)


def renamed(nest: Nest, names: Mapping[str, str]) -> Nest:
    """Return a nest with other names for its arrays."""

    def other(reference: Reference) -> Reference:
        subscripts = tuple(
            s if s.table is None else type(s)(s.terms, names.get(s.table, s.table), s.starred)
            for s in reference.subscripts
        )
        return Reference(names.get(reference.name, reference.name), subscripts)

    equation = nest.equation
    expression = rewrite(
        equation.expression, lambda leaf: other(leaf) if isinstance(leaf, Reference) else leaf
    )
    new = type(equation)(other(equation.target), equation.operator, expression, equation.constants)
    shapes: dict[str, Lengths] = {names.get(n, n): shape for n, shape in nest.shapes.items()}
    return Nest(new, nest.extents, shapes)


__all__ = [
    "IMAGE",
    "LANES",
    "Compute",
    "DrawMask",
    "Load",
    "LoadStored",
    "Lowered",
    "Origin",
    "Statement",
    "Store",
    "Transpose",
    "Variable",
    "renamed",
]
