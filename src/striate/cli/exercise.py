"""The command ``striate exercise``."""

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from striate.cli.options import HomePath
from striate.cli.output import CommandOutput, json_option
from striate.cli.pages import Page
from striate.errors import DataError, OptionError
from striate.exercises import EXERCISES, Exercise, ExercisePart, draw, get, sheet
from striate.exercises.formats import FORMATS, FormatName, Plain
from striate.exercises.reading import is_file_name, read_file
from striate.model.loading import load
from striate.pictures import save
from striate.pictures.style import new_figure
from striate.tables import Column

INCORRECT = 3
"""Exit code of an incorrect answer; 1 and 2 are errors, as for every command."""

_MODEL = ".safetensors"
_LETTERED = re.compile(r"\s*([a-zA-Z])\s*[=:]\s*(.*)", re.DOTALL)
_MOST_VARIANTS = 1000

_HELP = """Solve the exercises of the texts, and check your answers.

Without NAME, all exercises are listed: Hagan's solved problems P8.1 to P8.4 and exercises E8.1 to
E8.10, and the exercise of Wolter's course. With NAME, the exercise is shown.

An answer is a number, an array such as [[1, 2], [3, 4]] or "1 2; 3 4", names, or a .npy or .csv
file. It belongs to the first part of the exercise, unless it begins with another letter, as in b=1,
or --part names one. An incorrect answer gets a hint.

\b
Examples:
  striate exercise
  striate exercise E8.7
  striate exercise E8.7 --answer 8 --answer b=1
  striate exercise E8.1 --answer response.npy
  striate exercise E8.4 --part c --hint
  striate exercise P8.1 --solution
  striate exercise E8.7 --variant 5 --answer 12
  striate exercise --sheet --variant 1-3 > sheet.md
  striate exercise E8.1 E8.2 E8.7 --sheet --format latex > sheet.tex

\b
Exit codes:
  0    all answers are correct
  3    an answer is incorrect
"""


class Seeds(click.ParamType):
    """Seeds of variants: a number, or a range such as 1-30."""

    name = "seed"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, ...]:
        """Read a number or a range."""
        found = re.fullmatch(r"(\d+)(?:-(\d+))?", str(value).strip())
        if not found:
            self.fail(f"{value!r} is not a seed; try 1, or 1-30 for a range.", param, ctx)
        first, last = int(found[1]), int(found[2] or found[1])
        if not 0 <= last - first < _MOST_VARIANTS:
            self.fail(f"{value!r} must be a range of 1 to {_MOST_VARIANTS:,} seeds.", param, ctx)
        return tuple(range(first, last + 1))


@click.command("exercise", help=_HELP)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--answer",
    "answers",
    multiple=True,
    metavar="ANSWER",
    help="Check an answer, or a file with one; may be repeated, as in --answer a=8 --answer b=1.",
)
@click.option("--part", metavar="LETTER", help="Choose one part of the exercise.")
@click.option("--hint", is_flag=True, help="Show how to begin.")
@click.option("--solution", is_flag=True, help="Show the worked solution.")
@click.option(
    "--variant",
    "variants",
    type=Seeds(),
    multiple=True,
    metavar="SEED",
    help="Use different numbers, chosen by this seed. With --sheet, it may be repeated or a range "
    "such as 1-30.",
)
@click.option(
    "--sheet", "as_sheet", is_flag=True, help="Print a set of exercises with an answer key."
)
@click.option(
    "--format",
    "form",
    type=click.Choice(list(FORMATS)),
    default="markdown",
    show_default=True,
    help="Format of the sheet.",
)
@click.option(
    "--picture",
    type=HomePath(),
    metavar="FILE",
    help="Draw the arrays of the exercise into a .png, .svg or .pdf file.",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    names: tuple[str, ...],
    answers: tuple[str, ...],
    part: str | None,
    hint: bool,
    solution: bool,
    variants: tuple[tuple[int, ...], ...],
    as_sheet: bool,
    form: FormatName,
    picture: str | None,
    as_json: bool,
) -> None:
    """List exercises, show one, or check answers."""
    out = CommandOutput(as_json=as_json)
    seeds = [seed for group in variants for seed in group]
    if as_sheet:
        _print_sheet(out, names, seeds, form, solutions=solution)
        return
    if not names:
        _require_name(ctx)
        _list(out)
        return
    exercise = _one(names, seeds)
    chosen = exercise.part(part)
    shown = exercise.parts if part is None else (chosen,)
    document = _document(exercise)
    if answers:
        document["checks"] = _check(out, exercise, chosen, answers)
    elif not (hint or solution):
        _show(out, exercise)
    if hint:
        document["hints"] = {one.letter: one.hint for one in shown}
        for one in shown:
            Page(out).line(f"{one.letter}. {one.hint}")
    if solution:
        document["solutions"] = {one.letter: exercise.solution(one.letter) for one in shown}
        document["answers"] = {one.letter: one.answer.text for one in shown}
        _say_solution(out, shown)
    if picture is not None:
        document["picture"] = _draw(out, exercise, picture)
    out.result(document)
    if not all(check["correct"] for check in document.get("checks", ())):
        ctx.exit(INCORRECT)


