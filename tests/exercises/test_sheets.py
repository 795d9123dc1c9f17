"""Statements and sheets as text, Markdown and LaTeX."""

import re

import numpy as np
import pytest

import striate as st
from striate.errors import OptionError
from striate.exercises import EXERCISES, get, sheet
from striate.exercises.content import Formula, Picture
from striate.exercises.formats import Latex, Markdown, Plain

CONTENT = (
    "A paragraph with a_b, 50% & more: {x}.",
    Formula("S = ⌊R / s⌋", r"S = \lfloor R / S^t \rfloor"),
    Picture("ink", np.eye(2), "ink"),
    Picture("numbers", np.array([[1.5, -2], [10, 0]])),
)


@pytest.mark.parametrize(
    ("style", "written"),
    [
        (
            Plain(),
            (
                "A paragraph with a_b, 50% & more: {x}.\n\n    S = ⌊R / s⌋\n\n"
                "    ink     numbers\n    ██··    1.5  -2\n    ··██     10   0"
            ),
        ),
        (
            Markdown(),
            (
                "A paragraph with a\\_b, 50% & more: {x}.\n\n"
                "$$\nS = \\lfloor R / S^t \\rfloor\n$$\n\n"
                "```text\n    ink     numbers\n    ██··    1.5  -2\n    ··██     10   0\n```"
            ),
        ),
        (
            Latex(),
            (
                "A paragraph with a\\_b, 50\\% \\& more: \\{x\\}.\n\n"
                "\\[\nS = \\lfloor R / S^t \\rfloor\n\\]\n\n\\begin{center}\n"
                "\\begin{tabular}[b]{c}\\vbox{\\offinterlineskip\\hbox{\\ink\\paper}"
                "\\hbox{\\paper\\ink}}\\\\{\\small ink}\\end{tabular}\\quad\n"
                "\\begin{tabular}[b]{c}$\\left[\\begin{array}{rr}1.5 & -2\\\\10 & 0"
                "\\end{array}\\right]$\\\\{\\small numbers}\\end{tabular}\n\\end{center}"
            ),
        ),
    ],
    ids=["text", "markdown", "latex"],
)
def test_content_in_each_format(style, written):
    """Paragraphs are escaped, formulas displayed, pictures drawn next to each other."""
    assert style.joined(CONTENT) == written


@pytest.mark.parametrize("name", EXERCISES)
@pytest.mark.parametrize("seed", [None, 3])
def test_text_fits_its_width(name, seed):
    """At 80 columns no line is longer, of statement and solution."""
    exercise = get(name, variant=seed)

    lines = f"{exercise}\n{exercise.solution()}".splitlines()
    assert [line for line in lines if len(line) > 80] == []


def test_parts_of_wide_pictures_wrap():
    """Pictures that don't fit next to each other are put below each other."""
    wide = [Picture(name, np.ones((1, 20))) for name in "AB"]

    assert Plain(60).pictures(wide).count("\n\n") == 1
    assert Plain(100).pictures(wide).count("\n\n") == 0


def test_a_sheet_has_a_key_for_each_variant():
    """Each variant has its page, and all answers are in the key at the end."""
    text = sheet(["E8.7", "P8.1"], variants=[1, 2])

    pages, key = text.split("# Key\n")
    for seed in (1, 2):
        assert f"# Exercises, variant {seed}\n" in pages
        for name in ("E8.7", "P8.1"):
            exercise = get(name, variant=seed)
            assert f"## {exercise.heading}\n" in pages
            assert f"### {exercise.heading}\n" in key
            assert "**a.** " in key
    size = get("E8.7", variant=1).parts[0].answer.text
    assert f"**a.** `{size}`\n" in key
    assert get("P8.1", variant=2).parts[1].answer.text not in pages.replace("\\", "")


