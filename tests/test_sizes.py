"""No file is longer than 400 lines, no function than 60: a reader sees each whole."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LINES_OF_A_FILE = 400
LINES_OF_A_FUNCTION = 60

FILES = [
    pytest.param(path, id=path.relative_to(ROOT).as_posix())
    for folder in ("src", "tests", "tools", "examples", "benchmarks")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


def lengths(source):
    """Give each function's lines without its docstring: `{name: lines}`."""
    found = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            first = node.body[0]
            documented = ast.get_docstring(node, clean=False) is not None
            docstring = first.end_lineno - first.lineno + 1 if documented else 0
            found[f"{node.name} (line {node.lineno})"] = (
                node.end_lineno - node.lineno + 1 - docstring
            )
    return found


@pytest.mark.parametrize("path", FILES)
def test_no_file_is_too_long(path):
    """A file has at most 400 lines."""
    lines = len(path.read_text().splitlines())

    assert lines <= LINES_OF_A_FILE


@pytest.mark.parametrize("path", FILES)
def test_no_function_is_too_long(path):
    """A function has at most 60 lines, its docstring not counted."""
    too_long = {
        name: lines
        for name, lines in lengths(path.read_text()).items()
        if lines > LINES_OF_A_FUNCTION
    }

    assert too_long == {}


def test_docstrings_are_not_counted():
    """The count leaves the docstring out, and nothing else."""
    source = 'def f(a):\n    """Say.\n\n    More.\n    """\n    # why\n    return a\n'

    assert lengths(source) == {"f (line 1)": 3}
