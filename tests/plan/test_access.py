"""Where references reach, against NumPy's own places in an array."""

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


def place(access, point, tables=None):
    """Add up what moves a place, at values of the indices."""
    total = access.offset + sum(by * point[i] for i, by in access.strides.items())
    for lookup in access.lookups:
        multipliers, offset = lookup.subscript.linear()
        at = offset + sum(by * point[i] for i, by in multipliers.items())
        total += lookup.stride * tables[lookup.table][at]
    return total


def brute_force(reference, nest, point):
    """Compute the same as NumPy does, the axis of images left out if there is one."""
    shape = nest.shapes[reference.name]
    places = []
    for subscript in reference.subscripts:
        multipliers, offset = subscript.linear()
        places.append(offset + sum(by * point[i] for i, by in multipliers.items()))
    if shape[:1] == (LANES,):
        shape, places = shape[1:], places[1:]
    return int(np.ravel_multi_index(places, shape)) if shape else 0


NEST = bind(STATEMENT, shapes=SHAPES)
REFERENCES = [NEST.equation.target, *NEST.equation.references]


@pytest.mark.parametrize("reference", REFERENCES, ids=str)
@given(st.data())
def test_the_place_of_any_point(reference, data):
    """A place is a sum over the indices, wherever a reference is inside its array."""
    point = {i: data.draw(st.integers(0, n - 1), label=i) for i, n in NEST.extents.items()}
    point |= {"i": max(point["i"], 1)}  # 2*i + u - 1 is inside

    access = Access.of(reference, NEST)

    assert place(access, point) == brute_force(reference, NEST, point)


class TestAccess:
    """What an access holds."""

    def test_images(self):
        """The index of images has no stride, but a flag."""
        access = Access.of(NEST.equation.target, NEST)

        assert IMAGE not in access.strides
        assert access.per_image

    def test_what_counts_to_one(self):
        """An index with one value moves nothing."""
        nest = bind("z[i,j] = a[i,j]", shapes={"z": (4, 1), "a": (4, 1)})

        assert Access.of(nest.equation.target, nest).strides == {"i": 1}

    def test_what_cancels(self):
        """An index that moves a place on in one axis and back in another moves nothing."""
        nest = bind("z[i] = a[i, 3 - 4*i]", shapes={"z": (2,), "a": (2, 4)})

        (read,) = nest.equation.references
        assert Access.of(read, nest).strides == {}

    def test_an_index_in_two_axes(self):
        """A diagonal moves by a row and a column."""
        nest = bind("z[i] = a[i,i]", shapes={"z": (4,), "a": (4, 4)})

        (read,) = nest.equation.references
        assert Access.of(read, nest).strides == {"i": 5}

    def test_tables(self):
        """A look-up moves by the length of its axis, times the element."""
        shapes = {"z": (4, 3), "a": (6, 3), "t": (9,)}
        nest = bind("z[i,j] = a[t[2*i + 1], j]", shapes=shapes)
        tables = {"t": np.arange(9) % 6}

        (read,) = nest.equation.references
        access = Access.of(read, nest)

        assert place(access, {"i": 2, "j": 1}, tables) == 3 * tables["t"][5] + 1

    def test_folded_axes(self):
        """Axes that take no memory move nothing, and nothing in front of them moves farther."""
        nest = bind("z[i,j,k] = a[i,j,k]", shapes={"z": (4, 5, 6), "a": (4, 5, 6)})

        access = Access.of(nest.equation.target, nest, folded=(1,))

        assert access.strides == {"i": 6, "k": 1}

    def test_keys(self):
        """Accesses that differ in their offset alone have one key, others not."""
        nest = bind("z[i] = a[i + 1] + a[i + 2] + a[2*i]", shapes={"z": (3,), "a": (6,)})

        one, next_, two = (Access.of(r, nest) for r in nest.equation.references)

        assert one.key == next_.key != two.key
        assert next_.offset == one.offset + 1


class TestLayout:
    """How arrays of images lie."""

    def test_in_lanes(self):
        """Images are neighbors, numbers of an image a vector apart, table elements too."""
        shapes = {"z": (LANES, 4), "a": (LANES, 6), "t": (4,)}
        nest = Nest(Equation.parse("z[q,i] = a[q, t[i]]"), {"q": LANES, "i": 4}, shapes)
        variables = {n: Variable(name=n, size=s[-1], per_image=True) for n, s in shapes.items()}

        written = memory_access(nest.equation.target, nest, variables)
        (read,) = (memory_access(r, nest, variables) for r in nest.equation.references)

        assert written.strides == {IMAGE: 1, "i": LANES}
        assert [lookup.stride for lookup in read.lookups] == [LANES]

    def test_an_offset(self):
        """What a place begins with counts vectors, too."""
        nest = bind("z[q,i] = a[q, i + 2]", shapes={"z": (LANES, 4), "a": (LANES, 6)})
        variables = {"a": Variable(name="a", size=6, per_image=True)}

        (read,) = nest.equation.references
        assert memory_access(read, nest, variables).offset == 2 * LANES

    def test_in_rows(self):
        """Numbers of an image are neighbors, images a row apart."""
        nest = bind("z[i] += a[q,i]", shapes={"z": (20,), "a": (LANES, 20)})
        variables = {"a": Variable(name="a", size=20, per_image=True, rows=32)}

        (read,) = nest.equation.references
        assert memory_access(read, nest, variables).strides == {IMAGE: 32, "i": 1}

    def test_what_knows_no_images(self):
        """It lies as NumPy's arrays do."""
        nest = bind("z[q,h] = b[h]", shapes={"z": (LANES, 3), "b": (3,)})
        variables = {"b": Variable(name="b", size=3, per_image=False)}

        (read,) = nest.equation.references
        assert memory_access(read, nest, variables).strides == {"h": 1}
