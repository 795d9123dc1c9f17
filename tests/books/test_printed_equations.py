"""The table of equations is complete, and each equation is evaluated as printed.

The printed equations are functions in `striate.equations.printed`; the other tests in this folder
compare them with each other and with striate.
"""

import re
import tomllib
from pathlib import Path

import pytest

from striate.equations.printed import (
    hagan_forward,
    hagan_gradient,
    wichmann,
    wichmann_pooling,
    wolter,
)

HERE = Path(__file__).parent
EQUATIONS = tomllib.loads(
    (HERE.parents[1] / "src" / "striate" / "equations" / "equations.toml").read_text()
)["equation"]
EXAMPLE = {"given", "call", "loops", "as_printed", "tolerance", "note"}
PRINTED = {
    "Hagan": vars(hagan_forward) | vars(hagan_gradient),
    "Wichmann": vars(wichmann) | vars(wichmann_pooling),
    "Wolter": vars(wolter),
}


def function_name(number):
    """Return the name of the function of an equation."""
    return f"equation_{number.replace('.', '_')}"


def test_the_table_holds_the_95_equations_in_order():
    """Hagan 8.1 to 8.53, Wichmann 1.1 to 5.8, Wolter 1 to 8: each once, in this order."""
    last_of_section = {1: 7, 2: 3, 3: 1, 4: 15, 5: 8}
    wanted = [
        *(f"Hagan 8.{k}" for k in range(1, 54)),
        *(f"Wichmann {c}.{k}" for c, n in last_of_section.items() for k in range(1, n + 1)),
        *(f"Wolter {k}" for k in range(1, 9)),
    ]

    assert [equation["number"] for equation in EQUATIONS] == wanted
    assert len(wanted) == 95


@pytest.mark.parametrize("equation", EQUATIONS, ids=lambda equation: equation["number"])
def test_an_entry_says_what_it_should(equation):
    """It has a call or a reason; LaTeX has balanced braces; a slip is given as printed, too."""
    assert set(equation) - EXAMPLE - {"printed", "slip", "remark", "reason"} == {
        "number",
        "title",
        "topic",
        "latex",
    }
    assert ("call" in equation) != ("reason" in equation)
    assert ("as_printed" in equation) == ("slip" in equation)
    for latex in (equation["latex"], equation.get("printed", "")):
        assert latex.count("{") == latex.count("}")
        left, right = (re.findall(rf"\\{side}\b(?!arrow)", latex) for side in ("left", "right"))
        assert len(left) == len(right)
    assert ("printed" in equation) == ("slip" in equation)
    assert equation.get("printed") != equation["latex"]


@pytest.mark.parametrize("equation", EQUATIONS, ids=lambda equation: equation["number"])
def test_every_equation_is_evaluated_as_printed(equation):
    """Each equation is a function of plain loops; one with a slip exists as printed, too."""
    book, number = equation["number"].split()
    name = function_name(number)

    assert callable(PRINTED[book][name])
    assert (f"{name}_as_printed" in PRINTED[book]) == ("slip" in equation)


@pytest.mark.parametrize("book", PRINTED)
def test_every_printed_function_is_tested(book):
    """Every printed equation is used in a test."""
    tests = (HERE / f"test_printed_{book.lower()}.py").read_text()
    for name in PRINTED[book]:
        if name.startswith("equation_"):
            assert re.search(rf"\.{name}\b", tests), name
