"""Statements for one image compute what those for a batch compute for its first image."""

import numpy as np
import pytest

from engine.cases import GROUPS, IDS, network
from plan.meaning import drawn, run
from plan.statements import lowered
from striate.plan.lower import lower
from striate.plan.simplify import simplify
from striate.plan.single_image import single_image
from striate.plan.statement import IMAGE, LANES, Compute, Load, Origin, Store


def first(given, variables):
    """Select the first image of each input."""
    return {
        name: array[0] if name in variables and variables[name].per_image else array
        for name, array in given.items()
    } | {"images": np.array([1])}


def assert_same(before, target="z"):
    """Compare the result for one image with that of a batch's first image."""
    given = drawn(before)

    after = single_image(before)

    wanted = run(before, given)[target][0]
    found = run(after, first(given, before.variables))[target]
    np.testing.assert_allclose(found.reshape(wanted.shape), wanted, rtol=1e-12, atol=1e-14)
    return after


def halos(after):
    """Return the sizes of the padded copies."""
    return [v.size for v in after.variables.values() if v.origin is Origin.PADDED_COPY]


@pytest.mark.parametrize("group", GROUPS, ids=[IDS[group] for group in GROUPS])
class TestKinds:
    """All cases of all kinds, in inference."""

    def test_no_axis_of_images(self, group):
        """No statement has an index of images, and no array a batch axis."""
        after = single_image(self.simple(group))

        assert not any(isinstance(statement, Load | Store) for statement in after.statements)
        assert not any(variable.per_image for variable in after.variables.values())
        for statement in after.statements:
            assert isinstance(statement, Compute)
            assert IMAGE not in statement.nest.extents

    def test_arrays_are_as_large_as_their_nests_say(self, group):
        """All nests agree with the size of each array."""
        after = single_image(self.simple(group))

        for statement in after.statements:
            for name, shape in statement.nest.shapes.items():
                assert np.prod(shape, dtype=int) == after.variables[name].size, name

    def test_no_sum_of_products_reads_beyond_an_edge(self, group):
        """Sums of products don't read out of bounds, so neighbors can be in the lanes."""
        for statement in single_image(self.simple(group)).statements:
            nest = statement.nest
            if nest.equation.form.name == "CONTRACT" and not nest.equation.tables:
                assert not list(nest.guards(*nest.equation.references))

    @staticmethod
    def simple(group):
        """Simplify the lowered network of a group."""
        return simplify(lower(network(group)[0], training=False))


class TestHalos:
    """Arrays that a sum reads out of bounds are copied into padded arrays."""

    def test_a_convolution(self):
        """Each side of the padded copy has as many zeros as the windows need."""
        after = assert_same(
            lowered(
                "z[q,h,i,j] += w[h,l,u,v] * a[q, l, i + u - 1, j + v]",
                a=(LANES, 2, 5, 6),
                w=(3, 2, 3, 4),
                z=(LANES, 3, 5, 6),
            )
        )

        assert halos(after) == [2 * (1 + 5 + 1) * (6 + 3)]

    def test_phases_of_a_gather(self):
        """Only phases of a gather that read out of bounds get padded copies."""
        before = simplify(
            lowered(
                "z[q,h,2*i + u] += w[l,h,u] * a[q,l,i]",
                a=(LANES, 2, 5),
                w=(2, 3, 3),
                z=(LANES, 3, 11),
            )
        )

        after = assert_same(before)

        # Even elements have two taps, one of which may be before the image or after it.
        assert halos(after) == [2 * (1 + 5 + 1)]

    def test_phases_with_other_edges(self):
        """Of four phases in two dimensions, three need padding, each a different one."""
        before = simplify(
            lowered(
                "z[q,h,2*i + u, 2*j + v] += w[l,h,u,v] * a[q,l,i,j]",
                a=(LANES, 2, 5, 6),
                w=(2, 3, 3, 3),
                z=(LANES, 3, 11, 13),
            )
        )

        after = assert_same(before)

        assert sorted(halos(after)) == [2 * 5 * 8, 2 * 7 * 6, 2 * 7 * 8]

    def test_phases_with_equal_edges(self):
        """Phases that need the same edges share one padded array, which is filled once."""
        before = simplify(
            lowered(
                "z[q,h,3*i + u, 3*j + v] += w[l,h,u,v] * a[q,l,i,j]",
                a=(LANES, 1, 6, 6),
                w=(1, 1, 4, 4),
                z=(LANES, 1, 19, 19),
            )
        )

        after = assert_same(before)

        written = [s.writes for s in after.statements if isinstance(s, Compute)]
        padded = [name for name, v in after.variables.items() if v.origin == Origin.PADDED_COPY]
        assert padded
        assert all(written.count(name) == 2 for name in padded)

    def test_two_edges_of_one_array(self):
        """A product may read one array at two subscripts that both go out of bounds."""
        assert_same(
            lowered(
                "z[q,i] += a[q, i + u - 1] * a[q, i - 1*u + 1] * w[u]",
                a=(LANES, 6),
                w=3,
                z=(LANES, 6),
            )
        )

    @pytest.mark.parametrize(
        "text",
        [
            "z[q,i] max= a[q, i + u - 1] * w[u]",
            "z[q,i] += exp(a[q, i + u - 1]) * w[u]",
            "z[q,i] += a[q, t[i + u]] * w[u]",
            "z[q,i] = a[q, i - 1]",
        ],
    )
    def test_other_statements_keep_their_guards(self, text):
        """Padding is used only for sums of products, where a zero equals an omitted term."""
        arrays = {"a": (LANES, 6), "z": (LANES, 6)}
        arrays |= {"w": 3} if "w" in text else {}
        arrays |= {"t": [3, -1, 0, 5, 2, 2, -1, 4]} if "t[" in text else {}

        after = assert_same(lowered(text, **arrays))

        assert halos(after) == []

    def test_reads_in_bounds(self):
        """An array that is only read within its bounds isn't copied."""
        after = assert_same(
            lowered("z[q,i] += a[q, i + u] * w[u]", a=(LANES, 6), w=3, z=(LANES, 4))
        )

        assert halos(after) == []


def test_adding_to_a_target():
    """A sum that adds to existing values still does."""
    before = lowered(
        "z[q,i] = 2 * a[q,i]",
        "z[q,i] += w[u] * a[q, i + u - 1]",
        a=(LANES, 6),
        w=3,
        z=(LANES, 6),
    )

    after = assert_same(before)

    assert after.statements[-1].adds
