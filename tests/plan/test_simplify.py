"""Simpler statements: fewer, and the same numbers."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from engine.cases import GROUPS, IDS, network
from plan.meaning import drawn, run
from plan.statements import lowered, texts
from striate.nests import Form
from striate.plan.gather import gatherable
from striate.plan.lower import lower
from striate.plan.simplify import fill, simplify, without_copies, without_idle
from striate.plan.statement import LANES, Compute


@cache
def stages(group, training):
    """Lower the network of a group, and simplify it."""
    step, numbers = network(group)
    shapes = [y.shape[1:] for y in numbers.targets]
    before = lower(step, training=training, target_shapes=shapes)
    return before, simplify(before)


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize("group", GROUPS, ids=[IDS[group] for group in GROUPS])
class TestKinds:
    """All cases of all kinds."""

    def test_meaning(self, group, training):
        """What the caller's buffers hold in the end is the same."""
        before, after = stages(group, training)
        given = drawn(before)

        wanted, found = run(before, given), run(after, given)

        for name, variable in before.variables.items():
            if variable.buffer and name in wanted:
                shape = wanted[name].shape
                # Gathers add in another order: a few roundings of float64.
                np.testing.assert_allclose(
                    found[name].reshape(shape), wanted[name], rtol=1e-9, atol=1e-12, err_msg=name
                )

    def test_no_scatter_is_left_that_can_be_gathered(self, group, training):
        """Several terms meet only where a table says where, and there what was before is kept."""
        _, after = stages(group, training)

        for statement in after.statements:
            if isinstance(statement, Compute) and statement.nest.equation.form is Form.SCATTER:
                assert not gatherable(statement.nest)
                assert statement.adds

    def test_nothing_is_idle(self, group, training):
        """Every result is read by somebody, or is the caller's."""
        _, after = stages(group, training)

        read = {name for statement in after.statements for name in statement.reads}
        for statement in after.statements:
            assert statement.writes in read or after.variables[statement.writes].buffer


class TestIdle:
    """Statements whose results aren't read."""

    def test_a_chain(self):
        """What only idle statements read is idle, too."""
        before = lowered("b[i] = 2 * a[i]", "c[i] = 3 * b[i]", "z[i] = 4 * a[i]", a=4, z=4)

        assert texts(without_idle(before)) == ["z[i] = 4 * a[i]"]

    def test_what_was_written_before_it_is_added_to(self):
        """Both statements of a sum are kept."""
        before = lowered("b[i] = 2 * a[i]", "b[i] += 3 * a[i]", "z[i] = b[i]", a=4, z=4)

        assert len(without_idle(before).statements) == 3


