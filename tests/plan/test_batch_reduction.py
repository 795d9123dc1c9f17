"""Sums over images alone become reductions over the whole batch, on arrays in row layout."""

import numpy as np
import pytest

from plan.meaning import drawn, run
from plan.statements import lowered, texts
from striate.plan.batch_reduction import reduce_over_batch
from striate.plan.statement import LANES, Compute, Transpose

DENSE = "z[s,r] += b[q,s] * a[q,r]"
SHAPES = {"a": (LANES, 5), "b": (LANES, 3), "z": (3, 5)}


def test_a_dense_layer():
    """The arrays that the sum reads are transposed, and it is computed once for all images."""
    after = reduce_over_batch(lowered(DENSE, **SHAPES), 100)

    assert [str(statement) for statement in after.statements] == [
        "transpose b into b.row_layout",
        "transpose a into a.row_layout",
        (
            "z[s,r] += b.row_layout[q,s] * a.row_layout[q,r]  for s < 3, r < 5, q < 100"
            "  for all images"
        ),
    ]


def test_rows():
    """In row layout, each image takes a whole number of cache lines."""
    variables = reduce_over_batch(
        lowered(DENSE, a=(LANES, 21), b=(LANES, 3), z=(3, 21)), 100
    ).variables

    rows = variables["a.row_layout"]
    assert (rows.size, rows.rows, rows.per_image) == (21, 32, True)


def test_meaning():
    """For one block of images, the result is the same as without the rewrite."""
    before = lowered(DENSE, **SHAPES)
    given = drawn(before)

    found = run(reduce_over_batch(before, LANES), given)["z"]

    np.testing.assert_allclose(found, run(before, given)["z"], rtol=1e-13)


def test_transposed_copies_are_shared():
    """Two sums that read the same array share its transposed copy."""
    two = lowered(DENSE, "y[r] += a[q,r]", "z[s,r] += y[r] * w[s]", y=5, w=3, **SHAPES)

    after = reduce_over_batch(two, 100)

    assert [s.target for s in after.statements if isinstance(s, Transpose)] == [
        "b.row_layout",
        "a.row_layout",
    ]


@pytest.mark.parametrize(
    ("text", "shapes"),
    [
        pytest.param(
            "z[h] += a[q,h,x]", {"a": (LANES, 3, 4), "z": (3,)}, id="a sum over pixels as well"
        ),
        pytest.param("z[r] += a[q, r + 1]", {"a": (LANES, 5), "z": (5,)}, id="reads out of bounds"),
        pytest.param(
            "z[r] += a[q, t[r]]",
            {"a": (LANES, 5), "z": (4,), "t": [1, 2, 0, 3]},
            id="through a table",
        ),
        pytest.param("z[r] max= a[q,r]", {"a": (LANES, 5), "z": (5,)}, id="a maximum over images"),
        pytest.param(
            "z[r] += a[q, 2*r]", {"a": (LANES, 9), "z": (5,)}, id="neighbors that aren't contiguous"
        ),
        pytest.param("z[q,r] = 2 * a[q,r]", {"a": (LANES, 5), "z": (LANES, 5)}, id="no sum"),
    ],
)
def test_other_statements_stay(text, shapes):
    """Statements that aren't sums over images alone are left unchanged."""
    before = lowered(text, **shapes)

    assert reduce_over_batch(before, 100) == before
    assert not any(s.over_batch for s in before.statements if isinstance(s, Compute))


def test_order():
    """Statements keep their order; the transposes come directly before the first sum."""
    images = {"b": (LANES, 3), "c": (LANES, 3), "y": (LANES, 3)}
    before = lowered(
        "b[q,s] = 2 * c[q,s]", DENSE, "y[q,s] = 3 * b[q,s]", **images, a=(LANES, 5), z=(3, 5)
    )

    after = reduce_over_batch(before, 20)

    assert [type(s).__name__ for s in after.statements] == [
        "Compute", "Transpose", "Transpose", "Compute", "Compute",
    ]  # fmt: skip
    assert texts(before)[0] == str(after.statements[0].nest.equation)
