"""The index equations, and what simplifying did to them."""

import pytest

from striate.compile import stages_of
from striate.explain.statements import changes, forms, statement_rows
from striate.functions.loss import CrossEntropy
from striate.graph.shorthand import parse
from striate.graph.step import TrainingStep

TEXT = "conv 2@3x3 stride 2 tanh | average 2 | dense 3 softmax"


@pytest.fixture(scope="module")
def stages():
    """Plan a small network."""
    step = TrainingStep.of(parse(TEXT, (9, 9, 1)), [CrossEntropy()])
    return stages_of(step, 32, training=True, target_shapes=[()])


def test_each_statement_has_a_row(stages):
    """A nest shows its equation and extents, anything else what it does."""
    rows = statement_rows(stages.lowered)

    assert len(rows) == len(stages.lowered.statements)
    assert (rows[0].form, rows[0].text) == ("load", "input.A from batch of input")
    assert rows[1].form == "contract"
    assert rows[1].text.startswith("conv1.Z[q,g,h,i,j] += conv1.weight[g,h,l,u,v] * input.A[")
    assert rows[1].box.startswith("q < 16, g < 1, h < 2, i < 4, j < 4")
    assert sum(forms(rows).values()) == len(rows)


def test_what_was_left_out_is_read_by_nobody(stages):
    """The derivative toward the input image is not computed, because it is not read."""
    found = changes(stages.lowered, stages.simplified)

    assert found.unread == ("conv1.Z.da",)


def test_copies_are_names_of_what_is_computed(stages):
    """An array that is a copy is written no more; the array that stands for it is."""
    found = changes(stages.lowered, stages.simplified)

    written = {statement.writes for statement in stages.simplified.statements}
    assert found.names["average1.A"] == "average1.Z"
    assert found.names["conv1.dZ"] == "conv1.dN"
    assert not written & set(found.names)
    assert set(found.names.values()) <= written


def test_a_scatter_is_shown_with_its_gathers(stages):
    """The derivative of average pooling by 2 x 2 becomes a gather for each of four remainders."""
    found = changes(stages.lowered, stages.simplified)

    (pooling,) = [one for one in found.gathered if "average1.Z.share" in one.scatter]
    assert pooling.scatter.startswith("conv1.dA[q, h, 2*i + u, 2*j + v] += ")
    assert len(pooling.gathers) == 4
    assert all(gather.startswith("conv1.dA[") for gather in pooling.gathers)
