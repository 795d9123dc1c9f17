"""Tables: as wide as the terminal, without a broken number."""

import itertools

import pytest
from rich.text import Text

from striate.tables import Column, joined, lay_out, table_width, wrapped

COLUMNS = [
    Column("layer"),
    Column("functions", breaks=True),
    Column("output", "right"),
    Column("parameters", "right", drop=1),
    Column("uncovered", "right", drop=2),
]
ROWS = [
    ["conv1", "Convolution, Sum, Tanh", "6@28x28", "156", ""],
    ["stage2-block1", "BatchNormalization, Relu", "16@10x10", "2,416", "1x1"],
]


def plain(lines):
    """Remove the styles of lines."""
    return [line.plain for line in lines]


def test_without_a_width_each_row_is_a_line():
    """In a pipe nothing is wrapped or left out, and no line ends with blanks."""
    lines = plain(lay_out(COLUMNS, ROWS))

    assert lines == [
        "layer          functions                   output  parameters  uncovered",
        "conv1          Convolution, Sum, Tanh     6@28x28         156",
        "stage2-block1  BatchNormalization, Relu  16@10x10       2,416        1x1",
    ]


@pytest.mark.parametrize("width", range(44, 80))
def test_lines_are_no_wider_than_the_terminal(width):
    """Down to the width of what must not be broken, each line fits."""
    lines = lay_out(COLUMNS, ROWS, width)

    assert max(line.cell_len for line in lines) <= width


@pytest.mark.parametrize("width", range(1, 80))
def test_nothing_is_broken(width):
    """At any width each cell of a shown column is there whole, and of prose each word."""
    lines = plain(lay_out(COLUMNS, ROWS, width))

    words = set(itertools.chain.from_iterable(map(str.split, lines)))
    assert {"stage2-block1", "6@28x28", "16@10x10", "BatchNormalization,"} <= words


def test_headings_wrap_before_cells():
    """A long heading takes a second line before prose wraps; it ends next to the rows."""
    columns = [
        Column("layer"),
        Column("functions", breaks=True),
        Column("receptive field", "right", drop=1),
    ]
    rows = [["conv1", "Convolution, Sum", "5x5"], ["max1", "MaxPooling", "6x6"]]

    assert plain(lay_out(columns, rows, 34)) == [
        "                         receptive",
        "layer  functions             field",
        "conv1  Convolution, Sum        5x5",
        "max1   MaxPooling              6x6",
    ]
    assert plain(lay_out(columns, rows, 30)) == [
        "                     receptive",
        "layer  functions         field",
        "conv1  Convolution,        5x5",
        "       Sum",
        "max1   MaxPooling          6x6",
    ]
    assert plain(lay_out(columns, rows, 28))[-2:] == [
        "(not shown at this width:",
        "receptive field)",
    ]


def test_columns_are_left_out_by_priority():
    """The column with the largest number goes first, and a last line names what is missing."""
    assert plain(lay_out(COLUMNS, ROWS, 56))[-1] == "(not shown at this width: uncovered)"
    assert plain(lay_out(COLUMNS, ROWS, 50))[-1] == (
        "(not shown at this width: parameters, uncovered)"
    )


def test_empty_columns_go_first_and_silently():
    """A column without content is left out before others, and nobody misses it."""
    columns = [Column("a"), Column("empty", drop=1), Column("b", drop=2)]

    assert plain(lay_out(columns, [["1", "", "2"]], 4)) == ["a  b", "1  2"]


def test_wide_characters_count_twice():
    """Columns line up for scripts whose characters are two columns wide."""
    lines = lay_out([Column("class"), Column("n", "right")], [["中文类别", "1"], ["cat", "22"]])

    assert {line.cell_len for line in lines} == {8 + 2 + 2}


def test_styles_are_kept():
    """A cell keeps its own styles above its column's."""
    cell = Text.assemble("a", ("b", "red"))

    row = lay_out([Column("x", style="bold")], [[cell]])[1]

    assert [(span.start, span.end, span.style) for span in row.spans] == [
        (0, 2, "bold"),
        (1, 2, "red"),
    ]


def test_width_of_a_table():
    """The width is that of the longest line when nothing is wrapped."""
    assert table_width(COLUMNS, ROWS) == len(lay_out(COLUMNS, ROWS)[2].plain)


def test_wrapping_and_joining():
    """Prose is wrapped between words, lists between items."""
    assert plain(wrapped("one two three", 8)) == ["one two", "three"]
    assert plain(wrapped("one two three", None)) == ["one two three"]
    assert joined(["1 + 2 = 3", "4 + 5 = 9", "0"], "; ", 12) == ["1 + 2 = 3;", "4 + 5 = 9; 0"]
    assert joined([], ", ", 10) == []