def test_a_key_may_have_the_solutions():
    """With solutions, the key has formulas and numbers."""
    short, long = (sheet(["E8.7"], solutions=solutions) for solutions in (False, True))

    assert "**a.** `8`\n" in short
    assert r"\left\lfloor \frac{R + 2 P^d - r}{S^t} \right\rfloor + 1" in long
    assert "= 8, so the output is 8x8." in long


def test_one_name_is_a_sheet_of_one_exercise():
    """A text is a name, not a list of letters."""
    assert st.exercises.sheet("E8.7") == st.exercises.sheet(["E8.7"])


def test_all_exercises_by_default():
    """Without names, all exercises with the numbers of the texts are on the sheet."""
    text = sheet(format="text")

    assert all(f"{get(name).heading}\n---" in text for name in EXERCISES)


def test_a_latex_sheet_is_balanced():
    """Braces, environments and dollars are balanced; no character needs a special font."""
    text = sheet(format="latex", variants=[1], solutions=True)

    body = re.sub(r"\\[\\{}$]", "", text)
    assert body.count("{") == body.count("}")
    assert body.count("$") % 2 == 0
    begun, ended = (re.findall(rf"\\{word}\{{(\w+)\}}", text) for word in ("begin", "end"))
    assert sorted(begun) == sorted(ended)
    assert text.isascii()


def test_notebooks_show_markdown():
    """A notebook shows an exercise as Markdown with formulas."""
    exercise = get("E8.7")

    assert exercise._repr_markdown_() == exercise.to_text("markdown")
    assert exercise.to_text("latex").startswith("\\subsection*{E8.7: ")


@pytest.mark.parametrize("call", [sheet, get("E8.7").to_text, get("E8.7").solution])
def test_an_unknown_format(call):
    """The error lists the formats."""
    with pytest.raises(OptionError) as error:
        call(format="pdf")

    assert str(error.value) == 'Unknown format "pdf". Choose from text, markdown, latex.'


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: get("E8.77"),
            (
                'Unknown exercise "E8.77". Did you mean "E8.7"? Choose from P8.1, P8.2, P8.3, '
                "P8.4, E8.1, E8.2, E8.3, E8.4, E8.5, E8.6, E8.7, E8.8, E8.9, E8.10, Wolter."
            ),
        ),
        (
            lambda: get("E8.7", variant=-1),
            "`seed` must be an integer of at least 0, got -1. Try 1.",
        ),
        (
            lambda: get("E8.7", variant=1.5),
            "`seed` must be an integer of at least 0, got 1.5. Try 1.",
        ),
        (
            lambda: st.exercises.sheet("E8.7", variants=3),
            "`variants` must be a list of seeds, got 3. Try [1], or range(1, 31) for 30 variants.",
        ),
        (lambda: get("E8.7").check(8, "z"), 'E8.7 has no part "z". Choose from a, b.'),
        (
            lambda: get("E8.1").check("circle", "b"),
            (
                'Unknown answer "circle". Choose from horizontal line, vertical line, diagonal '
                "line, plus, diagonal cross, square or Z."
            ),
        ),
        (
            lambda: get("E8.3").check("horizontal, circle"),
            (
                'Unknown template "circle". Choose from horizontal, vertical, slash, backslash, '
                "upper-left-corner, upper-right-corner, lower-left-corner, lower-right-corner, "
                "tee-down, tee-up, tee-right, tee-left, plus, cross, peak or valley."
            ),
        ),
        (
            lambda: get("E8.10").check("[1, 2]", "d"),
            (
                "The answer is not a JSON object with convolution_bias, dense_weights, dense_bias, "
                'or a model that striate saved. Begin with {"convolution_bias": 0, '
                '"dense_weights": [[0, 0, 0, 0], [0, 0, 0, 0]], "dense_bias": [0, 0]} and '
                "change the numbers."
            ),
        ),
    ],
)
def test_errors_word_for_word(call, message):
    """Each error names the value, and what may be used instead."""
    with pytest.raises(st.errors.StriateError) as error:
        call()

    assert str(error.value) == message