def _list(out: CommandOutput) -> None:
    """List all exercises."""
    page = Page(out)
    exercises = [get(name) for name in EXERCISES]
    page.table(
        [
            Column("exercise", style="bold"),
            Column("title", breaks=True),
            Column("parts", "right"),
            Column("source", breaks=True, drop=1),
        ],
        [[one.name, one.title, str(len(one.parts)), one.source] for one in exercises],
    )
    page.line()
    page.line("To show an exercise: striate exercise E8.7")
    out.result(
        {
            "exercises": [
                {
                    "name": one.name,
                    "title": one.title,
                    "source": one.source,
                    "parts": [part.letter for part in one.parts],
                }
                for one in exercises
            ]
        }
    )


def _require_name(ctx: click.Context) -> None:
    """Raise if an option was used that is about one exercise."""
    for option in ("answer", "part", "hint", "solution", "variant", "picture"):
        given = ctx.params.get({"answer": "answers", "variant": "variants"}.get(option, option))
        if given:
            example = {"answer": " 8", "part": " b", "variant": " 1", "picture": " image.png"}
            raise OptionError(
                f"--{option} needs the name of an exercise. Try striate exercise E8.7 "
                f"--{option}{example.get(option, '')}."
            )


def _one(names: Sequence[str], seeds: Sequence[int]) -> Exercise:
    """Return the exercise that is named; raise if there are several."""
    if len(names) > 1 or len(seeds) > 1:
        what = "exercise" if len(names) > 1 else "variant"
        raise OptionError(
            f"Expected one {what}, got {len(names if len(names) > 1 else seeds)}. Use --sheet to "
            "print several."
        )
    return get(names[0], variant=seeds[0] if seeds else None)


def _style(out: CommandOutput) -> Plain:
    """Wrap text at the width of the terminal, and not at all in a pipe."""
    return Plain(Page(out).room)


def _show(out: CommandOutput, exercise: Exercise) -> None:
    """Print statement and questions."""
    out.say("\n\n".join(exercise.written(_style(out))), whole=True)
    first = exercise.parts[0].letter
    out.say()
    Page(out).line(
        f"To check an answer: striate exercise {_words(exercise)} --answer {first}=... "
        "For help, use --hint or --solution."
    )


def _words(exercise: Exercise) -> str:
    """Write the words that name an exercise on the command line."""
    return exercise.name if exercise.seed is None else f"{exercise.name} --variant {exercise.seed}"


def _say_solution(out: CommandOutput, parts: Sequence[ExercisePart]) -> None:
    """Print solutions."""
    style = _style(out)
    out.say("\n\n".join(style.part(part.letter, part.solution) for part in parts), whole=True)


def _document(exercise: Exercise) -> dict[str, Any]:
    """Return the exercise for JSON, without answers."""
    plain = Plain(None)
    return {
        "name": exercise.name,
        "variant": exercise.seed,
        "title": exercise.title,
        "source": exercise.source,
        "statement": plain.joined(exercise.statement),
        "parts": [
            {
                "letter": part.letter,
                "question": plain.joined(part.question),
                "expects": part.answer.form,
            }
            for part in exercise.parts
        ],
    }


def _check(
    out: CommandOutput, exercise: Exercise, first: ExercisePart, answers: Sequence[str]
) -> list[dict[str, Any]]:
    """Check all answers."""
    checks: list[dict[str, Any]] = []
    page = Page(out)
    letters = {part.letter for part in exercise.parts}
    for typed in answers:
        lettered = _LETTERED.fullmatch(typed)
        named = lettered is not None and lettered[1].lower() in letters
        part = exercise.part(lettered[1]) if lettered and named else first
        text = lettered[2] if lettered and named else typed
        try:
            verdict = part.answer.check(_read(text))
        except DataError:
            if lettered and not named:  # c=8 for an exercise with the parts a and b
                exercise.part(lettered[1])
            raise
        wrong = "" if verdict.correct else "Incorrect. "
        page.line(f"{part.letter}. {wrong}{verdict.message}")
        checks.append({"part": part.letter, "answer": text} | asdict(verdict))
    return checks


def _read(text: str) -> Any:
    """Read an answer from a file if it names one."""
    if text.strip().endswith(_MODEL):
        return load(Path(text.strip()).expanduser())
    return read_file(text) if is_file_name(text) else text


def _print_sheet(
    out: CommandOutput,
    names: Sequence[str],
    seeds: Sequence[int],
    form: FormatName,
    *,
    solutions: bool,
) -> None:
    """Print a set of exercises with its key."""
    text = sheet(names, variants=seeds, format=form, solutions=solutions)
    out.say(text.rstrip("\n"), whole=True)
    out.result({"format": form, "variants": list(seeds), "sheet": text})


def _draw(out: CommandOutput, exercise: Exercise, file: str) -> str:
    """Draw the arrays of an exercise into a file."""
    path = save(draw(exercise, ax=new_figure(), theme="light"), file)
    out.say(f"Saved {path}.", whole=True)
    return str(path)
