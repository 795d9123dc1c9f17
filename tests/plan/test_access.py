"""Addresses of references, compared with NumPy's indexing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from striate.nests import Equation, Nest, bind
from striate.plan.access import Access
from striate.plan.layout import memory_access
from striate.plan.statement import IMAGE, LANES, Variable

SHAPES = {"z": (LANES, 3, 4, 5), "a": (LANES, 3, 9, 12), "w": (3, 3, 2), "b": (3,), "s": ()}
STATEMENT = "z[q,h,i,j] += w[h,l,u] * a[q, l, 2*i + u - 1, 11 - 2*j] * b[h] * s"


def address(access, point, tables=None):
    """Evaluate an access for values of its indices."""
    total = access.offset + sum(by * point[i] for i, by in access.strides.items())
    for lookup in access.lookups:
        multipliers, offset = lookup.subscript.linear()
        at = offset + sum(by * point[i] for i, by in multipliers.items())
        total += lookup.stride * tables[lookup.table][at]
    return total


def brute_force(reference, nest, point):
    """Compute the address with NumPy's indexing, without the batch axis if there is one."""
    shape = nest.shapes[reference.name]
    positions = []
    for subscript in reference.subscripts:
        multipliers, offset = subscript.linear()
        positions.append(offset + sum(by * point[i] for i, by in multipliers.items()))
    if shape[:1] == (LANES,):
        shape, positions = shape[1:], positions[1:]
    return int(np.ravel_multi_index(positions, shape)) if shape else 0


NEST = bind(STATEMENT, shapes=SHAPES)
REFERENCES = [NEST.equation.target, *NEST.equation.references]


@pytest.mark.parametrize("reference", REFERENCES, ids=str)
@given(st.data())
def test_addresses_equal_numpys(reference, data):
    """For any values of the indices, strides and offset give the address that NumPy computes."""
    point = {i: data.draw(st.integers(0, n - 1), label=i) for i, n in NEST.extents.items()}
    point |= {"i": max(point["i"], 1)}  # 2*i + u - 1 is inside

    access = Access.of(reference, NEST)

    assert address(access, point) == brute_force(reference, NEST, point)


class TestAccess:
    """Strides, offsets and look-ups of an access."""

    def test_the_index_of_images_has_no_stride(self):
        """The index of images has no stride; the access is flagged as per-image instead."""
        access = Access.of(NEST.equation.target, NEST)

        assert IMAGE not in access.strides
        assert access.per_image

    def test_an_index_of_extent_1(self):
        """An index of extent 1 has no stride."""
        nest = bind("z[i,j] = a[i,j]", shapes={"z": (4, 1), "a": (4, 1)})

        assert Access.of(nest.equation.target, nest).strides == {"i": 1}

    def test_strides_that_cancel(self):
        """An index whose strides along two axes cancel has no stride."""
        nest = bind("z[i] = a[i, 3 - 4*i]", shapes={"z": (2,), "a": (2, 4)})

        (read,) = nest.equation.references
        assert Access.of(read, nest).strides == {}

    def test_an_index_in_two_axes(self):
        """The stride along a diagonal is the sum of the strides of both axes."""
        nest = bind("z[i] = a[i,i]", shapes={"z": (4,), "a": (4, 4)})

        (read,) = nest.equation.references
        assert Access.of(read, nest).strides == {"i": 5}

    def test_tables(self):
        """A table look-up adds the table's element times the stride of the axis."""
        shapes = {"z": (4, 3), "a": (6, 3), "t": (9,)}
        nest = bind("z[i,j] = a[t[2*i + 1], j]", shapes=shapes)
        tables = {"t": np.arange(9) % 6}

        (read,) = nest.equation.references
        access = Access.of(read, nest)

        assert address(access, {"i": 2, "j": 1}, tables) == 3 * tables["t"][5] + 1

    def test_folded_axes(self):
        """Folded axes take no memory: their index has no stride, and outer strides are shorter."""
        nest = bind("z[i,j,k] = a[i,j,k]", shapes={"z": (4, 5, 6), "a": (4, 5, 6)})

        access = Access.of(nest.equation.target, nest, folded=(1,))

        assert access.strides == {"i": 6, "k": 1}

    def test_keys(self):
        """Two accesses have the same key if and only if they differ only in their offset."""
        nest = bind("z[i] = a[i + 1] + a[i + 2] + a[2*i]", shapes={"z": (3,), "a": (6,)})

        one, next_, two = (Access.of(r, nest) for r in nest.equation.references)

        assert one.key == next_.key != two.key
        assert next_.offset == one.offset + 1


class TestLayout:
    """Addresses in the two layouts of arrays of images."""

    def test_in_lanes(self):
        """With images in the lanes, images have stride 1, and elements and look-ups stride 16."""
        shapes = {"z": (LANES, 4), "a": (LANES, 6), "t": (4,)}
        nest = Nest(Equation.parse("z[q,i] = a[q, t[i]]"), {"q": LANES, "i": 4}, shapes)
        variables = {n: Variable(name=n, size=s[-1], per_image=True) for n, s in shapes.items()}

        written = memory_access(nest.equation.target, nest, variables)
        (read,) = (memory_access(r, nest, variables) for r in nest.equation.references)

        assert written.strides == {IMAGE: 1, "i": LANES}
        assert [lookup.stride for lookup in read.lookups] == [LANES]

    def test_an_offset(self):
        """With images in the lanes, a constant offset is multiplied by 16 as well."""
        nest = bind("z[q,i] = a[q, i + 2]", shapes={"z": (LANES, 4), "a": (LANES, 6)})
        variables = {"a": Variable(name="a", size=6, per_image=True)}

        (read,) = nest.equation.references
        assert memory_access(read, nest, variables).offset == 2 * LANES

    def test_in_rows(self):
        """In row layout, elements of an image have stride 1, and images the length of a row."""
        nest = bind("z[i] += a[q,i]", shapes={"z": (20,), "a": (LANES, 20)})
        variables = {"a": Variable(name="a", size=20, per_image=True, rows=32)}

        (read,) = nest.equation.references
        assert memory_access(read, nest, variables).strides == {IMAGE: 32, "i": 1}

    def test_without_images(self):
        """An array without images has NumPy's row-major strides."""
        nest = bind("z[q,h] = b[h]", shapes={"z": (LANES, 3), "b": (3,)})
        variables = {"b": Variable(name="b", size=3, per_image=False)}

        (read,) = nest.equation.references
        assert memory_access(read, nest, variables).strides == {"h": 1}
