"""Winograd's transforms compute the convolutions that they replace, and replace only those."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plan.meaning import drawn, run
from plan.simulated import Simulated
from plan.small import PROCESSOR
from striate.maths.check import relative_error
from striate.nests import Equation, bind
from striate.plan.fuse import Kernel
from striate.plan.plan import make_plan
from striate.plan.signature import SCALARS
from striate.plan.simplify import simplify
from striate.plan.statement import LANES, Compute, Load, Lowered, Origin, Store, Variable
from striate.plan.winograd import ERRORS, with_winograd

CONVOLUTION = "z[q,h,*i] += w[h,l,*u] * a[q,l,*(s*i + d*u - p)]"
GROUPS = "z[q,g,h,*i] += w[g,h,l,*u] * a[q,g,l,*(s*i + d*u - p)]"
TRUE_CONVOLUTION = "z[q,h,*i] += w[h,l,*u] * a[q,l,*(i - 1*u + p)]"
BACKWARDS = "z[q,h,*i] += w[h,l,*(2 - 1*u)] * a[q,l,*(i + u - p)]"
IMAGE_FIRST = "z[q,h,*i] += a[q,l,*(i + u - p)] * w[h,l,*u]"
DERIVATIVE = "da[q,l,*(i + u - p)] += w[h,l,*u] * dz[q,h,*i]"

MANY = 16
"""Number of input and output maps: enough for the transforms to pay off."""


def convolution(
    statement=CONVOLUTION, *, pixels=(9, 10), padding=(1, 1), window=3, maps=(MANY, MANY), **more
):
    """Make the statement of a convolution of this size."""
    read, write = maps
    constants = {"s": 1, "d": 1, "p": padding} | more
    window = (window, window)
    lead, kernel = ((LANES, 2), (2,)) if "g" in statement else ((LANES,), ())
    back = statement == DERIVATIVE
    reach = zip(pixels, padding, window, strict=True)
    outputs = tuple((n + 2 * p - w) // constants["s"] + 1 for n, p, w in reach)
    images, written = ("da", "dz") if back else ("a", "z")
    shapes = {
        images: (*lead, read, *pixels),
        "w": (*kernel, write, read, *window),
        written: (*lead, write, *outputs),
    }
    if statement == TRUE_CONVOLUTION:
        shapes["z"] = (*lead, write, *pixels)
    extents = {"u": window} if statement == BACKWARDS else {}
    nest = bind(statement, shapes=shapes, constants=constants, extents=extents)
    return alone(Compute(nest=nest))


def alone(statement):
    """Make a program of one statement; the caller owns its arrays."""
    nest = statement.nest
    variables = {
        name: Variable(
            name=name,
            size=int(np.prod(shape[1:] if name != "w" else shape)),
            per_image=name != "w",
            buffer=name if name in {nest.target, "w"} else "",
        )
        for name, shape in nest.shapes.items()
    }
    return simplify(Lowered(statements=(statement,), variables=variables))


def alone_from(statement, length):
    """Make a program of one statement, with this length for each axis and 3 x 3 windows."""
    equation = Equation.parse(statement)
    arrays = (equation.target, *equation.references, *equation.tables)
    shapes = {}
    for reference in arrays:
        lengths = [3 if s.lone in {"u", "v"} else length for s in reference.subscripts]
        shapes[reference.name] = (LANES, *lengths[1:]) if reference.name in "abz" else (*lengths,)
    return alone(Compute(nest=bind(equation, shapes=shapes)))


def between_buffers(lowered):
    """Add loading the statement's input and storing its output."""
    variables = {name: replace(v, buffer="") for name, v in lowered.variables.items()}
    variables["w"] = lowered.variables["w"]
    for name in ("a", "z"):
        buffer = f"the caller's {name}"
        variables[buffer] = replace(variables[name], name=buffer, buffer=name)
    statements = (
        Load(source="the caller's a", target="a"),
        *lowered.statements,
        Store(source="z", target="the caller's z"),
    )
    return Lowered(statements=statements, variables=variables)


def uses_winograd(plan):
    """Whether a plan contains transformed tiles."""
    return any(variable.origin is Origin.WINOGRAD for variable in plan.variables.values())


