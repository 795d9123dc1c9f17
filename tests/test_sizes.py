"""A file has at most 400 lines of code and a function at most 60, so that a reader sees each whole.

Docstrings, comments and blank lines are free: the limits must not be a reason to leave out an
explanation, nor to split one class in two.
"""

import ast
import io
import tokenize
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 60

EXCEPTIONS = {
    "src/striate/recipes/preparing.py: prepare": "lists every option of the command in its "
    "signature",
    "src/striate/model/network.py: fit": "lists every setting twice: in its signature, and to "
    "make TrainingSettings of them",
}
"""Files and functions that may be longer, with a reason: ``"path"`` or ``"path: function"``."""

FILES = [
    pytest.param(path, id=path.relative_to(ROOT).as_posix())
    for folder in ("src", "tests", "tools", "examples", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*.py"))
]

NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}


def code_lines(source):
    """Return the numbers of the lines that hold code: no docstring, no comment, not blank."""
    lines = set()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in NO_CODE:
            lines |= set(range(token.start[0], token.end[0] + 1))
    for node in ast.walk(ast.parse(source)):
        # A string that stands alone is a docstring, of a module, class, function or attribute.
        if isinstance(node, ast.Expr) and isinstance(getattr(node.value, "value", None), str):
            lines -= set(range(node.lineno, node.end_lineno + 1))
    return lines


def lengths(source):
    """Count each function's lines of code: `{name: lines}`."""
    lines = code_lines(source)
    return {
        f"{node.name} (line {node.lineno})": len(
            lines & set(range(node.lineno, node.end_lineno + 1))
        )
        for node in ast.walk(ast.parse(source))
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }


@pytest.mark.parametrize("path", FILES)
def test_no_file_is_too_long(path):
    """A file has at most 400 lines of code, unless a reason is given."""
    if path.relative_to(ROOT).as_posix() not in EXCEPTIONS:
        assert len(code_lines(path.read_text())) <= LINES_OF_A_FILE


@pytest.mark.parametrize("path", FILES)
def test_no_function_is_too_long(path):
    """A function has at most 60 lines of code, unless a reason is given."""
    name = path.relative_to(ROOT).as_posix()
    too_long = {
        function: lines
        for function, lines in lengths(path.read_text()).items()
        if lines > LINES_OF_A_FUNCTION and f"{name}: {function.split()[0]}" not in EXCEPTIONS
    }

    assert too_long == {}


def test_exceptions_are_needed():
    """Each exception names a file or a function that is too long, and a reason."""
    for name, reason in EXCEPTIONS.items():
        file, _, function = name.partition(": ")
        source = (ROOT / file).read_text()
        found = (
            max(n for key, n in lengths(source).items() if key.split()[0] == function)
            if function
            else len(code_lines(source))
        )

        assert reason
        assert found > (LINES_OF_A_FUNCTION if function else LINES_OF_A_FILE)


def test_only_code_is_counted():
    """Docstrings, comments and blank lines are left out, and nothing else."""
    source = 'def f(a):\n    """Say.\n\n    More.\n    """\n\n    # why\n    return """\n    a"""\n'

    assert lengths(source) == {"f (line 1)": 3}
    assert len(code_lines(f"X = 1\n'''About X.'''\n\n{source}")) == 4
