"""The parser: what it accepts, what it rejects, and the positions in its errors."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from striate.errors import EquationError
from striate.nests import Equation
from striate.nests.expression import (
    ARITHMETIC,
    COMPARISONS,
    FUNCTIONS,
    Arithmetic,
    Comparison,
    FunctionCall,
    Negative,
    Number,
    Ordinal,
    Reference,
    Subscript,
    Symbol,
    Term,
    Where,
)

EXAMPLES = [
    "z[q,g,h,*i] += w[g,h,l,*u] * a[q,g,l,*(s*i + d*u - p)]",
    "z[q,h,*(s*i + d*u - p)] += w[l,h,*u] * a[q,l,*i]",
    "padded[q,h,*x] = a[q,h,*t[x]]",
    "z[q,h,*i] max= a[q,h,*(s*i + d*u - p)]",
    "k[q,h,*i] argmax= a[q,h,*(s*i + d*u - p)]",
    "da[q,h,*(s*i + d*u - p)] += where(k[q,h,*i] == ordinal(*u), dz[q,h,*i], 0)",
    "a[*x] = tanh(n[*x])",
    "e[q,h,*x] = exp(n[q,h,*x] - m[q,*x])",
    "a[q,h,*x] = e[q,h,*x] / t[q,*x]",
    "v[h] += (a[q,h,*x] - m[h])**2 / count",
    "l[q] += where(h == y[q], -n[q,h], 0)",
    "z[q,h,*x] += a[q, h + k - r, *x]**2",
    "f += l[q]",
    "z[i,j] = 0",
    "n[q,h,*x] = z[q,h,*x] + b[h]",
    "z[i] = a[-2*i + 7, 2*i, 3]",
    "z[i] = (a[i]**2)**3 - 2**3**a[i] + (-a[i])**2 - a[i] / b[i] / (c[i] / 2)",
    "z[i] min= -2**-a[i]**2 - (b[i] - (c[i] - 1)) * -(a[i] + 1.5)",
]

MALFORMED = [
    "z[i] a[i]",
    "z[i] -= a[i]",
    "z[i] == a[i]",
    "z[i] = ",
    "= a[i]",
    "z[i] = a[i] @ b[i]",
    "z[i] = a[i:2]",
    "z[i] = ä[i]",
    "z[i] = a[i",
    "z[] = 1",
    "z[i] = a[i] * * b[i]",
    "2*z[i] = a[i]",
    "z[i] = a[i][j]",
    "z[i] = a.b[i]",
    "z[i] = a[0.5*i]",
    "z[i] = a[i*2]",
    "z[i] += a[s*d*i]",
    "z[i] += a[i/2]",
    "z[i] += a[i - (u + 1)]",
    "z[i] = a[t[r[i]]]",
    "z[i] = a[i + t[i]]",
    "z[i] = a[t[i,j]]",
    "z[i] = sin(a[i])",
    "z[i] = max(a[i])",
    "z[i] = exp(x=a[i])",
    "z[*i] = exp(*i)",
    "z[i] = a[i] // 2",
    "z[i] = a[i] if b[i] else 0",
    "z[i] = a[i] < b[i]",
    "z[i] = where(a[i], 1, 0)",
    "z[i] = where(0 < a[i] < 1, 1, 0)",
    "z[i] = 1e999",
    "z[i] = b[99999999999]",
    "z[i] = True",
    "exp[i] = a[i]",
    "k[k] = a[k]",
    "z[s] += a[s*i]",
    "z[*i] = a[i]",
    "z[*i] = i + a[*i]",
    "z[i] = a[i] * ordinal(u)",
    "z[*i] += a[*(i + u)] * ordinal(u)",
    "z[i] = a[i] * ordinal(2)",
    "z[i] = a[i,u]",
    "z[i] = a[i + p]",
    "z[i] = z[i] + 1",
]


@pytest.mark.parametrize("text", EXAMPLES)
def test_statements_print_back_as_they_were_written(text):
    """A statement with canonical spacing is printed exactly as it was written."""
    assert str(Equation.parse(text)) == text


@pytest.mark.parametrize("text", EXAMPLES)
def test_spaces_do_not_matter(text):
    """Spaces and line breaks don't change the meaning."""
    spaced = re.sub(r"\*\*|[\[\](),*]", lambda sign: f" {sign[0]}\n ", text)

    assert Equation.parse(spaced) == Equation.parse(text)


