"""Where a reference reaches in memory: a whole number for each index, by which its place moves."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from operator import mul

from striate.nests import Nest
from striate.nests.expression import Reference, Subscript
from striate.plan.statement import IMAGE


@dataclass(frozen=True)
class Lookup:
    """A table read on the way to a place: the place moves by ``stride`` times its entry."""

    table: str
    subscript: Subscript
    stride: int


@dataclass(frozen=True)
class Access:
    """A place in an array, as a sum over indices; numbers of one image lie one after another.

    Parameters
    ----------
    name
        The array.
    strides
        By how many numbers the place moves with each index; the index of images is left out, and
        whatever counts to 1.
    offset
        Where it begins.
    lookups
        Tables that move it too.
    per_image
        Whether the index of images stands first.
    """

    name: str
    strides: Mapping[str, int] = field(hash=False)
    offset: int
    lookups: tuple[Lookup, ...] = ()
    per_image: bool = False

    @classmethod
    def of(cls, reference: Reference, nest: Nest, folded: tuple[int, ...] = ()) -> "Access":
        """Find where a reference of a nest reaches; folded axes take no memory."""
        shape = [1 if k in folded else n for k, n in enumerate(nest.shapes[reference.name])]
        lengths = [*accumulate(reversed(shape[1:]), mul, initial=1)][::-1] if shape else []
        per_image = bool(reference.subscripts) and reference.subscripts[0].lone == IMAGE
        strides: dict[str, int] = {}
        lookups: list[Lookup] = []
        start = 0
        for axis, (subscript, length) in enumerate(zip(reference.subscripts, lengths, strict=True)):
            if (per_image and axis == 0) or axis in folded:
                continue
            if subscript.table is not None:
                inner = Subscript(subscript.terms)
                lookups.append(Lookup(subscript.table, inner, length))
                continue
            multipliers, offset = subscript.linear()
            start += offset * length
            for index, by in multipliers.items():
                if nest.extents[index] > 1:
                    strides[index] = strides.get(index, 0) + by * length
        moving = {index: by for index, by in strides.items() if by}
        return cls(reference.name, moving, start, tuple(lookups), per_image)

    @cached_property
    def key(self) -> tuple[object, ...]:
        """What tells this access from others: what it moves by, the offset left out."""
        return (self.name, tuple(sorted(self.strides.items())), self.lookups)
