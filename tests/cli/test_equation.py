"""The command `striate equation`."""

import json

import pytest

from cli.test_terminal import on_terminal, without_escapes
from striate.equations import NOTATIONS, TOPICS, equations, get


def test_list(striate):
    """Without a number, all equations are listed with their titles."""
    result = striate("equation")

    lines = result.stdout.splitlines()
    assert result.exit_code == 0, result.output
    assert len(lines) == 1 + 95 + 2
    for number, equation in equations().items():
        assert any(line.split("  ")[0] == number and equation.title in line for line in lines)
    assert lines[-1] == "To show an equation: striate equation hagan-8.44"


def test_list_as_json(striate):
    """`--json` lists numbers and titles."""
    result = striate("equation", "--json")

    found = json.loads(result.stdout)["equations"]
    assert [one["number"] for one in found] == list(equations())
    assert found[0]["title"] == get("8.1").title


@pytest.mark.parametrize("number", equations())
def test_every_equation_is_shown(striate, number):
    """With the formula, the program, the result and the check, in this order."""
    equation = get(number)

    result = striate("equation", number)

    assert result.exit_code == 0, result.output
    assert result.stdout.startswith(f"{number}: {equation.title}\n")
    first = (equation.example.call or equation.example.loops).split("\n", 1)[0]
    places = [
        result.stdout.index(text)
        for text in (
            "\nExample\n",
            first,
            "\nResult\n",
            "\nCheck\n",
            "from striate.equations.printed",
        )
        if text != first or equation.example.call
    ]
    assert places == sorted(places)
    assert "different result" not in result.stdout
    for part in (equation.slip, equation.remark, equation.reason, equation.example.note):
        assert part is None or part in result.stdout
    assert ("\nAs printed\n" in result.stdout) == bool(equation.slip)


@pytest.mark.parametrize("words", [("Hagan", "8.44"), ("hagan-8.44",), ("8.44",)])
def test_the_number_may_be_written_in_several_ways(striate, words):
    """One word or two, with or without the text."""
    assert striate("equation", *words).stdout == striate("equation", "Hagan 8.44").stdout


def test_latex(striate):
    """`--latex` prints the source and nothing else."""
    result = striate("equation", "8.14", "--latex")

    assert (result.exit_code, result.stdout) == (0, "S_r = R_r - r + 1\n")


def test_json(striate):
    """`--json` has formulas, the code, the numbers of the call, of the loops and of the print."""
    result = striate("equation", "8.18", "--json")

    found = json.loads(result.stdout)
    assert found["number"] == "Hagan 8.18"
    assert found["formula"] == "S_r = ⌊(R_r + 2P^d - r) / S^t⌋ + 1"
    assert found["printed"] == "S_r = (R_r + 2P^d - r) / S^t + 1"
    assert found["call"] == get("8.18").example.call
    assert (found["result"], found["loops"]["result"], found["loops"]["agrees"]) == (4, 4, True)
    assert found["as_printed"]["result"] == 4.5
    assert found["notations"]["wichmann"] == "Wichmann 2.3"


@pytest.mark.parametrize("number", equations())
def test_every_equation_as_json(striate, number):
    """The JSON of each equation can be read, and its check is that of the text."""
    found = json.loads(striate("equation", number, "--json").stdout)

    assert found["number"] == number
    assert found["loops"]["agrees"] in ({True} if found["call"] else {None})


@pytest.mark.parametrize("notation", NOTATIONS)
@pytest.mark.parametrize("number", ["Hagan 8.44", "Wichmann 2.1", "Wolter 6", "Hagan 8.34"])
def test_another_notation(striate, number, notation):
    """The counterpart with its formula and a table of symbols, or that there is none."""
    result = striate("equation", number, "--notation", notation)

    assert result.exit_code == 0, result.output
    assert "\nIn other notations\n" not in result.stdout
    title = {"pytorch": "PyTorch"}.get(notation, notation.capitalize())
    assert f"\nIn {title}" in result.stdout


def test_a_notation_without_a_counterpart(striate):
    """An equation that a text doesn't have is not replaced by a similar one."""
    result = striate("equation", "8.26", "--notation", "wolter")

    assert "\nIn Wolter\nWolter has no counterpart of Hagan 8.26.\n" in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("8.54",),
            (
                'Unknown equation "8.54". Did you mean "Hagan 8.53"? Hagan has 8.1 to 8.53, '
                "Wichmann 1.1 to 5.8, Wolter 1 to 8."
            ),
        ),
        (
            ("--latex",),
            "--latex needs the number of an equation. Try striate equation 8.44 --latex.",
        ),
        (
            ("--notation", "wolter"),
            (
                "--notation wolter needs the number of an equation. Try striate equation 8.44 "
                "--notation wolter."
            ),
        ),
    ],
)
def test_errors(striate, words, message):
    """Mistakes are told in the words of the command."""
    result = striate("equation", *words)

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == f"Error: {message}\n"


@pytest.mark.parametrize("columns", [60, 80])
@pytest.mark.parametrize(
    "words",
    [
        ("hagan-8.13",),
        ("hagan-8.18", "--notation", "wichmann"),
        ("hagan-8.44",),
        ("wichmann-5.6",),
        ("wolter-7", "--notation", "pytorch"),
    ],
    ids=lambda words: words[0] if isinstance(words, tuple) else str(words),
)
def test_an_equation_on_a_terminal(tmp_path, golden, words, columns):
    """Formulas, texts, tables and arrays fit the terminal; programs are never wrapped."""
    written = on_terminal(["equation", *words], tmp_path, columns=columns, NO_COLOR="1")

    lines = [line.rstrip() for line in without_escapes(written).splitlines()]
    equation = get(words[0])
    code = [equation.code, equation.code_in_loops()]
    if equation.slip:
        code.append(equation.code_in_loops(as_printed=True))
    code.append(TOPICS[equation.topic].pytorch or "")
    programs = {line.strip() for part in code for line in part.splitlines()}
    wide = [line for line in lines if len(line) > columns and line.strip() not in programs]
    assert wide == []
    golden(f"cli/equation-{words[0]}-{columns}", "\n".join(lines).rstrip())
