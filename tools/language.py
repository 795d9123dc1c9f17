"""List phrases that striate's texts avoid: British spelling, word-for-word translations, old names.

    python tools/language.py                       # everything
    python tools/language.py src/striate/plan      # a folder or a file
    python tools/language.py --count src           # how many violations each folder has

The phrases are in tools/language.toml, each with a reason. The program reads a Python file as
docstrings, comments, strings and names, and looks for each phrase only where it applies: a bare
word such as "right" is not a violation anywhere; British spelling is one in names and in prose.
`tests/test_language.py` fails on what this prints.
"""

import argparse
import ast
import io
import re
import sys
import tokenize
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
TOPS = ("src", "tests", "docs", "tools", "examples", "benchmarks", ".github", ".ci")
SINGLE = ("Makefile", "pyproject.toml")
SUFFIXES = {".py", ".pyi", ".md", ".rst", ".txt", ".toml", ".yml", ".dot", ""}
GENERATED = {"__pycache__", ".ruff_cache", "_build", "api", "internals", "auto_examples"}
# These hold the phrases themselves, or texts by others.
LEFT_OUT = {
    "tools/language.toml",
    "tests/test_language.py",
    "tests/onnx_backend/LICENSE.txt",
    "tests/onnx_backend/NOTICE.txt",
    "src/striate/data/digits/NOTICE.txt",
}
PROSE = {".md", ".rst", ".toml", ".yml", ".dot", ""}
URL = re.compile(r"https?://\S+")


@dataclass(frozen=True, kw_only=True)
class Phrase:
    """A phrase to avoid.

    Parameters
    ----------
    pattern
        What to look for.
    scope
        Where: ``messages``, ``docs``, ``docstrings``, ``comments``, ``identifiers``, or ``text``
        for the whole file as it is.
    reason
        What to write instead.
    found, missed
        Violations that must be found, and near misses that must not.
    """

    pattern: re.Pattern[str]
    scope: frozenset[str]
    reason: str
    found: tuple[str, ...]
    missed: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Text:
    """A piece of a file: a docstring, a block of comments, a string, the names in a line."""

    scope: str
    line: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Violation:
    """An occurrence of a phrase, and where it is."""

    path: str
    line: int
    scope: str
    matched: str
    reason: str

    def __str__(self) -> str:
        """Write it as compilers do: file, line, what is wrong, what to write."""
        return f'{self.path}:{self.line}: {self.scope}: "{self.matched}": {self.reason}'


@cache
def _table() -> dict:
    """Read the phrases and the list of what is not rewritten yet."""
    return tomllib.loads((ROOT / "tools" / "language.toml").read_text())


@cache
def _phrases_for(scope: str) -> tuple[Phrase, ...]:
    """Select the phrases that are looked for in a scope."""
    return tuple(phrase for phrase in phrases() if scope in phrase.scope)


@cache
def phrases() -> tuple[Phrase, ...]:
    """Read the phrases. A space in a pattern matches a line break, too."""
    return tuple(
        Phrase(
            pattern=re.compile(_spaced(one["pattern"]), _flags(one["scope"])),
            scope=frozenset(one["scope"]),
            reason=one["reason"],
            found=tuple(one["found"]),
            missed=tuple(one["missed"]),
        )
        for one in _table()["phrase"]
    )


def _spaced(pattern: str) -> str:
    """Let each space of a pattern match any run of white space."""
    return pattern.replace(" ", r"\s+")


def _flags(scope: Sequence[str]) -> re.RegexFlag:
    """Ignore case in prose; the whole text of a file is compared exactly."""
    return re.NOFLAG if "text" in scope else re.IGNORECASE


def pending() -> dict[str, str]:
    """Read which paths are not rewritten yet, with a reason for each."""
    return _table()["pending"]


def files(paths: Sequence[Path] = ()) -> list[Path]:
    """List the files of the project that people read, or those below the given paths."""
    tops = [*paths] or [*(ROOT / top for top in TOPS), *(ROOT / one for one in SINGLE)]
    if not paths:
        tops += ROOT.glob("*.md")
    found = {
        path
        for top in tops
        for path in ([top] if top.is_file() else top.rglob("*"))
        if path.is_file() and path.suffix in SUFFIXES and not GENERATED & set(path.parts)
    }
    return sorted(path for path in found if relative(path) not in LEFT_OUT)


