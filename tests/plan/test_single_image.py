"""Statements for one image: those of a batch, for its first, with zeros where edges were."""

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
    """Take the first image of each input."""
    return {
        name: array[0] if name in variables and variables[name].per_image else array
        for name, array in given.items()
    } | {"images": np.array([1])}


def assert_same(before, target="z"):
    """Compare an array of one image with a batch's first."""
    given = drawn(before)

    after = single_image(before)

    wanted = run(before, given)[target][0]
    found = run(after, first(given, before.variables))[target]
    np.testing.assert_allclose(found.reshape(wanted.shape), wanted, rtol=1e-12, atol=1e-14)
    return after


def halos(after):
    """Return the sizes of padded copies."""
    return [v.size for v in after.variables.values() if v.origin is Origin.PADDED_COPY]


@pytest.mark.parametrize("group", GROUPS, ids=[IDS[group] for group in GROUPS])
class TestKinds:
    """All cases of all kinds, without training."""

    def test_no_statement_knows_images(self, group):
        """There is neither an index of images nor an array with an axis for it."""
        after = single_image(self.simple(group))

        assert not any(isinstance(statement, Load | Store) for statement in after.statements)
        assert not any(variable.per_image for variable in after.variables.values())
        for statement in after.statements:
            assert isinstance(statement, Compute)
            assert IMAGE not in statement.nest.extents

    def test_arrays_are_as_large_as_their_nests_say(self, group):
        """No two nests see one array with other sizes."""
        after = single_image(self.simple(group))

        for statement in after.statements:
            for name, shape in statement.nest.shapes.items():
                assert np.prod(shape, dtype=int) == after.variables[name].size, name

    def test_no_sum_of_products_reads_beyond_an_edge(self, group):
        """So that neighbors may lie in the lanes."""
        for statement in single_image(self.simple(group)).statements:
            nest = statement.nest
            if nest.equation.form.name == "CONTRACT" and not nest.equation.tables:
                assert not list(nest.guards(*nest.equation.references))

    @staticmethod
    def simple(group):
        """Simplify the lowered network of a group."""
        return simplify(lower(network(group)[0], training=False))


class TestHalos:
    """Zeros around what a sum reads beyond its edges."""

    def test_a_convolution(self):
        """As many as the windows see, on each side."""
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
        """Phases that read one array with other edges have arrays of their own."""
        before = simplify(
            lowered(
                "z[q,h,2*i + u] += w[l,h,u] * a[q,l,i]",
                a=(LANES, 2, 5),
                w=(2, 3, 3),
                z=(LANES, 3, 11),
            )
        )

        after = assert_same(before)

        # Even places have two taps, of which one lies before the image or behind it.
        assert halos(after) == [2 * (1 + 5 + 1)]

    def test_phases_with_other_edges(self):
        """Of four phases in two dimensions, three have edges, each its own."""
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
        """A product of an array with itself, moved: each factor has its own zeros."""
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
    def test_what_zeros_would_change(self, text):
        """Only in a sum of products is a zero what a term that is left out is."""
        arrays = {"a": (LANES, 6), "z": (LANES, 6)}
        arrays |= {"w": 3} if "w" in text else {}
        arrays |= {"t": [3, -1, 0, 5, 2, 2, -1, 4]} if "t[" in text else {}

        after = assert_same(lowered(text, **arrays))

        assert halos(after) == []

    def test_what_stays_inside(self):
        """Nothing is copied where nothing falls outside."""
        after = assert_same(
            lowered("z[q,i] += a[q, i + u] * w[u]", a=(LANES, 6), w=3, z=(LANES, 4))
        )

        assert halos(after) == []


def test_what_is_added():
    """A sum into what is there already stays one."""
    before = lowered(
        "z[q,i] = 2 * a[q,i]",
        "z[q,i] += w[u] * a[q, i + u - 1]",
        a=(LANES, 6),
        w=3,
        z=(LANES, 6),
    )

    after = assert_same(before)

    assert after.statements[-1].adds