class TestCopies:
    """Copies become other names, where no one changes."""

    def test_a_copy(self):
        """Who reads the copy reads what was copied."""
        before = lowered("b[i] = 2 * a[i]", "c[i] = b[i]", "z[i] = 3 * c[i]", a=4, z=4)

        assert texts(without_copies(before)) == ["b[i] = 2 * a[i]", "z[i] = 3 * b[i]"]

    def test_a_copy_of_a_copy(self):
        """Names are followed to the first."""
        before = lowered(
            "b[i] = 2 * a[i]", "c[i] = b[i]", "d[i] = c[i]", "z[i] = 3 * d[i]", a=4, z=4
        )

        assert texts(without_copies(before)) == ["b[i] = 2 * a[i]", "z[i] = 3 * b[i]"]

    def test_a_sum_of_one_term(self):
        """A copy may be written as a sum."""
        before = lowered("b[i] = 2 * a[i]", "c[i] += b[i]", "z[i] = 3 * c[i]", a=4, z=4)

        assert texts(without_copies(before)) == ["b[i] = 2 * a[i]", "z[i] = 3 * b[i]"]

    def test_another_shape(self):
        """Rows that are laid end to end are where they were."""
        shapes = {"b": (LANES, 3, 4), "c": (LANES, 12)}
        before = lowered(
            "b[q,i,j] = 2 * a[q,i,j]",
            "c[q, 4*i + j] = b[q,i,j]",
            "z[q,x] = 3 * c[q,x]",
            a=(LANES, 3, 4),
            z=(LANES, 12),
            **shapes,
        )

        assert texts(without_copies(before)) == ["b[q,i,j] = 2 * a[q,i,j]", "z[q,x] = 3 * b[q,x]"]

    @pytest.mark.parametrize(
        "statements",
        [
            pytest.param(("c[i] = b[i]", "b[i] += a[i]"), id="the source changes afterwards"),
            pytest.param(("c[i] = b[i]", "c[i] += a[i]"), id="the copy changes afterwards"),
            pytest.param(("c[i] = 5 * a[i]", "c[i] += b[i]"), id="it is added"),
            pytest.param(("c[3 - 1*i] = b[i]",), id="turned round"),
            pytest.param(("c[i] = b[i] * 1",), id="a product"),
            pytest.param(("c[i] = b[t[i]]",), id="through a table"),
        ],
    )
    def test_what_is_no_copy(self, statements):
        """Nothing is renamed, and the numbers stay."""
        before = lowered(
            "b[i] = 2 * a[i]", *statements, "z[i] = 3 * c[i] + b[i]", a=4, z=4, t=[2, 0, 1, 3]
        )

        assert without_copies(before) == before

    def test_part_of_an_array(self):
        """A copy into a longer array, as in a concatenation, and one of a part are left."""
        before = lowered(
            "b[i] = 2 * a[i]",
            "c[i + 4] = b[i]",
            "z[j] = 3 * c[j]",
            a=4,
            b=4,
            c=8,
            z=8,
        )
        halved = lowered(
            "b[j] = 2 * a[j]", "c[i] = b[i + 4]", "z[i] = 3 * c[i]", a=8, b=8, c=4, z=4
        )

        assert without_copies(before) == before
        assert without_copies(halved) == halved

    def test_the_callers_arrays(self):
        """What the caller has, and tables, keep their names."""
        given = lowered("b[i] = a[i]", "z[i] = b[i]", a=4, z=4)
        known = lowered("b[i] = t[i]", "z[i] = 2 * b[i]", z=2, t=[1.0, 2.0])

        assert without_copies(given) == given
        assert without_copies(known) == known

    def test_the_order_of_the_axes(self):
        """Only row-major order is a copy."""
        rows = ("c[q, 4*i + j] = b[q,i,j]", 1)
        columns = ("c[q, i + 3*j] = b[q,i,j]", 0)
        for text, fewer in (rows, columns):
            before = lowered(
                "b[q,i,j] = 2 * a[q,i,j]",
                text,
                "z[q,x] = 3 * c[q,x]",
                a=(LANES, 3, 4),
                b=(LANES, 3, 4),
                c=(LANES, 12),
                z=(LANES, 12),
            )

            assert len(without_copies(before).statements) == 3 - fewer


class TestScatters:
    """Scatters become gathers, or are filled first."""

    def test_a_convolution(self):
        """One nest for each phase; what no window reaches is filled with zeros."""
        before = lowered("z[3*i + u] += w[u] * a[i]", a=4, w=2, z=12)

        assert texts(simplify(before)) == [
            "z[3*m] += w[0] * a[m]",
            "z[3*m + 1] += w[1] * a[m]",
            "z[3*m + 2] = 0",
        ]

    def test_what_is_added(self):
        """Where the target holds values, no zeros are written over them."""
        before = lowered("z[i] = 2 * b[i]", "z[3*i + u] += w[u] * a[i]", a=4, b=12, w=2, z=12)

        assert texts(simplify(before)) == [
            "z[i] = 2 * b[i]",
            "z[3*m] += w[0] * a[m]",
            "z[3*m + 1] += w[1] * a[m]",
        ]

    def test_tables(self):
        """Where a table says where, zeros come first, and the sum is added."""
        before = lowered("z[t[i]] += a[i]", a=4, z=4, t=[1, 1, 0, 1])

        after = simplify(before)

        assert texts(after) == ["z[x0] = 0", "z[t[i]] += a[i]"]
        assert [s.adds for s in after.statements] == [False, True]

    def test_filling(self):
        """All of an array, of every image."""
        nest = lowered("z[q,i] = a[q,i]", a=(LANES, 3), z=(LANES, 3)).statements[0].nest

        assert str(fill(nest)) == "z[q,x1] = 0  for q < 16, x1 < 3"


def test_a_copy_that_is_idle_goes_first():
    """Both together: an unread copy is removed completely."""
    before = lowered("b[i] = a[i]", "c[i] = b[i]", "z[i] = 2 * a[i]", a=4, z=4)

    assert texts(simplify(before)) == ["z[i] = 2 * a[i]"]
    assert replace(simplify(before)) == simplify(simplify(before))
