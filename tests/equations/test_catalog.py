"""Equations are found by what a user types, and their counterparts in other notations exist."""

import pytest

from striate.equations import NOTATIONS, QUANTITIES, TOPICS, equations, get
from striate.errors import OptionError


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("Hagan 8.44", "Hagan 8.44"),
        ("hagan-8.44", "Hagan 8.44"),
        ("HAGAN_8.44", "Hagan 8.44"),
        ("8.44", "Hagan 8.44"),
        ("(8.44)", "Hagan 8.44"),
        ("eq. 8.44", "Hagan 8.44"),
        ("h 8.4", "Hagan 8.4"),
        ("wolter-7", "Wolter 7"),
        ("7", "Wolter 7"),
        ("w7", "Wolter 7"),
        ("4.15", "Wichmann 4.15"),
        ("wichmann (1.1)", "Wichmann 1.1"),
        ("w 1.1", "Wichmann 1.1"),
    ],
)
def test_a_number_is_found(typed, number):
    """The text, spaces, hyphens and parentheses may be left out or added."""
    assert get(typed).number == number


@pytest.mark.parametrize("number", equations())
def test_every_number_finds_its_equation(number):
    """With and without the text, a number leads to its own equation."""
    assert get(number).number == number
    assert get(number.split()[1]).number == number
    assert get(number.lower().replace(" ", "-")).number == number


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        ("8.54", "Hagan 8.53"),
        ("hagan 8.0", "Hagan 8.1"),
        ("hagn-8.44", "Hagan 8.44"),
        ("wolter 9", "Wolter 8"),
        ("4.99", "Wichmann 4.15"),
        ("9.1", None),
        ("convolution", None),
        ("", None),
    ],
)
def test_an_unknown_number_is_an_error_with_a_suggestion(typed, near):
    """The nearest number of the same chapter is suggested; the error lists all ranges."""
    with pytest.raises(OptionError) as error:
        get(typed)

    hint = f'Did you mean "{near}"? ' if near else ""
    assert str(error.value) == (
        f'Unknown equation "{typed}". {hint}Hagan has 8.1 to 8.53, Wichmann 1.1 to 5.8, Wolter 1 '
        "to 8."
    )


@pytest.mark.parametrize("number", equations())
def test_an_equation_has_a_title_and_a_topic(number):
    """A title is a short line without a period; the topic is in the table."""
    equation = get(number)

    assert 3 < len(equation.title) < 70
    assert not equation.title.endswith(".")
    assert equation.topic in TOPICS


def test_titles_are_different():
    """No two equations of one text have the same title."""
    titles = [(one.text, one.title) for one in equations().values()]

    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("name", TOPICS)
def test_a_topic_names_equations_and_quantities_that_exist(name):
    """Each counterpart is an equation of that text, each quantity has a row; the topic is used."""
    topic = TOPICS[name]

    for notation in NOTATIONS[:-1]:
        number = topic.counterpart(notation)
        assert number is None or get(number).text.lower() == notation
    assert set(topic.quantities) <= QUANTITIES.keys()
    assert any(one.topic == name for one in equations().values())


@pytest.mark.parametrize("name", QUANTITIES)
def test_a_quantity_has_symbols(name):
    """At least two notations have a symbol for it, and some topic uses it."""
    quantity = QUANTITIES[name]

    assert sum(bool(quantity.symbol(notation)) for notation in NOTATIONS) >= 2
    assert any(name in topic.quantities for topic in TOPICS.values())
