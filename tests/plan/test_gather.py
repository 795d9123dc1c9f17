"""Gathers compute the same as the scatters they replace, and reach each element once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import FUNCTION_CASES
from striate.functions.programs import backward_program, forward_program
from striate.nests import Equation, Form, Nest, bind, interpret, verify
from striate.nests.expression import Number
from striate.plan.gather import gather, gatherable

CONVOLUTION = "da[q,l,*(s*i + d*u - p)] += w[h,l,*u] * dz[q,h,*i]"
FLIPPED = "da[q,l,*(s*i + d*u - p)] += w[h,l,*(r - 1*u)] * dz[q,h,*i]"
MAX_POOLING = "da[q,h,*(s*i + d*u - p)] += where(k[q,h,*i] == ordinal(*u), dz[q,h,*i], 0)"
LP_POOLING = (
    "da[q,h,*(s*i + d*u - p)] += sign(a[q,h,*(s*i + d*u - p)])"
    " * (abs(a[q,h,*(s*i + d*u - p)]) / y[q,h,*i])**2 * dz[q,h,*i]"
)
SUM_POOLING = "da[q,h,*(s*i + d*u - p)] += dz[q,h,*i]"
STATEMENTS = (CONVOLUTION, FLIPPED, MAX_POOLING, LP_POOLING, SUM_POOLING)


def scatters(program):
    """List the nests of a program that add several terms to the same elements."""
    return [nest for nest in program.nests if nest.equation.form is Form.SCATTER]


def scatters_of(case):
    """List the scatters of a kind's case, in the forward and backward pass."""
    lowering = case.function.lowering(*case.inputs)
    if lowering is None:
        return []
    programs = (forward_program(lowering, case.images), backward_program(lowering, case.images))
    return [nest for program in programs for nest in scatters(program)]


def arrays_for(nest):
    """Draw positive inputs of a nest, so that no wrong term is hidden by cancellation."""
    rng = np.random.default_rng(5)
    arrays = {name: rng.uniform(0.5, 1.5, nest.shapes[name]) for name in nest.sources}
    if "k" in arrays:  # the winner's ordinal, or -1
        taps = np.prod([nest.extents[i] for i in nest.equation.indices if i in {"u", "v", "w"}])
        arrays["k"] = rng.integers(-1, max(taps, 1), arrays["k"].shape)
    return arrays


def one_by_one(nests, arrays):
    """Interpret nests into one array, which is zero at first."""
    target = np.zeros(nests[0].shapes[nests[0].target])
    for nest in nests:
        target = interpret(nest, {**arrays, nest.target: target})[nest.target]
    return target


def visits(nests):
    """For each element of the target, count the values of the target's indices that reach it."""
    count = np.zeros(nests[0].shapes[nests[0].target])
    for nest in nests:
        ones = Equation(nest.equation.target, "=", Number(1))
        extents = {index: nest.extents[index] for index in ones.indices}
        once = Nest(ones, extents, {nest.target: count.shape})
        # A valid nest with `=` reaches no element twice.
        verify(once)
        count += interpret(once, {})[nest.target]
    return count


def assert_same(nest):
    """Turn a scatter into gathers, and compare their results."""
    arrays = arrays_for(nest)

    nests = gather(nest)

    # A few hundred products of positive numbers, added up in a different order: 1e3 roundings.
    np.testing.assert_allclose(
        one_by_one(nests, arrays), interpret(nest, arrays)[nest.target], rtol=2e-13, atol=0
    )
    assert (visits(nests) == 1).all()


SHAPES = {
    "da": (9,),
    "db": (9, 9),
    "w": (3,),
    "a": (8,),
    "dz": (5,),
    "dy": (9,),
    "t": (5,),
    "share": (3, 3),
}


class TestMeaning:
    """The gathers of a scatter, computed into one array of zeros, give its result."""

    @pytest.mark.parametrize("case", FUNCTION_CASES)
    def test_the_kinds(self, case):
        """Every kind's scatters become gathers, except table look-ups and one-to-one moves."""
        for nest in scatters_of(case):
            moves_only = nest.target == "dflat"
            assert gatherable(nest) == (not nest.equation.tables and not moves_only)
            if gatherable(nest):
                assert_same(nest)

    def test_the_kinds_scatter(self):
        """The test above covers convolution, transposed convolution and every pooling kind."""
        seen = {
            type(parameter.values[0].function).__name__
            for parameter in FUNCTION_CASES
            if any(map(gatherable, scatters_of(parameter.values[0])))
        }

        assert seen >= {
            "AveragePooling",
            "BlurPooling",
            "Convolution",
            "LpPooling",
            "MaxPooling",
            "SumPooling",
            "TrainableAveragePooling",
            "TransposedConvolution",
        }

    @settings(max_examples=150, deadline=None)
    @given(st.data())
    def test_any_geometry(self, data):
        """Any combination of strides, dilations, padding, windows and lengths works."""
        rank = data.draw(st.integers(1, 3), label="rank")

        def each(low, high, label):
            return tuple(data.draw(st.integers(low, high), label=label) for _ in range(rank))

        strides, dilations, padding = each(1, 4, "s"), each(1, 4, "d"), each(-2, 4, "p")
        pixels, window, outputs = each(1, 9, "pixels"), each(1, 4, "window"), each(1, 4, "outputs")
        shapes = {
            "da": (2, 2, *pixels),
            "a": (2, 2, *pixels),
            "w": (3, 2, *window),
            "dz": (2, 3, *outputs),
            "k": (2, 2, *outputs),
            "y": (2, 2, *outputs),
        }
        statement = data.draw(st.sampled_from(STATEMENTS), label="statement")
        if "w[" not in statement:
            shapes["dz"] = (2, 2, *outputs)
        constants = {"s": strides, "d": dilations, "p": padding}
        constants["r"] = tuple(length - 1 for length in window)
        extents = {"u": window, "i": outputs}

        nest = bind(statement, shapes=shapes, constants=constants, extents=extents)

        assert_same(nest)