def test_superfluous_parentheses_are_dropped():
    """Only necessary parentheses are printed."""
    equation = Equation.parse("z[(i)] = ((a[i]) * (b[i])) + (-(c[i])) - ((2))**((a[i] + 1))")

    assert str(equation) == "z[i] = a[i] * b[i] + -c[i] - 2**(a[i] + 1)"


def test_errors(golden):
    """Each error marks the position, and gives the rule and what to do, as in the golden file."""
    messages = []
    for text in MALFORMED:
        with pytest.raises(EquationError) as caught:
            Equation.parse(text)
        messages.append(f"{text}\n--> {caught.value}\n")

    golden("nests/malformed_statements", "\n".join(messages))


def test_a_message_word_for_word():
    """An error shows the statement with carets, the rule, and what to do."""
    with pytest.raises(EquationError) as error:
        Equation.parse("z[*i] += a[i]")

    assert str(error.value) == (
        "`i` is written without a star here and with one elsewhere.\n"
        "    z[*i] += a[i]\n"
        "               ^\n"
        "A starred index stands for one index per pixel axis, everywhere in a statement. "
        "Star it everywhere, or use two names."
    )


class TestNames:
    """Which names are indices and which are constants."""

    def test_what_multiplies_is_a_constant(self):
        """Names that multiply indices, such as stride and dilation, are constants."""
        equation = Equation.parse("z[i] max= a[s*i + d*u]")

        assert equation.constants == {"s", "d"}
        assert equation.indices == ("i", "u")

    def test_what_is_only_subtracted_is_a_constant(self):
        """A name that is only subtracted, such as the padding, is a constant."""
        assert Equation.parse("z[i] += w[u] * a[i + u - p]").constants == {"p"}
        assert Equation.parse("z[i] += w[u] * a[i - u]").constants == frozenset()
        assert Equation.parse("z[i] += a[i - 1*u]").indices == ("i", "u")

    def test_declared_names_are_the_constants(self):
        """If constants are declared, all other names are indices."""
        text = "z[h] += a[h - k + r]"

        assert Equation.parse(text).constants == {"k"}
        assert Equation.parse(text, constants=["r", "count"]).constants == {"r"}

    def test_what_multiplies_is_declared_too(self):
        """If constants are declared, a name that multiplies must be among them."""
        with pytest.raises(EquationError) as error:
            Equation.parse("z[i] += a[s*i - p]", constants=["p"])

        assert str(error.value) == (
            "`s` multiplies an index, but is not a declared constant.\n"
            "    z[i] += a[s*i - p]\n"
            "              ^\n"
            "Only an integer or a constant may multiply an index. Declare `s`."
        )

    def test_reduced_indices_come_in_the_order_of_their_first_appearance(self):
        """Reduced indices are ordered by their first appearance, including use as a number."""
        equation = Equation.parse("l[q] += where(h == y[q], n[q,g,h], 0)")

        assert equation.reduced == ("h", "g")


NAMES = {"plain": ["q", "h", "i"], "starred": ["x", "u"], "arrays": ["a", "b", "w"]}


