"""The worked example of each equation: the public call, plain loops, and the print."""

import ast
import re

import numpy as np
import pytest

import striate as st
from striate.equations import WorkedExample, equations, get, written
from striate.equations.printed import printed_functions

ALL = pytest.mark.parametrize("number", equations())
CALLED = pytest.mark.parametrize(
    "number", [number for number, one in equations().items() if one.example.call]
)
SLIPS = pytest.mark.parametrize(
    "number", [number for number, one in equations().items() if one.slip]
)


@ALL
def test_an_equation_has_a_call_or_a_reason(number):
    """Exactly one of the two; the two integrals have a reason."""
    equation = get(number)

    assert (equation.example.call is None) == (equation.reason is not None)
    assert (equation.reason is not None) == (number in {"Wichmann 1.1", "Wichmann 1.2"})


@CALLED
def test_the_call_equals_plain_loops(number):
    """The public call runs, and gives what the loops of the printed equation give."""
    result = get(number).run()

    assert result.agrees, (result.difference, result.value, result.loops)
    assert np.any(np.asarray(written(result.loops, 80)) != "0")


@CALLED
def test_the_call_is_public(number):
    """The program uses public names of striate, and none of the printed functions."""
    equation = get(number)
    names = re.findall(r"\bst\.(\w+)", equation.code)

    assert names
    assert set(names) <= set(dir(st))
    assert "equation_" not in equation.code


@ALL
def test_the_loops_use_the_printed_equation(number):
    """The check evaluates the function of this equation, and no function of the library."""
    equation = get(number)
    name = equation.function.rpartition(".")[2]

    assert re.search(rf"\b{name}\b", equation.example.loops)
    assert "st." not in equation.example.loops
    assert name in printed_functions(equation.text)


@ALL
def test_the_program_can_be_copied(number):
    """The shown program, with its imports, and the shown check run as they are."""
    equation = get(number)
    names = {}

    exec(equation.code, names)
    exec(equation.code_in_loops(), names)

    assert len(equation.code.splitlines()) < 40


@SLIPS
def test_the_print_gives_something_else(number):
    """The equation as printed can't be evaluated, or gives other numbers than the corrected one."""
    equation = get(number)
    result = equation.run()

    assert re.search(
        rf"\b{equation.function_as_printed.rpartition('.')[2]}\(", equation.example.as_printed
    )
    assert written(result.as_printed, 80) != written(result.loops, 80)


@SLIPS
def test_the_evaluation_of_the_print_can_be_copied(number):
    """The shown program of the print gives what is shown, or an error."""
    equation = get(number)
    names = {}
    exec(equation.code, names)
    program = ast.parse(equation.code_in_loops(as_printed=True))
    last = ast.Expression(program.body.pop().value)
    exec(compile(program, "imports", "exec"), names)
    shown = equation.run().as_printed

    if isinstance(shown, str):
        with pytest.raises((IndexError, ValueError)):
            eval(compile(last, "print", "eval"), names)
    else:
        assert written(eval(compile(last, "print", "eval"), names), 80) == written(shown, 80)


def test_a_wrong_call_is_found():
    """A call that gives other numbers, or another shape, doesn't agree."""
    equation = get("Hagan 8.14")
    for call in ("st.maths.axes((R_r,), window=r, padding=1)[0].output", "[5, 5]"):
        example = WorkedExample(
            given=equation.example.given, call=call, loops=equation.example.loops
        )
        wrong = type(equation)(number="Hagan 8.14", title="", topic="", latex="", example=example)

        assert wrong.run().agrees is False


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (4, "4"),
        (np.float64(4.5), "4.5"),
        (np.array([[1.0, -0.0], [2.0, 3.0]]), "[[1 0]\n [2 3]]"),
        (np.array([0.1234567, 1.0]), "[0.123457 1.      ]"),
        ((17, 18), "[17 18]"),
        ((np.array([[1], [2]]), 5), "[[1]\n [2]]\n5"),
        ("no value", "no value"),
    ],
)
def test_values_are_written_as_text(value, text):
    """Integers without a point, others with six decimals, several values below each other."""
    assert written(value, 80) == text


def test_a_named_tuple_is_written_with_its_names():
    """Gradients show which derivative is which."""
    found = st.maths.cross_correlate_backward(np.ones((2, 2)), np.ones((2, 2)), np.ones((1, 1)))

    assert written(found, 80) == "dA = [[1 1]\n      [1 1]]\ndW = [[1 1]\n      [1 1]]\ndb = 1"