def transformed(lowered, statements=7):
    """Apply the transforms, and check that they were applied, with this number of nests."""
    new = with_winograd(lowered)
    assert len(new.statements) == statements, str(new)
    return new


def assert_same(lowered, target="z"):
    """Compare the transforms with the direct sum, in float64."""
    given = drawn(lowered)
    plain, other = (run(each, given)[target] for each in (lowered, transformed(lowered)))

    # The transforms of float64 lose three digits, as those of float32 do; sums of a few hundred
    # products another.
    np.testing.assert_allclose(other, plain, rtol=1e-11, atol=0)


def error_in_norm(lowered, side, target):
    """Return the relative error in float32 for random signs, with tiles of this size."""
    rng = np.random.default_rng(side)
    given = {
        name: rng.standard_normal(array.shape).astype(np.float32)
        for name, array in drawn(lowered).items()
    }
    new = transformed(lowered)
    assert f"winograd_B{side}" in new.variables

    results = run(new, given, np.float32)[target]

    return relative_error(results.astype(float), run(lowered, given)[target])


class TestMeaning:
    """The transforms give the same results as the direct sum."""

    @settings(max_examples=25, deadline=None)
    @given(
        pixels=st.tuples(st.integers(4, 11), st.integers(4, 11)),
        padding=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    )
    def test_any_size(self, pixels, padding):
        """Images needn't be a multiple of the tile size, and padding may differ by axis."""
        assert_same(convolution(pixels=pixels, padding=padding, maps=(40, 40)))

    def test_padding_of_one_side(self):
        """Padding before and after the image may differ, as for `same` with some sizes."""
        shapes = {"a": (LANES, 16, 8, 9), "w": (16, 16, 3, 3), "z": (LANES, 16, 9, 8)}
        nest = bind("z[q,h,i,j] += w[h,l,u,v] * a[q, l, i + u - 2, j + v]", shapes=shapes)

        assert_same(alone(Compute(nest=nest)))

    @pytest.mark.parametrize("statement", [GROUPS, TRUE_CONVOLUTION, BACKWARDS, IMAGE_FIRST])
    def test_other_forms(self, statement):
        """Groups, flipped kernels, images read backward, and either order of the factors."""
        assert_same(convolution(statement))

    @pytest.mark.parametrize("padding", [(0, 0), (1, 1), (2, 0)])
    def test_the_derivative_by_the_image(self, padding):
        """The gather that computes dA is a convolution with flipped kernels."""
        assert_same(convolution(DERIVATIVE, padding=padding), "da")

    def test_a_sum_that_is_added(self):
        """A convolution that adds to existing values still does so after the transform."""
        lowered = convolution()
        adding = replace(lowered, statements=(replace(lowered.statements[0], adds=True),))
        given = drawn(lowered)
        before = np.full((LANES, MANY, 9, 10), 3.0)

        added = run(transformed(adding), given | {"z": before})["z"]

        np.testing.assert_allclose(added, 3 + run(lowered, given)["z"], rtol=1e-11)

    def test_two_convolutions(self):
        """Two convolutions have separate arrays, and share the constant matrices."""
        first = convolution()
        names = {"a": "z", "w": "w2", "z": "z2"}
        second = first.statements[0].renamed(names)
        more = {new: replace(first.variables[old], name=new) for old, new in names.items()}
        both = Lowered(
            statements=(*first.statements, second),
            variables={**first.variables, "w2": more["w2"], "z2": more["z2"]},
        )
        # The second reads as many pixels as it writes, so the first does, too.
        given = drawn(both) | {"w2": drawn(first)["w"]}

        results = run(transformed(both, 14), given)["z2"]

        np.testing.assert_allclose(results, run(both, given)["z2"], rtol=1e-10)

    @pytest.mark.parametrize("statement", [CONVOLUTION, GROUPS])
    def test_axes_that_take_no_memory(self, statement):
        """One row of tiles may overwrite the memory of the row before."""
        lowered = convolution(statement)
        given = drawn(lowered)
        plan = make_plan(between_buffers(lowered), LANES, PROCESSOR)
        buffers = {name: given[name].astype(np.float32) for name in ("a", "w")}
        buffers |= {"z": np.zeros((LANES, plan.variables["z"].size), np.float32)}
        buffers |= {SCALARS: np.array([LANES], np.float32)}

        Simulated(plan).run(buffers, images=LANES)

        assert any(item.loops for item in plan.phases[-1].items if isinstance(item, Kernel))
        expected = run(lowered, buffers)["z"]
        assert relative_error(buffers["z"], expected.reshape(LANES, -1)) < 1e-7

    def test_a_row_of_tiles(self):
        """Intermediate arrays hold one row of tiles, or one map of it."""
        variables = transformed(convolution(pixels=(16, 17))).variables

        assert {name: v.size for name, v in variables.items() if v.part_of == "z"} == {
            "z.winograd_kernel_rows": MANY * MANY * 6 * 3,
            "z.winograd_kernel": 6 * 6 * MANY * MANY,
            "z.winograd_strip": 6 * 17,
            "z.winograd_tiles": 6 * 6 * MANY * 5,
            "z.winograd_products": 6 * 6 * MANY * 5,
            "z.winograd_back": 4 * 6 * 5,
        }


