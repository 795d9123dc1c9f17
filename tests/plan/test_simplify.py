"""Simplification removes statements, and doesn't change any result."""

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
    """Lower the network of a group, and simplify the statements."""
    step, numbers = network(group)
    shapes = [y.shape[1:] for y in numbers.targets]
    before = lower(step, training=training, target_shapes=shapes)
    return before, simplify(before)


@pytest.mark.parametrize("training", [True, False], ids=["training", "inference"])
@pytest.mark.parametrize("group", GROUPS, ids=[IDS[group] for group in GROUPS])
class TestKinds:
    """All cases of all kinds."""

    def test_meaning(self, group, training):
        """The caller's buffers have the same contents."""
        before, after = stages(group, training)
        given = drawn(before)

        wanted, found = run(before, given), run(after, given)

        for name, variable in before.variables.items():
            if variable.buffer and name in wanted:
                shape = wanted[name].shape
                # Gathers add in a different order: a few roundings of float64.
                np.testing.assert_allclose(
                    found[name].reshape(shape), wanted[name], rtol=1e-9, atol=1e-12, err_msg=name
                )

    def test_no_scatter_is_left_that_can_be_gathered(self, group, training):
        """The remaining scatters can't become gathers, and add to their targets."""
        _, after = stages(group, training)

        for statement in after.statements:
            if isinstance(statement, Compute) and statement.nest.equation.form is Form.SCATTER:
                assert not gatherable(statement.nest)
                assert statement.adds

    def test_every_result_is_used(self, group, training):
        """Every remaining result is read, or belongs to the caller."""
        _, after = stages(group, training)

        read = {name for statement in after.statements for name in statement.reads}
        for statement in after.statements:
            assert statement.writes in read or after.variables[statement.writes].buffer


class TestIdle:
    """Statements whose results aren't read."""

    def test_a_chain(self):
        """A statement whose result only an unread statement reads is removed, too."""
        before = lowered("b[i] = 2 * a[i]", "c[i] = 3 * b[i]", "z[i] = 4 * a[i]", a=4, z=4)

        assert texts(without_idle(before)) == ["z[i] = 4 * a[i]"]

    def test_a_sum_in_two_statements(self):
        """If a result is read, both the first value and the statement that adds to it are kept."""
        before = lowered("b[i] = 2 * a[i]", "b[i] += 3 * a[i]", "z[i] = b[i]", a=4, z=4)

        assert len(without_idle(before).statements) == 3


class TestCopies:
    """Copies become other names for the same array, if neither changes afterwards."""

    def test_a_copy(self):
        """Readers of the copy read the original instead."""
        before = lowered("b[i] = 2 * a[i]", "c[i] = b[i]", "z[i] = 3 * c[i]", a=4, z=4)

        assert texts(without_copies(before)) == ["b[i] = 2 * a[i]", "z[i] = 3 * b[i]"]

    def test_a_copy_of_a_copy(self):
        """Readers of a copy of a copy read the original."""
        before = lowered(
            "b[i] = 2 * a[i]", "c[i] = b[i]", "d[i] = c[i]", "z[i] = 3 * d[i]", a=4, z=4
        )

        assert texts(without_copies(before)) == ["b[i] = 2 * a[i]", "z[i] = 3 * b[i]"]

    def test_a_sum_of_one_term(self):
        """A sum with one term is recognized as a copy."""
        before = lowered("b[i] = 2 * a[i]", "c[i] += b[i]", "z[i] = 3 * c[i]", a=4, z=4)

        assert texts(without_copies(before)) == ["b[i] = 2 * a[i]", "z[i] = 3 * b[i]"]

    def test_another_shape(self):
        """A copy that only changes the shape, such as flattening rows, is recognized."""
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
    def test_other_statements(self, statements):
        """Statements that aren't pure copies are left unchanged."""
        before = lowered(
            "b[i] = 2 * a[i]", *statements, "z[i] = 3 * c[i] + b[i]", a=4, z=4, t=[2, 0, 1, 3]
        )

        assert without_copies(before) == before

    def test_part_of_an_array(self):
        """Copies into a longer array, or of a part of an array, are left unchanged."""
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
        """The caller's arrays and tables keep their names."""
        given = lowered("b[i] = a[i]", "z[i] = b[i]", a=4, z=4)
        known = lowered("b[i] = t[i]", "z[i] = 2 * b[i]", z=2, t=[1.0, 2.0])

        assert without_copies(given) == given
        assert without_copies(known) == known

    def test_the_order_of_the_axes(self):
        """A change of shape is a copy only in row-major order."""
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
    """Scatters become gathers; others start with filling the target."""

    def test_a_convolution(self):
        """There is one nest for each phase of the stride; elements without a term become zero."""
        before = lowered("z[3*i + u] += w[u] * a[i]", a=4, w=2, z=12)

        assert texts(simplify(before)) == [
            "z[3*m] += w[0] * a[m]",
            "z[3*m + 1] += w[1] * a[m]",
            "z[3*m + 2] = 0",
        ]

    def test_adding_to_a_target(self):
        """If the target already holds values, no zeros are written over them."""
        before = lowered("z[i] = 2 * b[i]", "z[3*i + u] += w[u] * a[i]", a=4, b=12, w=2, z=12)

        assert texts(simplify(before)) == [
            "z[i] = 2 * b[i]",
            "z[3*m] += w[0] * a[m]",
            "z[3*m + 1] += w[1] * a[m]",
        ]

    def test_tables(self):
        """A scatter through a table first fills its target with zeros, then adds to it."""
        before = lowered("z[t[i]] += a[i]", a=4, z=4, t=[1, 1, 0, 1])

        after = simplify(before)

        assert texts(after) == ["z[x0] = 0", "z[t[i]] += a[i]"]
        assert [s.adds for s in after.statements] == [False, True]

    def test_filling(self):
        """`fill` covers every element of every image."""
        nest = lowered("z[q,i] = a[q,i]", a=(LANES, 3), z=(LANES, 3)).statements[0].nest

        assert str(fill(nest)) == "z[q,x1] = 0  for q < 16, x1 < 3"


def test_an_unread_copy():
    """An unread copy is removed, together with what only it reads."""
    before = lowered("b[i] = a[i]", "c[i] = b[i]", "z[i] = 2 * a[i]", a=4, z=4)

    assert texts(simplify(before)) == ["z[i] = 2 * a[i]"]
    assert replace(simplify(before)) == simplify(simplify(before))
