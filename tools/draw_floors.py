"""Draw the imports between the packages of striate: docs/images/floors.dot and floors.svg.

    python tools/draw_floors.py

The floors come from the import contract in pyproject.toml, the arrows from the actual imports.
Tests compare the files in the repository with what this writes.
"""

import tomllib
from collections.abc import Sequence
from pathlib import Path

import grimp

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"

Edges = Sequence[tuple[str, str]]

ABOUT = {
    "cli": "the command",
    "recipes": "how each data set is trained",
    "exercises": "the texts' exercises",
    "equations": "the texts' equations",
    "pictures": "drawing",
    "matching": "finding templates in scenes",
    "model": "the public Network",
    "training": "settings, loop, checkpoints",
    "data": "data sets, files, augmentation",
    "explain": "a program, stage by stage",
    "bench": "benchmarks",
    "engine": "the compiled engine",
    "compile": "from a step to a loaded program",
    "llvm": "generates machine code",
    "runtime": "runs machine code",
    "plan": "nests, loops and memory",
    "diagrams": "drawings of networks",
    "graph": "layers, shapes, the step, the NumPy engine",
    "drawing": "drawings as data and as SVG",
    "optimizers": "public names of optimizers",
    "schedules": "public names of learning-rate schedules",
    "metrics": "public names of metrics",
    "losses": "public names of losses",
    "initializers": "public names of initializers",
    "functions": "one file per kind",
    "nests": "the closed loop language",
    "maths": "the textbook in NumPy",
    "files": "atomic file writes",
    "properties": "properties that are computed once",
    "shapes": "names for array annotations",
    "tables": "tables that fit the terminal",
    "errors": "the error classes",
}
# Layout of the drawing: rows of equal height, names on the left, arcs on the right.
ROW, LEFT, NAME, ARCS, WIDTH = 34, 24, 118, 430, 760
FONT = 'font-family="system-ui, Segoe UI, Helvetica, Arial, sans-serif"'
INK, FAINT, BAND, ARC, BASE = "#1f2933", "#616e7c", "#f0f4f8", "#3b82b5", "#d5dde5"
# Packages that nearly all others import; their arcs are drawn in the background.
GROUND = ("properties", "shapes", "errors")


def floors() -> list[list[str]]:
    """Read the floors from the contract, from top to bottom; each floor is a list of packages."""
    tool = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (contract,) = (one for one in tool["contracts"] if one["id"] == "floors")
    return [layer.split(" | ") for layer in contract["layers"]]


def edges(names: Sequence[str]) -> list[tuple[str, str]]:
    """Find the imports between packages, except imports for types only."""
    graph = grimp.build_graph("striate", exclude_type_checking_imports=True, cache_dir=None)
    for name in names:
        graph.squash_module(f"striate.{name}")
    return sorted(
        (importer, imported)
        for importer in names
        for imported in names
        if importer != imported
        and graph.direct_import_exists(
            importer=f"striate.{importer}", imported=f"striate.{imported}"
        )
    )


def as_dot(rows: Sequence[Sequence[str]], arrows: Edges) -> str:
    """Return the drawing in Graphviz's language."""
    lines = ["digraph striate {", "    node [shape=box];"]
    lines += [f"    {{rank=same; {'; '.join(row)}}}" for row in rows]
    lines += [f"    {importer} -> {imported};" for importer, imported in arrows]
    return "\n".join([*lines, "}"]) + "\n"


def as_svg(rows: Sequence[Sequence[str]], arrows: Edges) -> str:
    """Draw the packages in a column, with an arc from each one to those it imports."""
    height = {name: k for k, name in enumerate(name for row in rows for name in row)}
    middle = {name: 12 + ROW * k + ROW / 2 for name, k in height.items()}
    total = 24 + ROW * len(height)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {total}" {FONT}>',
        f'<rect width="{WIDTH}" height="{total}" fill="white"/>',
    ]
    for number, row in enumerate(rows):
        if number % 2 == 0:
            top = middle[row[0]] - ROW / 2
            parts.append(
                f'<rect x="8" y="{top:g}" width="{ARCS - 24}" height="{ROW * len(row)}" rx="6" '
                f'fill="{BAND}"/>'
            )
    for name, y in middle.items():
        parts.append(
            f'<text x="{LEFT}" y="{y + 5:g}" font-size="15" font-weight="600" fill="{INK}">'
            f"{name}</text>"
            f'<text x="{NAME}" y="{y + 5:g}" font-size="13" fill="{FAINT}">{ABOUT[name]}</text>'
        )
    parts += [
        _arc(middle[importer], middle[imported], BASE if imported in GROUND else ARC)
        for importer, imported in sorted(arrows, key=lambda arrow: arrow[1] not in GROUND)
    ]
    parts += [f'<circle cx="{ARCS}" cy="{y:g}" r="3.5" fill="{INK}"/>' for y in middle.values()]
    return "\n".join([*parts, "</svg>"]) + "\n"


def _arc(start: float, end: float, color: str) -> str:
    """Draw an arc with an arrowhead from a package down to one that it imports."""
    depth = 26 + (end - start) * 0.72
    return (
        f'<path d="M {ARCS} {start:g} C {ARCS + depth:g} {start:g} {ARCS + depth:g} {end:g} '
        f'{ARCS + 7} {end:g}" fill="none" stroke="{color}" stroke-width="1.4"/>'
        f'<path d="M {ARCS + 4} {end:g} l 8 -3.5 v 7 z" fill="{color}"/>'
    )


def drawings() -> dict[str, str]:
    """Return the contents of both files by name."""
    rows = floors()
    arrows = edges([name for row in rows for name in row])
    return {"floors.dot": as_dot(rows, arrows), "floors.svg": as_svg(rows, arrows)}


def main() -> None:
    """Write both files."""
    for name, text in drawings().items():
        (IMAGES / name).write_text(text)


if __name__ == "__main__":
    main()