class TestErrors:
    """In float32, errors are within the documented bounds."""

    @pytest.mark.parametrize(("side", "pixels"), [(2, (6, 6)), (4, (8, 8))])
    @pytest.mark.parametrize("maps", [MANY, 64])
    def test_in_norm(self, side, pixels, maps):
        """Random signs make relative errors largest."""
        lowered = convolution(pixels=pixels, maps=(maps, maps))
        # Measured with up to 512 maps, added up in pairs: 5e-7 and 3.4e-6. In order, as machine
        # code adds, 512 products are off by about ten more units. The bounds leave room for that,
        # and are no more than ten times too wide.
        error = error_in_norm(lowered, side, "z")

        assert ERRORS[side] / 30 < error < ERRORS[side]


class TestOthers:
    """Statements that are left unchanged."""

    @pytest.mark.parametrize(
        "options",
        [
            pytest.param({"s": 2}, id="stride"),
            pytest.param({"d": 2}, id="dilation"),
            pytest.param({"window": 5}, id="a 5 x 5 window"),
            pytest.param({"window": 1}, id="a 1 x 1 window"),
            pytest.param({"maps": (1, 64)}, id="one map that is read"),
            pytest.param({"maps": (64, 1)}, id="one map that is written"),
            pytest.param({"maps": (2, 2)}, id="few maps"),
            pytest.param({"pixels": (3, 3), "padding": (0, 0)}, id="one output"),
        ],
    )
    def test_convolutions(self, options):
        """Other windows, and convolutions for which the transforms wouldn't be faster."""
        lowered = convolution(**options)

        assert with_winograd(lowered) == lowered

    @pytest.mark.parametrize(
        "statement",
        [
            "z[q,h,i] += w[h,l,u] * a[q, l, i + u]",
            "z[q,h,i,j] += w[h,l,u,v] * a[q, l, j + u, i + v]",
            "z[q,h,i,j] += w[h,l,u,v] * a[q, l, i + v, j + u]",
            "z[q,h,i,j] += w[h,l,u,v] * a[q, l, i + u, 2*j + v]",
            "z[q,h,i,j] += w[h,l,u,v] * a[q, l, i + u, t[j + v]]",
            "z[q,h,i,j] += w[h,l,u,v] * abs(a[q, l, i + u, j + v])",
            "z[q,h,i,j] += 2 * w[h,l,u,v] * a[q, l, i + u, j + v]",
            "z[q,h,i,j] += a[q,l,u,v] * b[q, l, i + u, j + v]",
            "z[q,h,i,j] max= w[h,l,u,v] * a[q, l, i + u, j + v]",
        ],
    )
    def test_similar_statements(self, statement):
        """Similar statements: one axis, swapped axes, tables, functions, additional factors."""
        length = 12
        lowered = alone_from(statement, length)

        assert with_winograd(lowered) == lowered

    def test_no_winograd(self):
        """With winograd=False, the convolution is computed directly."""
        lowered = between_buffers(convolution())

        assert not uses_winograd(make_plan(lowered, LANES, PROCESSOR, winograd=False))
        assert uses_winograd(make_plan(lowered, LANES, PROCESSOR))

    def test_one_image(self):
        """For a single image, whose pixels are in the lanes, convolutions are direct."""
        lowered = between_buffers(convolution())

        assert not uses_winograd(make_plan(lowered, 1, PROCESSOR))
