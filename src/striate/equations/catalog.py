"""All equations, and how they are found by what a user types."""

import difflib
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from striate.equations.equation import NumberedEquation, WorkedExample
from striate.errors import OptionError

_EXAMPLE = ("given", "call", "loops", "as_printed", "tolerance", "note")
_RANGES = "Hagan has 8.1 to 8.53, Wichmann 1.1 to 5.8, Wolter 1 to 8"
_TYPED = re.compile(r"([a-z]*)\.?([0-9]*(?:\.[0-9]+)?)\.?")
_TEXTS = ("hagan", "wichmann", "wolter")


@cache
def equations() -> Mapping[str, NumberedEquation]:
    """Read all equations.

    Returns
    -------
    mapping
        From number to equation, in the order of the texts.

    Examples
    --------
    >>> len(equations()), equations()["Wolter 4"].title
    (95, 'Output size')
    """
    source = files("striate.equations").joinpath("equations.toml").read_text(encoding="utf-8")
    entries = tomllib.loads(source)["equation"]
    return MappingProxyType({entry["number"]: _equation(entry) for entry in entries})


def _equation(entry: Mapping[str, Any]) -> NumberedEquation:
    """Make the record of one entry."""
    example = WorkedExample(**{name: entry[name] for name in _EXAMPLE if name in entry})
    return NumberedEquation(
        example=example, **{name: entry[name] for name in entry if name not in _EXAMPLE}
    )


def get(name: str) -> NumberedEquation:
    """Return one equation.

    Parameters
    ----------
    name
        Its number, with or without the text: ``"Hagan 8.44"``, ``"hagan-8.44"``, ``"8.44"``. The
        chapter tells the text: Hagan's is 8, Wichmann's sections are 1 to 5, and Wolter's equations
        have no chapter.

    Returns
    -------
    NumberedEquation

    Raises
    ------
    OptionError
        If there is no such equation.

    Examples
    --------
    >>> get("8.44").number, get("wolter-7").number, get("Wichmann (4.15)").number
    ('Hagan 8.44', 'Wolter 7', 'Wichmann 4.15')
    """
    text, digits = _split(name)
    number = f"{text.capitalize()} {digits}"
    if number in equations():
        return equations()[number]
    near = _nearest(text, digits)
    hint = f'Did you mean "{near}"? ' if near else ""
    raise OptionError(f'Unknown equation "{name}". {hint}{_RANGES}.')


def _split(name: str) -> tuple[str, str]:
    """Split what a user typed into the text, in lower case, and the digits."""
    typed = _TYPED.fullmatch(re.sub(r"[\s_():-]+|^eq(?:uation|\.)?", "", name.lower()))
    if not typed:
        return name, ""
    word, digits = typed[1], typed[2].strip(".")
    if not word:
        return _text_of(digits), digits
    begun = [text for text in _TEXTS if text.startswith(word)]
    likely = _text_of(digits)
    return likely if likely in begun else [*begun, word][0], digits


def _text_of(digits: str) -> str:
    """Return the text that has equations with such a number."""
    if "." not in digits:
        return "wolter"
    return "hagan" if digits.startswith("8.") else "wichmann"


def _nearest(text: str, digits: str) -> str | None:
    """Return the equation with the nearest number in its chapter, of the text or a similar name."""
    chapter, _, last = digits.rpartition(".")
    texts = difflib.get_close_matches(text, _TEXTS, n=1)
    numbers = [
        number
        for number in equations()
        if number.lower().startswith(tuple(texts)) and _chapter(number) == chapter
    ]
    if not numbers or not digits:
        return None
    return min(numbers, key=lambda number: abs(int(re.split(r"[ .]", number)[-1]) - int(last)))


def _chapter(number: str) -> str:
    """Return the chapter of an equation: empty for Wolter's."""
    return number.split()[1].rpartition(".")[0]
