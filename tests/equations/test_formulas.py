"""The formulas of the equations as text: on one line, and drawn."""

import unicodedata

import pytest

from striate.equations import equations, get
from striate.equations.latex import linear, parse
from striate.equations.layout import draw

ALL = pytest.mark.parametrize("number", equations())
LETTERS = {
    "hagan": "∂δΣ∞≡≜→⊗∘⊞⌊⌋…⋯×≤′|𝒲ḟḞᵀ",
    "wichmann": "∂δΔΣ∞στ∫ℤ∈⇔⊗⌊⌋⌈⌉…×′″⁻²",
    "wolter": "δΔΣ⊗⊙∈ℝ×′ᵀ⁻¹",
}


def columns(line):
    """Count the columns of a line: a combining accent has none."""
    return sum(not unicodedata.combining(letter) for letter in line)


@ALL
def test_every_formula_can_be_written(number):
    """No LaTeX is left, and only the letters and signs that the texts use."""
    equation = get(number)

    for text in (equation.formula, equation.formula_as_printed):
        if text is not None:
            assert text
            assert "\\" not in text
            assert "  " not in text.replace("   ", "")
            found = {sign for sign in unicodedata.normalize("NFC", text) if ord(sign) > 127}
            assert found - {"\u0304"} <= set(LETTERS[equation.text.lower()])


@ALL
@pytest.mark.parametrize("width", [76, 58])
def test_every_formula_can_be_drawn(number, width):
    """The drawing fits; a formula that doesn't is written on one line, for the caller to wrap."""
    equation = get(number)

    for as_printed in (False, True):
        lines = equation.drawn(width, as_printed=as_printed)
        assert lines
        if len(lines) > 1:
            assert max(map(columns, lines)) <= width


@pytest.mark.parametrize("number", ["Hagan 8.12", "Hagan 8.44", "Wichmann 4.11", "Wichmann 5.5"])
def test_a_drawing_has_all_letters_of_the_formula(number):
    """Nothing is lost between the line and the drawing."""
    equation = get(number)

    letters = [sign for sign in equation.formula if sign.isalpha()]
    drawn = [sign for line in equation.drawn(76) for sign in line if sign.isalpha()]

    assert sorted(drawn) == sorted(letters)


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"S_r = R_r - r + 1", "S_r = R_r - r + 1"),
        (r"w_{i,j}^{m,n}", "w_{i,j}^{m,n}"),
        (r"\frac{n + 2p - f}{s} + 1", "(n + 2p - f)/s + 1"),
        (r"\frac{\partial F}{\partial a_{i,j}}", "∂F/∂a_{i,j}"),
        (r"f^-(i, j) = f(-i, -j)", "f⁻(i, j) = f(-i, -j)"),
        (r"\mathbf{v}_I^T + x^2", "v_Iᵀ + x²"),
        (r"\sigma'(Z_{i''})", "σ′(Z_{i″})"),
        (r"a = 0 \text{ outside}, \quad b", "a = 0 outside,   b"),
        (r"\left\{ v \mid k = 1, \dots, r \right\}", "{v | k = 1, …, r}"),
        (r"\begin{cases} 1 & i = 0 \\ 0 & \text{else} \end{cases}", "{ 1, i = 0; 0, else }"),
        (r"\begin{bmatrix} a & b \\ c & d \end{bmatrix}", "[a b; c d]"),
        (r"\max \left( a \right)", "max(a)"),
        (r"\bar{\mathbf{h}}", "h\u0304"),
        (r"((\text{rot}180)\mathbf{LW})", "((rot180)LW)"),
    ],
)
def test_latex_becomes_text(latex, text):
    """Operators have spaces, signs and scripts don't; short exponents are raised."""
    assert linear(parse(latex)) == text


@pytest.mark.parametrize(
    ("latex", "problem"),
    [
        (r"\oint f", r"unknown command \oint"),
        (r"x_{i", "expected }, got "),
        (r"x}", "unexpected }"),
        (r"\frac{a}", "unexpected end"),
    ],
)
def test_other_latex_is_an_error(latex, problem):
    """An unknown command, or a missing brace, is never dropped."""
    with pytest.raises(ValueError) as error:
        parse(latex)

    assert str(error.value) == f"{problem} in {latex}"


def test_a_sum_is_drawn_with_its_limits():
    """Limits are above and below, scripts next to their base, all on one baseline."""
    drawn = draw(r"z_{m,n} = \sum_{i=0}^{r-1} \frac{w_i}{2} p_{m-i}", 40)

    assert drawn == [
        "           w",
        "       r-1  i",
        "z    =  Σ  ── p",
        " m,n   i=0 2   m-i",
    ]


def test_brackets_are_as_high_as_what_they_enclose():
    """Matrices, floors and cases have tall brackets, and braces have a middle."""
    assert draw(r"\left\lfloor \frac{a}{b} \right\rfloor", 40) == ["⎢a⎥", "⎢─⎥", "⎣b⎦"]
    assert draw(r"\begin{bmatrix} a \\ b \end{bmatrix}", 40) == ["⎡a⎤", "⎣b⎦"]
    assert draw(r"\begin{cases} 1 & a \\ 0 & b \end{cases}", 40) == ["⎧ 1  a", "⎨", "⎩ 0  b"]


def test_a_long_formula_is_broken_before_a_relation():
    """Lines end between formulas or before an equals sign; other lines are indented."""
    latex = r"a_i = b_i + c_i + d_i + e_i = f_i + g_i"

    assert draw(latex, 26) == [
        "a  = b  + c  + d  + e",
        " i    i    i    i    i",
        "",
        "    = f  + g",
        "       i    i",
    ]
    assert draw(latex, 5) == [linear(parse(latex))]