class TestNests:
    """The resulting nests."""

    def test_strided(self):
        """For stride 2, even pixels have the middle tap and odd pixels the two outer taps."""
        shapes = {"w": (4, 3, 3, 3), "dz": (1, 4, 4, 4), "da": (1, 3, 8, 8)}
        nest = bind(CONVOLUTION, shapes=shapes, constants={"s": 2, "d": 1, "p": 1})

        assert [str(phase) for phase in gather(nest)] == [
            "da[q,l,2*m,2*n] += w[h,l,1,1] * dz[q,h,m,n]  for q < 1, l < 3, m < 4, n < 4, h < 4",
            (
                "da[q, l, 2*m, 2*n + 1] += w[h,l,1,2*v] * dz[q, h, m, n - v + 1]  "
                "for q < 1, l < 3, m < 4, n < 4, h < 4, v < 2"
            ),
            (
                "da[q, l, 2*m + 1, 2*n] += w[h,l,2*u,1] * dz[q, h, m - u + 1, n]  "
                "for q < 1, l < 3, m < 4, n < 4, h < 4, u < 2"
            ),
            (
                "da[q, l, 2*m + 1, 2*n + 1] += w[h,l,2*u,2*v] * dz[q, h, m - u + 1, n - v + 1]  "
                "for q < 1, l < 3, m < 4, n < 4, h < 4, u < 2, v < 2"
            ),
        ]

    def test_dilated_and_strided(self):
        """Taps of one phase are s / gcd(s, d) apart; pixels without a tap are set to zero."""
        shapes = {"w": (4, 3, 3), "dz": (1, 4, 5), "da": (1, 3, 18)}
        nest = bind(CONVOLUTION, shapes=shapes, constants={"s": 4, "d": 2, "p": 1})

        assert [str(phase) for phase in gather(nest)] == [
            "da[q,l,4*m] = 0  for q < 1, l < 3, m < 5",
            "da[q, l, 4*m + 1] += w[h,l,1] * dz[q,h,m]  for q < 1, l < 3, m < 5, h < 4",
            "da[q, l, 4*m + 2] = 0  for q < 1, l < 3, m < 4",
            (
                "da[q, l, 4*m + 3] += w[h,l,2*u] * dz[q, h, m - u + 1]  "
                "for q < 1, l < 3, m < 4, h < 4, u < 2"
            ),
        ]

    def test_max_pooling(self):
        """Ordinals remain positions within the whole window."""
        shapes = {"k": (1, 6, 4, 4), "dz": (1, 6, 4, 4), "da": (1, 6, 7, 8)}
        constants = {"s": (1, 2), "d": 1, "p": (0, 1)}
        nest = bind(MAX_POOLING, shapes=shapes, constants=constants, extents={"u": 3})

        assert [str(phase) for phase in gather(nest)] == [
            (
                "da[q,h,m,2*n] += where(k[q, h, m - u, n] == 3 * u + 1, dz[q, h, m - u, n], 0)  "
                "for q < 1, h < 6, m < 7, n < 4, u < 3"
            ),
            (
                "da[q, h, m, 2*n + 1] += where(k[q, h, m - u, n - v + 1] == 3 * u + 2 * v, "
                "dz[q, h, m - u, n - v + 1], 0)  for q < 1, h < 6, m < 7, n < 4, u < 3, v < 2"
            ),
        ]

    def test_where_one_output_sees_the_whole_image(self):
        """The sum is over the index that spans fewer pixels, so no terms are out of bounds."""
        shapes = {"w": (4, 3, 5), "dz": (1, 4, 1), "da": (1, 3, 5)}
        (nest,) = gather(bind(CONVOLUTION, shapes=shapes, constants={"s": 1, "d": 1, "p": 0}))

        assert str(nest) == "da[q,l,m] += w[h,l,m] * dz[q,h,0]  for q < 1, l < 3, m < 5, h < 4"

    def test_reads_at_the_entry(self):
        """Another array that is read at the target's subscript is read at the element's index."""
        shapes = {"a": (1, 6, 9), "y": (1, 6, 4), "dz": (1, 6, 4), "da": (1, 6, 9)}
        constants = {"s": 2, "d": 1, "p": 0}
        nest = bind(LP_POOLING, shapes=shapes, constants=constants, extents={"u": 3})

        for phase in gather(nest):
            element = phase.equation.target.subscripts
            at_a = [r.subscripts for r in phase.equation.references if r.name == "a"]
            assert at_a == [element, element]

    @pytest.mark.parametrize("case", FUNCTION_CASES)
    def test_other_sums_come_before_the_taps(self, case):
        """In every kind, sums over feature maps stay outside the sum over taps."""
        for nest in filter(gatherable, scatters_of(case)):
            outer = nest.equation.reduced
            sums = [phase for phase in gather(nest) if phase.equation.operator == "+="]

            assert {phase.equation.reduced[: len(outer)] for phase in sums} == {outer}

    def test_entries_that_no_window_reaches(self):
        """If some elements have no term, a single tap remains an index, so reads can be guarded."""
        shapes = {"dz": (1, 6, 2), "da": (1, 6, 5)}
        constants = {"s": 2, "d": 1, "p": 0}
        nest = bind(SUM_POOLING, shapes=shapes, constants=constants, extents={"u": 2})

        assert [str(phase) for phase in gather(nest)] == [
            "da[q,h,2*m] += dz[q, h, m - u]  for q < 1, h < 6, m < 3, u < 1",
            "da[q, h, 2*m + 1] += dz[q,h,m]  for q < 1, h < 6, m < 2",
        ]

    def test_new_indices_have_unused_names(self):
        """The new indices are numbered if their letters are already used."""
        shapes = {"n": (4, 4), "m0": (3, 3), "dz": (6, 6)}
        statement = "n[i + u, j + v] += m0[u,v] * dz[i,j]"
        (nest,) = gather(bind(statement, shapes={**shapes, "n": (8, 8)}))

        assert str(nest.equation) == "n[m_0,m_1] += m0[u,v] * dz[m_0 - u, m_1 - v]"

    def test_a_short_target_has_fewer_phases(self):
        """Remainders that no pixel has don't get a nest."""
        shapes = {"w": (1, 1, 3), "dz": (1, 1, 2), "da": (1, 1, 2)}
        nests = gather(bind(CONVOLUTION, shapes=shapes, constants={"s": 5, "d": 1, "p": 0}))

        assert [str(nest.equation.target) for nest in nests] == ["da[q,l,5*m]", "da[q, l, 5*m + 1]"]


