"""The equations of the texts, and the `Sources` sections of docstrings that cite them.

An example of the grammar of a `Sources` section is
``Hagan 8.20, 8.38-8.41 (a remark), fig. 8.12; Wichmann 4.1; Wolter 5; LeCun 1998.``
Items are separated by semicolons; a remark in parentheses is for the reader.
"""

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
Equations = Mapping[str, Mapping[str, Any]]

# Numbered parts of the texts other than equations.
SECTIONS = {
    "Wichmann": r"[1-6]|1\.[1-3]|2\.[1-4]|3\.[1-5]|3\.4\.[12]|4\.1(\.[12])?|5\.1(\.[12])?|6\.1"
}
FIGURES = {
    "Hagan": [f"8.{k}" for k in range(1, 13)],
    "Wichmann": [str(k) for k in range(1, 5)],
}
PROBLEMS = {"Hagan": [*(f"P8.{k}" for k in range(1, 5)), *(f"E8.{k}" for k in range(1, 11))]}
# Parts of the texts that don't have a number: `Summary`, `after 8.15`, `exercise 11`, "Title".
NAMED = re.compile(r'Summary|after \d\.\d+|exercise \d+|"[^"]+"|figure of .+')
# Other literature is cited with its year, a standard without.
LITERATURE = re.compile(r".+ (1[789]|20)\d\d")
STANDARDS = {
    "ITU-R BT.601",
    "NumPy Enhancement Proposal 1",
    "POSIX rename",
    "XDG Base Directory Specification 0.8",
}


@dataclass(frozen=True, kw_only=True)
class Citation:
    """One `Sources` section.

    Parameters
    ----------
    module, name
        The file and the name, such as ``functions/vec.py`` and ``Flatten.apply``; the name is empty
        for the docstring of a module.
    text
        The text of the section, on one line.
    """

    module: str
    name: str
    text: str

    @property
    def where(self) -> str:
        """Return the file and the name, separated by a colon."""
        return f"{self.module}:{self.name}"

    @property
    def qualified(self) -> str:
        """Return the qualified name in Python."""
        path = self.module.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        return f"striate.{path}.{self.name}".rstrip(".")


def equations() -> dict[str, dict[str, Any]]:
    """Read the table of equations: entries by number."""
    path = ROOT / "src" / "striate" / "equations" / "equations.toml"
    table = tomllib.loads(path.read_text())["equation"]
    return {entry["number"]: entry for entry in table}


def citations() -> list[Citation]:
    """Collect the `Sources` sections of the library."""
    found: list[Citation] = []
    folder = ROOT / "src" / "striate"
    for path in sorted(folder.rglob("*.py")):
        module = path.relative_to(folder).as_posix()
        for name, node in _documented(ast.parse(path.read_text()), ""):
            section = re.search(
                r"^Sources\n-------\n(.+?)(?:\n\n|\Z)",
                ast.get_docstring(node) or "",
                re.DOTALL | re.MULTILINE,
            )
            if section:
                text = " ".join(section[1].split())
                found.append(Citation(module=module, name=name, text=text))
    return found


Documented = ast.Module | ast.ClassDef | ast.FunctionDef


def _documented(node: Documented, name: str) -> Iterator[tuple[str, Documented]]:
    """Yield the module, classes and functions in a syntax tree with their names."""
    yield name, node
    for child in node.body:
        if isinstance(child, ast.ClassDef | ast.FunctionDef):
            yield from _documented(child, f"{name}.{child.name}".lstrip("."))


def references(text: str) -> Iterator[tuple[str, str]]:
    """Split a `Sources` text into pairs of book and reference; the book may be empty."""
    for item in re.sub(r"\s*\([^()]*\)", "", text.rstrip(".")).split(";"):
        book, _, rest = item.strip().partition(" ")
        if book.rstrip(",") not in {"Hagan", "Wichmann", "Wolter"}:
            yield "", item.strip()
            continue
        for reference in rest.split(","):
            yield from ((book.rstrip(","), one) for one in _range(reference.strip()))


def _range(reference: str) -> Iterator[str]:
    """Expand ``8.20-8.23`` and ``fig. 8.9-8.12``; yield anything else unchanged."""
    whole = re.fullmatch(r"(fig\. )?(?:(\d)\.)?(\d+)-(?:\d\.)?(\d+)", reference)
    if not whole:
        yield reference
        return
    chapter = f"{whole[2]}." if whole[2] else ""
    for k in range(int(whole[3]), int(whole[4]) + 1):
        yield f"{whole[1] or ''}{chapter}{k}"


def corrected(text: str) -> Iterator[tuple[str, str]]:
    """Return the pairs of book and reference that a `Sources` text corrects.

    ``(corrected: ...)`` refers to the reference, or the range, in front of it.
    """
    remarks = r"\(([^()]*)\)"
    for item in re.split(r";(?![^()]*\))", text.rstrip(".")):
        book, _, rest = item.strip().partition(" ")
        for part in re.split(r",(?![^()]*\))", rest):
            if any(remark.startswith("corrected:") for remark in re.findall(remarks, part)):
                reference = re.sub(rf"\s*{remarks}", "", part).strip()
                yield from ((book, one) for one in _range(reference))


def unknown(citation: Citation, known: Equations) -> list[str]:
    """Return the references of a section that don't exist."""
    return [
        f"{book} {reference}".strip()
        for book, reference in references(citation.text)
        if not _exists(book, reference, known)
    ]


def _exists(book: str, reference: str, known: Equations) -> bool:
    """Return whether a reference exists."""
    if not book:
        return reference in STANDARDS or bool(LITERATURE.match(reference))
    if reference.startswith("fig. "):
        return reference.removeprefix("fig. ") in FIGURES.get(book, [])
    return (
        f"{book} {reference}" in known
        or (book in SECTIONS and bool(re.fullmatch(SECTIONS[book], reference)))
        or reference in PROBLEMS.get(book, [])
        or bool(NAMED.fullmatch(reference))
    )


def cited(found: Sequence[Citation], known: Equations) -> dict[str, list[Citation]]:
    """Return, for each equation, the sections that cite it, ranges included."""
    by_number: dict[str, list[Citation]] = {number: [] for number in known}
    for citation in found:
        for book, reference in references(citation.text):
            number = f"{book} {reference}"
            if number in by_number and citation not in by_number[number]:
                by_number[number].append(citation)
    return by_number