def relative(path: Path) -> str:
    """Name a file from the root of the project, if it is inside."""
    path = path.resolve()
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.as_posix()


def texts(name: str, content: str) -> Iterator[Text]:
    """Take a file apart into what is looked at by itself."""
    yield Text(scope="text", line=1, text=content)
    yield Text(scope="identifiers", line=1, text=_words(name.rpartition(".")[0] or name))
    path = Path(name)
    if path.suffix in {".py", ".pyi"}:
        yield from _of_python(content)
    elif path.suffix in PROSE:
        yield Text(scope="docs", line=1, text=URL.sub("", content))
    else:
        yield Text(scope="messages", line=1, text=URL.sub("", content))


def _of_python(content: str) -> Iterator[Text]:
    """Take Python code apart into docstrings, comments, strings and names."""
    tree = ast.parse(content)
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and ast.get_docstring(node, clean=False) is not None
        and isinstance(node.body[0], ast.Expr)
    }
    # A string below an assignment documents it.
    documented |= {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    inner = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.JoinedStr)
        for part in node.values
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inner:
            scope = "docstrings" if id(node) in documented else "messages"
            if scope == "docstrings" or " " in node.value:
                yield Text(scope=scope, line=node.lineno, text=URL.sub("", node.value))
        elif isinstance(node, ast.JoinedStr):
            parts = (
                part.value if isinstance(part, ast.Constant) else "{x}" for part in node.values
            )
            yield Text(scope="messages", line=node.lineno, text="".join(map(str, parts)))
    yield from _comments_and_names(content)


def _comments_and_names(content: str) -> Iterator[Text]:
    """Collect blocks of comments, and each name in the code where it first occurs."""
    block: list[str] = []
    names: dict[str, int] = {}
    start = last = 0
    for token in tokenize.generate_tokens(io.StringIO(content).readline):
        line = token.start[0]
        if token.type == tokenize.NAME:
            names.setdefault(token.string, line)
        elif token.type == tokenize.COMMENT:
            if block and line != last + 1:
                yield Text(scope="comments", line=start, text="\n".join(block))
                block = []
            if not block:
                start = line
            block.append(token.string.lstrip("#").strip())
            last = line
    if block:
        yield Text(scope="comments", line=start, text="\n".join(block))
    for name, line in names.items():
        yield Text(scope="identifiers", line=line, text=_words(name))


def _words(name: str) -> str:
    """Split a name into words: ``HardSwish`` and ``hard_swish`` are "Hard Swish", "hard swish"."""
    return re.sub(r"[_/.-]+|(?<=[a-z0-9])(?=[A-Z])", " ", name)


def scan(name: str, content: str) -> list[Violation]:
    """List the violations in a file's content."""
    found = [
        Violation(
            path=name,
            line=piece.line + piece.text.count("\n", 0, match.start()),
            scope=piece.scope,
            matched=" ".join(match[0].split()),
            reason=phrase.reason,
        )
        for piece in texts(name, content)
        for phrase in _phrases_for(piece.scope)
        for match in phrase.pattern.finditer(piece.text)
    ]
    return sorted(found, key=lambda one: (one.line, one.scope, one.matched))


def violations(paths: Sequence[Path] = ()) -> list[Violation]:
    """List the violations of the whole project, or below the given paths."""
    return [one for path in files(paths) for one in scan(relative(path), path.read_text())]


def main() -> None:
    """Print the violations; the exit status is 1 if there are any."""
    parser = argparse.ArgumentParser(description="List phrases that striate's texts avoid.")
    parser.add_argument("paths", nargs="*", type=Path)
    parser.add_argument("--count", action="store_true", help="count them by folder")
    options = parser.parse_args()
    found = violations(options.paths)
    if options.count:
        counts = Counter(one.path.rpartition("/")[0] or one.path for one in found)
        for folder, number in sorted(counts.items()):
            print(f"{number:5} {folder}")
    else:
        for one in found:
            print(one)
    print(f"{len(found)} violations")
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
