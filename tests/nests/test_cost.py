"""Costs counted by hand."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.nests import Equation, bind, bind_program, cost
from striate.nests.cost import Cost, count_terms

FORWARD = Equation.parse("z[q,h,*i] += w[h,l,*u] * a[q,l,*(s*i + d*u - p)]")


def lenet(image, padding):
    """Bind the first convolution of LeNet-5, for one image."""
    return bind(
        FORWARD,
        shapes={"w": (6, 1, 5, 5), "a": (1, 1, image, image), "z": (1, 6, 28, 28)},
        constants={"s": 1, "d": 1, "p": padding},
    )


def test_lenet_conv1_without_padding():
    """28 x 28 output pixels, 6 maps, 5 x 5 taps: 117,600 multiply-adds, all in bounds."""
    found = cost(lenet(32, padding=0))

    assert found.multiply_adds == found.multiply_adds_bound == 28 * 28 * 6 * 25 == 117_600
    assert found.operations == 2 * 117_600
    assert found.bytes_read == 4 * (6 * 25 + 32 * 32)
    assert found.bytes_written == 4 * 6 * 28 * 28
    assert found.intensity == pytest.approx(2 * 117_600 / (4 * (150 + 1024 + 4704)))


def test_lenet_conv1_with_padding():
    """Of 28 x 5 pairs along an axis, 2 + 1 are out of bounds at each end, which leaves 134."""
    found = cost(lenet(28, padding=2))

    assert found.multiply_adds == 6 * (28 * 5 - 2 * (2 + 1)) ** 2 == 107_736
    assert found.multiply_adds_bound == 117_600


def test_the_three_passes_of_a_convolution_cost_the_same():
    """Forward pass, dA and dW multiply the same pairs."""
    shapes = {"w": (4, 3, 3, 2), "a": (2, 3, 9, 8), "z": (2, 4, 5, 4)}
    shapes |= {f"d{name}": shape for name, shape in shapes.items()}
    numbers = {"shapes": shapes, "constants": {"s": 2, "d": 1, "p": (1, 0)}}

    costs = [
        cost(bind(equation, **numbers)).multiply_adds
        for equation in (FORWARD, FORWARD.adjoint("a"), FORWARD.adjoint("w"))
    ]

    # Rows: 5 windows of 3 pixels, of which rows -1 and 9 are out of bounds. Columns: all in bounds.
    assert costs == [2 * 4 * 3 * (15 - 2) * (4 * 2)] * 3


def test_other_statements_have_operations_and_no_multiply_adds():
    """Sums, comparisons and maps count operators, calls, and additions to the target."""
    shapes = {"a": (2, 3), "b": (3,)}

    def operations(text):
        found = cost(bind(text, shapes=shapes))
        assert found.multiply_adds == 0
        return found.operations

    assert operations("z[i] += a[i,j]") == 6
    assert operations("z[i] max= a[i,j]") == 6
    assert operations("z[i,j] = a[i,j]") == 0
    assert operations("z[i,j] = -exp(a[i,j]) / b[j]") == 6 * 3
    assert operations("z[i,j] = where(a[i,j] > 0, a[i,j], 0)") == 6 * 2
    assert operations("z[i,j] = a[i,j] * b[j]") == 6


def test_tables_count_as_inside():
    """The values in a table are unknown, so a copy through it counts every element."""
    nest = bind("z[i] = a[t[i]]", shapes={"a": (3,), "t": (5,)})

    assert cost(nest, item_bytes=8) == Cost(
        terms=5, terms_bound=5, bytes_read=8 * (3 + 5), bytes_written=8 * 5
    )


def test_costs_of_a_program_add_up():
    """The cost of a program is the sum of its statements' costs."""
    program = bind_program(["t[q] += a[q,x]", "m[q] = t[q] / 4"], shapes={"a": (2, 4)})

    assert cost(program) == cost(program.nests[0]) + cost(program.nests[1])
    assert cost(program).operations == 8 + 2


def test_nothing_costs_nothing():
    """The intensity of no work is 0."""
    assert Cost().intensity == 0


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_terms_are_counted_exactly(data):
    """Counting axis by axis gives the same number as counting every combination."""
    small = st.integers(0, 3)
    s, d, p, r = (data.draw(small) for _ in range(4))
    image, outputs, window = (data.draw(st.integers(1, 5)) for _ in range(3))
    nest = bind(
        "z[q,i,j] += w[u,v] * a[q, s*i + u - p, j - d*v + u - r]",
        shapes={"w": (window, 2), "a": (2, image, 4), "z": (2, outputs, 3)},
        constants={"s": s + 1, "d": d + 1, "p": p, "r": r},
    )

    counted = sum(
        2
        for i, j, u, v in itertools.product(range(outputs), range(3), range(window), range(2))
        if 0 <= (s + 1) * i + u - p < image and 0 <= j - (d + 1) * v + u - r < 4
    )

    assert count_terms(nest) == counted