@st.composite
def subscripts(draw):
    """Draw a subscript in which s and d multiply, and p is only subtracted."""
    starred = draw(st.booleans())
    names = NAMES["starred" if starred else "plain"]
    table = draw(st.sampled_from([None, None, "t"]))
    terms = [Term(draw(st.sampled_from(names)), draw(st.sampled_from([None, 1, 2, "s", "d"])))]
    for _ in range(draw(st.integers(0, 2))):
        index = Term(
            draw(st.sampled_from(names)), draw(st.sampled_from([1, 3, "s"])), draw(st.booleans())
        )
        number = Term(draw(st.integers(0, 99)), None, draw(st.booleans()))
        terms.append(draw(st.sampled_from([index, number, Term("p", None, negative=True)])))
    return Subscript(tuple(terms), table, starred)


references = st.builds(
    Reference,
    st.sampled_from(NAMES["arrays"]),
    st.lists(subscripts(), min_size=1, max_size=3).map(tuple),
)
numbers = st.one_of(
    st.integers(0, 2**31 - 1),
    st.floats(min_value=0, allow_infinity=False, allow_nan=False),
).map(Number)


def joined(parts):
    """Combine expressions into larger ones."""
    comparisons = st.builds(Comparison, st.sampled_from(COMPARISONS), parts, parts)
    one_argument = st.sampled_from([name for name, count in FUNCTIONS.items() if count == 1])
    return st.one_of(
        st.builds(Negative, parts),
        st.builds(Arithmetic, st.sampled_from(ARITHMETIC), parts, parts),
        st.builds(Where, comparisons, parts, parts),
        st.builds(FunctionCall, one_argument, st.tuples(parts)),
        st.builds(FunctionCall, st.sampled_from(["max", "min"]), st.tuples(parts, parts)),
    )


expressions = st.recursive(
    st.one_of(references, numbers, st.just(Symbol("count"))), joined, max_leaves=8
)
WHOLE = Reference(
    "z",
    tuple(
        Subscript((Term(name),), None, group == "starred")
        for group in ("plain", "starred")
        for name in NAMES[group]
    ),
)
ORDINAL = Ordinal(WHOLE.subscripts)


@settings(deadline=None)
@given(st.sampled_from(["=", "+=", "max=", "min=", "argmax="]), expressions)
def test_any_statement_survives_printing_and_reading(operator, expression):
    """Parsing a printed equation gives the same equation."""
    expression = Arithmetic("-", expression, ORDINAL)
    constants = Equation.parse(str(Equation(WHOLE, "+=", expression))).constants
    equation = Equation(WHOLE, operator, expression, constants)

    assert Equation.parse(str(equation)) == equation
    assert constants <= {"s", "d", "p"}


@settings(deadline=None)
@given(st.integers())
def test_no_text_raises_anything_but_an_equation_error(seed):
    """Any damaged statement is parsed, or rejected with an EquationError."""
    source = random.Random(seed)
    text = list(source.choice(EXAMPLES))
    for _ in range(source.randint(1, 6)):
        at = source.randrange(len(text))
        text[at : at + source.randint(0, 3)] = source.choices("[](),*+-/=<>!. qiu01_é\0", k=2)

    try:
        equation = Equation.parse("".join(text))
    except EquationError:
        return
    assert Equation.parse(str(equation), constants=equation.constants) == equation


def test_deep_brackets_are_an_equation_error():
    """Brackets too deep for Python's parser give an EquationError."""
    with pytest.raises(
        EquationError, match=r"^The statement can't be parsed from here on\."
    ) as error:
        Equation.parse("z[i] = " + "(" * 5000 + "a[i]" + ")" * 5000)

    assert len(str(error.value)) < 500


@pytest.mark.parametrize("place", [0, 500, 999])
def test_long_statements_are_abbreviated_around_the_error(place):
    """The carets mark the right position even if the statement is abbreviated."""
    terms = ["a[i]"] * 1000
    terms[place] = "wrong["
    with pytest.raises(EquationError) as error:
        Equation.parse(f"z[i] = {' + '.join(terms)}")

    _, statement, carets, *_ = str(error.value).splitlines()
    assert len(statement) < 150
    assert "wrong[" in statement
    assert statement.index("wrong[") <= carets.index("^") < len(statement)