class TestGatherable:
    """Which nests can become gathers."""

    @pytest.mark.parametrize(
        ("statement", "extents"),
        [
            ("da[i + u] += w[u] * dz[i]", {}),
            ("da[i + u] += w[u] * dz[i]", {"i": 3}),
            ("da[2*i + u] += dz[i]", {"u": 3}),
            ("da[u + 2*v] += share[u,v]", {}),
        ],
    )
    def test_scatters(self, statement, extents):
        """A sum of two indices is gatherable if one of them spans an axis of an array."""
        nest = bind(statement, shapes=SHAPES, extents=extents)

        assert gatherable(nest)
        assert_same(nest)

    @pytest.mark.parametrize(
        ("statement", "extents"),
        [
            pytest.param("dz[i] += w[u] * da[i + u]", {}, id="no scatter"),
            pytest.param("da[3*u + v] = share[u,v]", {}, id="no sum"),
            pytest.param("da[3*u + v] += share[u,v]", {}, id="moved elements"),
            pytest.param("da[i + u + v] += share[u,v] * dz[i]", {}, id="three indices"),
            pytest.param("da[t[i]] += dz[i]", {}, id="a table"),
            pytest.param("da[t[0]] += dz[i]", {}, id="a fixed element of a table"),
            pytest.param("da[i - 1*u] += w[u] * dz[i]", {}, id="a difference"),
            pytest.param("db[i + u, i] += w[u] * dy[i]", {}, id="an index in two axes"),
            pytest.param("db[i + u, j] += w[u] * dz[i]", {"j": 5}, id="an axis not filled"),
            pytest.param("db[i + u, 0] += w[u] * dz[i]", {}, id="an axis without an index"),
            pytest.param("da[i + u] += dz[i]", {"i": 4, "u": 2}, id="an index that stops short"),
            pytest.param("da[i + u] += dz[i] * dy[2*i]", {"u": 2}, id="another sum"),
            pytest.param("da[i + u] += dz[i] * a[i + u]", {"u": 2}, id="a shorter axis"),
            pytest.param("da[i + u] += dz[t[i]]", {"u": 2}, id="read through a table"),
        ],
    )
    def test_other_nests(self, statement, extents):
        """Nests without the required form aren't gatherable."""
        assert not gatherable(bind(statement, shapes=SHAPES, extents=extents))
