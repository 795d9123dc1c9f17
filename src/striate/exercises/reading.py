"""Reads typed answers: JSON, NumPy's output, rows with semicolons, fractions, files.

A typed answer is never evaluated as code. All of these are the same array::

    [[1, 2], [0.5, 4]]          JSON, or a list in Python
    array([[1., 2.], [0.5, 4.]])   what NumPy prints
    [[1 2]
     [1/2 4]]
    1 2; 1/2 4                  rows separated by semicolons or line breaks
"""

import io
import re
from pathlib import Path

import numpy as np

from striate.errors import DataError
from striate.shapes import Array, Float, Shaped

_NUMBER = r"[-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_TOKEN = re.compile(rf"\s*(?:([\[\](),])|({_NUMBER}(?:/{_NUMBER})?))")
_SIZE = re.compile(r"(\d+)(?:\s*(?:x|×|by|,)\s*(\d+))+", re.IGNORECASE)
_DTYPE = re.compile(r",?\s*dtype\s*=\s*['\"]?[\w.]+['\"]?")
_NAME = re.compile(r"\b(?:np|numpy|torch)\s*\.|\b(?:array|tensor|asarray)\b")
_FILES = (".npy", ".csv", ".txt")
_LARGEST = 1 << 22  # bytes of a file; answers have a few hundred numbers


def read_number(answer: object) -> float:
    """Read one number.

    Parameters
    ----------
    answer
        A number, an array of one number, or text: ``8``, ``-0.5``, ``1/2``, ``98,442``.

    Returns
    -------
    float

    Raises
    ------
    DataError
        If the answer has another form.

    Examples
    --------
    >>> read_number("1/2"), read_number("98,442"), read_number([[8]])
    (0.5, 98442.0, 8.0)
    """
    if isinstance(answer, str):
        text = answer.strip()
        grouped = re.fullmatch(r"[-+−]?\d{1,3}(?:[,_ ]\d{3})+(?:\.\d+)?", text)
        numbers = read_array(re.sub(r"[,_ ]", "", text) if grouped else text)
    else:
        numbers = read_array(answer)
    if numbers.size != 1:
        raise DataError(
            f"The answer {_shown(answer)} has {numbers.size} numbers; expected one. Write it as "
            "8 or 1/2, for example."
        )
    return float(numbers.reshape(()))


def read_size(answer: object) -> float:
    """Read the side of a square: a number, or two equal ones such as ``8x8`` or ``(8, 8)``.

    Parameters
    ----------
    answer
        As for :func:`read_number`.

    Returns
    -------
    float

    Raises
    ------
    DataError
        If the answer has another form.

    Examples
    --------
    >>> read_size("8x8"), read_size("8 by 8"), read_size((8, 8)), read_size("8")
    (8.0, 8.0, 8.0, 8.0)
    """
    if isinstance(answer, str):
        found = _SIZE.fullmatch(answer.strip().strip("()[]"))
        sides = np.array([float(n) for n in re.findall(r"\d+", answer)]) if found else None
    else:
        sides = read_array(answer).ravel()
    if sides is not None and len(sides) == 2 and sides[0] == sides[1]:
        return float(sides[0])
    return read_number(answer)


def read_array(answer: object) -> Float[Array, "..."]:
    """Read an array.

    Parameters
    ----------
    answer
        An array, nested lists, a number, or text in one of this module's forms.

    Returns
    -------
    Array
        float64.

    Raises
    ------
    DataError
        If it isn't an array of numbers.

    Examples
    --------
    >>> read_array("array([[1, 2], [3, 4]])")
    array([[1., 2.],
           [3., 4.]])
    >>> read_array("1 2; 1/2 4")
    array([[1. , 2. ],
           [0.5, 4. ]])
    """
    try:
        numbers = np.asarray(_nested(answer) if isinstance(answer, str) else answer, dtype=float)
    except (TypeError, ValueError) as error:
        raise DataError(
            f"The answer {_shown(answer)} is not an array of numbers; expected rows of the same "
            "length. Write it as [[1, 2], [3, 4]] or as 1 2; 3 4, or name a file that ends in "
            ".npy or .csv."
        ) from error
    if not np.isfinite(numbers).all():
        raise DataError(f"The answer {_shown(answer)} has numbers that aren't finite.")
    return numbers


