"""Winograd's transforms for the kernel's derivative compute the sum that they replace."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plan.meaning import drawn, run
from plan.small import PROCESSOR
from plan.test_winograd import alone, alone_from, error_in_norm, transformed
from striate.nests import bind
from striate.plan.fuse import Kernel
from striate.plan.phases import partial_sums
from striate.plan.plan import make_plan
from striate.plan.statement import LANES, Compute, Lowered, Variable
from striate.plan.winograd import ERRORS, with_winograd

DERIVATIVE = "w[h,l,*u] += z[q,h,*i] * a[q,l,*(i + u - p)]"
GROUPS = "w[g,h,l,*u] += z[q,g,h,*i] * a[q,g,l,*(i + u - p)]"
IMAGE_FIRST = "w[h,l,*u] += a[q,l,*(i + u - p)] * z[q,h,*i]"
TURNED = "w[h,l,*u] += z[q,h,*i] * a[q,l,*(i - 1*u + p)]"
BACKWARDS = "w[h,l,*(2 - 1*u)] += z[q,h,*i] * a[q,l,*(i + u - p)]"
TRANSPOSED = "w[h,l,*u] += z[q,l,*i] * a[q,h,*(i + u - p)]"


def derivative(statement=DERIVATIVE, *, pixels=(12, 13), padding=(1, 1), maps=(40, 48)):
    """Make the statement of a kernel's derivative of this size."""
    read, write = maps
    lead, kernel = ((LANES, 2), (2,)) if "g" in statement else ((LANES,), ())
    outputs = tuple(n + 2 * p - 2 for n, p in zip(pixels, padding, strict=True))
    other = (write, read) if statement == TRANSPOSED else (read, write)
    shapes = {
        "a": (*lead, other[0], *pixels),
        "w": (*kernel, write, read, 3, 3),
        "z": (*lead, other[1], *(pixels if statement == TURNED else outputs)),
    }
    extents = {"u": (3, 3)} if statement == BACKWARDS else {}
    nest = bind(statement, shapes=shapes, constants={"p": padding}, extents=extents)
    return alone(Compute(nest=nest))


def assert_same(lowered):
    """Compare the transforms with the direct sum, in float64."""
    given = drawn(lowered)
    plain, other = (run(each, given)["w"] for each in (lowered, transformed(lowered)))

    # As of the convolution itself: three digits for the transforms, one for the sums.
    np.testing.assert_allclose(other, plain, rtol=1e-11, atol=0)


class TestMeaning:
    """The transforms give the same results as the direct sum."""

    @settings(max_examples=10, deadline=None)
    @given(
        pixels=st.tuples(st.integers(12, 17), st.integers(12, 17)),
        padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    )
    def test_any_size(self, pixels, padding):
        """Images needn't be a multiple of the tile size, and padding may differ by axis."""
        assert_same(derivative(pixels=pixels, padding=padding))

    @pytest.mark.parametrize("statement", [GROUPS, IMAGE_FIRST, TURNED, BACKWARDS, TRANSPOSED])
    def test_other_forms(self, statement):
        """Groups, either order of the factors, flipped kernels and images read backward."""
        assert_same(derivative(statement))

    def test_a_sum_that_is_added(self):
        """A derivative that adds to existing values still does."""
        lowered = derivative()
        adding = replace(lowered, statements=(replace(lowered.statements[0], adds=True),))
        given = drawn(lowered)

        added = run(transformed(adding), given | {"w": np.full((48, 40, 3, 3), 3.0)})["w"]

        np.testing.assert_allclose(added, 3 + run(lowered, given)["w"], rtol=1e-11)


class TestErrors:
    """In float32, errors are within the documented bounds."""

    @pytest.mark.parametrize(
        ("side", "pixels", "maps"), [(2, (8, 8), 64), (4, (16, 16), 32), (4, (32, 32), 16)]
    )
    def test_in_norm(self, side, pixels, maps):
        """Random signs make relative errors largest."""
        lowered = derivative(pixels=pixels, maps=(maps, maps))
        error = error_in_norm(lowered, side, "w")

        assert ERRORS[side] / 60 < error < ERRORS[side]


class TestOthers:
    """Statements that are left unchanged."""

    @pytest.mark.parametrize(
        "options",
        [
            pytest.param({"pixels": (5, 5)}, id="few pixels"),
            pytest.param({"maps": (3, 64)}, id="few maps that are read"),
            pytest.param({"maps": (64, 2)}, id="few maps that are written"),
        ],
    )
    def test_what_would_not_be_faster(self, options):
        """Sums that are faster without the transforms."""
        lowered = derivative(**options)

        assert with_winograd(lowered) == lowered

    @pytest.mark.parametrize(
        "statement",
        [
            "w[h,l,u,v] += z[q,h,i,j] * a[q, l, i + 2*u, j + v]",
            "w[h,l,u,v] += z[q,h,i,j] * a[q, l, 2*i + u, j + v]",
            "w[h,l,u,v] += z[q,h,i,j] * a[q, l, t[i + u], j + v]",
            "w[h,l,u,v] += z[q,h,i,j] * a[q, l, j + u, i + v]",
            "w[h,l,u,v] += z[q,h,i,j] * abs(a[q, l, i + u, j + v])",
            "w[h,l,u,v] += 2 * z[q,h,i,j] * a[q, l, i + u, j + v]",
            "w[h,u,v] += z[q,h,i,j] * a[q, h, i + u, j + v]",
        ],
    )
    def test_similar_statements(self, statement):
        """Similar statements: dilation, strides, tables, swapped axes, functions, other factors."""
        lowered = alone_from(statement, 24)

        assert with_winograd(lowered) == lowered


def test_the_image_is_transformed_when_it_is_needed():
    """The image is transformed in the phase of `dz`, although it is available earlier."""
    first = bind("m[h] += a[q,h,i,j]", shapes={"m": (16,), "a": (LANES, 16, 32, 32)})
    shapes = {"m": (16,), "a": (LANES, 16, 32, 32), "z": (LANES, 16, 32, 32)}
    second = bind("z[q,h,i,j] = a[q,h,i,j] + m[h]", shapes=shapes)
    third = derivative(pixels=(32, 32), maps=(16, 16))
    variables = dict(third.variables) | {
        "a": replace(third.variables["a"], buffer="a"),
        "m": Variable(name="m", size=16, per_image=False),
    }
    statements = (Compute(nest=first), Compute(nest=second), *third.statements)
    plan = make_plan(Lowered(statements=statements, variables=variables), 5 * LANES, PROCESSOR)

    found = {
        name: (p, item)
        for p, phase in enumerate(plan.phases)
        for item in phase.items
        if isinstance(item, Kernel)
        for name in item.writes
    }
    sums = partial_sums("w.winograd_sums")
    assert (
        found["m"][0]
        < found["w.winograd_strips"][0]
        == found["w.winograd_tiles"][0]
        == found[sums][0]
    )
    assert len(found[sums][1].loops) == 2
