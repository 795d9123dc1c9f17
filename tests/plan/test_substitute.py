"""Substitution of indices in expressions."""

import numpy as np
import pytest

from striate.nests import Equation, Nest, bind, interpret
from striate.plan.substitute import substitute, substitute_reference

VALUES = {"i": ({"m": 2, "n": 1}, 0)}


def written(text, values, **extents):
    """Substitute in the right-hand side of a statement, and print the result."""
    expression = Equation.parse(f"z[x] += {text}", constants=()).expression
    return str(substitute(expression, values, extents))


class TestSubstitute:
    """Every kind of leaf has the same value in terms of the new indices."""

    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("a[i]", "a[2*m + n]"),
            ("a[2*i - 1]", "a[4*m + 2*n - 1]"),
            ("a[t[i + 1]]", "a[t[2*m + n + 1]]"),
            ("a[x] * 3", "a[x] * 3"),
            ("a[i] * i", "a[2*m + n] * (2 * m + n)"),
            ("a[i] - ordinal(i, x)", "a[2*m + n] - (10 * m + 5 * n + x)"),
            ("-a[i,3]", "-a[2*m + n, 3]"),
        ],
    )
    def test_leaves(self, text, expected):
        """References, look-ups, indices as numbers and ordinals are rewritten."""
        assert written(text, VALUES, i=6, x=5) == expected

    def test_terms_that_cancel(self):
        """An index whose multiplier becomes 0 is omitted."""
        values = {"i": ({"m": 1, "u": -1}, 2), "u": ({"u": 1}, -2)}

        assert written("a[i + u]", values) == "a[m]"

    @pytest.mark.parametrize(
        ("value", "expected"),
        [
            (({}, 0), "a[0] * 0"),
            (({}, 4), "a[4] * 4"),
            (({}, -4), "a[-4] * -4"),
            (({"m": -1}, 0), "a[-m] * -m"),
            (({"m": -3}, -2), "a[-3*m - 2] * (-(3 * m) - 2)"),
        ],
    )
    def test_numbers_and_signs(self, value, expected):
        """Sums without indices, and with a leading minus, can be parsed again."""
        text = written("a[i] * i", {"i": value})

        assert text == expected
        assert str(Equation.parse(f"z[x] += {text}", constants=()).expression) == text

    def test_a_split_loop(self):
        """Splitting a loop in two doesn't change what it computes."""
        shapes = {"a": (6,), "b": (6, 2)}
        nest = bind("z[i,x] = a[i] * i + ordinal(x, i) * b[i,x]", shapes=shapes)
        arrays = {"a": np.arange(6.0) + 1, "b": np.arange(12.0).reshape(6, 2)}
        equation = nest.equation
        target = substitute_reference(equation.target, VALUES)
        expression = substitute(equation.expression, VALUES, nest.extents)
        split = Nest(Equation(target, "=", expression), {"m": 3, "n": 2, "x": 2}, nest.shapes)

        found = interpret(split, arrays)["z"]

        assert found.tolist() == interpret(nest, arrays)["z"].tolist()
