"""Addresses of array elements as affine functions of the indices: a stride for each index."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import accumulate
from operator import mul

from striate.nests import Nest
from striate.nests.expression import Reference, Subscript
from striate.plan.statement import IMAGE
from striate.properties import cached_property


@dataclass(frozen=True)
class Lookup:
    """A table look-up in a subscript: adds ``stride`` times a table element to the address."""

    table: str
    subscript: Subscript
    stride: int


@dataclass(frozen=True)
class Access:
    """The address of an element, relative to the start of its array, in elements of one image.

    For ``a[q, l, 2*i + u - 1]`` with axes of length 3 and 10, the strides are 10 for ``l``, 2 for
    ``i`` and 1 for ``u``, and the offset is -1. How images are interleaved is added by
    :func:`striate.plan.layout.memory_access`.

    Parameters
    ----------
    name
        The array.
    strides
        The stride of each index, in elements. The index of images and indices of extent 1 are
        omitted.
    offset
        The constant part of the address.
    lookups
        Table look-ups that are added to the address.
    per_image
        Whether the first axis is that of images.
    """

    name: str
    strides: Mapping[str, int] = field(hash=False)
    offset: int
    lookups: tuple[Lookup, ...] = ()
    per_image: bool = False

    @classmethod
    def of(cls, reference: Reference, nest: Nest, folded: tuple[int, ...] = ()) -> "Access":
        """Compute the address of a reference; folded axes take no memory."""
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
        """Identifies the address except for its offset: array, strides and look-ups."""
        return (self.name, tuple(sorted(self.strides.items())), self.lookups)