def is_file_name(answer: str) -> bool:
    """Return whether an answer names a file, by its extension."""
    return answer.strip().lower().endswith(_FILES)


def read_file(name: str) -> Shaped[Array, "..."]:
    """Read an answer from a file.

    Parameters
    ----------
    name
        A ``.npy`` file, or a text file with rows of numbers.

    Returns
    -------
    Array
        The numbers.

    Raises
    ------
    DataError
        If the file can't be read, or doesn't hold numbers.
    """
    path = Path(name.strip()).expanduser()
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST + 1)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(f"Cannot read {path}: {reason}. Check the path.") from error
    if len(content) > _LARGEST:
        raise DataError(
            f"{path} is larger than {_LARGEST >> 20} MB; expected an answer of at most a few "
            "hundred numbers. Check the path."
        )
    try:
        if path.suffix.lower() == ".npy":
            return read_array(np.load(io.BytesIO(content), allow_pickle=False))
        return read_array(content.decode("utf-8-sig").replace("\t", " "))
    except (ValueError, EOFError) as error:  # DataError and UnicodeDecodeError among them
        raise DataError(
            f"{path} is not an array of numbers; expected a .npy file, or text with rows of "
            "numbers. Save it with np.save or np.savetxt."
        ) from error


def _nested(text: str) -> object:
    """Parse text to nested lists; raise ValueError if it isn't numbers."""
    plain = _NAME.sub("", _DTYPE.sub("", text)).strip()
    if plain.startswith("(") and plain.endswith(")"):
        plain = plain[1:-1].strip().removesuffix(",")  # array([[1, 2]]) without its name
    if re.search(r"[\[(]\s*[\[(]", plain) or plain.count("(") > 0:
        return _from_brackets(plain)
    if plain.startswith("[") and plain.endswith("]"):
        plain = plain[1:-1].strip()
    rows = [_numbers(row) for row in re.split(r"[;\n]", plain) if row.strip()]
    if not rows:
        raise ValueError(text)
    return rows[0] if len(rows) == 1 else rows


def _from_brackets(text: str) -> object:
    """Parse nested brackets; what separates numbers doesn't matter."""
    stack: list[list[object]] = [[]]
    position = 0
    while position < len(text.rstrip()):
        token = _TOKEN.match(text, position)
        if token is None:
            raise ValueError(text)
        position = token.end()
        mark, number = token.groups()
        if number:
            stack[-1].append(_fraction(number))
        elif mark in "[(":
            stack.append([])
        elif mark in "])":
            inner = stack.pop()
            if not stack:
                raise ValueError(text)
            stack[-1].append(inner)
    if len(stack) > 1 or not stack[0]:
        raise ValueError(text)
    return stack[0][0] if len(stack[0]) == 1 else stack[0]


def _numbers(row: str) -> list[float]:
    """Read the numbers of one row, separated by commas or blanks."""
    return [_fraction(cell) for cell in re.split(r"[,\s]+", row.strip().strip(","))]


def _fraction(text: str) -> float:
    """Read a number or a fraction."""
    if not re.fullmatch(rf"{_NUMBER}(?:/{_NUMBER})?", text):
        raise ValueError(text)
    numerator, _, denominator = text.replace("−", "-").partition("/")
    if denominator and float(denominator) == 0:
        raise ValueError(text)
    return float(numerator) / float(denominator or 1)


def _shown(answer: object) -> str:
    """Write an answer for a message, shortened."""
    text = " ".join(str(answer).split())
    return f'"{text[:60]}…"' if len(text) > 60 else f'"{text}"'
