"""Index values and pointers at the current position in a kernel's loops."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from striate.llvm.builder import Builder
from striate.llvm.ir import IRValue
from striate.nests.expression import Subscript
from striate.plan.access import Access


@dataclass(frozen=True)
class IndexValue:
    """The value of an index: a loop counter, if any, plus a constant; and its range."""

    base: IRValue | None
    offset: int
    least: int
    greatest: int

    @classmethod
    def known(cls, value: int) -> "IndexValue":
        """Make a constant value."""
        return cls(None, value, value, value)

    def moved(self, by: int) -> "IndexValue":
        """Return the value plus a constant."""
        return IndexValue(self.base, self.offset + by, self.least + by, self.greatest + by)

    @property
    def key(self) -> tuple[int, int]:
        """Identifies the value, for lookups among those already emitted."""
        return (id(self.base) if self.base is not None else 0, self.offset)


IndexValues = Mapping[str, IndexValue]
"""Values of indices by name."""


@dataclass
class Pointers:
    """Pointers into arrays; each loop that is entered advances those that depend on its index."""

    builder: Builder
    starts: Mapping[str, IRValue]
    moved: dict[tuple[object, ...], IRValue] = field(
        default_factory=dict[tuple[object, ...], IRValue]
    )

    def entered(self, accesses: Iterable[Access], index: str, base: IRValue) -> "Pointers":
        """Return the pointers inside a loop over an index."""
        inside = dict(self.moved)
        for access in accesses:
            by = access.strides.get(index, 0)
            if by:
                start = self.pointer(access)
                inside[access.key] = self.builder.at(start, self.builder.multiply(base, by))
        return Pointers(self.builder, self.starts, inside)

    def pointer(self, access: Access) -> IRValue:
        """Return the pointer of an access, without its constant offset."""
        return self.moved.get(access.key) or self.starts[access.name]


def offset_of(access: Access, point: IndexValues) -> int:
    """Return the constant offset of an access; the index in the lanes starts at 0."""
    offset = access.offset
    for index, by in access.strides.items():
        position = point.get(index)
        if position is not None:
            offset += by * position.offset
    return offset


def range_of(subscript: Subscript, point: IndexValues) -> tuple[int, int]:
    """Return the least and the greatest value of a sum of indices."""
    multipliers, offset = subscript.linear()
    least = greatest = offset
    for index, by in multipliers.items():
        position = point[index]
        least += by * (position.least if by > 0 else position.greatest)
        greatest += by * (position.greatest if by > 0 else position.least)
    return least, greatest


def value_of(builder: Builder, subscript: Subscript, point: IndexValues) -> IRValue | int:
    """Emit the value of a sum of indices."""
    multipliers, total = subscript.linear()
    moving: IRValue | int = 0
    for index, by in multipliers.items():
        position = point[index]
        total += by * position.offset
        if position.base is not None:
            moving = builder.add(moving, builder.multiply(position.base, by))
    return builder.add(moving, total)
