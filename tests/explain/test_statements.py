"""The index equations, and the changes made by simplification."""

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
    """A nest is listed with its equation and extents, another statement with its arrays."""
    rows = statement_rows(stages.lowered)

    assert len(rows) == len(stages.lowered.statements)
    assert (rows[0].form, rows[0].text) == ("load", "input.A from batch of input")
    assert rows[1].form == "contract"
    assert rows[1].text.startswith("conv1.Z[q,g,h,i,j] += conv1.weight[g,h,l,u,v] * input.A[")
    assert rows[1].box.startswith("q < 16, g < 1, h < 2, i < 4, j < 4")
    assert sum(forms(rows).values()) == len(rows)


def test_unread_results(stages):
    """Removed results are listed: the derivative with respect to the images isn't read."""
    found = changes(stages.lowered, stages.simplified)

    assert found.unread == ("conv1.Z.da",)


def test_copies(stages):
    """A copy isn't computed any more, but the array that replaces it is."""
    found = changes(stages.lowered, stages.simplified)

    written = {statement.writes for statement in stages.simplified.statements}
    assert found.names["average1.A"] == "average1.Z"
    assert found.names["conv1.dZ"] == "conv1.dN"
    assert not written & set(found.names)
    assert set(found.names.values()) <= written


def test_a_scatter_is_shown_with_its_gathers(stages):
    """The derivative of 2 x 2 average pooling becomes four gathers."""
    found = changes(stages.lowered, stages.simplified)

    (pooling,) = [one for one in found.gathered if "average1.Z.share" in one.scatter]
    assert pooling.scatter.startswith("conv1.dA[q, h, 2*i + u, 2*j + v] += ")
    assert len(pooling.gathers) == 4
    assert all(gather.startswith("conv1.dA[") for gather in pooling.gathers)
