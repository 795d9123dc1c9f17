"""The layout of arrays of images in memory: 16 images in the lanes, or one image after another."""

from collections.abc import Mapping
from dataclasses import replace

from striate.nests import Nest
from striate.nests.expression import Reference
from striate.plan.access import Access, Lookup
from striate.plan.statement import IMAGE, LANES, Variable

Variables = Mapping[str, Variable]
"""All arrays by name."""


def memory_access(reference: Reference, nest: Nest, variables: Variables) -> Access:
    """Compute an address in memory, including the stride of the index of images."""
    variable = variables[reference.name]
    access = Access.of(reference, nest, variable.folded)
    if not access.per_image:
        return access
    if variable.rows:
        return replace(access, strides={IMAGE: variable.rows, **access.strides})
    return replace(
        access,
        strides={IMAGE: 1, **{i: by * LANES for i, by in access.strides.items()}},
        offset=access.offset * LANES,
        lookups=tuple(Lookup(k.table, k.subscript, k.stride * LANES) for k in access.lookups),
    )
