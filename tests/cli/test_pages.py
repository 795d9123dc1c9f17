"""Long output: bars, tables, lines."""

import pytest
from rich.console import Console

from striate.cli.output import CommandOutput
from striate.cli.pages import Page, bar, largest, span
from striate.tables import Column


@pytest.fixture
def page():
    """Return a page that is written into a pipe."""
    return Page(CommandOutput())


def on_terminal(width):
    """Return a page on a terminal of this width."""
    out = CommandOutput()
    out.__dict__["console"] = Console(width=width, force_terminal=True, color_system=None)
    return Page(out)


@pytest.mark.parametrize(
    ("share", "drawn"), [(0, "····"), (0.5, "██··"), (0.6, "██▌·"), (1.3, "████")]
)
def test_a_bar_is_as_long_as_its_share(share, drawn):
    """The resolution is half a column; more than 1 is drawn as 1."""
    assert bar(share, 4).plain == drawn


@pytest.mark.parametrize(
    ("first", "last", "whole", "drawn"),
    [(0, 0, 4, "██······"), (1, 2, 4, "··████··"), (3, 3, 100, "█·······"), (0, 99, 100, "█" * 8)],
)
def test_a_stretch_of_time_is_never_invisible(first, last, whole, drawn):
    """An interval covers its moments, and at least one column."""
    assert span(first, last, whole, 8).plain == drawn


def test_a_short_form_has_the_largest_in_their_order():
    """The sixteen largest rows are kept, in their order; empty ones never are."""
    rows = [3, 0, *range(1, 20)]

    assert largest(rows, float) == list(range(4, 20))
    assert largest([2, 0, 1], float) == [2, 1]


def test_rows_are_whole_in_a_pipe(page, capsys):
    """In a pipe each row is one line without trailing spaces, so that grep finds it."""
    page.table([Column("a"), Column("b", breaks=True)], [("x", "word " * 60), ("longer", "y")])

    lines = capsys.readouterr().out.splitlines()
    assert lines == ["a       b", f"x       {('word ' * 60).strip()}", "longer  y"]


def test_entries_are_whole_in_a_pipe(page, capsys):
    """In a pipe an entry with a label is one line too."""
    page.entry("word " * 60, label="0.1", indent=6)

    assert capsys.readouterr().out == f"0.1   {('word ' * 60).strip()}\n"


def test_entries_go_on_to_the_right_on_a_terminal(capsys):
    """A long entry wraps between words, and its next lines are indented."""
    on_terminal(30).entry("some words that are too long for a line", label="0.1", indent=6)

    lines = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert lines == ["0.1   some words that are too", "      long for a line"]


def test_nothing_is_written_where_json_is(capsys):
    """With `--json` no text is printed."""
    page = Page(CommandOutput(as_json=True))

    page.heading("title", "text", ["remark"])
    page.entry("entry")
    page.table([Column("a")], [("b",)])

    assert capsys.readouterr().out == ""
