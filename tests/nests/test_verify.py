"""The invariants of nests and programs, each violated once, and the proof about targets."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.errors import NestError
from striate.nests import Equation, bind, bind_program, injective, verify
from striate.nests.expression import Subscript, Term

POOL = bind(
    "z[i,j] max= a[2*i + u, 2*j + v]",
    shapes={"a": (4, 6), "z": (2, 3)},
    extents={"u": 2, "v": 2},
)


@pytest.mark.parametrize(
    ("target", "extents", "answer"),
    [
        ("z[i,j]", {"i": 9, "j": 9}, True),
        ("z[i]", {"i": 9, "j": 9}, False),  # j is lost
        ("z[i]", {"i": 9, "j": 1}, True),  # j has one value
        ("z[2*i + u]", {"i": 9, "u": 2}, True),  # even and odd
        ("z[2*i + u]", {"i": 9, "u": 3}, False),  # windows that overlap
        ("z[3*i - u]", {"i": 9, "u": 3}, True),
        ("z[u - 3*i]", {"i": 9, "u": 4}, False),
        ("z[i + u]", {"i": 9, "u": 2}, False),
        ("z[i + u, u]", {"i": 9, "u": 9}, True),  # the second axis tells u, the first then i
        ("z[i + u, i - u]", {"i": 9, "u": 9}, False),  # injective, but not by digits: careful
        ("z[12*h + 4*i + j]", {"h": 5, "i": 3, "j": 4}, True),  # a flattened image
        ("z[12*h + 4*i + j]", {"h": 5, "i": 4, "j": 4}, False),
        ("z[4*i + u, 5*j + u + 5]", {"i": 3, "u": 4, "j": 3}, True),
        ("z[t[i]]", {"i": 9}, False),  # the values in a table are unknown
        ("z[t[i], i]", {"i": 9}, True),
        ("z[i + i]", {"i": 9}, True),
        ("z[i - i + j]", {"i": 9, "j": 3}, False),
    ],
)
def test_whether_different_terms_reach_different_entries(target, extents, answer):
    """A factor larger than the largest sum of the smaller terms determines its index."""
    subscripts = Equation.parse(f"{target} += 0", constants=()).target.subscripts

    assert injective(subscripts, extents) is answer


@settings(deadline=None)
@given(st.data())
def test_a_yes_is_certain(data):
    """If `injective` returns True, no element is reached twice."""
    extents = {index: data.draw(st.integers(1, 4)) for index in "ijk"}
    multipliers = st.integers(-6, 6)
    axes = data.draw(
        st.lists(st.tuples(multipliers, multipliers, multipliers), min_size=1, max_size=2)
    )
    subscripts = [
        Subscript(tuple(Term(i, abs(by), by < 0) for i, by in zip("ijk", axis, strict=True)))
        for axis in axes
    ]

    counts = np.indices(list(extents.values())).reshape(3, -1)
    reached = {tuple(np.dot(axes, column)) for column in counts.T}

    if injective(subscripts, extents):
        assert len(reached) == counts.shape[1]


def edited(nest, **changes):
    """Return a nest with changes to its equation, extents or shapes."""
    parts = {name: changes.pop(name) for name in ("target", "expression") if name in changes}
    return replace(nest, equation=replace(nest.equation, **parts), **changes)


def parsed(text):
    """Return the target and the expression of a statement."""
    equation = Equation.parse(text)
    return {"target": equation.target, "expression": equation.expression}


BROKEN = {
    "a star is left": edited(POOL, **parsed("z[i,j] += a[*x]")),
    "a constant is left": edited(POOL, **parsed("z[i,j] += a[2*i + u, 2*j + v] / count")),
    "an extent is missing": replace(POOL, extents={"i": 2, "j": 3, "u": 2}),
    "an extent too many": replace(POOL, extents=POOL.extents | {"k": 2}),
    "an extent of 0": replace(POOL, extents=POOL.extents | {"u": 0}),
    "an array without a shape": replace(POOL, shapes={"z": (2, 3)}),
    "an axis too few": replace(POOL, shapes=POOL.shapes | {"a": (24,)}),
    "an empty axis": replace(POOL, shapes=POOL.shapes | {"a": (4, 0)}),
    "a lone index that leaves its axis": replace(POOL, shapes=POOL.shapes | {"z": (2, 2)}),
    "a target reached twice": bind("z[i + j] = a[i,j]", shapes={"a": (2, 3), "z": (4,)}),
    "a winner reached twice": bind("k[i + j] argmax= a[i,j]", shapes={"a": (2, 3), "k": (4,)}),
    "a target through a table": bind("z[t[i]] = a[i]", shapes={"a": (2,), "z": (4,), "t": (2,)}),
}


def test_broken_nests_are_refused(golden):
    """Each error shows the nest, the invariant and what to do, as in the golden file."""
    messages = []
    for name, nest in BROKEN.items():
        with pytest.raises(NestError) as caught:
            verify(nest)
        messages.append(f"{name}\n--> {caught.value}\n")

    golden("nests/broken_nests", "\n".join(messages))


def test_what_falls_outside_is_no_fault_and_is_listed():
    """Terms out of bounds are valid, and `guards` lists the conditions."""
    nest = bind(
        "z[i,j] += w[u,v] * a[i + u - p, 2*j + v, t[j]]",
        shapes={"w": (3, 2), "a": (5, 8, 9), "z": (5, 4), "t": (4,)},
        constants={"p": 1},
    )

    verify(nest)
    assert [str(guard) for guard in nest.guards()] == ["0 <= i + u - 1 < 5", "0 <= t[j] < 9"]


@pytest.fixture
def program():
    """Return a program of two statements."""
    return bind_program(["m[q] max= n[q,h]", "e[q,h] = exp(n[q,h] - m[q])"], shapes={"n": (2, 3)})


class TestPrograms:
    """Order, shapes and outputs of programs."""

    def test_a_bound_program_is_valid(self, program):
        """What binding makes passes."""
        verify(program)

    def test_broken_programs_are_refused(self, program, golden):
        """A temporary is written before it is read, keeps its shape, and outputs are written."""
        first, second = program.nests
        other = bind("e[q,h] = n[q,h] - m[q]", shapes={"n": (2, 4), "m": (2,)})
        twice = bind("e[q + h] = n[q,h] - m[q]", shapes={"n": (2, 3), "m": (2,), "e": (4,)})
        broken = [
            replace(program, nests=(first, twice)),
            replace(program, nests=(second, first)),
            replace(program, inputs=()),
            replace(program, nests=(first, other)),
            replace(program, outputs=("a",)),
        ]

        messages = []
        for one in broken:
            with pytest.raises(NestError) as caught:
                verify(one)
            messages.append(f"{caught.value}\n")

        golden("nests/broken_programs", "\n".join(messages))

    def test_an_input_may_be_written(self):
        """An array that is given and written keeps what it holds, as running statistics do."""
        whole = bind_program(["v[i] += g[i]"], shapes={"g": (3,)})

        verify(replace(whole, inputs=("v", "g"), outputs=("v",)))
