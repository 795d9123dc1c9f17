"""The project's texts: no path of one machine, no word twice, no note left behind."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SUFFIXES = {".md", ".py", ".toml", ".yml", ".txt", ".rst", ".dot", ""}
TEXTS = [
    pytest.param(path, id=path.relative_to(ROOT).as_posix())
    for top in ("src", "tests", "docs", "tools", "examples", "benchmarks", ".github", ".ci")
    for path in sorted((ROOT / top).rglob("*"))
    if path.is_file()
    and path.suffix in SUFFIXES
    and not {"__pycache__", "_build", "api", "auto_examples"} & set(path.parts)
    and path.name != Path(__file__).name
] + [
    pytest.param(path, id=path.name)
    for path in sorted([*ROOT.glob("*.md"), ROOT / "Makefile", ROOT / "pyproject.toml"])
]

# A folder that exists on somebody's machine only.
MACHINE = re.compile(r"(?<![\w.~$}/-])/(?:home(?!/me\b)|root|Users|work|mnt|opt)/\w")
# "the the": a slip of the hand. Words that may follow themselves are left out.
TWICE = re.compile(r"\b(the|a|an|of|to|in|is|it|and|or|for|with|as|by|be|are|not|on) \1\b")
LEFT_BEHIND = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")


@pytest.mark.parametrize("path", TEXTS)
def test_no_path_of_one_machine(path):
    """A text that names a folder of its author's machine helps nobody else."""
    assert MACHINE.findall(path.read_text()) == []


@pytest.mark.parametrize("path", TEXTS)
def test_no_word_stands_twice(path):
    """Small words are not doubled."""
    assert TWICE.findall(path.read_text()) == []


@pytest.mark.parametrize("path", TEXTS)
def test_no_note_is_left_behind(path):
    """What is to be done is done, or is an issue."""
    assert LEFT_BEHIND.findall(path.read_text()) == []


@pytest.mark.parametrize(
    ("pattern", "text"),
    [(MACHINE, "see /home/anna/x"), (TWICE, "of the the map"), (LEFT_BEHIND, "# TODO: later")],
)
def test_the_patterns_bite(pattern, text):
    """Each pattern finds what it is for."""
    assert pattern.search(text)
