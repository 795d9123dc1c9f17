"""Equations as data: forms, roles of indices, adjoints."""

import pytest

from striate.errors import EquationError
from striate.nests import Equation, Form, Role

CONVOLUTION = "z[q,g,h,*i] += w[g,h,l,*u] * a[q,g,l,*(s*i + d*u - p)]"


@pytest.mark.parametrize(
    ("text", "form"),
    [
        (CONVOLUTION, Form.CONTRACT),
        ("z[q,h,*i] += 2 * a[q,h,*(s*i + u)] * -w[h]", Form.CONTRACT),
        ("z[q,h,*i] += share * a[q,h,*(s*i + u)]", Form.REDUCE),
        ("z[q,h,*i] max= a[q,h,*(s*i + u)]", Form.REDUCE),
        ("v[h] += (a[q,h,*x] - m[h])**2", Form.REDUCE),
        ("k[q,h,*i] argmax= a[q,h,*(s*i + u)]", Form.SELECT),
        ("da[q,l,*(s*i + u)] += w[h,l,*u] * dz[q,h,*i]", Form.SCATTER),
        ("da[q,h,*t[x]] += dpadded[q,h,*x]", Form.SCATTER),
        ("z[q,h,*(2*i)] += a[q,h,*i]", Form.REDUCE),
        ("padded[q,h,*x] = a[q,h,*t[x]]", Form.COPY),
        ("a[*x] = tanh(n[*x])", Form.ELEMENTWISE),
        ("z[q,h] = 0", Form.FILL),
        ("z[i] = i / count", Form.FILL),
    ],
)
def test_the_form_of_a_statement(text, form):
    """The form follows from the operator, the target and the expression."""
    assert Equation.parse(text).form is form


class TestRoles:
    """The role of each index."""

    def test_convolution_forward(self):
        """Hagan 8.38: output maps are M, images and pixels N, reduced indices K, groups B."""
        roles = Equation.parse(CONVOLUTION).roles()

        assert roles == {
            "q": Role("N"),
            "g": Role("B"),
            "h": Role("M"),
            "i": Role("N", window=("u",)),
            "l": Role("K"),
            "u": Role("K", window=("i",)),
        }

    def test_convolution_dA(self):  # noqa: N802  # the book's name
        """Hagan 8.39: pixels reach the target through a sum, so they scatter; output maps are K."""
        roles = Equation.parse(CONVOLUTION).adjoint("a").roles()

        assert roles["l"] == Role("M")
        assert roles["q"] == Role("N")
        assert roles["h"] == Role("K")
        assert roles["i"] == Role("N", scatter=True, window=("u",))
        assert roles["u"] == Role("M", scatter=True, window=("i",))

    def test_convolution_dW(self):  # noqa: N802  # the book's name
        """Hagan 8.47: images and pixels are reduced, kernel pixels are in the target."""
        roles = Equation.parse(CONVOLUTION).adjoint("w").roles()

        letters = {index: role.letter for index, role in roles.items()}
        assert letters == {"g": "B", "h": "M", "l": "N", "u": "N", "q": "K", "i": "K"}
        assert not any(role.scatter for role in roles.values())

    def test_dense(self):
        """A dense layer is a plain matrix product."""
        roles = Equation.parse("z[q,s] += w[s,r] * a[q,r]").roles()

        assert {index: role.letter for index, role in roles.items()} == {
            "q": "N",
            "s": "M",
            "r": "K",
        }

    def test_an_index_of_the_target_alone_is_a_batch(self):
        """An index that is in no factor has the role B."""
        assert Equation.parse("z[i,j] = a[i]").roles()["j"] == Role("B")

    def test_a_table_scatters(self):
        """A target that is indexed through a table is a scatter."""
        assert Equation.parse("da[*t[x]] += dz[*x]").roles()["x"] == Role("B", scatter=True)


class TestAdjoint:
    """The target and one factor change places."""

    @pytest.mark.parametrize(
        ("text", "name", "adjoint"),
        [
            (
                "z[q,h,*i] += w[h,l,*u] * a[q,l,*(s*i + d*u - p)]",
                "a",
                "da[q,l,*(s*i + d*u - p)] += w[h,l,*u] * dz[q,h,*i]",
            ),
            (
                "z[q,h,*i] += w[h,l,*u] * a[q,l,*(s*i + d*u - p)]",
                "w",
                "dw[h,l,*u] += dz[q,h,*i] * a[q,l,*(s*i + d*u - p)]",
            ),
            ("padded[q,*x] = a[q,*t[x]]", "a", "da[q,*t[x]] += dpadded[q,*x]"),
            ("z[i] = -a[i] / t[i]", "a", "da[i] += -dz[i] / t[i]"),
            ("z[i] += (w * -a[i,k])", "w", "dw += dz[i] * -a[i,k]"),
            ("f += a[q] * y[q]", "a", "da[q] += df * y[q]"),
            (
                "z[q] += where(h == y[q], 2 * n[q,h], 0)",
                "n",
                "dn[q,h] += where(h == y[q], 2 * dz[q], 0)",
            ),
        ],
    )
    def test_linear_statements_have_adjoints(self, text, name, adjoint):
        """Products, quotients, signs and choices against 0 are linear, with or without a sum."""
        assert str(Equation.parse(text).adjoint(name)) == adjoint

    def test_transposed_convolution_is_the_adjoint_of_convolution(self):
        """The adjoint of the adjoint is the statement with two d's."""
        forward = Equation.parse(CONVOLUTION)

        twice = forward.adjoint("a").adjoint("dz")

        assert str(twice) == ("ddz[q,g,h,*i] += w[g,h,l,*u] * dda[q,g,l,*(s*i + d*u - p)]")
        assert twice.constants == forward.constants

    def test_what_is_not_linear_is_refused(self, golden):
        """Each error marks the position in the statement, as in the golden file."""
        cases = [
            ("z[q,h,*i] max= a[q,h,*(s*i + u)]", "a"),
            ("z[i] += a[i] * w[i]", "b"),
            ("z[i] += a[i] * i", "i"),
            ("z[i] += a[i] * a[i]", "a"),
            ("z[i] += exp(a[i])", "a"),
            ("z[i] = a[i] + b[i]", "a"),
            ("z[i] = 1 / a[i]", "a"),
            ("z[i] = a[i]**2", "a"),
            ("z[i] = where(i == 0, a[i], 1)", "a"),
            ("z[i] = where(a[i] == 0, w[i], 0)", "a"),
        ]

        messages = []
        for text, name in cases:
            with pytest.raises(EquationError) as caught:
                Equation.parse(text).adjoint(name)
            messages.append(f"{text}, adjoint of {name}\n--> {caught.value}\n")

        golden("nests/no_adjoint", "\n".join(messages))

    def test_a_derivative_that_is_there_already_is_refused(self):
        """An adjoint must not write an array that it reads."""
        with pytest.raises(EquationError) as error:
            Equation.parse("z[i] += da[i] * a[i]").adjoint("a")

        assert str(error.value) == (
            "`da` is the target, and the expression reads it.\n"
            "    da[i] += da[i] * dz[i]\n"
            "             ^^^^^\n"
            "A statement can't read the array that it writes. Rename the target."
        )


def test_equations_are_values():
    """Equal texts give equal equations with equal hashes, even after properties were cached."""
    one, other = Equation.parse(CONVOLUTION), Equation.parse(CONVOLUTION)
    one.roles()

    assert one == other
    assert hash(one) == hash(other)
