"""Runs the code of pages in Markdown, and compares or rewrites the output that they show.

    python tools/page_code.py [--update] docs/learn/getting-started.md ...

Three kinds of blocks run, in the order of the page, in one empty folder and with one set of names:

- a `python` block; what it prints is shown in the `text` block right after it,
- a `pycon` block, line by line as in a doctest,
- a `console` block: each `$ striate ...` with its output below; a line `...` means any lines, and
  `> FILE` at the end of a command writes the output to a file.

A comment before a block makes an exception, with its reason: `<!-- not run: it needs a network -->`
or `<!-- numbers vary: times -->`, which compares only the words.
"""

import argparse
import contextlib
import doctest
import io
import os
import re
import shlex
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from striate.cli import main as striate_command

_FENCE = re.compile(
    r"(?:<!-- (?P<exception>not run|numbers vary): (?P<reason>[^>]+) -->\s*)?"
    r"^```(?P<language>python|pycon|console)\n(?P<code>.*?)^```"
    r"(?P<output>\n+^```text\n(?P<shown>.*?)^```)?",
    re.DOTALL | re.MULTILINE,
)
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?(?:e[-+]\d+)?")
# Of decimals. The last digits of a trained network depend on the processor and on NumPy's version.
_RELATIVE = 1e-3


@dataclass(frozen=True)
class Block:
    """A block of code in a page.

    Parameters
    ----------
    language
        ``python``, ``pycon`` or ``console``.
    code
        Its text.
    shown
        The output that the page shows for a block of Python; ``None`` without one.
    exception
        ``not run``, ``numbers vary``, or empty.
    start, end
        Where the block of code is in the page, and the end of the block of output.
    code_end
        The end of the block of code.
    """

    language: str
    code: str
    shown: str | None
    exception: str
    start: int
    code_end: int
    end: int


def blocks(text: str) -> list[Block]:
    """Return the blocks of a page that can run."""
    found = []
    for match in _FENCE.finditer(text):
        is_python = match["language"] == "python"
        code_end = match.start("output") if match["output"] else match.end()
        found.append(
            Block(
                language=match["language"],
                code=match["code"],
                shown=match["shown"] if is_python else None,
                exception=match["exception"] or "",
                start=match.start(),
                code_end=code_end,
                end=match.end() if is_python else code_end,
            )
        )
    return found


def outputs(page: Path) -> Iterator[tuple[Block, str]]:
    """Run the blocks of a page in the current folder, and yield what each prints."""
    names: dict[str, Any] = {}
    for block in blocks(page.read_text()):
        if block.exception == "not run":
            continue
        if block.language == "pycon":
            yield block, _session(block.code, names, page)
        elif block.language == "console":
            yield block, _commands(block.code)
        else:
            printed = io.StringIO()
            with contextlib.redirect_stdout(printed):
                exec(compile(block.code, str(page), "exec"), names)
            yield block, printed.getvalue()


def _session(code: str, names: dict[str, Any], page: Path) -> str:
    """Run a session, and return the differences from what it shows."""
    test = doctest.DocTestParser().get_doctest(code, names, page.name, str(page), 0)
    test.globs = names
    report = io.StringIO()
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    doctest.DocTestRunner(verbose=False, optionflags=flags).run(
        test, out=report.write, clear_globs=False
    )
    return report.getvalue()


def _commands(code: str) -> str:
    """Run the commands of a console, and return them with their output."""
    lines = []
    for command in re.findall(r"^\$ (.*)$", code, re.MULTILINE):
        program, *words = shlex.split(command)
        assert program == "striate", f"{command}: only striate can run; state why it doesn't"
        *words, file = words if ">" in words[-2:-1] else (*words, "")
        result = CliRunner().invoke(
            striate_command, [word for word in words if word != ">"], prog_name="striate"
        )
        if file:
            Path(file).write_text(result.stdout)
        lines += [f"$ {command}", *([] if file else result.output.rstrip().splitlines())]
    return "\n".join(lines) + "\n"


def difference(block: Block, printed: str) -> str:
    """Describe how the output of a block differs from what the page shows; empty if it doesn't."""
    if block.language == "pycon":
        return printed
    shown = block.code if block.language == "console" else block.shown or ""
    if _agree(shown, printed, words_only=block.exception == "numbers vary"):
        return ""
    return f"The page shows:\n{shown}\nThe code prints:\n{printed}"


def _agree(shown: str, printed: str, *, words_only: bool) -> bool:
    """Compare outputs: words exactly, spaces not at all, numbers up to rounding."""
    lines = [_one_spaced(line) for line in shown.splitlines()]
    pattern = "".join(
        r"(?:.*\n)*" if line == "..." else f"{_with_groups(line)}\n" for line in lines
    )
    text = "".join(f"{_one_spaced(line)}\n" for line in printed.rstrip().splitlines())
    found = re.fullmatch(pattern, text)
    if found is None or words_only:
        return found is not None
    expected = [number for line in lines if line != "..." for number in _NUMBER.findall(line)]
    return all(map(_close, expected, found.groups()))


def _with_groups(line: str) -> str:
    """Return the pattern of a line, with a group for each number."""
    return rf"({_NUMBER.pattern})".join(map(re.escape, _NUMBER.split(line)))


def _one_spaced(line: str) -> str:
    return " ".join(line.split())


def _close(one: str, other: str) -> bool:
    """Compare two numbers. Integers must be equal; decimals may differ by one unit of the last."""
    a, b = (float(text.replace(",", "")) for text in (one, other))
    decimals = re.search(r"\.(\d+)$", one)
    unit = 1.01 * 10.0 ** -len(decimals[1]) if decimals else 0.0
    return abs(a - b) <= max(unit, _RELATIVE * max(abs(a), abs(b)) if "." in one else 0.0)


def pictures(page: Path) -> list[tuple[Path, Path]]:
    """Return the pictures that the code of a page draws and the page shows: ``images/NAME``.

    The first path of each pair is in the folder where the code ran, the second in the
    documentation.
    """
    names = re.findall(r"\]\(images/(.*?)\)", page.read_text())
    return [(Path(name), page.parent / "images" / name) for name in names]


def rewritten(text: str, results: list[tuple[Block, str]]) -> str:
    """Return a page with the output of its blocks of Python, as they print it now."""
    for block, printed in reversed(results):
        if block.language == "python":
            shown = f"\n\n```text\n{printed.rstrip()}\n```" if printed else ""
            text = text[: block.code_end] + shown + text[block.end :]
    return text


def main() -> None:
    """Compare or rewrite pages."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--update", action="store_true", help="rewrite the output in the pages")
    options = parser.parse_args()
    differences = []
    for page in [path.resolve() for path in options.pages]:
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            results = list(outputs(page))
            for drawn, shown in pictures(page) if options.update else ():
                shown.write_bytes(drawn.read_bytes())
        differences += filter(None, (difference(*result) for result in results))
        if options.update:
            page.write_text(rewritten(page.read_text(), results))
    print("\n".join(differences), end="")
    sys.exit(bool(differences) and not options.update)


if __name__ == "__main__":
    os.environ.setdefault("MPLBACKEND", "agg")
    main()
