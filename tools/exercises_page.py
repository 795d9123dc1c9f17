"""Writes docs/learn/exercises.md: all exercises, with hints and solutions, and how to use them.

The output that the page shows is that of the commands, which are run for it.
"""

import shlex

from click.testing import CliRunner
from errata_page import links, sections_of_places

import striate as st
from striate.cli import main
from striate.exercises import EXERCISES, get
from striate.exercises.exercise import Exercise
from striate.exercises.formats import Markdown

_INTRODUCTION = """# Exercises

The solved problems P8.1 to P8.4 and the exercises E8.1 to E8.10 of Hagan's chapter, and the
exercise of Wolter's course, reworded for striate. Where a text gives no numbers, this page supplies
them. `striate exercise` lists them, `striate exercise E8.7` shows one,
`--picture image.png` draws its images, and `--answer` checks an answer. An incorrect answer is
compared with the results of typical mistakes, so the hint addresses the mistake:"""

_FORMS = """An answer may be a number, a fraction, an array in the notation of JSON, NumPy or
MATLAB, or a `.npy` or `.csv` file. The exit code is 0 if all answers are correct, 3 if one
isn't, and 1 or 2 after an error, so a script can grade answers; `--json` identifies the mistakes.
In Python:"""

_PYTHON = """```python
import striate as st

exercise = st.exercises.get("E8.1")
response = st.maths.cross_correlate(exercise.image, exercise.kernel)
print(exercise.check(response).message)
```

```text
{message}
```"""

_TEACHERS = """## For teachers

`--variant 5` is the same exercise with different numbers, which depend only on the seed 5.
`--sheet` prints a set of exercises with an answer key as Markdown, LaTeX or text, one page for each
variant:

```console
$ striate exercise E8.1 E8.2 E8.7 --sheet --variant 1-30 --format latex > sheet.tex
```

With `--solution`, the key includes worked solutions. `st.exercises.sheet` returns the same
text."""

_COMMANDS = (
    "striate exercise E8.7 --answer 15",
    "striate exercise E8.7 --answer a=8 --answer b=1",
    "striate exercise P8.1 --part b --answer '9 8 7; 6 5 4; 3 2 1'",
)


def exercises_page() -> str:
    """Write the page."""
    exercise = st.exercises.get("E8.1")
    response = st.maths.cross_correlate(exercise.image, exercise.kernel)
    message = exercise.check(response).message
    parts = [
        _INTRODUCTION,
        _console(_COMMANDS),
        _FORMS,
        _PYTHON.format(message=message),
        _TEACHERS,
        *map(_section, map(get, EXERCISES)),
    ]
    return "\n\n".join(parts) + "\n"


def _console(commands: tuple[str, ...]) -> str:
    """Run commands, and show them with their output."""
    shown = []
    for command in commands:
        result = CliRunner().invoke(main, shlex.split(command)[1:], prog_name="striate")
        shown.append(f"$ {command}\n{result.output.rstrip()}")
    return "```console\n" + "\n".join(shown) + "\n```"


def _section(exercise: Exercise) -> str:
    """Write one exercise; hints and solution are folded away."""
    style = Markdown()
    hints = [f"**{part.letter}.** {style.text(part.hint)}" for part in exercise.parts]
    slips = sections_of_places().get(f"Hagan {exercise.name}", [])
    slip = f" Slip in the text: {links(slips, '../reference/errata.md')}." if slips else ""
    return "\n\n".join(
        [
            f"(exercise-{exercise.name.lower()})=\n{exercise.to_text('markdown')}",
            f"*{exercise.source}.*{slip}",
            _folded("Hints", "\n\n".join(hints)),
            _folded("Solution", exercise.solution(format="markdown")),
        ]
    )


def _folded(title: str, text: str) -> str:
    return f"<details>\n<summary>{title}</summary>\n\n{text}\n\n</details>"
